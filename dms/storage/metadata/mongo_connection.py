"""Connections to the database of a metadata store, of which it needs a new one now and then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from pymongo import AsyncMongoClient, ReadPreference
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from dms.storage.metadata.mongo_failures import NoReplicaSet, is_roleless, reaching
from dms.storage.metadata.mongo_patience import pauses
from dms.storage.metadata.mongo_types import Client, Database, Documents, Session

T = TypeVar("T")

MAJORITY = WriteConcern(w="majority", j=True)
SNAPSHOT = ReadConcern("snapshot")
_OLDEST_WIRE = 13  # MongoDB 5.0: reads of one moment outside transactions
_HEARTBEAT = 5.0
# A server that is silent is noticed well before; this is for one that only never ends.
_LONGEST = 70.0


@dataclass(frozen=True, slots=True)
class Connection:
    """A client of the driver, which holds the sockets, and the database that the store uses with it."""

    client: Client
    database: Database

    @classmethod
    def to(cls, url: str, seconds: float) -> Connection:
        """To this database, or the one called `dms`. `seconds`: to look for the primary, at each call."""
        try:
            client: Client = AsyncMongoClient(
                url,
                appname="dms",
                serverSelectionTimeoutMS=int(seconds * 1000),
                connectTimeoutMS=int(seconds * 1000),
                heartbeatFrequencyMS=int(_HEARTBEAT * 1000),
                retryWrites=True,
                retryReads=True,
            )
        except (PyMongoError, ValueError) as error:
            # Its words may hold a part of the password, such as what was taken for a port.
            raise ValueError(
                f"This is no URL of MongoDB ({type(error).__name__}): mongodb://user:password@host:27017/dms?"
                "replicaSet=rs0 is one. In user and password, all but letters and digits must be "
                "percent-encoded."
            ) from None
        database = client.get_default_database("dms").with_options(
            None, ReadPreference.PRIMARY, MAJORITY, ReadConcern("majority")
        )
        return cls(client, database)

    def at_one_moment(self, collection: str) -> Documents:
        """The records of this collection, to be searched as they are at one moment."""
        return self.database[collection].with_options(read_concern=SNAPSHOT)

    @asynccontextmanager
    async def session(self, written: Any) -> AsyncIterator[Session]:
        """A session that reads nothing from before the moment `written`, if there is one.

        A new primary does not know at once which writes the majority has; it waits for these.
        """
        async with self.client.start_session(causal_consistency=True) as session:
            if written is not None:
                session.advance_operation_time(written)
            yield session

    async def must_have_transactions(self) -> None:
        """Raises `NoReplicaSet`, and an `OSError` for a server that is too old."""
        hello = await self.client.admin.command("hello")
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            raise NoReplicaSet(
                "MongoDB runs as a standalone server, which has no transactions: make it a replica set, if "
                "only of one (mongod --replSet rs0, and once rs.initiate())."
            )
        if hello["maxWireVersion"] < _OLDEST_WIRE:
            raise OSError("This MongoDB is older than 5.0: upgrade it.")


class Connections:
    """The connection in use, and another in its place once it does not serve any more."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url = url
        self._seconds = seconds
        self.current = Connection.to(url, seconds)
        """The one in use now."""
        self._closed = False
        self._under_way: set[asyncio.Task[Any]] = set()

    async def ask(self, act: Callable[[Connection], Awaitable[T]], seconds: float | None = None) -> T:
        """What comes of this, over a connection that serves. It goes on when the caller gives up.

        For so no transaction stays open, which would hold up others until the server ends it after a minute;
        and the driver loses connections that are being made when a call is cancelled.
        """
        if self._closed:
            raise RuntimeError("this metadata store has been closed")

        async def reach() -> T:
            with reaching(self.current.client, seconds):
                async with asyncio.timeout(_LONGEST):
                    return await self._over_one_that_serves(act)

        return await asyncio.shield(self._let_end(reach()))

    async def close(self) -> None:
        """Finish what is under way, and let go of all. May be called again."""
        self._closed = True
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self.current.client.close()

    async def _over_one_that_serves(self, act: Callable[[Connection], Awaitable[T]]) -> T:
        tries = pauses()
        while True:
            connection = self.current
            try:
                return await act(connection)
            except PyMongoError as error:
                pause = next(tries, None)
                if pause is None or not is_roleless(error):
                    raise
            if connection is self.current:
                self.current = Connection.to(self._url, self._seconds)
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
