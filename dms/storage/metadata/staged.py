"""A metadata store over another: what is written to it shows at once, and goes to the other store in one
transaction when that is asked, or never."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

import orjson

from dms.model.query import (
    EVERYTHING,
    NEWEST_FIRST,
    OLDEST_FIRST,
    And,
    Equals,
    In,
    Not,
    Or,
    Order,
    Query,
    both,
)
from dms.storage.metadata.matching import ordered
from dms.storage.metadata.port import Collection, Conflict, Duplicate, MetadataStore, Record, Transaction
from dms.storage.metadata.staged_collection import Before, StagedCollection, Write
from dms.storage.metadata.staged_records import Kept, RecordsInMemory

Operation: TypeAlias = Write | Literal["expect"]
"""What a transaction is asked: a write, or that a record still is as it was read."""


@dataclass(frozen=True, slots=True)
class StagedWrite:
    """A write that is to come: a record as it is (None: there is none) and as it is to be (None: gone)."""

    collection: str
    id: str
    old: Record | None
    new: Record | None


class StagedMetadataStore:
    """Reads find what was staged over what the other store holds; a transaction stages.

    `commit` hands all that was staged to the other store, as one transaction. Until then that store is only
    read, but for numbers, which are drawn from it at once. `collections` are those of the other store, whose
    unique indexes hold here too. What is staged lies in memory.
    """

    def __init__(self, store: MetadataStore, collections: Iterable[Collection]) -> None:
        self._store = store
        self._collections = tuple(collections)
        self._one_at_a_time = asyncio.Lock()
        self._begin()

    def _begin(self) -> None:
        self._staged = {each.name: StagedCollection(each) for each in self._collections}
        self._held: dict[str, RecordsInMemory] = {}
        self._expected: dict[tuple[str, str], Record] = {}

    async def hold(self, collections: Iterable[str], *, most: int = 50_000) -> None:
        """Read these collections whole, but for those with more than `most` records: until the commit, what
        the other store has of them is what it had now, and is not asked for again."""
        for name in collections:
            if await self._store.count(name) <= most:
                held = RecordsInMemory()
                for record in await self._store.find(name, order=OLDEST_FIRST):
                    held.put(record["_id"], Kept.of(record))
                self._held[name] = held

    async def get(self, collection: str, id: str) -> Record | None:
        """See the port."""
        staged = self._staged[collection]
        return staged.get(id) if staged.holds(id) else await self._get_below(collection, id)

    async def _get_below(self, collection: str, id: str) -> Record | None:
        if (held := self._held.get(collection)) is None:
            return await self._store.get(collection, id)
        kept = held.get(id)
        return kept.copy() if kept is not None else None

    async def _find_below(self, collection: str, query: Query, also: Iterable[str]) -> list[Record]:
        """The records that match, and those with these ids, in the order of their insertion."""
        if (held := self._held.get(collection)) is None:
            ids = tuple(also)
            asked: Query = Or((query, In("_id", ids))) if ids else query
            return await self._store.find(collection, asked, order=OLDEST_FIRST)
        ids = tuple(sorted({*held.find(query), *also}, key=held.place))
        return [kept.copy() for id in ids if (kept := held.get(id)) is not None]

    async def find(
        self,
        collection: str,
        query: Query = EVERYTHING,
        *,
        order: Order = NEWEST_FIRST,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Record]:
        """See the port. Where anything of the collection is staged, all that matches is read for a page."""
        staged = self._staged[collection]
        if staged.is_empty and collection not in self._held:
            return await self._store.find(collection, query, order=order, limit=limit, offset=offset)
        while True:
            version = staged.version
            replaced = staged.found(query, inserted=False)
            # They too, as they were: their place in the order of insertion is known to that store alone.
            below = await self._find_below(collection, query, replaced)
            if version == staged.version:
                break
        kept = [
            replaced.get(each["_id"], each)
            for each in below
            if each["_id"] in replaced or not staged.holds(each["_id"])
        ]
        found = ordered([*kept, *staged.found(query, inserted=True).values()], order)
        return found[offset:] if limit is None else found[offset : offset + max(limit, 0)]

    async def count(self, collection: str, query: Query = EVERYTHING) -> int:
        """See the port."""
        staged = self._staged[collection]
        if collection in self._held:
            return len(await self.find(collection, query))
        if staged.is_empty:
            return await self._store.count(collection, query)
        while True:
            version = staged.version
            below = await self._store.count(collection, both(query, Not(In("_id", tuple(staged.ids)))))
            if version == staged.version:
                return below + staged.count(query)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """See the port: to commit is to stage."""
        transaction = _Transaction()
        yield transaction
        if transaction.asked:
            async with self._one_at_a_time:
                await self._stage(transaction.asked)

    async def _stage(self, asked: Sequence[tuple[Operation, str, Record]]) -> None:
        for operation, collection, record in asked:
            await self._look_below(operation, self._staged[collection], collection, record)
        # From here on without a pause, so that nobody reads half of it.
        undo: list[tuple[StagedCollection, str, Before]] = []
        expected: dict[tuple[str, str], Record] = {}
        try:
            for operation, collection, record in asked:
                staged, id = self._staged[collection], record["_id"]
                if operation != "expect":
                    undo.append((staged, id, staged.apply(operation, record)))
                else:
                    staged.check(record)
                    if not staged.holds(id):
                        expected[collection, id] = record
        except (Conflict, Duplicate, TypeError):
            for staged, id, before in reversed(undo):
                staged.put_back(id, before)
            raise
        finally:
            for _, collection, record in asked:
                self._staged[collection].forget(record["_id"])
        self._expected |= expected

    async def _look_below(
        self, operation: Operation, staged: StagedCollection, collection: str, record: Record
    ) -> None:
        """Learn of the other store what it takes to stage this."""
        id = record["_id"]
        if not isinstance(id, str):
            raise TypeError("_id is text")
        if not staged.knows(id):
            staged.learn(id, await self._get_below(collection, id))
        if operation in ("insert", "replace"):
            for index, values in staged.keys(record):
                if not staged.knows_holder(index, values):
                    equal = tuple(Equals(*pair) for pair in zip(index.fields, values, strict=True))
                    holders = await self._find_below(collection, And(equal), ())
                    staged.learn_holder(index, values, holders[0]["_id"] if holders else None)

    def staged(self) -> Iterator[StagedWrite]:
        """What `commit` would write, collection by collection: of each record only what becomes of it in the
        end."""
        for name, staged in self._staged.items():
            for id in staged.ids:
                old, new = staged.below(id), staged.get(id)
                if old is not None and new is not None and staged.is_inserted(id):
                    yield StagedWrite(name, id, old, None)
                    yield StagedWrite(name, id, None, new)
                elif old is not None or new is not None:
                    yield StagedWrite(name, id, old, new)

    async def commit(self) -> None:
        """Write all of it to the other store, or nothing: raises `Conflict` if records that were built upon
        have changed meanwhile, and `Duplicate` if another came first with an id or a unique value, or if
        unique values change places among records. What was written is staged no more."""
        writes = list(self.staged())
        async with self._store.transaction() as transaction:
            for (collection, id), record in self._expected.items():
                if not self._staged[collection].holds(id):
                    transaction.expect(collection, record)
            # What goes makes room for what comes.
            for each in writes:
                if each.old is not None and each.new is None:
                    transaction.remove(each.collection, each.old)
            for each in writes:
                if each.old is not None and each.new is not None:
                    transaction.replace(each.collection, {**each.new, "_rev": each.old["_rev"]})
            for each in writes:
                if each.old is None and each.new is not None:
                    transaction.insert(each.collection, each.new)
        self._begin()

    async def next_number(self, series: str, *, floor: int = 0, count: int = 1) -> int:
        """See the port. The number is drawn from the other store at once."""
        return await self._store.next_number(series, floor=floor, count=count)

    async def series(self) -> dict[str, int]:
        """See the port."""
        return await self._store.series()

    async def healthy(self) -> None:
        """See the port."""
        await self._store.healthy()

    async def close(self) -> None:
        """Forget what is staged. The other store is closed by whoever opened it."""
        self._begin()


class _Transaction:
    """Writes in the order in which they were asked, as copies."""

    def __init__(self) -> None:
        self.asked: list[tuple[Operation, str, Record]] = []

    def insert(self, collection: str, record: Record) -> None:
        self._ask("insert", collection, record)

    def replace(self, collection: str, record: Record) -> None:
        self._ask("replace", collection, record)

    def remove(self, collection: str, record: Record) -> None:
        self._ask("remove", collection, record)

    def expect(self, collection: str, record: Record) -> None:
        self._ask("expect", collection, record)

    def _ask(self, operation: Operation, collection: str, record: Record) -> None:
        self.asked.append((operation, collection, orjson.loads(orjson.dumps(record))))
