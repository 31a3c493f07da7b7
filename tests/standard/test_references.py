"""References to resources on other hosts (G-120, G-121, drc-001, drc-007)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from dms.autorisaties.access import Grant
from dms.settings import Settings
from tests.outgoing.hosts import TYPE, Host, serving
from tests.zgw import DOCUMENTS, RSIN, TYPES, Zgw, document_values, informatieobjecttype_values, refusal

FIELD = "informatieobjecttype"


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with serving("127.0.0.2") as host:
        yield host


@pytest.fixture
async def stranger() -> AsyncIterator[Host]:
    """A host that is there, and that nobody allowed."""
    async with serving("127.0.0.3") as host:
        yield host


@pytest.fixture
def settings(settings: Settings, host: Host) -> Settings:
    """The service may ask the host."""
    return replace(settings, allowed_origins=host.origin)


@pytest.fixture
def elsewhere(host: Host) -> str:
    """The URL of a published type on another host."""
    return gives_type(host)


def gives_type(host: Host, path: str = "/catalogi/1", **fields: Any) -> str:
    url = host.origin + path
    return host.gives(path, {**TYPE, "url": url, **fields})


async def test_drc_001_a_document_may_have_a_type_on_another_host(zgw: Zgw, elsewhere: str) -> None:
    document = await zgw.document(elsewhere, content=b"inhoud")
    url = document["url"]
    assert document[FIELD] == elsewhere
    assert (await zgw.get(url))[FIELD] == elsewhere
    assert [found[FIELD] for found in (await zgw.get(DOCUMENTS))["results"]] == [elsewhere]
    expanded = await zgw.get(f"{url}?expand={FIELD}")
    assert (expanded.status, expanded[FIELD]) == (200, elsewhere)
    assert (await zgw.get(f"{url}/download")).body == b"inhoud"
    assert (await zgw.delete(url)).status == 204


async def test_drc_001_a_document_may_move_to_a_type_on_another_host_and_back(
    zgw: Zgw, type_: str, elsewhere: str, host: Host
) -> None:
    document = await zgw.document(type_)
    assert host.seen == []
    url, lock = document["url"], await zgw.locked(document["url"])
    patched = await zgw.patch(url, {FIELD: elsewhere, "lock": lock})
    assert (patched.status, patched[FIELD], patched["versie"]) == (200, elsewhere, 2)
    put = await zgw.put(url, document_values(gives_type(host, "/2"), lock=lock))
    assert (put.status, put[FIELD]) == (200, f"{host.origin}/2")
    back = await zgw.patch(url, {FIELD: type_, "lock": lock})
    assert (back.status, back[FIELD]) == (200, type_)


async def test_drc_001_a_type_that_was_just_asked_for_is_not_asked_for_again(
    zgw: Zgw, elsewhere: str, host: Host
) -> None:
    for _ in range(3):
        await zgw.document(elsewhere)
    assert len(host.seen) == 1


async def test_drc_001_what_does_not_send_the_type_needs_no_other_host(
    zgw: Zgw, elsewhere: str, host: Host
) -> None:
    document = await zgw.document(elsewhere)
    lock = await zgw.locked(document["url"])
    host.replies.clear()
    host.seen.clear()
    patched = await zgw.patch(document["url"], {"titel": "Anders", "lock": lock})
    assert (patched.status, patched[FIELD], host.seen) == (200, elsewhere, [])


@pytest.fixture
async def wrong_types(host: Host, stranger: Host) -> list[tuple[str, str]]:
    """What a type on another host may not be, with the code of its refusal."""
    own = host.origin
    return [
        ("bad-url", f"{own}/not-there"),
        ("bad-url", host.gives("/error", TYPE, 500)),
        ("bad-url", host.redirects("/away", gives_type(stranger))),
        ("bad-url", host.redirects("/round", "/round")),
        ("invalid-resource", host.replies_with("/empty", b"")),
        ("invalid-resource", host.replies_with("/page", b"<html></html>")),
        ("invalid-resource", host.gives("/list", [TYPE])),
        ("invalid-resource", host.gives("/catalogus", {"url": f"{own}/catalogus", "domein": "TEST"})),
        ("invalid-resource", gives_type(host, "/half", concept=True, catalogus=None)),
        ("not-published", gives_type(host, "/concept", concept=True)),
        ("unknown-service", gives_type(stranger)),
        ("unknown-service", own.replace("http:", "https:") + "/catalogi/1"),
        ("unknown-service", own.replace("127.0.0.2", "user@127.0.0.2") + "/catalogi/1"),
        ("unknown-service", "ftp://127.0.0.2/catalogi/1"),
    ]


async def test_g_120_a_reference_elsewhere_is_refused_with_one_code_on_every_write(
    zgw: Zgw, type_: str, wrong_types: list[tuple[str, str]], stranger: Host
) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    for code, wrong in wrong_types:
        refused = (400, code, FIELD)
        values = document_values(wrong, lock=lock)
        assert refusal(await zgw.post(DOCUMENTS, values)) == refused, wrong
        assert refusal(await zgw.put(document["url"], values)) == refused, wrong
        assert refusal(await zgw.patch(document["url"], {FIELD: wrong, "lock": lock})) == refused, wrong
    assert stranger.seen == []


async def test_g_120_a_redirect_on_the_same_host_is_followed(zgw: Zgw, host: Host, elsewhere: str) -> None:
    moved = host.redirects("/moved", elsewhere)
    assert (await zgw.document(moved))[FIELD] == moved


async def test_g_120_a_wrong_reference_is_told_with_the_other_problems(zgw: Zgw, host: Host) -> None:
    values = document_values(f"{host.origin}/not-there", ontvangstdatum="2026-11-24", status="in_bewerking")
    assert refusal(await zgw.post(DOCUMENTS, values)) == (
        400,
        ("bad-url", FIELD),
        ("invalid_for_received", "status"),
    )


async def test_g_121_a_strict_reference_leads_to_no_other_host(zgw: Zgw, host: Host) -> None:
    catalogue = host.gives("/1", {"url": f"{host.origin}/1", "domein": "TEST", "rsin": RSIN})
    assert refusal(await zgw.post(TYPES, informatieobjecttype_values(catalogue))) == (
        400,
        "no_match",
        "catalogus",
    )
    assert host.seen == []


async def test_drc_007_a_document_takes_its_level_from_a_type_elsewhere(zgw: Zgw, host: Host) -> None:
    url = gives_type(host, vertrouwelijkheidaanduiding="confidentieel")
    assert (await zgw.document(url))["vertrouwelijkheidaanduiding"] == "confidentieel"
    given = await zgw.document(url, vertrouwelijkheidaanduiding="openbaar")
    assert given["vertrouwelijkheidaanduiding"] == "openbaar"


@pytest.mark.parametrize("level", ["top secret", "", None, 8, ["openbaar"], {"openbaar": 1}])
async def test_drc_007_a_level_that_is_none_is_not_taken_from_elsewhere(
    zgw: Zgw, host: Host, level: object
) -> None:
    url = gives_type(host, vertrouwelijkheidaanduiding=level)
    for fields in ({}, {"vertrouwelijkheidaanduiding": "openbaar"}):
        refused = await zgw.post(DOCUMENTS, document_values(url, **fields))
        assert refusal(refused) == (400, "invalid-resource", FIELD)


def granted(zgw: Zgw, type_: str, level: int | None = None) -> str:
    scopes = frozenset({"documenten.aanmaken", "documenten.lezen"})
    return zgw.register("scan", [Grant("drc", scopes, type_, level)])


async def test_rights_on_a_type_elsewhere_hold_for_exactly_that_url(
    zgw: Zgw, host: Host, elsewhere: str
) -> None:
    other = gives_type(host, "/2")
    client = granted(zgw, elsewhere)
    mine = await zgw.post(DOCUMENTS, document_values(elsewhere), client=client)
    assert mine.status == 201
    host.seen.clear()
    for url in (other, f"{elsewhere}?a=b", elsewhere.upper()):
        denied = await zgw.post(DOCUMENTS, document_values(url), client=client)
        assert refusal(denied) == (403, "permission_denied")
    assert host.seen == [], "who has no rights makes us ask nobody"
    theirs = await zgw.document(other)
    found = await zgw.get(DOCUMENTS, client=client)
    assert [document["url"] for document in found["results"]] == [mine["url"]]
    assert (await zgw.get(mine["url"], client=client)).status == 200
    assert (await zgw.get(theirs["url"], client=client)).status in (403, 404)


async def test_rights_up_to_a_level_count_the_level_of_a_type_elsewhere(
    zgw: Zgw, host: Host, elsewhere: str
) -> None:
    await zgw.document(elsewhere)
    low = await zgw.document(elsewhere, vertrouwelijkheidaanduiding="openbaar")
    found = await zgw.get(DOCUMENTS, client=granted(zgw, elsewhere, level=1))
    assert [document["url"] for document in found["results"]] == [low["url"]]


class TestWithoutMemory:
    """What another host answered is not used again."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, remote_cache=0)

    async def test_drc_014_what_another_host_does_not_give_is_left_out(
        self, zgw: Zgw, host: Host, elsewhere: str, type_: str
    ) -> None:
        theirs, ours = [(await zgw.document(each))["url"] for each in (elsewhere, type_)]
        expanded = f"?expand={FIELD}"
        assert (await zgw.get(theirs + expanded))["_expand"][FIELD]["url"] == elsewhere
        for status, value in ((500, {}), (404, {}), (200, {"url": elsewhere}), (200, [])):
            host.gives("/catalogi/1", value, status=status)
            answer = await zgw.get(theirs + expanded)
            assert (answer.status, answer["_expand"], answer[FIELD]) == (200, {}, elsewhere)
            listed = (await zgw.get(DOCUMENTS + expanded))["results"]
            found = {each["url"]: list(each["_expand"]) for each in listed}
            assert found == {theirs: [], ours: [FIELD]}


class TestBehindAProxy:
    """With a public URL, which no setting says may be asked."""

    @pytest.fixture
    def settings(self, settings: Settings, stranger: Host) -> Settings:
        """A public URL at which another host listens, to see whether it is asked."""
        return replace(settings, public_url=stranger.origin)

    async def test_g_121_a_url_of_our_own_is_never_fetched(self, zgw: Zgw, stranger: Host) -> None:
        zgw.origin = stranger.origin
        type_ = await zgw.document_type()
        assert type_.startswith(stranger.origin)
        assert (await zgw.document(type_))[FIELD] == type_
        nowhere = f"{stranger.origin}{TYPES}/00000000-0000-4000-8000-000000000000"
        for url in (nowhere, f"{stranger.origin}/elders"):
            refused = await zgw.post(DOCUMENTS, document_values(url))
            assert refusal(refused) == (400, "bad-url", FIELD)
        assert stranger.seen == []
