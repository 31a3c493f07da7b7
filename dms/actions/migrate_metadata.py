"""Metadata to another store: every record, in the order in which it came, compared until nothing differs."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import orjson

from dms.actions.migrate_content import CannotMove
from dms.model.query import OLDEST_FIRST
from dms.storage.metadata.port import Conflict, Duplicate, MetadataStore, Record

_BATCH = 500
_OVERLAP = 100
_MARK = "_moving-here:"
_UNDER_WAY, _FINISHED = 1, 2

Progress: TypeAlias = Callable[[str, int, int], None]
"""Hears the collection, how many of its records were looked at, and of how many."""


class Tally:
    """How many records one side has, and the SHA-256 over them in their order, without their revisions."""

    def __init__(self) -> None:
        self.records = 0
        self._digest = hashlib.sha256()

    def add(self, record: Record) -> None:
        """Take the next record along."""
        self.records += 1
        self._digest.update(_content(record) + b"\n")

    @property
    def sha256(self) -> str:
        """The hash so far, in hexadecimal."""
        return self._digest.hexdigest()


@dataclass(slots=True)
class Compared:
    """A collection on both sides, as the last round met it, and how many changes that round made for it."""

    collection: str
    source: Tally = field(default_factory=Tally)
    target: Tally = field(default_factory=Tally)
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Moved:
    """What a migration came to: after so many rounds, these are the collections. `settled` if the last round
    found no difference."""

    rounds: int
    compared: tuple[Compared, ...]
    settled: bool


def unwatched(collection: str, done: int, total: int) -> None:
    """Nobody looks."""


async def move_records(
    source: MetadataStore,
    target: MetadataStore,
    collections: Sequence[str],
    *,
    origin: str,
    finish: bool = False,
    most_rounds: int = 5,
    progress: Progress = unwatched,
) -> Moved:
    """Make the target what the source is, in rounds, until a round finds no difference.

    The service may go on meanwhile; then `most_rounds` may not be enough. With `finish`, for when it does
    not, the target is closed to further runs once a round has found no difference. Breaking off is safe,
    and the next run goes on. `origin` names the source, by which a target knows whose copy it is. Nothing
    changes at the source. Revisions begin anew. Raises `CannotMove`, and `OSError` if a store cannot be used.
    """
    mark = _MARK + hashlib.sha256(origin.encode()).hexdigest()[:32]
    await _begin(source, target, collections, mark)
    number = 0
    while True:
        number += 1
        compared = [await _round(source, target, name, progress) for name in collections]
        await _move_numbers(source, target)
        settled = not any(each.changes for each in compared)
        if settled or number >= most_rounds:
            if settled and finish:
                await target.next_number(mark, floor=_FINISHED - 1)
            return Moved(number, tuple(compared), settled)


async def is_unfinished(metadata: MetadataStore) -> bool:
    """Whether the store is the target of a migration that is still to be finished: it may lack records, and
    what is written to it would be lost."""
    series = await metadata.series()
    return any(name.startswith(_MARK) and last < _FINISHED for name, last in series.items())


async def _begin(source: MetadataStore, target: MetadataStore, collections: Sequence[str], mark: str) -> None:
    """See that this source may go to this target, and mark the target. A series is a mark that every store
    can keep; the collectors and the service never look at it."""
    if not await _holds_something(source, collections):
        raise CannotMove("There are no records to move: is that the store that the service uses?")
    state = (await target.series()).get(mark, 0)
    if state >= _FINISHED:
        raise CannotMove(
            "This migration was finished, and the service may be using the target now. To begin again, "
            "take an empty target."
        )
    if state < _UNDER_WAY:
        if await _holds_something(target, collections):
            raise CannotMove(
                "The target is not empty, and what it holds is not the beginning of this migration. Take an "
                "empty target, or give the source by the same URL as before."
            )
        await target.next_number(mark)


async def _holds_something(store: MetadataStore, collections: Sequence[str]) -> bool:
    for collection in collections:
        if await store.count(collection):
            return True
    series = await store.series()
    return any(not name.startswith("_") or name.startswith(_MARK) for name in series)


async def _move_numbers(source: MetadataStore, target: MetadataStore) -> None:
    """No number that the source drew may be drawn again."""
    there = await target.series()
    for series, last in (await source.series()).items():
        if not series.startswith("_") and there.get(series, 0) < last:
            await target.next_number(series, floor=last - 1)


async def _round(
    source: MetadataStore, target: MetadataStore, collection: str, progress: Progress
) -> Compared:
    """Walk both sides in the order of insertion, and make the target agree."""
    compared = Compared(collection)
    agreement = _Agreement(target, compared)
    total = await source.count(collection)
    try:
        async for record in oldest_first(source, collection):
            compared.source.add(record)
            await agreement.meet(record)
            if compared.source.records % _BATCH == 0:
                progress(collection, compared.source.records, total)
        await agreement.end()
    except _Lost:
        # The next round begins at the beginning.
        compared.changes += 1
    await agreement.write()
    progress(collection, compared.source.records, total)
    return compared


class _Lost(Exception):
    """So much was removed during a walk that it does not know where it was."""


async def oldest_first(store: MetadataStore, collection: str) -> AsyncIterator[Record]:
    """Walk all records in the order of their insertion.

    Holds no cursor: records that come or go meanwhile may or may not be met, all others are met once. As
    removals move what comes after, each page begins within the one before, where it finds its place.
    """
    offset, seen = 0, set[str]()
    while True:
        start = max(offset - _OVERLAP, 0)
        page = await store.find(collection, order=OLDEST_FIRST, limit=_BATCH + _OVERLAP, offset=start)
        known = [number for number, record in enumerate(page) if record["_id"] in seen]
        fresh = page[known[-1] + 1 :] if known else page
        if seen and not known:
            if start == 0:
                raise _Lost
            offset = start
            continue
        for record in fresh:
            yield record
        if not fresh:
            return
        offset = start + len(page)
        seen = {record["_id"] for record in page}


Act: TypeAlias = Literal["insert", "replace", "remove"]


class _Agreement:
    """The records of the target on their way to be those of the source, in the same order.

    One rule keeps the order, whatever happened: a record of the target that is not the one that the source
    has next is removed, and what the source has beyond the end of the target is inserted.
    """

    def __init__(self, target: MetadataStore, compared: Compared) -> None:
        self._target = target
        self._compared = compared
        self._collection = compared.collection
        self._page: deque[Record] = deque()
        self._kept = 0
        self._at_its_end = False
        self._writes: list[tuple[Act, Record]] = []

    async def meet(self, record: Record) -> None:
        """The next record of the source."""
        while (there := await self._next()) is not None and there["_id"] != record["_id"]:
            await self._note("remove", there)
        if there is None:
            await self._note("insert", record)
            return
        self._kept += 1
        if _content(there) != _content(record):
            await self._note("replace", {**record, "_rev": there["_rev"]})

    async def end(self) -> None:
        """The source has no more."""
        while (there := await self._next()) is not None:
            await self._note("remove", there)

    async def write(self) -> None:
        """Write what is to be written, all at once if it can stand together."""
        writes, self._writes = self._writes, []
        self._compared.changes += len(writes)
        try:
            await self._apply(writes)
        except Duplicate:
            for write in writes:
                await self._apply_alone(write)

    async def _next(self) -> Record | None:
        if not self._page and not self._at_its_end:
            await self.write()
            page = await self._target.find(
                self._collection, order=OLDEST_FIRST, limit=_BATCH, offset=self._kept
            )
            self._page.extend(page)
            self._at_its_end = len(page) < _BATCH
        if not self._page:
            return None
        record = self._page.popleft()
        self._compared.target.add(record)
        return record

    async def _note(self, act: Act, record: Record) -> None:
        self._writes.append((act, record))
        if len(self._writes) >= _BATCH:
            await self.write()

    async def _apply(self, writes: Sequence[tuple[Act, Record]]) -> None:
        try:
            async with self._target.transaction() as transaction:
                for act, record in writes:
                    write: Any = getattr(transaction, act)
                    write(self._collection, record)
        except Conflict:
            raise CannotMove(
                "Somebody else writes to the target: see that no service and no other migration uses it, "
                "and run this again."
            ) from None

    async def _apply_alone(self, write: tuple[Act, Record]) -> None:
        """What breaks a unique index does so because the source changed while it was read: the next round
        meets it again."""
        try:
            await self._apply([write])
        except Duplicate:
            act, record = write
            if act == "replace":
                await self._apply([("remove", record)])


def _content(record: Record) -> bytes:
    kept = {name: value for name, value in record.items() if name != "_rev"}
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)
