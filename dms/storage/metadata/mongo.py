"""Metadata store in a MongoDB replica set, which many nodes share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar

from bson import Int64
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, OperationFailure, PyMongoError

from dms.model.query import EVERYTHING, NEWEST_FIRST, Order, Query
from dms.storage.failures import Unreachable
from dms.storage.metadata.mongo_connection import Connection, Session, Store, is_roleless
from dms.storage.metadata.mongo_failures import reaching
from dms.storage.metadata.mongo_query import bounded, compiled, sorting
from dms.storage.metadata.mongo_record import decoded
from dms.storage.metadata.mongo_schema import NUMBERS, SCHEMA, prepare
from dms.storage.metadata.mongo_writes import MongoTransaction, Writer, pauses
from dms.storage.metadata.port import Collection, Record, Transaction
from dms.storage.metadata.storable import storable

T = TypeVar("T")
Documents: TypeAlias = list[dict[str, Any]]

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

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._connection = Connection.to(url, timeout)
        self._collections: dict[str, Collection] = {}
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

        `timeout`: seconds to look for the primary, at each call. Raises as the port says, and
        `NoReplicaSet`.
        """
        store = cls(url, timeout)
        connection = store._connection
        try:
            # An index over much that is there already may take as long as it needs.
            with reaching(connection.client):
                await connection.must_have_transactions()
                await prepare(connection.database, collections)
        except BaseException:
            await store.close()
            raise
        store._collections.update((each.name, each) for each in collections)
        return store

    async def get(self, collection: str, id: str) -> Record | None:
        """See the port."""
        if not storable(id):
            return None
        name = self._collections[collection].name

        async def fetch(connection: Connection) -> dict[str, Any] | None:
            async with connection.session(self._written) as session:
                return await connection.database[name].find_one({"_id": id}, session=session)

        found = await self._ask(fetch)
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

        found = await self._search(collection, page)
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

        found = await self._search(collection, number)
        return int(found[0]["records"]) if found else 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """See the port."""
        transaction = MongoTransaction(self._collections)
        yield transaction
        if not transaction.writes:
            return

        async def apply(connection: Connection) -> None:
            async with connection.session(self._written) as session:
                await Writer(connection.database, self._collections).apply(transaction, session)
                self._note(session)

        await self._ask(apply)

    async def next_number(self, series: str, *, floor: int = 0, count: int = 1) -> int:
        """See the port."""
        if count < 1:
            raise ValueError("at least one number is drawn")

        async def draw(connection: Connection) -> int:
            return await self._draw(connection, series, floor, count)

        return await self._ask(draw)

    async def series(self) -> dict[str, int]:
        """See the port."""

        async def drawn(connection: Connection) -> Documents:
            async with connection.session(self._written) as session:
                return await connection.database[NUMBERS].find(session=session).to_list()

        found = await self._ask(drawn)
        return {each["_id"]: each["last"] for each in found}

    async def healthy(self) -> None:
        """See the port. Writes, as only that shows that there is a primary that has a majority."""

        async def write(connection: Connection) -> None:
            at = {"$set": {"at": time.time()}}
            await connection.database[SCHEMA].update_one({"_id": "health"}, at, upsert=True)

        await self._ask(write, self._timeout)

    async def close(self) -> None:
        """See the port. May be called again."""
        self._closed = True
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self._connection.client.close()

    async def _ask(self, act: Callable[[Connection], Awaitable[T]], seconds: float | None = None) -> T:
        """What comes of this. It goes on when the caller gives up.

        For so no transaction stays open, which would hold up others until the server ends it after a minute;
        and the driver loses connections that are being made when a call is cancelled.
        """
        if self._closed:
            raise RuntimeError("this metadata store has been closed")

        async def reach() -> T:
            with reaching(self._connection.client, seconds):
                async with asyncio.timeout(_LONGEST):
                    return await self._over_a_connection_that_serves(act)

        return await asyncio.shield(self._let_end(reach()))

    async def _over_a_connection_that_serves(self, act: Callable[[Connection], Awaitable[T]]) -> T:
        tries = pauses()
        while True:
            connection = self._connection
            try:
                return await act(connection)
            except PyMongoError as error:
                pause = next(tries, None)
                if pause is None or not is_roleless(error):
                    raise
            if connection is self._connection:
                self._connection = Connection.to(self._url, self._timeout)
                self._let_end(self._retire(connection, set(self._under_way)))
            await asyncio.sleep(pause)

    async def _retire(self, connection: Connection, users: set[asyncio.Task[Any]]) -> None:
        """Close this once those that may use it are done."""
        await asyncio.wait(users)
        await connection.client.close()

    def _let_end(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do this to its end, and close nothing before."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._end)
        return task

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be left to ask for it

    async def _search(
        self, collection: str, ask: Callable[[Store, Session], Awaitable[Documents]]
    ) -> Documents:
        """What this finds at one moment; at a later one if that moment is not to be had."""
        name = self._collections[collection].name

        async def search(connection: Connection) -> Documents:
            for pause in pauses():
                try:
                    async with connection.session(self._written) as session:
                        return await ask(connection.at_one_moment(name), session)
                except OperationFailure as error:
                    if error.code not in _NO_SNAPSHOT:
                        raise
                    await asyncio.sleep(pause)
            raise Unreachable("MongoDB had no moment to search at, as its indexes kept changing")

        return await self._ask(search)

    async def _draw(self, connection: Connection, series: str, floor: int, count: int) -> int:
        last = {"$max": [{"$ifNull": ["$last", Int64(0)]}, Int64(max(floor, 0))]}
        draw = [{"$set": {"last": {"$add": [last, Int64(count)]}}}]
        numbers = connection.database[NUMBERS]
        for pause in pauses():
            try:
                async with connection.session(self._written) as session:
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
