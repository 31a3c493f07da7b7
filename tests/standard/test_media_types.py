"""What a file is, beside what its sender says: kept as a warning, and refused by setting only."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from dms.actions.service import Dms
from dms.documenten.upload.mediatype import Blocked
from tests.standard.parts import begun, send, unlock
from tests.standard.stored import bodies
from tests.zgw import DOCUMENTS, Answer, Zgw, document_values, refusal

PDF = b"%PDF-1.7\n%a file\n"
PROGRAM = b"MZ" + bytes(248)


async def sent(zgw: Zgw, type_: str, content: bytes, **fields: Any) -> Answer:
    values = document_values(type_, inhoud=base64.b64encode(content).decode(), **fields)
    return await zgw.post(DOCUMENTS, {**values, "bestandsomvang": len(content)})


async def noted(dms: Dms, document: Answer) -> tuple[Any, Any]:
    record = await dms.metadata.get("enkelvoudiginformatieobjecten", document["url"].rpartition("/")[2])
    assert record is not None
    return record["_mediatype"], record["_formaat_differs"]


@pytest.fixture
def strict(dms: Dms) -> None:
    """The service as it is with all settings that refuse."""
    blocked = Blocked(frozenset({"exe"}), frozenset({"application/x-dosexec"}), mismatch=True)
    object.__setattr__(dms, "blocked", blocked)


async def test_d_40_a_file_that_is_something_else_is_accepted_and_noted(
    zgw: Zgw, dms: Dms, type_: str
) -> None:
    right = await sent(zgw, type_, PDF, formaat="application/pdf")
    wrong = await sent(zgw, type_, PROGRAM, formaat="application/pdf")
    assert await noted(dms, right) == ("application/pdf", False)
    assert await noted(dms, wrong) == ("application/x-dosexec", True)
    assert wrong.status == 201
    assert not any(name.startswith("_") for name in (await zgw.get(wrong["url"])).body)


async def test_a_formaat_that_is_put_right_ends_the_warning(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await sent(zgw, type_, PDF, formaat="image/png")
    lock = (await zgw.post(f"{document['url']}/lock"))["lock"]
    assert (await noted(dms, document))[1] is True
    await zgw.patch(document["url"], {"lock": lock, "formaat": "application/pdf"})
    assert await noted(dms, document) == ("application/pdf", False)


async def test_a_file_in_parts_is_looked_at_when_they_are_joined(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await begun(zgw, type_, formaat="application/pdf")
    assert await noted(dms, document) == (None, False)
    await send(zgw, document, 1, 2, 3, content=PROGRAM)
    assert (await unlock(zgw, document)).status == 204
    assert await noted(dms, document) == ("application/x-dosexec", True)


def warnings(lines: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What the log said of files that are something else: of which document, what it says, what it is."""
    found = [line for line in lines if line["event"] == "formaat differs"]
    return [(line["document"], line["formaat"], line["looks_like"]) for line in found]


async def test_the_log_tells_of_a_file_that_is_something_else_however_it_came(zgw: Zgw, type_: str) -> None:
    in_parts = await begun(zgw, type_, formaat="application/pdf")
    await send(zgw, in_parts, 1, 2, 3, content=PROGRAM)
    with capture_logs() as lines:
        whole = await sent(zgw, type_, PROGRAM, formaat="application/pdf")
        assert (await unlock(zgw, in_parts)).status == 204
    wanted = ("application/pdf", "application/x-dosexec")
    assert warnings(lines) == [
        (document["url"].removeprefix(zgw.origin), *wanted) for document in (whole, in_parts)
    ]


async def test_the_log_is_silent_where_an_unlock_brings_no_content(zgw: Zgw, type_: str) -> None:
    whole = await sent(zgw, type_, PROGRAM, formaat="application/pdf")
    right, waiting, given_up = [await begun(zgw, type_, formaat="application/pdf") for _ in range(3)]
    await send(zgw, right, 1, 2, 3, content=PDF + bytes(250 - len(PDF)))
    await send(zgw, given_up, 1, content=PROGRAM)
    lock = await zgw.locked(whole["url"])
    with capture_logs() as lines:
        assert (await unlock(zgw, whole, lock)).status == 204
        assert (await unlock(zgw, right)).status == 204
        for forced in (waiting, given_up):
            assert (await unlock(zgw, forced, "")).status == 204
    assert warnings(lines) == []


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    ("content", "fields", "wanted"),
    [
        (PDF, {"formaat": "image/png"}, (400, "formaat-mismatch", "formaat")),
        (PDF, {"bestandsnaam": "factuur.EXE"}, (400, "blocked-extension", "bestandsnaam")),
        (
            PDF,
            {"formaat": "application/x-dosexec"},
            (400, ("blocked-type", "formaat"), ("formaat-mismatch", "formaat")),
        ),
        (PROGRAM, {"formaat": ""}, (400, "blocked-type", "inhoud")),
    ],
)
async def test_by_setting_a_file_of_the_wrong_kind_is_refused_and_not_kept(
    zgw: Zgw, dms: Dms, type_: str, content: bytes, fields: dict[str, str], wanted: tuple[Any, ...]
) -> None:
    assert refusal(await sent(zgw, type_, content, **fields)) == wanted
    assert await bodies(dms) == set()


@pytest.mark.usefixtures("strict")
async def test_by_setting_a_file_in_parts_of_the_wrong_kind_is_refused(zgw: Zgw, type_: str) -> None:
    document = await begun(zgw, type_)
    await send(zgw, document, 1, 2, 3, content=PROGRAM)
    assert refusal(await unlock(zgw, document)) == (400, "blocked-type", "inhoud")
    assert (await zgw.get(document["url"]))["locked"] is True
    await send(zgw, document, 1, 2, 3)
    assert (await unlock(zgw, document)).status == 204


async def test_what_was_taken_in_before_the_setting_can_still_be_changed(
    zgw: Zgw, dms: Dms, type_: str
) -> None:
    document = await sent(zgw, type_, PROGRAM, bestandsnaam="x.exe", formaat="application/x-dosexec")
    object.__setattr__(dms, "blocked", Blocked(frozenset({"exe"}), frozenset({"application/x-dosexec"})))
    lock = (await zgw.post(f"{document['url']}/lock"))["lock"]
    assert (await zgw.patch(document["url"], {"lock": lock, "titel": "Anders"})).status == 200
