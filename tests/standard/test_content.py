"""`inhoud` and `bestandsomvang`: what a version gets as its content (RULES 2.4)."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import orjson
import pytest

from dms.actions.service import Dms
from dms.autorisaties.access import Grant
from dms.settings import Settings
from tests.standard.documents import WRONG_LOCK
from tests.standard.stored import bodies, cut, everything
from tests.zgw import DOCUMENTS, Answer, Zgw, document_values, refusal

JSON = {"Content-Type": "application/json"}
WRONG_SIZE = (400, "file-size", "nonFieldErrors")
ABSENT = "absent"
STORED: dict[str, tuple[bytes | None, int | None]] = {
    "no content": (None, None),
    "an empty file": (b"", 0),
    "content": (b"oud!", 4),
    "parts to come": (None, 7),
}
"""What a document has before it is changed: its content, and its size."""


@pytest.fixture
def settings(tmp_path: Path, store_settings: dict[str, Any]) -> Settings:
    return Settings(data_dir=tmp_path / "data", part_size=4, most_bytes=1000, durable=False, **store_settings)


def in_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def given(inhoud: bytes | str | None, size: int | str | None) -> dict[str, Any]:
    """The two fields as they are sent, each perhaps not at all."""
    fields: dict[str, Any] = {}
    if inhoud != ABSENT:
        fields["inhoud"] = in_base64(inhoud) if isinstance(inhoud, bytes) else None
    if size != ABSENT:
        fields["bestandsomvang"] = size
    return fields


def expected(content: bytes | None, size: int | None) -> object:
    """D-31 to D-36: what comes of content and size together: size, downloaded content, number of parts."""
    if content is not None:
        return WRONG_SIZE if size != len(content) else (size, content, 0)
    if not size:
        return (size, None if size is None else b"", 0)
    return (size, None, -(-size // 4))


async def came_of(zgw: Zgw, answer: Answer) -> object:
    """What an answer, and the download after it, show."""
    if answer.status >= 400:
        return refusal(answer)
    download = await zgw.get(f"{answer['url']}/download")
    has_content = download.status == 200
    url = f"{answer['url']}/download?versie={answer['versie']}"
    assert answer["inhoud"] == (url if has_content else None)
    return (answer["bestandsomvang"], download.body if has_content else None, len(answer["bestandsdelen"]))


EVERY = [(inhoud, size) for inhoud in (ABSENT, None, b"", b"abc") for size in (ABSENT, None, 0, 3, 4, 5)]


async def test_d_31_d_32_d_34_qd_3_content_and_size_of_a_new_document_agree(zgw: Zgw, type_: str) -> None:
    for inhoud, size in EVERY:
        answer = await zgw.post(DOCUMENTS, {**document_values(type_), **given(inhoud, size)})
        content = inhoud if isinstance(inhoud, bytes) else None
        effective = size if isinstance(size, int) else None
        if size == ABSENT and content is not None:
            effective = len(content)
        assert (inhoud, size, await came_of(zgw, answer)) == (inhoud, size, expected(content, effective))


@pytest.mark.parametrize("stored", STORED)
async def test_d_36_a_put_goes_by_what_it_holds_whatever_was_stored(
    zgw: Zgw, type_: str, stored: str
) -> None:
    for inhoud, size in EVERY:
        url, lock = await document_with(zgw, type_, stored)
        answer = await zgw.put(url, {**document_values(type_, lock=lock), **given(inhoud, size)})
        content = inhoud if isinstance(inhoud, bytes) else None
        effective = size if isinstance(size, int) else None
        if size == ABSENT and content is not None:
            effective = len(content)
        assert (inhoud, size, await came_of(zgw, answer)) == (inhoud, size, expected(content, effective))


@pytest.mark.parametrize("stored", STORED)
async def test_d_35_a_patch_goes_by_what_it_holds_and_else_by_what_is_stored(
    zgw: Zgw, type_: str, stored: str
) -> None:
    for inhoud, size in EVERY:
        url, lock = await document_with(zgw, type_, stored)
        answer = await zgw.patch(url, {"lock": lock, **given(inhoud, size)})
        content = STORED[stored][0] if inhoud == ABSENT else inhoud
        effective = STORED[stored][1] if size == ABSENT else size
        assert not isinstance(content, str)
        assert not isinstance(effective, str)
        assert (inhoud, size, await came_of(zgw, answer)) == (inhoud, size, expected(content, effective))


async def document_with(zgw: Zgw, type_: str, stored: str) -> tuple[str, str]:
    """A locked document with this content: its URL and its lock."""
    content, size = STORED[stored]
    document = await zgw.document(type_, content=content, bestandsomvang=size)
    return document["url"], document["lock"] or await zgw.locked(document["url"])


@pytest.mark.parametrize("stored", STORED)
async def test_d_35_a_refused_size_leaves_the_content_as_it_was(
    zgw: Zgw, dms: Dms, type_: str, stored: str
) -> None:
    url, lock = await document_with(zgw, type_, stored)
    before = await everything(dms)
    wrong = {**given(b"abc", 9), "lock": lock}
    assert refusal(await zgw.patch(url, wrong)) == WRONG_SIZE
    assert refusal(await zgw.put(url, {**document_values(type_), **wrong})) == WRONG_SIZE
    assert refusal(await zgw.patch(url, {**given(None, 0), "lock": "van een ander"}))[1] == WRONG_LOCK[1]
    assert await everything(dms) == before
    download = await zgw.get(f"{url}/download")
    assert (download.body or None) == (STORED[stored][0] or None)


@pytest.mark.parametrize("size", ["0", "00", " 0 ", "0.0", "-0", 0.0])
async def test_d_33_a_size_of_nothing_is_an_empty_file_however_it_is_written(
    zgw: Zgw, type_: str, size: object
) -> None:
    answer = await zgw.post(DOCUMENTS, document_values(type_, bestandsomvang=size))
    assert await came_of(zgw, answer) == (0, b"", 0)


@pytest.mark.parametrize("size", [1001, "1001", 1001.0, 2**62])
async def test_d_39_a_file_over_the_largest_size_is_refused_before_it_comes(
    zgw: Zgw, dms: Dms, type_: str, size: object
) -> None:
    before = await everything(dms)
    answer = await zgw.post(DOCUMENTS, document_values(type_, bestandsomvang=size))
    assert refusal(answer) == (413, "request_entity_too_large")
    assert await everything(dms) == before


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        (5, "invalid"),
        (False, "invalid"),
        ([], "invalid"),
        ({"inhoud": "YQ=="}, "invalid"),
        ("a", "incorrect-base64-padding"),
        ("YQ", "incorrect-base64-padding"),
        ("YQ=", "incorrect-base64-padding"),
        ("YQ===", "incorrect-base64-padding"),
        ("YQ==YQ==", "incorrect-base64-padding"),
        ("====", "incorrect-base64-padding"),
        ("YW-_", "invalid-base64"),
        ("YWJ.", "invalid-base64"),
        ("YWJé", "invalid-base64"),
        ("data:text/plain;base64,YQ==", "invalid-base64"),
    ],
)
async def test_d_30_content_that_is_no_base64_is_refused_and_not_kept(
    zgw: Zgw, dms: Dms, type_: str, method: str, text: object, code: str
) -> None:
    document = await zgw.document(type_, content=b"eerst")
    lock = await zgw.locked(document["url"])
    before = await everything(dms)
    url = DOCUMENTS if method == "POST" else document["url"]
    values = {**document_values(type_, lock=lock), "inhoud": text}
    assert refusal(await zgw.call(method, url, json=values)) == (400, code, "inhoud")
    assert await everything(dms) == before


async def test_d_30_a_fault_at_the_end_of_much_content_leaves_nothing(zgw: Zgw, dms: Dms, type_: str) -> None:
    values = {**document_values(type_), "inhoud": in_base64(bytes(3 * 2**20)) + "!"}
    answer = await zgw.call("POST", DOCUMENTS, data=cut(orjson.dumps(values)), headers=JSON)
    assert refusal(answer) == (400, "invalid-base64", "inhoud")
    assert await bodies(dms) == set()


async def test_d_30_content_of_another_kind_is_reported_with_the_rest(zgw: Zgw, type_: str) -> None:
    values = document_values(type_, ontvangstdatum="2026-01-01", status="in_bewerking")
    problems = [("invalid_for_received", "status"), ("invalid", "inhoud")]
    assert refusal(await zgw.post(DOCUMENTS, {**values, "inhoud": 5})) == (400, *problems)


async def test_g_33_who_may_not_create_is_not_told_what_is_wrong_with_the_content(
    zgw: Zgw, type_: str
) -> None:
    scopes = frozenset({"documenten.aanmaken"})
    client = zgw.register("other", [Grant("drc", scopes, type="/catalogi/api/v1/informatieobjecttypen/1")])
    answer = await zgw.post(DOCUMENTS, {**document_values(type_), "inhoud": 5}, client=client)
    assert refusal(answer) == (403, "permission_denied")


async def sent_as(zgw: Zgw, type_: str, text: bytes, *, before: bool = False) -> Answer:
    """A create whose `inhoud` is written exactly so, after the other members or before them."""
    rest = orjson.dumps(document_values(type_))[1:-1]
    member = b'"inhoud": ' + text
    members = (member, rest) if before else (rest, member)
    return await zgw.call("POST", DOCUMENTS, data=b"{" + b", ".join(members) + b"}", headers=JSON)


SLASHES = bytes([255]) * 10
WRITTEN = base64.b64encode(SLASHES)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        WRITTEN,
        WRITTEN.replace(b"/", rb"\/"),
        WRITTEN.replace(b"=", rb"\u003d"),
        WRITTEN.replace(b"/", rb"\u002F"),
        b"".join(rb"\u%04x" % character for character in WRITTEN),
        WRITTEN.replace(b"//", rb"/\r\n/"),
        rb"\n" + WRITTEN + rb" \t ",
        b" ".join(WRITTEN[at : at + 1] for at in range(len(WRITTEN))),
    ],
)
async def test_d_30_base64_may_be_escaped_and_wrapped(
    zgw: Zgw, type_: str, text: bytes, before: bool
) -> None:
    answer = await sent_as(zgw, type_, b'"' + text + b'"', before=before)
    assert answer.status == 201
    assert await came_of(zgw, answer) == (10, SLASHES, 0)


@pytest.mark.parametrize("text", [b'"YQ=="', b'"YQ==" ', b"null", b" \n\t null"])
@pytest.mark.parametrize("before", [False, True])
async def test_d_30_the_content_may_stand_anywhere_in_the_json(
    zgw: Zgw, type_: str, text: bytes, before: bool
) -> None:
    answer = await sent_as(zgw, type_, text, before=before)
    wanted = (None, None, 0) if b"null" in text else (1, b"a", 0)
    assert await came_of(zgw, answer) == wanted


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_d_30_content_is_the_same_however_the_request_is_cut(zgw: Zgw, type_: str, size: int) -> None:
    text = orjson.dumps(document_values(type_, content=bytes(range(256)), beschrijving="ë\\" + '"'))
    answer = await zgw.call("POST", DOCUMENTS, data=cut(text, size), headers=JSON)
    assert answer.status == 201
    assert (await zgw.get(answer["inhoud"])).body == bytes(range(256))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_d_39_megabytes_of_content_come_out_as_they_went_in(zgw: Zgw, type_: str, method: str) -> None:
    content = bytes(range(256)) * 13_001
    url, lock = DOCUMENTS, ""
    if method != "POST":
        url, lock = await document_with(zgw, type_, "content")
    body = orjson.dumps(document_values(type_, content=content, bestandsomvang=len(content), lock=lock))
    answer = await zgw.call(method, url, data=cut(body), headers=JSON)
    assert answer.status in (200, 201)
    assert (await zgw.get(answer["inhoud"])).body == content
