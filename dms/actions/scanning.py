"""Bodies and the virus scanner: what may be handed out, and what is scanned later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta

import structlog

from dms.actions.service import Dms
from dms.actions.writing import replace_now
from dms.documenten import versions
from dms.documenten.rights import DOCUMENT
from dms.documenten.upload.scans import CLEAN, INFECTED, SCANS, STATES, UNSCANNED, scan_record
from dms.model.query import By, Equals, In, IsNull, Range
from dms.model.refusals import NotCleared
from dms.storage.content.port import MissingBody
from dms.storage.metadata.port import Conflict, Duplicate, Record, every
from dms.storage.scanning.port import Infected, Unscanned

log = structlog.get_logger(part="dms.scanning")
MOST_SHOWN = 100
"""Bodies in an overview."""
_AT_ONCE = 4
_BATCH = 50
_CLAIM = timedelta(minutes=15)
_POLL = 2.0


async def must_be_cleared(dms: Dms, key: str) -> None:
    """Return if this body may be handed out, else raise `NotCleared`. Infected bodies never are; with a
    scanner, neither is what has not been found clean."""
    scan = await dms.metadata.get(SCANS, key)
    verdict, reason = (scan["verdict"], scan["reason"]) if scan else (UNSCANNED, "off")
    if verdict == INFECTED:
        raise NotCleared("In de inhoud is een virus gevonden; zij wordt niet uitgeleverd.")
    if dms.scanning is None or verdict == CLEAN:
        return
    if verdict == UNSCANNED:
        if reason in dms.scanning.released:
            return
        raise NotCleared(f"De inhoud kon niet op virussen worden gescand ({reason}).")
    raise NotCleared("De inhoud wordt nog op virussen gescand; probeer het later opnieuw.")


async def scan_waiting(dms: Dms) -> int:
    """Scan what is due, a batch at most; return how many were tried. Nodes may do so at the same time."""
    due = await dms.metadata.find(
        SCANS, Range("_next", lte=dms.now()), order=(By("_next"), By("_created")), limit=_BATCH
    )
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(scan: Record) -> None:
        async with places:
            await _scan_again(dms, scan)

    async with asyncio.TaskGroup() as tasks:
        for scan in due:
            tasks.create_task(one(scan))
    return len(due)


async def keep_scanning(dms: Dms) -> None:
    """Scan what waits for as long as the service runs."""
    while True:
        tried = 0
        try:
            tried = await scan_waiting(dms)
        except Exception:
            log.exception("scanning failed")
        if tried < _BATCH:
            await asyncio.sleep(_POLL)


async def _scan_again(dms: Dms, scan: Record) -> Record | None:
    """Claim a body, scan it, and keep the verdict; None if another did, or if it is gone."""
    assert dms.scanning is not None
    until = scan_record(scan["_id"], scan["omvang"], None, dms.clock() + _CLAIM, scan["_tries"])["_next"]
    claimed = {**scan, "_next": until}
    if not await _replaced(dms, claimed):
        return None
    try:
        verdict = await dms.scanning.scanner.scan(dms.content.read(scan["_id"]), scan["omvang"])
    except MissingBody:
        await _forget(dms, scan["_id"])
        return None
    tries = scan["_tries"] + 1
    done = scan_record(scan["_id"], scan["omvang"], verdict, dms.clock(), tries)
    if isinstance(verdict, Infected):
        log.warning("virus found", body=scan["_id"], virus=verdict.name[:200])
    elif isinstance(verdict, Unscanned):
        log.warning("not scanned", body=scan["_id"], why=verdict.why, again=done["_next"])
    return done if await _replaced(dms, {**claimed, **done}) else None


async def _replaced(dms: Dms, scan: Record) -> bool:
    try:
        await replace_now(dms, SCANS, scan)
    except Conflict:
        return False
    return True


async def _forget(dms: Dms, key: str) -> None:
    """Its body is gone, and the collector was before us or comes after."""
    scan = await dms.metadata.get(SCANS, key)
    if scan is None:
        return
    try:
        async with dms.metadata.transaction() as transaction:
            transaction.remove(SCANS, scan)
    except Conflict:
        return


async def enter_unscanned(dms: Dms) -> int:
    """Give every body that has no verdict one that is to come: those from before there was a scanner."""
    entered = 0
    for collection in versions.WITH_BODIES:
        async for batch in every(dms.metadata, collection, IsNull("_body", wanted=False)):
            sizes = {record["_body"]: record["bestandsomvang"] for record in batch}
            known = await dms.metadata.find(SCANS, In("_id", tuple(sizes)))
            for key in sizes.keys() - {scan["_id"] for scan in known}:
                entered += await _entered(dms, key, sizes[key])
    return entered


async def _entered(dms: Dms, key: str, size: int) -> int:
    try:
        async with dms.metadata.transaction() as transaction:
            transaction.insert(SCANS, scan_record(key, size, None, dms.clock()))
    except Duplicate:
        return 0  # another node was as quick
    return 1


async def rescan(dms: Dms, states: Iterable[str], progress: Callable[[int], None]) -> dict[str, int]:
    """Scan all bodies whose verdict is one of `states`; return how many have which verdict afterwards."""
    places = asyncio.Semaphore(_AT_ONCE)
    done = 0

    async def one(scan: Record) -> None:
        nonlocal done
        async with places:
            await _scan_again(dms, scan)
        done += 1
        progress(done)

    async for batch in every(dms.metadata, SCANS, In("verdict", tuple(states)), batch=_BATCH):
        async with asyncio.TaskGroup() as tasks:
            for scan in batch:
                tasks.create_task(one(scan))
    return await counted(dms)


async def counted(dms: Dms) -> dict[str, int]:
    """How many bodies have which verdict."""
    counts = await asyncio.gather(*(dms.metadata.count(SCANS, Equals("verdict", state)) for state in STATES))
    return dict(zip(STATES, counts, strict=True))


async def overview(dms: Dms, verdict: str) -> list[Record]:
    """The latest bodies with this verdict, each with the URLs of its documents; at most `MOST_SHOWN`."""
    scans = await dms.metadata.find(SCANS, Equals("verdict", verdict), limit=MOST_SHOWN)
    bodies = In("_body", tuple(scan["_id"] for scan in scans))
    documents: dict[str, set[str]] = {scan["_id"]: set() for scan in scans}
    for record in await dms.metadata.find(DOCUMENT, bodies):
        documents[record["_body"]].add(record["url"])
    for record in await dms.metadata.find(versions.COLLECTION, bodies):
        documents[record["_body"]].add(record["_document"])
    return [
        {
            "verdict": scan["verdict"],
            "reden": scan["reason"],
            "sinds": scan["sinds"],
            "omvang": scan["omvang"],
            "opnieuw": scan["_next"],
            "documenten": sorted(documents[scan["_id"]]),
        }
        for scan in scans
    ]
