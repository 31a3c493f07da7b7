"""Metadata store: records by collection and id, searched by query and changed all or nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from dms.model.query import BY_ID, EVERYTHING, NEWEST_FIRST, Order, Query, Range, both

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

Record: TypeAlias = dict[str, Any]
"""The JSON of a resource, plus our own fields, which begin with `_`.

`_id` (text, unique in the collection) is given at insert. `_rev` (integer) is the store's: 1 at insert,
one more at each replace.
"""


@dataclass(frozen=True, slots=True)
class Index:
    """A promise that queries on these fields, in this order, stay fast; `unique` makes it a constraint.

    A record in which one of the fields of a unique index is null or missing is not constrained by it.
    An `elements` index is over one field, a list of scalars, for `AnyElement`.
    """

    fields: tuple[str, ...]
    unique: bool = False
    elements: bool = False

    @property
    def name(self) -> str:
        """Its name within the collection, made of its fields."""
        return "_".join(field.replace(".", "_") for field in self.fields)


@dataclass(frozen=True, slots=True)
class Collection:
    """A named set of records and the indexes over it. The name begins with a letter, and is made of letters,
    digits, `_` and `-`."""

    name: str
    indexes: tuple[Index, ...] = ()

    def must_have_a_name(self) -> None:
        """Raises `ValueError` if its name is none, as every store does when it is opened."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"not a name for a collection: {self.name!r}")


class Conflict(Exception):
    """A record in the transaction was changed, removed or inserted by another since it was read.

    Nothing of the transaction was kept. Read again and try again.
    """


class Duplicate(Exception):
    """An insert or replace broke a unique index, or an id that exists was inserted again.

    Nothing of the transaction was kept. `index` is the name of the index, or `_id`.
    """

    def __init__(self, collection: str, index: str) -> None:
        super().__init__(f"{collection}.{index}")
        self.collection = collection
        self.index = index


class NewerSchema(OSError):
    """The store was written by a newer version of this program, which this one would damage."""

    def __init__(self, store: str, found: int, known: int) -> None:
        super().__init__(
            f"{store} has schema version {found} and this program knows up to {known}. Start the newer "
            "program that wrote it, or restore the backup that was made before the upgrade."
        )


class NotUnique(OSError):
    """Records in the store break a unique index that is newly declared."""

    def __init__(self, collection: str, index: str) -> None:
        super().__init__(
            f"Two records hold the same in {collection}.{index}, which this program needs to be unique. "
            "Start the program that wrote them, let them differ there, and start this one again."
        )


class Transaction(Protocol):
    """Writes that commit together when the context is left, or not at all when an exception leaves it.

    The writes are collected, not sent: what is read meanwhile does not show them. They are applied in
    the order in which they were given.
    """

    def insert(self, collection: str, record: Record) -> None:
        """Add a record under its `_id`. A `Duplicate` on commit if that exists."""

    def replace(self, collection: str, record: Record) -> None:
        """Put this record in the place of the one with its `_id` and `_rev`. A `Conflict` on commit if the
        stored `_rev` is another, or the record is gone."""

    def remove(self, collection: str, record: Record) -> None:
        """Remove the record with this `_id` and `_rev`. A `Conflict` on commit as for `replace`."""

    def expect(self, collection: str, record: Record) -> None:
        """Commit only if the record with this `_id` still has this `_rev`, else `Conflict`. Guards what
        was decided on a record that is not itself written."""


class MetadataStore(Protocol):
    """Records by collection and id.

    What a transaction committed is on stable storage when its context has been left, and is seen by
    every read that begins after that. Reads see whole transactions only. Records that come out are the
    caller's to change; records that go in are not kept by reference.

    Stores are opened by a class method `open`, with the collections that are declared. It raises `ValueError`
    for a declaration or an address that cannot be meant, and `OSError` for a store that cannot be used:
    `NewerSchema`, `NotUnique` and `Unreachable` among others, which say in a sentence what to do.
    """

    async def get(self, collection: str, id: str) -> Record | None:
        """The record, or None."""

    async def find(
        self,
        collection: str,
        query: Query = EVERYTHING,
        *,
        order: Order = NEWEST_FIRST,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Record]:
        """The records that match, in order, after `offset` of them and at most `limit`."""

    async def count(self, collection: str, query: Query = EVERYTHING) -> int:
        """How many records match, exactly."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin a transaction. Leaving it commits; raises `Conflict` or `Duplicate` if it cannot."""

    async def next_number(self, series: str, *, floor: int = 0, count: int = 1) -> int:
        """Draw `count` consecutive numbers and return the first: 1, or the highest drawn so far plus 1, or
        `floor` plus 1 if that is more. No number is ever drawn twice, by any node, before or after a crash
        of a transaction that used it; numbers that were drawn and not used are lost. Raises
        `ValueError` for a `count` under 1."""

    async def series(self) -> dict[str, int]:
        """The highest number drawn so far of every series, by its name. Names that begin with `_` do not
        belong to records."""

    async def healthy(self) -> None:
        """Return if reads and writes can be served, else raise what is wrong."""

    async def close(self) -> None:
        """Finish what is under way and let go of files and connections."""


@runtime_checkable
class CopiesItself(Protocol):
    """An ability of stores that are one file on this machine."""

    async def copy_to(self, path: Path) -> None:
        """Copy the whole store, as it is at one moment, to a new file that only its owner may read; it is on
        stable storage when this returns. Reads and writes go on meanwhile. Raises `OSError`, and
        `FileExistsError` if there is a file already; nothing stays then."""


async def every(
    store: MetadataStore, collection: str, query: Query = EVERYTHING, *, batch: int = 500
) -> AsyncIterator[list[Record]]:
    """Walk all records that match, in the order of their ids, `batch` at a time.

    Holds no cursor: records that come or go meanwhile may or may not be met, all others are met once.
    """
    after: Query = EVERYTHING
    while records := await store.find(collection, both(query, after), order=BY_ID, limit=batch):
        yield records
        after = Range("_id", gt=records[-1]["_id"])
