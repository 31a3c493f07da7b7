"""Uploads to Documenten APIs that answer otherwise than ours, or at a bad moment."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from dms.client.failures import Failure, FileChanged, Refused, Unreachable
from dms.client.part import PIECE
from dms.client.session import Session
from dms.client.upload import Sending, upload
from tests.client.scripted import Said, ScriptedServer

ALL = "/documenten/api/v1/enkelvoudiginformatieobjecten"
ONE = f"{ALL}/1"
CREATE, LOOK, UNLOCK = f"POST {ALL}", f"GET {ONE}", f"POST {ONE}/unlock"
FIRST, SECOND = "PUT /documenten/api/v1/bestandsdelen/1", "PUT /documenten/api/v1/bestandsdelen/2"
FIELDS = {"titel": "Verslag"}
GIVEN_UP = ["POST", "GET", "PATCH", "POST", "DELETE"]
INCOMPLETE = Said(400, json={"title": "Ongeldig.", "code": "invalid", "invalidParams": []})


class Elsewhere(ScriptedServer):
    """A server with one document of ten bytes, in parts of six and four."""

    def document(self, *done: bool, **other: Any) -> dict[str, Any]:
        """The document with these parts; without parts it is whole."""
        parts = [
            {
                "url": f"{self.address}/documenten/api/v1/bestandsdelen/{number}",
                "volgnummer": number,
                "omvang": size,
                "voltooid": voltooid,
            }
            for number, size, voltooid in zip((1, 2), (6, 4), done, strict=False)
        ]
        values = {
            "url": self.address + ONE,
            "inhoud": None if parts else f"{self.address}{ONE}/download?versie=1",
            "bestandsomvang": 10,
            "lock": "the-lock",
            # The standard promises no order.
            "bestandsdelen": parts[::-1],
        }
        return values | other

    def shows(self, *states: dict[str, Any]) -> None:
        """What looking at the document answers, one after another."""
        self.says(LOOK, *(Said(json=state) for state in states))

    def part(self, what: str) -> bytes:
        """The bytes that a part was sent with last."""
        body = [asked.body for asked in self.asked if f"{asked.method} {asked.path}" == what][-1]
        return body.split(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]


@pytest.fixture
async def server() -> AsyncIterator[Elsewhere]:
    async with Elsewhere() as started:
        started.says(CREATE, Said(201, json=started.document(False, False)))
        started.says(FIRST, Said(json={"voltooid": True}))
        started.says(SECOND, Said(json={"voltooid": True}))
        started.says(UNLOCK, Said(204))
        started.shows(started.document())
        yield started


@pytest.fixture
def go(session: Session, server: Elsewhere, file_of: Callable[[int], Path], states: Path) -> Any:
    """Uploads ten bytes to that server."""
    file = file_of(10)

    async def run() -> str:
        return await upload(Sending(session, server.address, states), file, FIELDS)

    return run


async def test_parts_go_where_their_numbers_say_in_forms_of_known_size(
    go: Any, server: Elsewhere, tmp_path: Path
) -> None:
    assert await go() == server.address + ONE
    assert server.part(FIRST) + server.part(SECOND) == (tmp_path / "verslag.bin").read_bytes()
    forms = [asked for asked in server.asked if asked.method == "PUT"]
    assert all(int(form.headers["Content-Length"]) == len(form.body) for form in forms)
    assert all(form.headers["Content-Type"].startswith("multipart/form-data; boundary=") for form in forms)
    assert all(b'name="lock"\r\n\r\nthe-lock\r\n' in form.body for form in forms)


async def test_an_unlock_whose_answer_was_lost_counts_when_the_document_is_whole(
    go: Any, server: Elsewhere
) -> None:
    wrong = Said(400, json={"title": "Ongeldig.", "code": "incorrect-lock-id"})
    server.says(UNLOCK, Said(504), wrong)
    assert await go() == server.address + ONE


async def test_a_part_that_the_server_lost_is_sent_again(go: Any, server: Elsewhere) -> None:
    server.says(UNLOCK, INCOMPLETE, Said(204))
    server.shows(server.document(True, False), server.document())
    await go()
    assert (server.count(FIRST), server.count(SECOND)) == (1, 2)


async def test_a_server_that_keeps_losing_parts_is_given_up(go: Any, server: Elsewhere) -> None:
    server.says(UNLOCK, INCOMPLETE)
    server.shows(server.document(True, False))
    with pytest.raises(Refused, match="Ongeldig"):
        await go()
    assert server.count(SECOND) == 3


async def test_a_refused_unlock_of_a_complete_upload_is_told(go: Any, server: Elsewhere) -> None:
    server.says(UNLOCK, Said(400, json={"title": "Andere controlewaarde.", "code": "integrity-mismatch"}))
    server.shows(server.document(True, True))
    with pytest.raises(Refused, match="Andere controlewaarde"):
        await go()
    assert server.count(FIRST) == 1


async def test_a_document_without_content_after_its_unlock_is_no_success(go: Any, server: Elsewhere) -> None:
    server.shows(server.document(inhoud=None))
    with pytest.raises(Failure, match="has no content, although"):
        await go()


async def test_a_document_of_another_size_than_the_file_is_no_success(go: Any, server: Elsewhere) -> None:
    server.shows(server.document(bestandsomvang=9))
    with pytest.raises(Failure, match=r"has 9 bytes, and .* 10: look into it"):
        await go()


async def test_parts_that_do_not_add_up_to_the_file_are_not_sent(go: Any, server: Elsewhere) -> None:
    server.says(CREATE, Said(201, json=server.document(False)))
    with pytest.raises(Failure, match="parts of 6 bytes together for a file of 10 bytes"):
        await go()
    assert server.count(FIRST) == 0


async def test_a_refused_part_stops_the_others_and_tells_the_reason(go: Any, server: Elsewhere) -> None:
    server.says(SECOND, Said(413, json={"title": "Te groot.", "code": "request_entity_too_large"}))
    with pytest.raises(Refused, match="Te groot"):
        await go()
    assert server.count(UNLOCK) == 0


async def test_a_line_that_breaks_while_the_document_is_made_does_not_make_two(
    go: Any, server: Elsewhere, states: Path
) -> None:
    server.says(CREATE, Said(broken=True))
    with pytest.raises(Unreachable, match="not known whether"):
        await go()
    assert server.count(CREATE) == 1
    assert list(states.iterdir()) == []


async def test_an_upload_goes_on_where_parts_are_shown_without_a_lock(go: Any, server: Elsewhere) -> None:
    server.says(SECOND, Said(403))
    with pytest.raises(Refused):
        await go()
    server.says(SECOND, Said(json={}))
    server.shows(server.document(True, False), server.document())
    assert await go() == server.address + ONE
    assert (server.count(CREATE), server.count(SECOND)) == (1, 2)
    assert server.count(FIRST) <= 1


async def test_who_waits_for_a_large_file_to_be_put_together_is_told_so(
    go: Any, remarks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dms.client.upload._SOON_ASSEMBLED", 9)
    await go()
    assert remarks == ["All parts have arrived; waiting for the server to put them together."]


async def test_a_refusal_to_show_the_document_ends_it_and_it_can_go_on_later(
    go: Any, server: Elsewhere
) -> None:
    server.says(SECOND, Said(403))
    with pytest.raises(Refused):
        await go()
    server.says(LOOK, Said(403))
    with pytest.raises(Refused, match="403"):
        await go()
    server.says(SECOND, Said(json={}))
    server.shows(server.document(True, True), server.document())
    assert await go() == server.address + ONE
    assert server.count(CREATE) == 1


class Truncating:
    """A watch that cuts off the file as soon as a piece of it has gone."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.at = 0

    def begins(self, size: int, done: int) -> None:
        self.at = done

    def moved(self, count: int) -> None:
        self.at += count
        os.truncate(self.file, PIECE)


async def test_a_file_that_ends_in_the_middle_of_a_part_is_refused_and_not_taken_for_a_broken_line(
    session: Session, server: Elsewhere, file_of: Callable[[int], Path], states: Path, remarks: list[str]
) -> None:
    file = file_of(4 * PIECE)
    part = server.document(False)["bestandsdelen"][0] | {"omvang": 4 * PIECE}
    document = server.document(bestandsdelen=[part], inhoud=None)
    server.says(CREATE, Said(201, json=document))
    server.shows(document)
    server.says(f"PATCH {ONE}", Said(json=document))
    server.says(f"DELETE {ONE}", Said(204))
    watch = Truncating(file)
    with pytest.raises(FileChanged):
        await upload(Sending(session, server.address, states), file, FIELDS, watch=watch)
    assert remarks == []
    assert watch.at == 0
    assert [asked.method for asked in server.asked if asked.method != "PUT"] == GIVEN_UP
