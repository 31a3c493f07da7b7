"""Imports of manifests, at a server that answers by script."""

from __future__ import annotations

import json
import resource
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dms.client.bulk.courier import Courier
from dms.client.bulk.importing import run_import
from dms.client.bulk.manifest import Manifest
from dms.client.bulk.receipts import Receipt, Receipts, ReceiptsBroken
from dms.client.failures import Unreachable
from dms.client.session import Session
from dms.client.upload import Sending
from tests.client.bulk.test_agent import CREATE, FIELDS, Told, lines, made
from tests.client.scripted import Said, ScriptedServer


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as started:
        started.says(CREATE, made(started))
        yield started


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Of twenty files."""
    names = [f"{number:02}.pdf" for number in range(20)]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "post.csv").write_text("\n".join(["bestand", *names]))
    return Manifest(tmp_path / "post.csv", FIELDS)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def courier(session: Session, server: ScriptedServer, tmp_path: Path, told: Told) -> Iterator[Courier]:
    with Receipts(tmp_path / "receipts.csv") as receipts:
        yield Courier(Sending(session, server.address, tmp_path / "states", parallel=1), receipts, told)


async def test_each_row_is_brought_once_by_whoever_takes_it(
    courier: Courier, manifest: Manifest, server: ScriptedServer
) -> None:
    assert await run_import(courier, manifest, parallel=4) is None
    assert (courier.tally.ok, server.count(CREATE)) == (20, 20)
    assert len({json.loads(asked.body)["titel"] for asked in server.asked}) == 20
    await run_import(courier, manifest, parallel=4)
    assert (courier.tally.skipped, server.count(CREATE)) == (20, 20)


async def test_a_file_that_vanishes_after_the_check_fails_by_itself(
    courier: Courier, manifest: Manifest, told: Told, tmp_path: Path
) -> None:
    manifest.check()
    (tmp_path / "07.pdf").unlink()
    await run_import(courier, manifest, parallel=2)
    assert (courier.tally.ok, courier.tally.failed) == (19, 1)
    assert any("line 9: bestand: 07.pdf cannot be read" in remark for remark in told.remarks)


async def test_a_server_that_cannot_be_reached_any_more_ends_the_import(
    courier: Courier, manifest: Manifest, server: ScriptedServer
) -> None:
    server.says(CREATE, made(server), made(server), Said(broken=True))
    assert isinstance(await run_import(courier, manifest, parallel=1), Unreachable)
    assert [line["status"] for line in lines(courier.receipts)] == ["ok", "ok", "failed"]


async def test_an_import_whose_receipts_find_no_room_stops_at_once(
    courier: Courier, manifest: Manifest, server: ScriptedServer
) -> None:
    for _ in range(10):  # so that notes, which are small, still fit
        courier.receipts.append(Receipt("eerder", "failed", "", "", "", 1, "x" * 500, "1/x"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    room = courier.receipts.path.stat().st_size + 10
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        with pytest.raises(ReceiptsBroken, match="cannot be written"):
            await run_import(courier, manifest, parallel=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert server.count(CREATE) == 1
