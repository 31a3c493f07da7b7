"""A file becomes one document, at servers that know an Idempotency-Key and at those that do not."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from dms.client.bulk.once import INLINE, Conflict, Delivered, number_of, upload_once
from dms.client.failures import Failure, Refused, Unreachable
from dms.client.session import Session
from dms.client.upload import Sending
from dms.client.watch import Unwatched
from tests.client.scripted import Asked, Said, ScriptedServer

ALL = "/documenten/api/v1/enkelvoudiginformatieobjecten"
ONE = f"{ALL}/1"
CREATE, SEARCH, LOOK, UNLOCK = f"POST {ALL}", f"GET {ALL}", f"GET {ONE}", f"POST {ONE}/unlock"
PART = "PUT /documenten/api/v1/bestandsdelen/1"
FIELDS = {"titel": "Verslag", "bronorganisatie": "000000000"}
SIZE = INLINE + 1
TAKEN = Said(
    400,
    json={
        "title": "Ongeldig.",
        "code": "invalid",
        "invalidParams": [
            {"name": "identificatie", "code": "identificatie-niet-uniek", "reason": "In gebruik."}
        ],
    },
)
Go = Callable[..., Awaitable[Delivered]]


class Elsewhere(ScriptedServer):
    """A server with one document of one part."""

    number = ""

    def document(self, *, whole: bool, **other: Any) -> dict[str, Any]:
        part = {
            "url": f"{self.address}/documenten/api/v1/bestandsdelen/1",
            "volgnummer": 1,
            "omvang": SIZE,
            "voltooid": False,
            "lock": "the-lock",
        }
        values = {
            "url": self.address + ONE,
            "identificatie": self.number,
            "bronorganisatie": "000000000",
            "titel": "Verslag",
            "inhoud": f"{self.address}{ONE}/download" if whole else None,
            "bestandsomvang": SIZE,
            "bestandsdelen": [] if whole else [part],
        }
        return values | other

    def created(self) -> list[Asked]:
        return [asked for asked in self.asked if f"{asked.method} {asked.path}" == CREATE]

    def keys(self) -> list[str]:
        return [asked.headers["Idempotency-Key"] for asked in self.created()]


@pytest.fixture
async def server(file_of: Callable[[int], Path]) -> AsyncIterator[Elsewhere]:
    async with Elsewhere() as started:
        sha256 = hashlib.sha256(file_of(SIZE).read_bytes()).hexdigest()
        started.number = number_of("verslag.bin", sha256)
        started.says(CREATE, Said(201, json=started.document(whole=False, lock="the-lock")))
        started.says(PART, Said(json={"voltooid": True}))
        started.says(UNLOCK, Said(204))
        started.says(LOOK, Said(json=started.document(whole=True)))
        yield started


@pytest.fixture
def kept() -> list[Delivered]:
    """Receipts."""
    return []


@pytest.fixture
def go(session: Session, server: Elsewhere, tmp_path: Path, states: Path, kept: list[Delivered]) -> Go:
    """Uploads the file to that server."""

    async def keep(delivered: Delivered) -> None:
        kept.append(delivered)

    async def run(keeping: Callable[[Delivered], Awaitable[None]] = keep, **fields: str) -> Delivered:
        return await upload_once(
            Sending(session, server.address, states, parallel=2),
            tmp_path / "verslag.bin",
            "verslag.bin",
            FIELDS | fields,
            watch=Unwatched(),
            keep=keeping,
        )

    return run


def test_the_number_of_a_file_follows_from_its_name_and_content_and_fits_the_standard() -> None:
    number = number_of("map/a.pdf", "ab" * 32)
    assert number == number_of("map/a.pdf", "ab" * 32)
    assert len({number, number_of("b.pdf", "ab" * 32), number_of("map/a.pdf", "cd" * 32)}) == 3
    assert len(number) <= 40


async def test_a_small_file_goes_in_one_request_with_its_number_and_checksum(
    go: Go, server: Elsewhere, tmp_path: Path, states: Path, kept: list[Delivered]
) -> None:
    (tmp_path / "verslag.bin").write_bytes(b"klein")
    whole = server.document(whole=True, bestandsomvang=5)
    server.says(CREATE, Said(201, json=whole))
    delivered = await go()
    (asked,) = server.asked
    sent = json.loads(asked.body)
    sha256 = hashlib.sha256(b"klein").hexdigest()
    assert base64.b64decode(sent["inhoud"]) == b"klein"
    assert sent["identificatie"] == number_of("verslag.bin", sha256)
    assert (sent["integriteit"]["algoritme"], sent["integriteit"]["waarde"]) == ("sha_256", sha256)
    assert kept == [delivered] == [(whole["url"], sent["identificatie"], sha256, 5)]
    assert list(states.iterdir()) == []


async def test_the_key_is_noted_before_the_create_and_sent_again_when_it_is_repeated(
    go: Go, server: Elsewhere, states: Path
) -> None:
    server.says(CREATE, Said(broken=True))
    with pytest.raises(Unreachable):
        await go()
    (note,) = states.iterdir()
    key = json.loads(note.read_text())["key"]
    server.says(CREATE, Said(201, json=server.document(whole=False, lock="the-lock")))
    await go()
    assert set(server.keys()) == {key}
    assert len(server.keys()) > 2


async def test_other_fields_for_the_same_number_go_under_another_key(go: Go, server: Elsewhere) -> None:
    server.says(CREATE, Said(broken=True))
    for titel in ("Een", "Twee"):
        with pytest.raises(Unreachable):
            await go(titel=titel)
    assert len(set(server.keys())) == 2


async def test_a_document_that_an_old_answer_names_and_is_gone_is_made_anew(
    go: Go, server: Elsewhere, kept: list[Delivered]
) -> None:
    server.says(CREATE, Said(broken=True))
    with pytest.raises(Unreachable):
        await go()
    server.says(CREATE, Said(201, json=server.document(whole=False, lock="the-lock")))
    server.says(LOOK, Said(404), Said(json=server.document(whole=True)))
    await go()
    assert len(kept) == 1
    assert len(set(server.keys())) == 2


@pytest.mark.parametrize("as_page", [True, False])
async def test_d_01_a_number_in_use_leads_to_the_document_that_is_there_and_whole(
    go: Go, server: Elsewhere, as_page: bool
) -> None:
    server.says(CREATE, TAKEN)
    others = [server.document(whole=True, identificatie="B-2"), server.document(whole=True)]
    server.says(SEARCH, Said(json={"results": others} if as_page else others))
    assert (await go()).url == server.address + ONE
    assert server.count(PART) == 0


async def test_d_01_a_number_in_use_leads_to_the_upload_that_was_broken_off_which_goes_on(
    go: Go, server: Elsewhere
) -> None:
    unfinished, whole = server.document(whole=False), server.document(whole=True)
    server.says(CREATE, TAKEN)
    server.says(SEARCH, Said(json={"results": [unfinished]}))
    server.says(LOOK, Said(json=unfinished), Said(json=whole))
    await go()
    (part,) = [asked for asked in server.asked if asked.method == "PUT"]
    assert b'name="lock"\r\n\r\nthe-lock\r\n' in part.body


async def test_an_upload_whose_lock_is_not_shown_cannot_go_on_and_that_is_told(
    go: Go, server: Elsewhere
) -> None:
    unfinished = server.document(whole=False)
    del unfinished["bestandsdelen"][0]["lock"]
    server.says(CREATE, TAKEN)
    server.says(SEARCH, Said(json={"results": [unfinished]}))
    server.says(LOOK, Said(json=unfinished))
    with pytest.raises(Failure, match="does not show the lock"):
        await go()


@pytest.mark.parametrize(
    "other",
    [
        {"bestandsomvang": SIZE + 1},
        {"integriteit": {"algoritme": "sha_256", "waarde": "AB" * 32, "datum": "2026-01-01"}},
    ],
    ids=["size", "checksum"],
)
async def test_a_number_that_holds_another_file_is_a_conflict(
    go: Go, server: Elsewhere, other: dict[str, Any]
) -> None:
    there = server.document(whole=True, **other)
    server.says(CREATE, TAKEN)
    server.says(SEARCH, Said(json={"results": [there]}))
    server.says(LOOK, Said(json=there))
    with pytest.raises(Conflict, match="identificatie-niet-uniek"):
        await go()


async def test_the_same_file_with_another_title_is_told_and_not_taken_for_what_is_there(
    go: Go, server: Elsewhere
) -> None:
    there = server.document(whole=True, titel="Iets anders")
    server.says(CREATE, TAKEN)
    server.says(SEARCH, Said(json={"results": [there]}))
    server.says(LOOK, Said(json=there))
    with pytest.raises(Conflict, match="the same file, with another titel"):
        await go()


async def test_an_upload_that_was_stopped_and_has_other_fields_now_begins_again(
    go: Go, server: Elsewhere, remarks: list[str]
) -> None:
    server.says(PART, Said(400))
    with pytest.raises(Refused):
        await go()
    server.says(PART, Said(json={"voltooid": True}))
    unfinished = server.document(whole=False)
    server.says(LOOK, Said(json=unfinished), Said(json=unfinished), Said(json=server.document(whole=True)))
    server.says(f"PATCH {ONE}", Said(json=unfinished))
    server.says(f"DELETE {ONE}", Said(204))
    await go(titel="Nieuw")
    assert [json.loads(asked.body)["titel"] for asked in server.created()] == ["Verslag", "Nieuw"]
    assert server.count(f"DELETE {ONE}") == 1
    assert any("has other fields now" in remark for remark in remarks)


@pytest.mark.parametrize("count", [0, 2])
async def test_a_number_that_cannot_be_found_stays_refused(go: Go, server: Elsewhere, count: int) -> None:
    server.says(CREATE, TAKEN)
    server.says(SEARCH, Said(json={"results": [server.document(whole=True)] * count}))
    with pytest.raises(Refused, match="In gebruik"):
        await go()


async def test_a_refusal_is_asked_anew_under_another_key(go: Go, server: Elsewhere) -> None:
    server.says(CREATE, Said(400, json={"title": "Ongeldig.", "code": "invalid"}))
    for _ in range(2):
        with pytest.raises(Refused):
            await go()
    assert len(set(server.keys())) == 2


async def test_a_create_that_is_still_under_way_keeps_its_key(go: Go, server: Elsewhere) -> None:
    server.says(CREATE, Said(409, json={"title": "Bezig.", "code": "conflict"}))
    for _ in range(2):
        with pytest.raises(Refused):
            await go()
    assert len(set(server.keys())) == 1


async def test_nothing_is_forgotten_before_the_receipt_is_kept(
    go: Go, server: Elsewhere, states: Path
) -> None:
    async def fails(delivered: Delivered) -> None:
        raise Failure("the disk is full")

    with pytest.raises(Failure, match="the disk is full"):
        await go(fails)
    (note,) = states.iterdir()
    assert json.loads(note.read_text())["url"] == server.address + ONE
    await go()
    assert len(server.created()) == 1


async def test_an_upload_that_vanished_at_the_server_leaves_notes_that_still_hold(
    go: Go, server: Elsewhere, states: Path
) -> None:
    server.says(PART, Said(400))
    with pytest.raises(Refused):
        await go()
    server.says(LOOK, Said(404))
    with pytest.raises(Refused):
        await go()
    (note,) = states.iterdir()
    assert json.loads(note.read_text())["lock"] == "the-lock"


@pytest.mark.parametrize("answer", [{}, [], {"url": "x", "bestandsdelen": 7}])
async def test_an_answer_that_is_no_document_is_told_to_be_so(go: Go, server: Elsewhere, answer: Any) -> None:
    server.says(CREATE, Said(201, json=answer))
    with pytest.raises(Failure, match="does not answer as the standard says"):
        await go()
