"""Versions: each change makes one, and all of them stay readable (RULES 2.3)."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from dms.actions.service import Dms
from dms.model.fields import moment_text, parse_moment
from tests.standard.stored import VERSIONS, bodies
from tests.zgw import DOCUMENTS, Answer, Zgw, document_values, refusal

NOT_FOUND = (404, "not_found")


@pytest.fixture
async def versions(zgw: Zgw, type_: str) -> list[Answer]:
    """A document in three versions, the last one first in content: its answers in order."""
    first = await zgw.document(type_, content=b"een", titel="Een")
    url = first["url"]
    lock = await zgw.locked(url)
    second = await zgw.put(url, document_values(type_, titel="Twee", content=b"twee", lock=lock))
    third = await zgw.patch(url, {"titel": "Drie", "lock": lock})
    assert (second.status, third.status) == (200, 200)
    return [first, second, third]


def moment(version: Answer, *, later: timedelta = timedelta()) -> str:
    """When a version came to be, for a query."""
    began = parse_moment(version["beginRegistratie"])
    assert began is not None
    return quote(moment_text(began + later))


def told(version: Answer) -> dict[str, Any]:
    """A version as it is told of, but for the lock, which belongs to the document."""
    return {name: value for name, value in version.body.items() if name not in ("lock", "locked")}


async def test_d_20_qd_2_every_change_makes_the_next_version(versions: list[Answer]) -> None:
    assert [version["versie"] for version in versions] == [1, 2, 3]
    began = [version["beginRegistratie"] for version in versions]
    assert began == sorted(began)
    assert len(set(began)) == 3


async def test_d_20_changes_at_once_under_one_lock_each_make_a_version(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    changes = ({"titel": str(number), "lock": lock} for number in range(5))
    answers = await asyncio.gather(*(zgw.patch(document["url"], change) for change in changes))
    made = {answer["versie"]: answer["titel"] for answer in answers}
    assert sorted(made) == [2, 3, 4, 5, 6]
    for number, titel in made.items():
        assert (await zgw.get(f"{document['url']}?versie={number}"))["titel"] == titel


async def test_d_20_even_a_change_of_nothing_makes_a_version(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    answer = await zgw.patch(document["url"], {"lock": lock})
    assert (answer.status, answer["versie"]) == (200, 2)


async def test_d_20_a_refused_change_makes_no_version(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    assert (await zgw.patch(document["url"], {"status": "zoek", "lock": lock})).status == 400
    assert (await zgw.get(document["url"]))["versie"] == 1
    assert await dms.metadata.count(VERSIONS) == 0


async def test_d_21_qd_2_locks_and_uploads_change_the_version_that_is_there(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, bestandsomvang=5)
    [part] = document["bestandsdelen"]
    assert (await zgw.upload(part["url"], b"delen", document["lock"])).status == 200
    assert (await zgw.post(f"{document['url']}/unlock", {"lock": document["lock"]})).status == 204
    await zgw.locked(document["url"])
    latest = await zgw.get(document["url"])
    assert (latest["versie"], latest["beginRegistratie"]) == (1, document["beginRegistratie"])


async def test_d_22_each_version_can_be_fetched_by_its_number(zgw: Zgw, versions: list[Answer]) -> None:
    url = versions[0]["url"]
    for number, version in enumerate(versions, start=1):
        answer = await zgw.get(f"{url}?versie={number}")
        assert (answer.status, told(answer)) == (200, told(version))
    assert told(await zgw.get(url)) == told(versions[-1])


async def test_d_22_the_version_of_a_moment_is_the_latest_one_begun(zgw: Zgw, versions: list[Answer]) -> None:
    url = versions[0]["url"]
    for version in versions:
        answer = await zgw.get(f"{url}?registratieOp={moment(version)}")
        assert (answer.status, answer["versie"]) == (200, version["versie"])
    just_before = moment(versions[1], later=timedelta(microseconds=-1))
    assert (await zgw.get(f"{url}?registratieOp={just_before}"))["versie"] == 1
    long_after = moment(versions[2], later=timedelta(days=1000))
    assert (await zgw.get(f"{url}?registratieOp={long_after}"))["versie"] == 3


async def test_d_22_a_moment_may_be_written_with_any_offset(zgw: Zgw, versions: list[Answer]) -> None:
    hours = timedelta(hours=2)
    local = moment(versions[1], later=hours).replace("Z", quote("+02:00"))
    assert (await zgw.get(f"{versions[0]['url']}?registratieOp={local}"))["versie"] == 2


async def test_d_22_number_and_moment_must_both_hold(zgw: Zgw, versions: list[Answer]) -> None:
    url, second = versions[0]["url"], moment(versions[1])
    assert (await zgw.get(f"{url}?versie=1&registratieOp={second}"))["versie"] == 1
    assert (await zgw.get(f"{url}?versie=2&registratieOp={second}"))["versie"] == 2
    assert refusal(await zgw.get(f"{url}?versie=3&registratieOp={second}")) == NOT_FOUND


@pytest.mark.parametrize("suffix", ["", "/download"])
@pytest.mark.parametrize("query", ["versie=4", "versie=0", "registratieOp=2001-01-01T00:00:00Z"])
async def test_d_22_a_version_that_there_never_was_is_not_found(
    zgw: Zgw, versions: list[Answer], query: str, suffix: str
) -> None:
    assert refusal(await zgw.get(f"{versions[0]['url']}{suffix}?{query}")) == NOT_FOUND


@pytest.mark.parametrize("suffix", ["", "/download"])
@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("versie", "twee", "invalid"),
        ("versie", "", "invalid"),
        ("versie", "1.5", "invalid"),
        ("versie", "-1", "min_value"),
        ("versie", "99999999999999999999", "max_value"),
        ("registratieOp", "gisteren", "invalid"),
        ("registratieOp", "", "invalid"),
        ("registratieOp", "2026-01-01", "invalid"),
        ("registratieOp", "2026-13-01T00:00:00Z", "invalid"),
    ],
)
async def test_d_22_what_cannot_be_read_as_a_version_is_refused(
    zgw: Zgw, versions: list[Answer], name: str, value: str, code: str, suffix: str
) -> None:
    answer = await zgw.get(f"{versions[0]['url']}{suffix}?{name}={value}")
    assert refusal(answer) == (400, code, name)


async def test_d_23_lists_show_and_filter_the_latest_version_only(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, trefwoorden=["oud"], identificatie="oud")
    lock = await zgw.locked(document["url"])
    new = {"trefwoorden": ["nieuw"], "identificatie": "nieuw", "lock": lock}
    assert (await zgw.patch(document["url"], new)).status == 200
    [listed] = (await zgw.get(DOCUMENTS))["results"]
    assert (listed["versie"], listed["trefwoorden"]) == (2, ["nieuw"])
    for query, count in [
        ("trefwoorden=oud", 0),
        ("trefwoorden=nieuw", 1),
        ("identificatie=oud", 0),
        ("identificatie=nieuw", 1),
    ]:
        assert (await zgw.get(f"{DOCUMENTS}?{query}"))["count"] == count


async def test_d_24_the_content_of_old_versions_can_be_downloaded(zgw: Zgw, versions: list[Answer]) -> None:
    for number, content in [(1, b"een"), (2, b"twee"), (3, b"twee")]:
        assert versions[number - 1]["inhoud"] == f"{versions[0]['url']}/download?versie={number}"
        assert (await zgw.get(versions[number - 1]["inhoud"])).body == content
        at = f"{versions[0]['url']}/download?registratieOp={moment(versions[number - 1])}"
        assert (await zgw.get(at)).body == content
    assert (await zgw.get(f"{versions[0]['url']}/download")).body == b"twee"


async def test_d_24_a_version_of_metadata_only_shares_the_content_before_it(
    zgw: Zgw, dms: Dms, versions: list[Answer]
) -> None:
    assert len(await bodies(dms)) == 2
    assert versions[2]["bestandsomvang"] == versions[1]["bestandsomvang"] == 4


async def test_d_24_a_version_without_content_leaves_that_of_the_others(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=b"een")
    lock = await zgw.locked(document["url"])
    gone = await zgw.patch(document["url"], {"inhoud": None, "bestandsomvang": None, "lock": lock})
    assert (gone.status, gone["inhoud"], gone["bestandsomvang"]) == (200, None, None)
    back = {"inhoud": base64.b64encode(b"drie").decode(), "bestandsomvang": 4, "lock": lock}
    assert (await zgw.patch(document["url"], back)).status == 200
    downloads = [await zgw.get(f"{document['url']}/download?versie={number}") for number in (1, 2, 3)]
    assert [(d.status, d.body) for d in downloads] == [(200, b"een"), (204, b""), (200, b"drie")]


async def test_d_25_the_lock_belongs_to_the_document_and_not_to_a_version(
    zgw: Zgw, versions: list[Answer]
) -> None:
    url = versions[0]["url"]
    assert [(await zgw.get(f"{url}?versie={n}"))["locked"] for n in (1, 2, 3)] == [True] * 3
    assert (await zgw.post(f"{url}/unlock")).status == 204
    assert [(await zgw.get(f"{url}?versie={n}"))["locked"] for n in (1, 2, 3)] == [False] * 3


async def test_versions_of_a_document_that_is_not_there_are_not_found(zgw: Zgw) -> None:
    for url in (f"{DOCUMENTS}/00000000-0000-4000-8000-000000000000", f"{DOCUMENTS}/1"):
        for suffix in ("?versie=1", "/download?versie=1", "/download"):
            assert refusal(await zgw.get(url + suffix)) == NOT_FOUND


async def test_d_37_inhoud_is_the_url_of_the_content_of_its_version(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content="ë".encode())
    url, lock = document["url"], await zgw.locked(document["url"])
    answers = [
        document,
        await zgw.put(url, document_values(type_, lock=lock, content=b"drie")),
        await zgw.patch(url, {"lock": lock, "titel": "Anders"}),
        await zgw.patch(url, {"lock": lock, "inhoud": None, "bestandsomvang": None}),
    ]
    here = [f"{url}/download?versie={number}" for number in (1, 2, 3)]
    told = [(here[0], 2), (here[1], 4), (here[2], 4), (None, None)]
    assert [(answer["inhoud"], answer["bestandsomvang"]) for answer in answers] == told
    listed = (await zgw.get(f"{url}/versies"))["results"]
    assert [(version["inhoud"], version["bestandsomvang"]) for version in reversed(listed)] == told
    downloaded = [(await zgw.get(inhoud)).body for inhoud in here]
    assert downloaded == ["ë".encode(), b"drie", b"drie"]
