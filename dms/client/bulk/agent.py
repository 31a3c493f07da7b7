"""The agent of a hot folder: looks again and again, brings what is ready, and is patient with what fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from dms.client.bulk.courier import Courier, Item, is_of_all, is_pointless
from dms.client.bulk.fields import WrongFields
from dms.client.bulk.hotfolder import Found, HotFolder
from dms.client.bulk.leaving import Leaving, stay
from dms.client.bulk.receipts import ReceiptsBroken
from dms.client.bulk.sidecars import Fields
from dms.client.failures import Failure
from dms.client.undivided import undivided


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: from look to look, and the waits after failures, which double up to the longest."""

    every: float = 5.0
    settle: float = 2.0
    first_wait: float = 5.0
    longest_wait: float = 600.0

    def wait(self, failures: int) -> float:
        """After so many failures in a row, from 1."""
        return float(min(self.first_wait * 2.0 ** min(failures - 1, 20), self.longest_wait))


@dataclass
class _Patience:
    """Files that failed and will be tried again, by their names: the fingerprint, how often, not before."""

    pace: Pace
    _later: dict[str, tuple[str, int, float]] = field(default_factory=dict)

    def allows(self, bestand: str, fingerprint: str, now: float) -> bool:
        asked, _, moment = self._later.get(bestand, (fingerprint, 0, now))
        return asked != fingerprint or now >= moment

    def failed(self, bestand: str, fingerprint: str, now: float) -> float:
        """Count a failure; the seconds until it may be tried again."""
        asked, before, _ = self._later.get(bestand, (fingerprint, 0, now))
        count = before + 1 if asked == fingerprint else 1
        wait = self.pace.wait(count)
        self._later[bestand] = (fingerprint, count, now + wait)
        return wait

    def keep_only(self, names: set[str]) -> None:
        self._later = {name: later for name, later in self._later.items() if name in names}


class Agent:
    """Brings the files of a hot folder, `parallel` at once, until it is told to stop.

    `waiting` are the files that were refused before the last look, and have not changed since.
    """

    def __init__(
        self,
        courier: Courier,
        folder: HotFolder,
        fields: Fields,
        *,
        pace: Pace,
        parallel: int,
        leaving: Leaving = stay,
    ) -> None:
        self._courier = courier
        self._folder = folder
        self._fields = fields
        self._pace = pace
        self._parallel = parallel
        self._leaving = leaving
        self._patience = _Patience(pace)
        self._stuck: set[str] = set()
        self.waiting = 0
        self._in_a_row = 0
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Finish what is under way, and begin nothing more."""
        self._stop.set()

    async def run(self) -> None:
        """Until it is stopped. Raises `ReceiptsBroken`, or `Failure` if the folder cannot be read at all."""
        await undivided(self._look)
        wait = self._pace.settle
        while not await self._stopped_within(wait):
            wait = self._pace.every
            end = await self._sweep()
            if end is not None:
                self._in_a_row += 1
                wait = max(wait, self._pace.wait(self._in_a_row))
                self._courier.course.says(f"{end} Looking again in {wait:.0f} s.")

    async def once(self) -> Failure | None:
        """Look, look again when what is there has had time to settle, and bring what is ready. Returns the
        failure that ended it before its end, if one did."""
        await undivided(self._look)
        if await self._stopped_within(0 if self._folder.marker else self._pace.settle):
            return None
        return await self._sweep()

    async def _stopped_within(self, seconds: float) -> bool:
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait([stopping], timeout=seconds)
        finally:
            stopping.cancel()
        return self._stop.is_set()

    def _look(self) -> list[Found]:
        try:
            return self._folder.look(time.monotonic())
        except OSError as error:
            raise Failure(f"{self._folder.root} cannot be read: {error.strerror}.") from None

    async def _sweep(self) -> Failure | None:
        """One look, and all that is ready."""
        try:
            found = await undivided(self._look)
        except Failure as failure:
            return failure
        self._fields.refresh()
        names = {file.bestand for file in found}
        self._patience.keep_only(names)
        self._stuck &= names
        todo = await undivided(self._sorted_out, found)
        if not todo:
            return None
        self._courier.course.expects(len(todo), sum(file.size for file, _ in todo))
        round_ = _Round(iter(todo))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._parallel):
                    group.create_task(self._go(round_))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return round_.end

    def _sorted_out(self, found: list[Found]) -> list[tuple[Found, str]]:
        """What is to be brought now, with its fingerprint. What was brought before leaves."""
        todo, now = [], time.monotonic()
        self.waiting = 0
        receipts = self._courier.receipts
        for file in found:
            mark = self._fields.fingerprint(file)
            if receipts.succeeded(file.bestand, "", file.size, mark):
                self._leave(file)
            elif receipts.failed(file.bestand, "", file.size, mark):
                self.waiting += 1
            elif file.ready and self._patience.allows(file.bestand, mark, now):
                todo.append((file, mark))
        return todo

    def _leave(self, found: Found) -> None:
        try:
            self._leaving(found)
        except (OSError, Failure) as error:
            if found.bestand not in self._stuck:
                self._stuck.add(found.bestand)
                why = error.strerror if isinstance(error, OSError) else error
                self._courier.course.says(f"{found.bestand} became a document, and stays: {why}")

    async def _go(self, round_: _Round) -> None:
        for file, mark in round_.todo:
            if self._stop.is_set() or round_.end is not None:
                return
            failure = await self._one(file)
            if isinstance(failure, ReceiptsBroken):
                raise failure
            if failure is None:
                self._in_a_row = 0
                await undivided(self._leave, file)
            elif is_of_all(failure):
                round_.end = round_.end or failure
            else:
                await self._failed(file, mark, failure)

    async def _one(self, file: Found) -> Failure | None:
        try:
            item = await undivided(self._fields.item, file)
        except WrongFields as wrong:
            watch = self._courier.course.opens(file.bestand, file.size)
            self._courier.course.closes(file.bestand, watch, str(wrong))
            return wrong
        except Failure as failure:
            return failure
        return await self._courier.bring(item)

    async def _failed(self, file: Found, mark: str, failure: Failure) -> None:
        if is_pointless(failure):
            await self._courier.refuse(Item(file.bestand, file.file, file.size, {}, mark), failure)
            return
        self._courier.tally.failed += 1
        wait = self._patience.failed(file.bestand, mark, time.monotonic())
        self._courier.course.says(f"{file.bestand} is tried again in {wait:.0f} s or more.")


@dataclass
class _Round:
    """What one look found, and the failure of all that ended the round, if one did."""

    todo: Iterator[tuple[Found, str]]
    end: Failure | None = None
