"""An import: the rows of a manifest, several at once, until all are done or the server is of no use."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing

from dms.client.bulk.courier import Courier, Item, fingerprint, is_of_all
from dms.client.bulk.manifest import Manifest, Row, Wrong
from dms.client.bulk.receipts import ReceiptsBroken
from dms.client.failures import Failure
from dms.client.undivided import undivided


def item_of(row: Row) -> Item:
    """What a row asks for."""
    return Item(row.bestand, row.file, row.size, row.values, fingerprint(row.changed, row.values))


async def run_import(courier: Courier, manifest: Manifest, *, parallel: int) -> Failure | None:
    """Bring every file that has no receipt yet, `parallel` at once, and write a receipt for each.

    Returns the failure that ended it before its end, if one did: one that is of all files. Raises
    `ReceiptsBroken` when no receipt can be written.
    """
    with closing(manifest.rows()) as rows:
        work = _Import(courier, rows)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(parallel):
                    group.create_task(work.go())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return work.end


class _Import:
    def __init__(self, courier: Courier, rows: Iterator[Row | Wrong]) -> None:
        self._courier = courier
        self._rows = rows
        self._turn = asyncio.Lock()
        self.end: Failure | None = None

    async def go(self) -> None:
        """Take one row after another."""
        while self.end is None:
            async with self._turn:
                row = await undivided(next, self._rows, None)
            if row is None:
                return
            if isinstance(row, Wrong):  # the check found it right, so that its file changed since
                self._courier.tally.failed += 1
                self._courier.course.says(str(row))
                continue
            item = item_of(row)
            if self._courier.was_here(item):
                self._courier.skip(item)
            else:
                await self._bring(item)

    async def _bring(self, item: Item) -> None:
        failure = await self._courier.bring(item)
        if isinstance(failure, ReceiptsBroken):
            raise failure
        if failure is not None:
            await self._courier.refuse(item, failure)
            if is_of_all(failure):
                self.end = self.end or failure
