"""The agent of a hot folder: what it tries again, when, and what not."""

from __future__ import annotations

import asyncio
import csv
import json
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from dms.client.bulk.agent import Agent, Pace
from dms.client.bulk.courier import Courier
from dms.client.bulk.hotfolder import Found, HotFolder
from dms.client.bulk.leaving import Leaving, stay
from dms.client.bulk.receipts import Receipt, Receipts, ReceiptsBroken
from dms.client.bulk.sidecars import Fields
from dms.client.failures import Failure
from dms.client.session import Patience, Session
from dms.client.upload import Sending
from dms.client.watch import Unwatched, Watch
from tests.client.conftest import CREDENTIALS
from tests.client.scripted import Said, ScriptedServer

CREATE = "POST /documenten/api/v1/enkelvoudiginformatieobjecten"
PACE = Pace(every=0.01, settle=0.0, first_wait=0.02, longest_wait=0.05)
REFUSED = Said(400, json={"title": "Ongeldige invoer.", "code": "invalid", "invalidParams": []})
FIELDS = {
    "informatieobjecttype": "https://catalogi.example.nl/typen/1",
    "bronorganisatie": "000000000",
    "auteur": "Postkamer",
    "taal": "nld",
}


class Told:
    """All that the agent told."""

    def __init__(self) -> None:
        self.remarks: list[str] = []
        self.ended: list[tuple[str, str | None]] = []

    def expects(self, count: int, size: int) -> None: ...

    def skips(self, bestand: str, size: int) -> None: ...

    def opens(self, bestand: str, size: int) -> Watch:
        return Unwatched()

    def closes(self, bestand: str, watch: Watch, failure: str | None) -> None:
        self.ended.append((bestand, failure))

    def says(self, text: str) -> None:
        self.remarks.append(text)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """A server that takes whatever comes."""
    async with ScriptedServer() as started:
        started.says(CREATE, made(started))
        yield started


def made(server: ScriptedServer) -> Said:
    """The answer to a create of a file of one byte."""
    document = {"url": f"{server.address}/1", "inhoud": "x", "bestandsomvang": 1, "bestandsdelen": []}
    return Said(201, json=document)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "hot"
    folder.mkdir()
    return folder


@pytest.fixture
def receipts(tmp_path: Path) -> Iterator[Receipts]:
    with Receipts(tmp_path / "receipts.csv", by_file=True) as opened:
        yield opened


Working = Callable[..., Any]


@pytest.fixture
def working(
    session: Session, server: ScriptedServer, root: Path, tmp_path: Path, receipts: Receipts, told: Told
) -> Working:
    """An agent that runs while a context lasts."""

    @asynccontextmanager
    async def run(leaving: Leaving = stay) -> AsyncIterator[Agent]:
        courier = Courier(Sending(session, server.address, tmp_path / "states", parallel=2), receipts, told)
        folder = HotFolder(root, settle=0)
        agent = Agent(courier, folder, Fields(root, FIELDS), pace=PACE, parallel=2, leaving=leaving)
        running = asyncio.ensure_future(agent.run())
        try:
            yield agent
        finally:
            agent.stop()
            await running

    return run


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def lines(receipts: Receipts) -> list[dict[str, str]]:
    with receipts.path.open(newline="") as text:
        return list(csv.DictReader(text))


def new(folder: Path, name: str) -> Path:
    file = folder / name
    file.write_bytes(b"x")
    return file


async def test_what_the_server_refuses_is_not_sent_again_until_something_about_it_changes(
    working: Working, server: ScriptedServer, root: Path, receipts: Receipts, told: Told
) -> None:
    server.says(CREATE, REFUSED, made(server))
    async with working():
        new(root, "a.pdf")
        await until(lambda: told.ended)
        new(root, "b.pdf")
        await until(lambda: len(told.ended) == 2)
        new(root, "c.pdf")
        await until(lambda: len(told.ended) == 3)
        assert server.count(CREATE) == 3
        (root / "a.pdf.json").write_text(json.dumps({"titel": "Beter"}))
        await until(lambda: len(told.ended) == 4)
    first, *_, last = lines(receipts)
    assert (first["bestand"], first["status"]) == ("a.pdf", "failed")
    assert "Ongeldige invoer. (400 invalid)" in first["error"]
    assert (last["bestand"], last["status"]) == ("a.pdf", "ok")


async def test_a_sidecar_that_is_wrong_is_receipted_and_its_correction_sent(
    working: Working, root: Path, receipts: Receipts, told: Told
) -> None:
    (root / "a.pdf.json").write_text('{"titl": 1}')
    async with working():
        new(root, "a.pdf")
        await until(lambda: told.ended)
        (root / "a.pdf.json").write_text('{"titel": "Goed"}')
        await until(lambda: len(told.ended) == 2)
    assert [line["status"] for line in lines(receipts)] == ["failed", "ok"]


