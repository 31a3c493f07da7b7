"""Metadata store in a MongoDB replica set, which many nodes share."""

from __future__ import annotations

import asyncio
import errno
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bson import ObjectId
from bson.errors import BSONError
from pymongo import AsyncMongoClient, ReadPreference, ReturnDocument, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern

from dms.model.query import EVERYTHING, NEWEST_FIRST, Order, Query
from dms.storage.failures import Unreachable
from dms.storage.metadata.mongo_query import SEQ, bounded, compiled, sorting, storable
from dms.storage.metadata.mongo_record import GUARD, document, new_document, record
from dms.storage.metadata.mongo_schema import NUMBERS, SCHEMA, Database, broken_index, prepare
from dms.storage.metadata.port import Collection, Conflict, Duplicate, Record, Transaction

_OLDEST_WIRE = 13  # MongoDB 5.0: reads of one moment outside transactions
_PATIENCE = 20.0
_LONGEST_PAUSE = 0.1
_DUPLICATE = 11000
_MAJORITY = WriteConcern(w="majority", j=True)
_SNAPSHOT = ReadConcern("snapshot")
Session: TypeAlias = AsyncClientSession


class NoReplicaSet(OSError):
    """The server is not a member of a replica set, so it has no transactions."""


class MongoMetadataStore:
    """Records in one database. Every failure to reach it is an `Unreachable`.

    Writes are acknowledged by the majority and are in its journals; reads go to the primary, and each sees
    one moment of what the majority has.
    """

    def __init__(self, client: AsyncMongoClient[dict[str, Any]], database: Database) -> None:
        self._client = client
        self._database = database
        self._collections: dict[str, Collection] = {}

    @classmethod
    async def open(
        cls, url: str, collections: Sequence[Collection], *, selection_time: float = 5.0
    ) -> MongoMetadataStore:
        """Connect to `mongodb://host/database?replicaSet=…` and make all that is declared there.

        `selection_time` is how many seconds to look for the primary. Raises `ValueError` for a URL that is
        none, `NoReplicaSet`, `NewerSchema`, `Unreachable`, or `Duplicate` if the records there break a unique
        index that is new.
        """
        try:
            client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
                url,
                appname="dms",
                serverSelectionTimeoutMS=int(selection_time * 1000),
                connectTimeoutMS=int(selection_time * 1000),
                retryWrites=True,
                retryReads=True,
            )
            database = client.get_default_database("dms").with_options(
                read_preference=ReadPreference.PRIMARY,
                write_concern=_MAJORITY,
                read_concern=ReadConcern("majority"),
            )
        except (InvalidURI, ConfigurationError) as error:
            raise ValueError(f"this is no URL of MongoDB: {error}") from None
        store = cls(client, database)
        try:
            with store._reaching():
                await store._must_be_replica_set()
                await prepare(database, collections)
        except BaseException:
            await store.close()
            raise
        store._collections = {each.name: each for each in collections}
        return store

    async def get(self, collection: str, id: str) -> Record | None:
        """See the port."""
        if not storable(id):
            return None
        with self._reaching():
            found = await self._database[collection].find_one({"_id": id})
        return record(found) if found else None

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
        with self._reaching():
            cursor = self._at_one_moment(collection).find(
                compiled(query),
                sort=sorting(order),
                skip=bounded(offset),
                limit=0 if limit is None else bounded(limit),
                batch_size=1000,
                allow_disk_use=True,
            )
            return [record(found) for found in await cursor.to_list(None)]

    async def count(self, collection: str, query: Query = EVERYTHING) -> int:
        """See the port. Without a query too the index is counted, some seconds for ten million records: what
        the server keeps for itself may be wrong after a crash."""
        pipeline = [{"$match": compiled(query)}, {"$count": "records"}]
        with self._reaching():
            cursor = await self._at_one_moment(collection).aggregate(pipeline)
            found = await cursor.to_list(None)
        return int(found[0]["records"]) if found else 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """See the port."""
        transaction = _Transaction()
        yield transaction
        if transaction.writes:
            with self._reaching():
                await self._commit(transaction.writes)

    async def next_number(self, series: str, *, floor: int = 0, count: int = 1) -> int:
        """See the port."""
        if count < 1:
            raise ValueError("at least one number is drawn")
        last = {"$max": [{"$ifNull": ["$last", 0]}, max(floor, 0)]}
        draw = [{"$set": {"last": {"$add": [last, count]}}}]
        with self._reaching():
            async for _ in _tries():
                try:
                    drawn = await self._database[NUMBERS].find_one_and_update(
                        {"_id": series}, draw, upsert=True, return_document=ReturnDocument.AFTER
                    )
                except DuplicateKeyError:
                    continue  # another began the series at the same moment
                assert drawn is not None
                return int(drawn["last"]) - count + 1
        raise Unreachable("MongoDB gave no number in time")

    async def series(self) -> dict[str, int]:
        """See the port."""
        with self._reaching():
            found = await self._database[NUMBERS].find().to_list(None)
        return {each["_id"]: int(each["last"]) for each in found}

    async def healthy(self) -> None:
        """See the port. Writes, as only that shows that there is a primary with a majority."""
        with self._reaching():
            await self._database[SCHEMA].update_one(
                {"_id": "health"}, {"$set": {"at": time.time()}}, upsert=True
            )

    async def close(self) -> None:
        """See the port. May be called again."""
        await self._client.close()

    def _at_one_moment(self, collection: str) -> Any:
        return self._database[collection].with_options(read_concern=_SNAPSHOT)

    async def _must_be_replica_set(self) -> None:
        hello = await self._client.admin.command("hello")
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            raise NoReplicaSet(
                "MongoDB runs as a standalone server, which has no transactions: make it a replica set, if "
                "only of one (mongod --replSet rs0, and once rs.initiate())"
            )
        if hello["maxWireVersion"] < _OLDEST_WIRE:
            raise OSError("this MongoDB is older than 5.0: upgrade it")

    async def _commit(self, writes: list[_Write]) -> None:
        """Do the writes, again from the start for as long as they meet others, within bounds."""
        async for _ in _tries():
            try:
                if len(writes) == 1 and writes[0].how != "expect":
                    await self._apply(writes, None)
                else:
                    await self._in_one(writes)
            except PyMongoError as error:
                if not _is_passing(error):
                    raise
            else:
                return
        raise Conflict("others kept changing the same records")

    async def _in_one(self, writes: list[_Write]) -> None:
        async with (
            self._client.start_session() as session,
            await session.start_transaction(read_concern=_SNAPSHOT, write_concern=_MAJORITY),
        ):
            await self._apply(writes, session)
            async for _ in _tries():
                try:
                    await session.commit_transaction()
                except PyMongoError as error:
                    # Committed or not: to ask again is safe, and tells.
                    if not error.has_error_label("UnknownTransactionCommitResult"):
                        raise
                else:
                    return
            raise Unreachable("MongoDB did not say whether a change was committed")

    async def _apply(self, writes: list[_Write], session: Session | None) -> None:
        for group in _groups(writes):
            collection = group[0].collection
            try:
                await self._write(collection, group, session)
            except (DuplicateKeyError, BulkWriteError) as error:
                details = _first_write_error(error)
                if details.get("code") != _DUPLICATE:
                    raise
                index = broken_index(self._collections[collection], details)
                raise Duplicate(collection, index) from error

    async def _write(self, collection: str, group: list[_Write], session: Session | None) -> None:
        store, first = self._database[collection], group[0]
        if session is not None:  # inside, the whole transaction's concern counts
            store = store.with_options(write_concern=WriteConcern(), read_concern=ReadConcern())
        if first.how == "insert":
            documents = [write.document for write in group]
            if len(documents) == 1:
                await store.insert_one(documents[0], session=session)
            else:
                await store.insert_many(documents, session=session)
            return
        which = {"_id": first.document["_id"], "_rev": first.rev}
        if first.how == "remove":
            met = (await store.delete_one(which, session=session)).deleted_count
        else:
            met = (await store.update_one(which, _update(first), session=session)).matched_count
        if not met:
            raise Conflict(f"{collection} {first.document['_id']}")

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Say in our words what is wrong, and never with what credentials."""
        hosts = ", ".join(f"{host}:{port}" for host, port in sorted(self._client.nodes)) or "its address"
        try:
            yield
        except (ConnectionFailure, ExecutionTimeout, WTimeoutError) as error:
            raise Unreachable(
                f"the MongoDB at {hosts} does not answer, or has no primary ({type(error).__name__})"
            ) from error
        except (DocumentTooLarge, BSONError) as error:
            raise OSError(errno.EFBIG, f"MongoDB cannot hold this record: {error}") from error
        except PyMongoError as error:
            code = getattr(error, "code", None)
            raise OSError(f"MongoDB refused: {type(error).__name__}, code {code}") from error


How: TypeAlias = Literal["insert", "replace", "remove", "expect"]


@dataclass(frozen=True, slots=True)
class _Write:
    """A write that must meet a record: the one with the document's id and, but for inserts, this `rev`."""

    how: How
    collection: str
    document: dict[str, Any]
    rev: int = 0


