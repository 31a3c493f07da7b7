"""Collections and indexes in MongoDB: made at start, beside what is served meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import CollectionInvalid, DuplicateKeyError, OperationFailure

from dms.storage.metadata.mongo_query import SEQ
from dms.storage.metadata.port import Collection, Duplicate, Index

VERSION = 1
SCHEMA, NUMBERS = "_schema", "_numbers"
_PREFIX = "dms_"
_NAMESPACE_EXISTS, _INDEX_NOT_FOUND = 48, 27
# Of a unique index: records in which one of its fields is null or missing are not in it.
_PRESENT = {"$type": ["string", "number", "bool"]}

Database: TypeAlias = AsyncDatabase[dict[str, Any]]


class NewerSchema(OSError):
    """The database was written by a newer program, which may keep things that this one would spoil."""


async def prepare(database: Database, collections: Sequence[Collection]) -> None:
    """Make all that is declared and is not there yet, and drop indexes of ours that no longer are."""
    marker = await database[SCHEMA].find_one_and_update(
        {"_id": "dms"},
        {"$setOnInsert": {"version": VERSION}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    assert marker is not None
    if marker["version"] > VERSION:
        raise NewerSchema(
            f"the MongoDB database {database.name} is of version {marker['version']}, and this program knows "
            f"{VERSION}: start the version of dms that wrote it, or a newer one"
        )
    there = set(await database.list_collection_names())
    await asyncio.gather(*(_prepare(database, each, there) for each in collections))
    if NUMBERS not in there:
        await _create(database, NUMBERS)


async def _prepare(database: Database, collection: Collection, there: set[str]) -> None:
    if collection.name not in there:
        await _create(database, collection.name)
    store = database[collection.name]
    wanted = {f"{_PREFIX}created": IndexModel([(SEQ, DESCENDING)], name=f"{_PREFIX}created")}
    wanted |= {index_name(index): _model(index) for index in collection.indexes}
    found = {each["name"] async for each in await store.list_indexes()}
    missing = [model for name, model in wanted.items() if name not in found]
    if missing:
        try:
            await store.create_indexes(missing)
        except DuplicateKeyError as error:
            raise Duplicate(collection.name, broken_index(collection, error.details or {})) from error
    for name in found - set(wanted):
        if name.startswith(_PREFIX):
            await _drop(database, collection.name, name)


async def _create(database: Database, name: str) -> None:
    try:
        await database.create_collection(name)
    except CollectionInvalid:
        return
    except OperationFailure as error:
        if error.code != _NAMESPACE_EXISTS:  # another node was as quick
            raise


async def _drop(database: Database, collection: str, name: str) -> None:
    try:
        await database[collection].drop_index(name)
    except OperationFailure as error:
        if error.code != _INDEX_NOT_FOUND:
            raise


def index_name(index: Index) -> str:
    """Its name in the database, in which all that defines it has a part."""
    kind = "unique_" if index.unique else "elements_" if index.elements else ""
    return f"{_PREFIX}{kind}{index.name}"


def _model(index: Index) -> IndexModel:
    if index.unique:
        keys = [(field, ASCENDING) for field in index.fields]
        present = dict.fromkeys(index.fields, _PRESENT)
        return IndexModel(keys, name=index_name(index), unique=True, partialFilterExpression=present)
    # The order of insertion last, so that the newest of what matches come from the index as they are.
    fields = [field if field != "_created" else SEQ for field in index.fields]
    if SEQ not in fields:
        fields.append(SEQ)
    return IndexModel(
        [(field, DESCENDING if field == SEQ else ASCENDING) for field in fields], name=index_name(index)
    )


def broken_index(collection: Collection, error: Mapping[str, Any]) -> str:
    """The name, as the port knows it, of the index that a write of these error details broke."""
    fields = tuple(error.get("keyPattern", {"_id": 1}))
    for index in collection.indexes:
        if index.unique and index.fields == fields:
            return index.name
    return "_id"