async def test_what_may_pass_is_tried_again_and_gets_no_receipt_until_it_is_done(
    working: Working, server: ScriptedServer, root: Path, receipts: Receipts, told: Told
) -> None:
    server.says(CREATE, Said(403), Said(403), Said(403), made(server))
    async with working():
        new(root, "a.pdf")
        await until(lambda: lines(receipts))
    assert [failure is None for _, failure in told.ended] == [False, False, False, True]
    assert sum("a.pdf is tried again in" in remark for remark in told.remarks) == 3
    assert [line["status"] for line in lines(receipts)] == ["ok"]


async def test_a_server_that_knows_nobody_makes_the_agent_wait_and_costs_no_file_its_chance(
    working: Working, server: ScriptedServer, root: Path, receipts: Receipts, told: Told
) -> None:
    unknown = Said(401, json={"title": "Niet ingelogd.", "code": "not_authenticated"})
    server.says(CREATE, *[unknown] * 8, made(server))
    for number in range(5):
        new(root, f"{number}.pdf")
    async with working():
        await until(lambda: len(lines(receipts)) == 5)
    assert {line["status"] for line in lines(receipts)} == {"ok"}
    assert any("Niet ingelogd" in remark and "Looking again in" in remark for remark in told.remarks)


async def test_defaults_that_are_half_written_cost_no_file_its_chance(
    working: Working, server: ScriptedServer, root: Path, receipts: Receipts, told: Told
) -> None:
    (root / "defaults.json").write_text('{"auteur": ')
    new(root, "a.pdf")
    async with working():
        await until(lambda: any("is not JSON" in remark for remark in told.remarks))
        (root / "defaults.json").write_text('{"auteur": "map"}')
        await until(lambda: lines(receipts))
    assert [line["status"] for line in lines(receipts)] == ["ok"]
    assert json.loads(server.asked[-1].body)["auteur"] == "map"


async def test_a_folder_that_goes_away_is_waited_for(
    working: Working, root: Path, receipts: Receipts, told: Told
) -> None:
    async with working():
        new(root, "a.pdf")
        await until(lambda: lines(receipts))
        root.rename(root.with_name("elsewhere"))
        await until(lambda: any("cannot be read: No such file" in remark for remark in told.remarks))
        root.mkdir()
        new(root, "b.pdf")
        await until(lambda: len(lines(receipts)) == 2)


async def test_a_file_that_cannot_be_put_away_is_told_once_and_not_sent_again(
    working: Working, server: ScriptedServer, root: Path, receipts: Receipts, told: Told
) -> None:
    tried: list[str] = []

    def stuck(found: Found) -> None:
        tried.append(found.bestand)
        raise PermissionError(13, "Permission denied")

    new(root, "a.pdf")
    async with working(stuck):
        await until(lambda: len(tried) >= 3)
    assert server.count(CREATE) == 1
    assert told.remarks == ["a.pdf became a document, and stays: Permission denied"]


async def test_without_receipts_nothing_goes_on(
    working: Working, root: Path, receipts: Receipts, told: Told
) -> None:
    for _ in range(10):  # so that notes, which are small, still fit
        receipts.append(Receipt("eerder", "failed", "", "", "", 1, "x" * 500, "1/x"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    new(root, "a.pdf")
    resource.setrlimit(resource.RLIMIT_FSIZE, (receipts.path.stat().st_size + 10, limits[1]))
    try:
        with pytest.raises(ReceiptsBroken, match="cannot be written"):
            async with working():
                await until(lambda: any(failure for _, failure in told.ended))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


async def test_a_folder_that_is_not_there_at_first_is_refused(working: Working, root: Path) -> None:
    root.rmdir()
    with pytest.raises(Failure, match="cannot be read: No such file"):
        async with working():
            pass


async def test_an_agent_that_is_stopped_begins_nothing_more(
    working: Working, server: ScriptedServer, root: Path, receipts: Receipts, tmp_path: Path, told: Told
) -> None:
    for number in range(20):
        new(root, f"{number:02}.pdf")
    courier_session = Session(CREDENTIALS, Patience(attempts=1))
    async with courier_session:
        courier = Courier(
            Sending(courier_session, server.address, tmp_path / "s", parallel=1), receipts, told
        )
        agent = Agent(
            courier, HotFolder(root, settle=0), Fields(root, FIELDS), pace=PACE, parallel=1, leaving=stay
        )
        closes = told.closes

        def stopping(bestand: str, watch: Watch, failure: str | None) -> None:
            closes(bestand, watch, failure)
            agent.stop()

        told.closes = stopping  # type: ignore[method-assign]
        await agent.run()
        assert len(lines(receipts)) == 1
        assert await agent.once() is None
    assert len(lines(receipts)) == 1


def test_waits_double_from_the_first_to_the_longest() -> None:
    pace = Pace(first_wait=5, longest_wait=60)
    assert [pace.wait(failures) for failures in (1, 2, 3, 4, 5, 1000)] == [5, 10, 20, 40, 60, 60]
