"""Connections to the database of a metadata store, of which a store needs a new set now and then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from pymongo import AsyncMongoClient, ReadPreference
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import ConfigurationError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from dms.storage.metadata.mongo_failures import Client, NoReplicaSet
from dms.storage.metadata.mongo_schema import Database

Session: TypeAlias = AsyncClientSession
Store: TypeAlias = AsyncCollection[dict[str, Any]]

MAJORITY = WriteConcern(w="majority", j=True)
SNAPSHOT = ReadConcern("snapshot")
_OLDEST_WIRE = 13  # MongoDB 5.0: reads of one moment outside transactions
_HEARTBEAT = 5.0


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

    def at_one_moment(self, collection: str) -> Store:
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


def is_roleless(error: PyMongoError) -> bool:
    """Whether a socket was opened while its server changed roles: nothing was sent, nor will be over it.

    Such a server was neither primary nor secondary when it was asked, so that the driver takes it to have no
    sessions for as long as it keeps the socket.
    """
    return isinstance(error, ConfigurationError)
