"""Transactions in MongoDB: batches of writes, done when left, and done again when they meet others."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bson import ObjectId
from pymongo import DeleteOne, InsertOne, UpdateOne, WriteConcern
from pymongo.errors import BulkWriteError, ConnectionFailure, PyMongoError, ServerSelectionTimeoutError

from dms.storage.failures import Unreachable
from dms.storage.metadata.mongo_connection import MAJORITY, SNAPSHOT
from dms.storage.metadata.mongo_failures import is_roleless
from dms.storage.metadata.mongo_patience import pauses
from dms.storage.metadata.mongo_record import GUARD, SEQ, encoded, record_id
from dms.storage.metadata.mongo_schema import broken_index, declared
from dms.storage.metadata.mongo_types import Database, Session
from dms.storage.metadata.port import Collection, Conflict, Duplicate, Record

Operation: TypeAlias = InsertOne[dict[str, Any]] | UpdateOne | DeleteOne

_DUPLICATE = 11000
_UNKNOWN = "UnknownTransactionCommitResult"
_TRANSIENT = "TransientTransactionError"


class MongoTransaction:
    """Writes, collected per collection as the operations that will do them, each of which meets a record."""

    def __init__(self, collections: Mapping[str, Collection]) -> None:
        self._collections = collections
        self.writes: dict[str, list[Operation]] = {}

    def insert(self, collection: str, record: Record) -> None:
        """See the port."""
        document: Any = encoded(record, 1, is_new=True)  # which the driver sends as it is
        self._add(collection, InsertOne(document))

    def replace(self, collection: str, record: Record) -> None:
        """See the port."""
        body = encoded(record, record["_rev"] + 1, is_new=False)
        with_its_place = {"$mergeObjects": [{"$literal": body}, {SEQ: f"${SEQ}"}]}
        self._add(collection, UpdateOne(_stored(record), [{"$replaceWith": with_its_place}]))

    def remove(self, collection: str, record: Record) -> None:
        """See the port."""
        self._add(collection, DeleteOne(_stored(record)))

    def expect(self, collection: str, record: Record) -> None:
        """See the port. Writes, for what a transaction only reads another may change before it commits."""
        self._add(collection, UpdateOne(_stored(record), {"$set": {GUARD: ObjectId()}}))

    def _add(self, collection: str, operation: Operation) -> None:
        self.writes.setdefault(declared(collection, self._collections), []).append(operation)


@dataclass(frozen=True, slots=True)
class Writer:
    """Applies transactions to the collections of a database."""

    database: Database
    collections: Mapping[str, Collection]

    async def apply(self, transaction: MongoTransaction, session: Session) -> None:
        """Do the writes, all or nothing, from the start again for as long as they meet others, within bounds.

        Two that insert the same unique value meet as well; the second then finds it there, a `Duplicate`.
        """
        writes = transaction.writes
        is_one = sum(map(len, writes.values())) == 1
        last: PyMongoError | None = None
        for pause in pauses():
            try:
                if is_one:  # the server does one write all or nothing, and waits for others by itself
                    await self._do(writes, session, MAJORITY)
                else:
                    await self._in_one(writes, session)
            except PyMongoError as error:
                if isinstance(error, ServerSelectionTimeoutError) or not error.has_error_label(_TRANSIENT):
                    raise
                last = error
                await sleep(pause)
            else:
                return
        if isinstance(last, ConnectionFailure):
            raise last
        raise Conflict("others kept changing the same records") from last

    async def _in_one(self, writes: Mapping[str, Sequence[Operation]], session: Session) -> None:
        async with await session.start_transaction(read_concern=SNAPSHOT, write_concern=MAJORITY):
            await self._do(writes, session, WriteConcern())  # that of the transaction counts
            for pause in pauses():
                try:
                    await session.commit_transaction()
                except PyMongoError as error:
                    # It may have been done. To ask again is safe, and tells.
                    if isinstance(error, ServerSelectionTimeoutError):
                        raise
                    if not error.has_error_label(_UNKNOWN) and not is_roleless(error):
                        raise
                    await sleep(pause)
                else:
                    return
            raise Unreachable("MongoDB did not say whether a change was committed")

    async def _do(
        self, writes: Mapping[str, Sequence[Operation]], session: Session, concern: WriteConcern
    ) -> None:
        for collection, operations in writes.items():
            documents = self.database[collection].with_options(write_concern=concern)
            try:
                result = (await documents.bulk_write(operations, session=session)).bulk_api_result
            except BulkWriteError as error:
                self._judge(collection, error)
                raise
            if _met(result) < len(operations):
                raise Conflict(f"a record of {collection} was changed or removed")

    def _judge(self, collection: str, error: BulkWriteError) -> None:
        """Raise what the port says of it, if it says anything: what went wrong first."""
        for wrong in error.details["writeErrors"]:
            if _met(error.details) < wrong["index"]:
                raise Conflict(f"a record of {collection} was changed or removed") from error
            if wrong["code"] == _DUPLICATE:
                index = broken_index(self.collections[collection], wrong)
                raise Duplicate(collection, index) from error


def _stored(record: Record) -> dict[str, Any]:
    """The filter for this record, unless it was changed since."""
    return {"_id": record_id(record), "_rev": record["_rev"]}


def _met(result: Mapping[str, Any]) -> int:
    """How many operations met a record."""
    return int(result["nInserted"]) + int(result["nMatched"]) + int(result["nRemoved"])
