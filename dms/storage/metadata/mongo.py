"""Metadata store in a MongoDB replica set, which many nodes share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bson import Int64
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, OperationFailure

from dms.model.query import EVERYTHING, NEWEST_FIRST, Order, Query
from dms.storage.failures import Unreachable
from dms.storage.metadata.mongo_connection import Connection, Connections
from dms.storage.metadata.mongo_failures import reaching
from dms.storage.metadata.mongo_patience import pauses
from dms.storage.metadata.mongo_query import bounded, compiled, counting, sorting
from dms.storage.metadata.mongo_record import decoded
from dms.storage.metadata.mongo_schema import NUMBERS, SCHEMA, declared, prepare
from dms.storage.metadata.mongo_types import Document, Documents, Session
from dms.storage.metadata.mongo_writes import MongoTransaction, Writer
from dms.storage.metadata.port import Collection, Record, Transaction
from dms.storage.metadata.storable import storable

_SEARCH_MS = 60_000
_BATCH = 1000
# The moment of a read, and an index that another node makes or drops, were in each other's way.
_NO_SNAPSHOT = (239, 246)


class MongoMetadataStore:
    """Records in one database. What MongoDB cannot do is an OSError, a server out of reach an `Unreachable`.

    Writes are acknowledged when a majority has them in its journals. Reads go to the primary; each sees one
    moment of what a majority has, not before the last write of this store, also when the primary changes.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self._timeout = timeout
        self._connections = Connections(url, timeout)
        self._collections: dict[str, Collection] = {}
        self._written: Any = None

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
        connection = store._connections.current
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
        name = declared(collection, self._collections)

        async def fetch(connection: Connection) -> Document | None:
            async with connection.session(self._written) as session:
                return await connection.database[name].find_one({"_id": id}, session=session)

        found = await self._connections.ask(fetch)
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

        async def page(documents: Documents, session: Session) -> list[Document]:
            cursor = documents.find(
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
        """See the port. Takes about four seconds for ten million records."""

        async def number(documents: Documents, session: Session) -> list[Document]:
            cursor = await documents.aggregate(
                counting(query), session=session, allowDiskUse=True, maxTimeMS=_SEARCH_MS
            )
            return await cursor.to_list()

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

        await self._connections.ask(apply)

    async def next_number(self, series: str, *, floor: int = 0, count: int = 1) -> int:
        """See the port."""
        if count < 1:
            raise ValueError("at least one number is drawn")

        async def draw(connection: Connection) -> int:
            return await self._draw(connection, series, floor, count)

        return await self._connections.ask(draw)

    async def series(self) -> dict[str, int]:
        """See the port."""

        async def drawn(connection: Connection) -> list[Document]:
            async with connection.session(self._written) as session:
                return await connection.database[NUMBERS].find(session=session).to_list()

        found = await self._connections.ask(drawn)
        return {each["_id"]: each["last"] for each in found}

    async def healthy(self) -> None:
        """See the port. Writes, as only that shows that there is a primary that has a majority."""

        async def write(connection: Connection) -> None:
            at = {"$set": {"at": time.time()}}
            await connection.database[SCHEMA].update_one({"_id": "health"}, at, upsert=True)

        await self._connections.ask(write, self._timeout)

    async def close(self) -> None:
        """See the port. May be called again."""
        await self._connections.close()

    async def _search(
        self, collection: str, ask: Callable[[Documents, Session], Awaitable[list[Document]]]
    ) -> list[Document]:
        """What this finds at one moment; at a later one if that moment is not to be had."""
        name = declared(collection, self._collections)

        async def search(connection: Connection) -> list[Document]:
            for pause in pauses():
                try:
                    async with connection.session(self._written) as session:
                        return await ask(connection.at_one_moment(name), session)
                except OperationFailure as error:
                    if error.code not in _NO_SNAPSHOT:
                        raise
                    await asyncio.sleep(pause)
            raise Unreachable("MongoDB had no moment to search at, as its indexes kept changing")

        return await self._connections.ask(search)

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
