"""Metadata store in a MongoDB replica set, which many nodes share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar

from bson import Int64
from pymongo import AsyncMongoClient, ReadPreference, ReturnDocument
from pymongo.errors import DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from dms.model.query import EVERYTHING, NEWEST_FIRST, Order, Query
from dms.storage.failures import Unreachable
from dms.storage.metadata.mongo_failures import Client, NoReplicaSet, reaching
from dms.storage.metadata.mongo_query import bounded, compiled, sorting
from dms.storage.metadata.mongo_record import decoded
from dms.storage.metadata.mongo_schema import NUMBERS, SCHEMA, Database, prepare
from dms.storage.metadata.mongo_writes import (
    MAJORITY,
    SNAPSHOT,
    MongoTransaction,
    Session,
    Store,
    Writer,
    pauses,
)
from dms.storage.metadata.port import Collection, Record, Transaction
from dms.storage.metadata.values import storable

T = TypeVar("T")
Documents: TypeAlias = list[dict[str, Any]]

_OLDEST_WIRE = 13  # MongoDB 5.0: reads of one moment outside transactions
_HEARTBEAT = 5.0
_SEARCH_MS = 60_000
# A server that is silent is noticed well before; this is for one that only never ends.
_LONGEST = 70.0
_BATCH = 1000
# The moment of a read, and an index that another node makes or drops, were in each other's way.
_NO_SNAPSHOT = (239, 246)


class MongoMetadataStore:
    """Records in one database. What MongoDB cannot do is an OSError, a server out of reach an `Unreachable`.

    Writes are acknowledged when a majority has them in its journals. Reads go to the primary; each sees one
    moment of what a majority has, not before the last write of this store, also when the primary changes.
    """

    def __init__(self, client: Client, database: Database, timeout: float) -> None:
        self._client = client
        self._database = database
        self._timeout = timeout
        self._collections: dict[str, Collection] = {}
        self._stores: dict[str, Store] = {}
        self._at_one_moment: dict[str, Store] = {}
        self._writer = Writer(self._stores, self._collections)
        self._written: Any = None
        self._closed = False
        self._under_way: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(
        cls,
        url: str,
        collections: Sequence[Collection],
        *,
        timeout: float = 5.0,  # noqa: ASYNC109 - of calls to come
    ) -> MongoMetadataStore:
        """Connect to `mongodb://host/database?replicaSet=…` and make what is declared there.

        `timeout`: seconds to look for the primary, at each call. Raises `ValueError` for a URL that is none,
        `NoReplicaSet`, `NewerSchema`, `Unreachable`, and `Duplicate` if the records there break a unique
        index that is new.
        """
        client = _client(url, timeout)
        database = client.get_default_database("dms").with_options(
            None, ReadPreference.PRIMARY, MAJORITY, ReadConcern("majority")
        )
        store = cls(client, database, timeout)
        try:
            # An index over much that is there already may take as long as it needs.
            with reaching(client):
                await _must_have_transactions(client)
                await prepare(database, collections)
        except BaseException:
            await store.close()
            raise
        for each in collections:
            store._collections[each.name] = each
            store._stores[each.name] = database[each.name]
            store._at_one_moment[each.name] = database[each.name].with_options(read_concern=SNAPSHOT)
        return store

    async def get(self, collection: str, id: str) -> Record | None:
        """See the port."""
        store = self._stores[collection]
        found = await self._ask(self._fetch(store, id)) if storable(id) else None
        return decoded(found) if found else None

    async def find(
        self,
        collection: str,
        query: Query = EVERYTHING,
        *,
        order: Order = NEWEST_FIRST,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Record]:
        """See the port."""
        if limit is not None and limit <= 0:
            return []

        async def page(store: Store, session: Session) -> Documents:
            cursor = store.find(
                compiled(query),
                sort=sorting(order),
                skip=bounded(offset),
                limit=0 if limit is None else bounded(limit),
                batch_size=_BATCH,
                max_time_ms=_SEARCH_MS,
                allow_disk_use=True,
                session=session,
            )
            return await cursor.to_list()

        found = await self._ask(self._search(self._at_one_moment[collection], page))
        return [decoded(each) for each in found]

    async def count(self, collection: str, query: Query = EVERYTHING) -> int:
        """See the port. Counts in an index, also without a query: about four seconds for ten million records.
        The number that the server keeps is there at once, but may be wrong after a crash."""
        matching = compiled(query) or {"_id": {"$gte": ""}}

        async def number(store: Store, session: Session) -> Documents:
            counting: Documents = [{"$match": matching}, {"$count": "records"}]
            return await (
                await store.aggregate(counting, session=session, allowDiskUse=True, maxTimeMS=_SEARCH_MS)
            ).to_list()

        found = await self._ask(self._search(self._at_one_moment[collection], number))
        return int(found[0]["records"]) if found else 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """See the port."""
        transaction = MongoTransaction(self._collections)
        yield transaction
        if transaction.writes:
            await self._ask(self._apply(transaction))

    async def next_number(self, series: str, *, floor: int = 0, count: int = 1) -> int:
        """See the port."""
        if count < 1:
            raise ValueError("at least one number is drawn")
        return await self._ask(self._draw(series, floor, count))

    async def series(self) -> dict[str, int]:
        """See the port."""
        found = await self._ask(self._all_series())
        return {each["_id"]: each["last"] for each in found}

    async def healthy(self) -> None:
        """See the port. Writes, as only that shows that there is a primary that has a majority."""
        at = {"$set": {"at": time.time()}}
        await self._ask(self._database[SCHEMA].update_one({"_id": "health"}, at, upsert=True), self._timeout)

    async def close(self) -> None:
        """See the port. May be called again."""
        self._closed = True
        if self._under_way:
            await asyncio.wait(self._under_way)
        await self._client.close()

    async def _ask(self, act: Coroutine[Any, Any, T], seconds: float | None = None) -> T:
        """What comes of this. It goes on when the caller gives up.

        For so no transaction stays open, which would hold up others until the server ends it after a minute;
        and the driver loses connections that are being made when a call is cancelled.
        """
        if self._closed:
            act.close()
            raise RuntimeError("this metadata store has been closed")

        async def reach() -> T:
            with reaching(self._client, seconds):
                async with asyncio.timeout(_LONGEST):
                    return await act

        task = asyncio.create_task(reach())
        self._under_way.add(task)
        task.add_done_callback(self._end)
        return await asyncio.shield(task)

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be left to ask for it

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        """A session that reads nothing from before the last write of this store.

        A new primary does not know at once which of its writes the majority has; it waits for these.
        """
        async with self._client.start_session(causal_consistency=True) as session:
            if self._written is not None:
                session.advance_operation_time(self._written)
            yield session

    async def _fetch(self, store: Store, id: str) -> dict[str, Any] | None:
        async with self._session() as session:
            return await store.find_one({"_id": id}, session=session)

    async def _all_series(self) -> Documents:
        async with self._session() as session:
            return await self._database[NUMBERS].find(session=session).to_list()

    async def _search(self, store: Store, ask: Callable[[Store, Session], Awaitable[Documents]]) -> Documents:
        """What this finds at one moment; at a later one if that moment is not to be had."""
        for pause in pauses():
            try:
                async with self._session() as session:
                    return await ask(store, session)
            except OperationFailure as error:
                if error.code not in _NO_SNAPSHOT:
                    raise
                await asyncio.sleep(pause)
        raise Unreachable("MongoDB had no moment to search at, as its indexes kept changing")

    async def _apply(self, transaction: MongoTransaction) -> None:
        async with self._session() as session:
            await self._writer.apply(transaction, session)
            self._note(session)

    async def _draw(self, series: str, floor: int, count: int) -> int:
        last = {"$max": [{"$ifNull": ["$last", Int64(0)]}, Int64(max(floor, 0))]}
        draw = [{"$set": {"last": {"$add": [last, Int64(count)]}}}]
        numbers = self._database[NUMBERS]
        for pause in pauses():
            try:
                async with self._session() as session:
                    drawn = await numbers.find_one_and_update(
                        {"_id": series},
                        draw,
                        upsert=True,
                        return_document=ReturnDocument.AFTER,
                        session=session,
                    )
                    self._note(session)
            except DuplicateKeyError:  # another began the series at the same moment
                await asyncio.sleep(pause)
            else:
                assert drawn is not None
                return int(drawn["last"]) - count + 1
        raise Unreachable("MongoDB gave no number in time")

    def _note(self, session: Session) -> None:
        """Have later reads see what this session wrote."""
        written = session.operation_time
        if written is not None and (self._written is None or written > self._written):
            self._written = written


def _client(url: str, timeout: float) -> Client:
    try:
        return AsyncMongoClient(
            url,
            appname="dms",
            serverSelectionTimeoutMS=int(timeout * 1000),
            connectTimeoutMS=int(timeout * 1000),
            heartbeatFrequencyMS=int(_HEARTBEAT * 1000),
            retryWrites=True,
            retryReads=True,
        )
    except (PyMongoError, ValueError) as error:
        # Its words may hold a part of the password, such as what was taken for a port.
        raise ValueError(
            f"This is no URL of MongoDB ({type(error).__name__}): mongodb://user:password@host:27017/dms?replicaSet="
            "rs0 is one. In user and password, all but letters and digits must be percent-encoded."
        ) from None


async def _must_have_transactions(client: Client) -> None:
    hello = await client.admin.command("hello")
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise NoReplicaSet(
            "MongoDB runs as a standalone server, which has no transactions: make it a replica set, if only "
            "of one (mongod --replSet rs0, and once rs.initiate())."
        )
    if hello["maxWireVersion"] < _OLDEST_WIRE:
        raise OSError("This MongoDB is older than 5.0: upgrade it.")
