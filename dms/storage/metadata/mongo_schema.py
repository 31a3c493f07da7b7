"""What stands in the database: collections and indexes, made and kept as they are declared.

Names of indexes that begin with `dms_` are ours; any other an administrator may add, and it stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError, OperationFailure

from dms.storage.metadata.mongo_record import SEQ
from dms.storage.metadata.mongo_types import Database, Documents
from dms.storage.metadata.port import Collection, NewerSchema, NotUnique

VERSION = 1
SCHEMA, NUMBERS = "_schema", "_numbers"

_PREFIX = "dms_"
_INDEX_NOT_FOUND = 27
_COLLECTION_NOT_FOUND = 26
# Of a unique index: records in which one of its fields is null or missing are not in it.
_PRESENT = {"$type": ["string", "number", "bool"]}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An index as it should be."""

    name: str
    keys: tuple[tuple[str, int], ...]
    present: tuple[str, ...] = ()
    """The fields that must be present; then it is unique."""

    def model(self) -> IndexModel:
        options: dict[str, Any] = {}
        if self.present:
            options = {"unique": True, "partialFilterExpression": dict.fromkeys(self.present, _PRESENT)}
        return IndexModel(list(self.keys), name=self.name, **options)

    def is_like(self, found: Mapping[str, Any]) -> bool:
        return tuple(found["key"].items()) == self.keys and bool(found.get("unique")) == bool(self.present)


async def prepare(database: Database, collections: Sequence[Collection]) -> None:
    """Make what is declared and is not there yet, and drop the indexes of ours that are no longer declared.

    Several nodes may do this at once. Raises `NewerSchema`, and `NotUnique` if records break a unique
    index that is new.
    """
    if len({each.name for each in collections}) != len(collections):
        raise ValueError("two collections have the same name")
    await _refuse_newer(database)
    for each in collections:
        each.must_have_a_name()
        await _prepare(database[each.name], each)


async def _refuse_newer(database: Database) -> None:
    marker = await database[SCHEMA].find_one_and_update(
        {"_id": "dms"},
        {"$setOnInsert": {"version": VERSION}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    assert marker is not None
    if marker["version"] > VERSION:
        raise NewerSchema(f"The MongoDB database {database.name}", marker["version"], VERSION)


async def _prepare(documents: Documents, collection: Collection) -> None:
    wanted = {each.name: each for each in _indexes(collection)}
    if set(wanted.values()) != set(_indexes(collection)):
        raise ValueError(f"two indexes of {collection.name} have the same name")
    found = {each["name"]: each async for each in await documents.list_indexes()}
    for name, there in found.items():
        if name.startswith(_PREFIX) and (name not in wanted or not wanted[name].is_like(there)):
            await _drop(documents, name)
    missing = [
        each.model() for name, each in wanted.items() if not each.is_like(found.get(name, {"key": {}}))
    ]
    if missing:
        try:
            # By default an index is there only when every member has built it, also one that is down.
            await documents.create_indexes(missing, commitQuorum="majority")
        except DuplicateKeyError as error:
            raise NotUnique(collection.name, broken_index(collection, error.details or {})) from error


async def _drop(documents: Documents, name: str) -> None:
    try:
        await documents.drop_index(name)
    except OperationFailure as error:
        if error.code not in (_INDEX_NOT_FOUND, _COLLECTION_NOT_FOUND):  # another node was as quick
            raise


def _indexes(collection: Collection) -> Iterator[_Wanted]:
    yield _Wanted(f"{_PREFIX}:created", ((SEQ, DESCENDING),))
    for index in collection.indexes:
        # The order of insertion last, so that the newest of what matches come from the index as they are.
        fields = tuple(SEQ if field == "_created" else field for field in index.fields)
        fields += () if SEQ in fields else (SEQ,)
        keys = tuple((field, DESCENDING if field == SEQ else ASCENDING) for field in fields)
        yield _Wanted(_PREFIX + index.name, keys)
        if index.unique:
            # One beside it, as searches cannot use an index in which not every record is.
            keys = tuple((field, ASCENDING) for field in index.fields)
            yield _Wanted(f"{_PREFIX}{index.name}:unique", keys, index.fields)


def declared(name: str, collections: Mapping[str, Collection]) -> str:
    """The name, if such a collection is declared; else a `KeyError`, for MongoDB would make one by itself."""
    if name not in collections:
        raise KeyError(name)
    return name


def broken_index(collection: Collection, error: Mapping[str, Any]) -> str:
    """The name, as the port knows it, of the index that a write with these error details broke."""
    fields = tuple(error.get("keyPattern", ()))
    names = [index.name for index in collection.indexes if index.unique and index.fields == fields]
    return names[0] if names else "_id"
