"""The collector: removes bodies that no document refers to any more, and uploads that were given up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dms.actions.bodies import unreferenced
from dms.actions.service import Dms
from dms.actions.upload import start_over
from dms.documenten.rights import DOCUMENT
from dms.documenten.upload.parts import DROPPED, PARTS
from dms.documenten.upload.scans import SCANS
from dms.model.query import Equals, In
from dms.storage.content.port import Entry, KeepsUnfinished
from dms.storage.metadata.port import Conflict, Record, every

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Collected:
    """How much was removed: bodies that were dropped, bodies, whole or not, that nothing ever referred to,
    uploads."""

    dropped: int = 0
    orphans: int = 0
    uploads: int = 0


async def collect(
    dms: Dms, *, orphan_age: timedelta, upload_age: timedelta, everything: bool = False
) -> Collected:
    """One round. Orphans are looked for among what was written lately, or with `everything` among all.

    Safe to run at the same time on several nodes, and to break off anywhere.
    """
    now = dms.clock()
    since = None if everything else now - 2 * orphan_age - timedelta(days=1)
    # What is given up is dropped by that.
    uploads = await give_up_uploads(dms, older_than=now - upload_age, orphans_before=now - orphan_age)
    return Collected(
        dropped=await remove_dropped(dms),
        orphans=await remove_orphans(dms, older_than=now - orphan_age, since=since),
        uploads=uploads,
    )


async def remove_dropped(dms: Dms) -> int:
    """Remove the bodies and uploads that a committed change let go of (drc-008, D-52)."""
    removed = 0
    async for batch in every(dms.metadata, DROPPED):
        scans = await dms.metadata.find(SCANS, In("_id", tuple(dropped["_id"] for dropped in batch)))
        verdicts = {scan["_id"]: scan for scan in scans}
        for dropped in batch:
            await dms.content.abandon(dropped["_id"])
            await dms.content.remove(dropped["_id"])
            removed += await _forget(dms, dropped, verdicts.get(dropped["_id"]))
    return removed


async def _forget(dms: Dms, dropped: Record, scan: Record | None) -> int:
    try:
        async with dms.metadata.transaction() as transaction:
            transaction.remove(DROPPED, dropped)
            if scan is not None:
                transaction.remove(SCANS, scan)
    except Conflict:
        return 0  # another node was as quick, or a scan ended: the next round takes it
    return 1


async def remove_orphans(dms: Dms, *, older_than: datetime, since: datetime | None) -> int:
    """Remove bodies whose document never came to be: a client, or the service, stopped in between."""
    removed = 0
    async for batch in batches(dms.content.keys(since)):
        old = [entry.key for entry in batch if entry.written < older_than]
        for key in await unreferenced(dms.metadata, old):
            await dms.content.remove(key)
            removed += 1
    if isinstance(dms.content, KeepsUnfinished):
        removed += await dms.content.clear_incoming(older_than)
    return removed


async def give_up_uploads(dms: Dms, *, older_than: datetime, orphans_before: datetime) -> int:
    """Remove what was received of uploads that no document waits for, and of those without news for long.

    The document of the latter stays as it is: locked, waiting, and ready for all its parts to be sent again.
    """
    removed = 0
    async for batch in batches(dms.content.uploads()):
        orphans = set(await unreferenced(dms.metadata, [e.key for e in batch if e.written < orphans_before]))
        for entry in batch:
            if entry.key in orphans:
                await dms.content.abandon(entry.key)
                removed += 1
            elif entry.written < older_than:
                removed += await _give_up(dms, entry.key)
    return removed


async def _give_up(dms: Dms, upload: str) -> int:
    documents = await dms.metadata.find(DOCUMENT, Equals("_upload", upload), limit=1)
    if not documents:
        return 0
    parts = await dms.metadata.find(PARTS, Equals("informatieobject", documents[0]["url"]))
    try:
        await start_over(dms, documents[0], parts)
    except Conflict:
        return 0  # news, after all
    return 1


async def batches(entries: AsyncIterator[Entry]) -> AsyncIterator[list[Entry]]:
    """What a content store lists, in batches that a query can ask for."""
    batch: list[Entry] = []
    async for entry in entries:
        batch.append(entry)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