class _Transaction:
    """Writes, collected as documents."""

    def __init__(self) -> None:
        self.writes: list[_Write] = []

    def insert(self, collection: str, record: Record) -> None:
        self.writes.append(_Write("insert", collection, _copied(new_document(record))))

    def replace(self, collection: str, record: Record) -> None:
        rev: int = record["_rev"]
        self.writes.append(_Write("replace", collection, _copied(document(record, rev + 1)), rev))

    def remove(self, collection: str, record: Record) -> None:
        self.writes.append(_Write("remove", collection, {"_id": record["_id"]}, record["_rev"]))

    def expect(self, collection: str, record: Record) -> None:
        self.writes.append(_Write("expect", collection, {"_id": record["_id"]}, record["_rev"]))


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _update(write: _Write) -> Any:
    if write.how == "expect":
        # To read a record in a transaction does not keep others from changing it; to write it does.
        return {"$set": {GUARD: ObjectId()}}
    kept = {SEQ: f"${SEQ}"}
    return [{"$replaceWith": {"$mergeObjects": [{"$literal": write.document}, kept]}}]


def _groups(writes: list[_Write]) -> Iterator[list[_Write]]:
    """The writes in their order, inserts into one collection that follow each other taken together."""
    group: list[_Write] = []
    for write in writes:
        together = write.how == "insert" and group and group[-1].how == "insert"
        if group and not (together and group[-1].collection == write.collection):
            yield group
            group = []
        group.append(write)
    if group:
        yield group


def _first_write_error(error: OperationFailure) -> dict[str, Any]:
    details: dict[str, Any] = dict(error.details or {})
    errors = details.get("writeErrors")
    return dict(errors[0]) if errors else details


def _is_passing(error: PyMongoError) -> bool:
    return error.has_error_label("TransientTransactionError")


async def _tries() -> AsyncIterator[None]:
    """Turns to try something, pauses in between that grow and vary, for as long as patience lasts."""
    end, pause = time.monotonic() + _PATIENCE, 0.001
    while time.monotonic() < end:
        yield
        await asyncio.sleep(random.uniform(0, pause))  # noqa: S311 (spreads retries)
        pause = min(pause * 2, _LONGEST_PAUSE)
