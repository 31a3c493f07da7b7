"""What is staged of one collection: records that are to come, to change or to go, over those of a store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

from dms.model.query import Query
from dms.storage.metadata.matching import SCALARS, kind, value_at
from dms.storage.metadata.port import Collection, Conflict, Duplicate, Index, Record
from dms.storage.metadata.staged_records import Kept, RecordsInMemory

Write: TypeAlias = Literal["insert", "replace", "remove"]
"""What changes a record."""


class Before(NamedTuple):
    """How it stood with an id before something was staged, so that it can be put back."""

    was_staged: bool
    was_inserted: bool
    kept: Kept | None
    place: int | None


class StagedCollection:
    """Records of one collection over those of a store below, of which it is told what it must know.

    Where a value of a unique index is no text, number or truth, uniqueness is left to the store below.
    """

    def __init__(self, collection: Collection) -> None:
        self._name = collection.name
        self._unique = tuple(index for index in collection.indexes if index.unique)
        self._below: dict[str, Record | None] = {}
        self._ids: dict[str, None] = {}
        self._inserted = RecordsInMemory()
        self._replaced = RecordsInMemory()
        self._holders: dict[Any, str] = {}
        self._holders_below: dict[Any, str | None] = {}
        self.version = 0
        """Counts up with everything that is staged."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is staged."""
        return not self._ids

    @property
    def ids(self) -> list[str]:
        """The ids under which something is staged."""
        return list(self._ids)

    def holds(self, id: str) -> bool:
        """Whether something is staged under this id."""
        return id in self._ids

    def get(self, id: str) -> Record | None:
        """A copy of what is staged under an id; None if it is to go."""
        kept = self._kept(id)
        return kept.copy() if kept is not None else None

    def _kept(self, id: str) -> Kept | None:
        return self._inserted.get(id) or self._replaced.get(id)

    def is_inserted(self, id: str) -> bool:
        """Whether the record under this id is a new one."""
        return id in self._inserted

    def below(self, id: str) -> Record | None:
        """What the store below has under an id that is staged."""
        return self._below[id]

    def knows(self, id: str) -> bool:
        """Whether it was told what the store below has under this id."""
        return id in self._below

    def learn(self, id: str, record: Record | None) -> None:
        """Be told that."""
        self._below[id] = record

    def forget(self, id: str) -> None:
        """What was learned of an id with which nothing was done may have changed when it is needed."""
        if id not in self._ids:
            self._below.pop(id, None)

    def keys(self, record: Record) -> Iterator[tuple[Index, tuple[Any, ...]]]:
        """The unique indexes that constrain a record, with its values in them."""
        for index in self._unique:
            values = tuple(value_at(record, field) for field in index.fields)
            if all(kind(value) in SCALARS for value in values):
                yield index, values

    def learn_holder(self, index: Index, values: tuple[Any, ...], id: str | None) -> None:
        """Be told which record of the store below has these values in a unique index."""
        self._holders_below[_key(index, values)] = id

    def knows_holder(self, index: Index, values: tuple[Any, ...]) -> bool:
        """Whether it was told that."""
        return _key(index, values) in self._holders_below

    def check(self, record: Record) -> None:
        """Raise `Conflict` unless the record is there with its `_rev`."""
        there = self._there(record["_id"])
        if there is None or there["_rev"] != record["_rev"]:
            raise Conflict(f"{self._name} {record['_id']}")

    def _there(self, id: str) -> Record | None:
        if id not in self._ids:
            return self._below[id]
        kept = self._kept(id)
        return kept.record if kept is not None else None

    def apply(self, write: Write, record: Record) -> Before:
        """Stage a write, and return how it was before. Raises `Conflict` or `Duplicate`, and then it still
        is as it was."""
        id = record["_id"]
        kept = self._kept(id)
        place = self._inserted.place(id) if id in self._inserted else None
        before = Before(id in self._ids, id in self._inserted, kept, place)
        if write == "insert":
            if self._there(id) is not None:
                raise Duplicate(self._name, "_id")
            new = self._checked({**record, "_rev": 1})
            self._put(id, new, inserted=True)
            return before
        self.check(record)
        if write == "replace":
            new = self._checked({**record, "_rev": record["_rev"] + 1})
            self._put(id, new, inserted=before.was_inserted)
        else:
            self._put(id, None)
        return before

    def _checked(self, record: Record) -> Kept:
        for index, values in self.keys(record):
            key = _key(index, values)
            below = self._holders_below[key]
            holder = self._holders.get(key) or (below if below not in self._ids else None)
            if holder not in (None, record["_id"]):
                raise Duplicate(self._name, index.name)
        return Kept.of(record)

    def put_back(self, id: str, before: Before) -> None:
        """Undo what was staged last under this id."""
        self._put(id, before.kept, inserted=before.was_inserted, place=before.place)
        if not before.was_staged:
            del self._ids[id]

    def _put(self, id: str, kept: Kept | None, *, inserted: bool = False, place: int | None = None) -> None:
        self.version += 1
        self._ids[id] = None
        if (old := self._kept(id)) is not None:
            for index, values in self.keys(old.record):
                del self._holders[_key(index, values)]
        for records, here in ((self._inserted, inserted), (self._replaced, not inserted)):
            if kept is not None and here:
                records.put(id, kept, place)
            elif id in records:
                records.take(id)
        if kept is not None:
            for index, values in self.keys(kept.record):
                self._holders[_key(index, values)] = id

    def found(self, query: Query, *, inserted: bool) -> dict[str, Record]:
        """Copies of the records that match, by id: new ones, in the order of their insertion, or replaced
        ones."""
        records = self._inserted if inserted else self._replaced
        return {id: kept.copy() for id in records.find(query) if (kept := records.get(id)) is not None}

    def count(self, query: Query) -> int:
        """How many of the records that are there match."""
        return len(self._inserted.find(query)) + len(self._replaced.find(query))


def _key(index: Index, values: tuple[Any, ...]) -> Any:
    return (index.name, *((kind(value), value) for value in values))
