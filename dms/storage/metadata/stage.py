"""What is staged of one collection: records that are to come, to change or to go, found by their values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import orjson

from dms.model.query import And, AnyElement, Equals, In, Query
from dms.storage.metadata.matching import kind, matches, value_at
from dms.storage.metadata.port import Collection, Conflict, Duplicate, Index, Record

How: TypeAlias = Literal["insert", "replace", "remove"]
_SCALARS = {"truth", "number", "text"}


@dataclass(frozen=True, slots=True)
class Kept:
    """A record, and the text from which copies of it are made."""

    record: Record
    body: bytes

    @classmethod
    def of(cls, record: Record) -> Kept:
        """A copy of the record. Raises TypeError for what is no JSON."""
        body = orjson.dumps(record)
        return cls(orjson.loads(body), body)

    def copy(self) -> Record:
        """The record, for someone to change."""
        record: Record = orjson.loads(self.body)
        return record


class Before(NamedTuple):
    """How it stood with an id before something was staged, so that it can be put back."""

    was_staged: bool
    kept: Kept | None
    number: int | None


class Stage:
    """Records of one collection over those of a store below, of which it is told what it must know.

    Where a value of a unique index is no text, number or truth, uniqueness is left to the store below.
    """

    def __init__(self, collection: Collection) -> None:
        self._name = collection.name
        self._unique = tuple(index for index in collection.indexes if index.unique)
        self._below: dict[str, Record | None] = {}
        self._now: dict[str, Kept | None] = {}
        self._inserted: dict[str, int] = {}
        self._holders: dict[Any, str] = {}
        self._holders_below: dict[Any, str | None] = {}
        self._by_value: dict[str, dict[Any, dict[str, None]]] = {}
        self.version = 0
        """Counts up with everything that is staged."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is staged."""
        return not self._now

    @property
    def ids(self) -> list[str]:
        """The ids that are staged, in the order in which they were."""
        return list(self._now)

    def holds(self, id: str) -> bool:
        """Whether something is staged under this id."""
        return id in self._now

    def get(self, id: str) -> Record | None:
        """A copy of what is staged under an id; None if it is to go."""
        kept = self._now[id]
        return kept.copy() if kept is not None else None

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
        if id not in self._now:
            self._below.pop(id, None)

    def keys(self, record: Record) -> Iterator[tuple[Index, tuple[Any, ...]]]:
        """The unique indexes that constrain a record, with its values in them."""
        for index in self._unique:
            values = tuple(value_at(record, field) for field in index.fields)
            if all(kind(value) in _SCALARS for value in values):
                yield index, values

    def learn_holder(self, index: Index, values: tuple[Any, ...], id: str | None) -> None:
        """Be told which record of the store below has these values in a unique index."""
        self._holders_below[_key(index, values)] = id

    def knows_holder(self, index: Index, values: tuple[Any, ...]) -> bool:
        """Whether it was told that."""
        return _key(index, values) in self._holders_below

    def check(self, record: Record) -> None:
        """Raise `Conflict` unless the record is there with its `_rev`."""
        id = record["_id"]
        there = self._there(id)
        if there is None or there["_rev"] != record["_rev"]:
            raise Conflict(f"{self._name} {id}")

    def _there(self, id: str) -> Record | None:
        if id not in self._now:
            return self._below[id]
        kept = self._now[id]
        return kept.record if kept is not None else None

    def apply(self, how: How, record: Record) -> Before:
        """Stage a write, and return how it was before. Raises `Conflict` or `Duplicate`, and then it still
        is as it was."""
        id = record["_id"]
        before = Before(id in self._now, self._now.get(id), self._inserted.get(id))
        if how == "insert":
            if self._there(id) is not None:
                raise Duplicate(self._name, "_id")
            self._place(id, Kept.of({**record, "_rev": 1}), self.version)
            return before
        self.check(record)
        if how == "replace":
            self._place(id, Kept.of({**record, "_rev": record["_rev"] + 1}), before.number)
        else:
            self._put(id, None, None)
        return before

    def _place(self, id: str, kept: Kept, number: int | None) -> None:
        for index, values in self.keys(kept.record):
            if self._holder(index, values) not in (None, id):
                raise Duplicate(self._name, index.name)
        self._put(id, kept, number)

    def _holder(self, index: Index, values: tuple[Any, ...]) -> str | None:
        key = _key(index, values)
        below = self._holders_below[key]
        return self._holders.get(key) or (below if below not in self._now else None)

    def put_back(self, id: str, before: Before) -> None:
        """Undo what was staged last under this id."""
        self._put(id, before.kept, before.number)
        if not before.was_staged:
            del self._now[id]

    def _put(self, id: str, kept: Kept | None, number: int | None) -> None:
        self.version += 1
        if (old := self._now.get(id)) is not None:
            for index, values in self.keys(old.record):
                del self._holders[_key(index, values)]
            for field, found in self._by_value.items():
                for key in _values(old.record, field):
                    found.get(key, {}).pop(id, None)
        self._now[id] = kept
        if number is None:
            self._inserted.pop(id, None)
        else:
            self._inserted[id] = number
        if kept is not None:
            for index, values in self.keys(kept.record):
                self._holders[_key(index, values)] = id
            for field, found in self._by_value.items():
                for key in _values(kept.record, field):
                    found.setdefault(key, {})[id] = None

    def found(self, query: Query, *, inserted: bool) -> dict[str, Record]:
        """Copies of the records that match, by id: new ones, in the order of their insertion, or replaced
        ones."""
        hits = [id for id in self._hits(query) if (id in self._inserted) is inserted]
        if inserted:
            hits.sort(key=self._inserted.__getitem__)
        return {id: kept.copy() for id in hits if (kept := self._now[id]) is not None}

    def count(self, query: Query) -> int:
        """How many of the records that are there match."""
        return sum(True for _ in self._hits(query))

    def _hits(self, query: Query) -> Iterator[str]:
        for id in self._candidates(query):
            kept = self._now[id]
            if kept is not None and matches(query, kept.record):
                yield id

    def _candidates(self, query: Query) -> list[str]:
        """Ids, among them all that match: those that have one of the values which the query demands."""
        for part in _conjuncts(query):
            match part:
                case Equals(field, value):
                    return self._having(field, (("value", kind(value), value),))
                case In(field, choices):
                    return self._having(field, (("value", kind(each), each) for each in choices))
                case AnyElement(field, value):
                    return self._having(field, (("element", kind(value), value),))
        return list(self._now)

    def _having(self, field: str, keys: Any) -> list[str]:
        if field not in self._by_value:
            found = self._by_value[field] = {}
            for id, kept in self._now.items():
                for key in _values(kept.record, field) if kept is not None else ():
                    found.setdefault(key, {})[id] = None
        return list(dict.fromkeys(id for key in keys for id in self._by_value[field].get(key, ())))


def _key(index: Index, values: tuple[Any, ...]) -> Any:
    return (index.name, *((kind(value), value) for value in values))


def _values(record: Record, field: str) -> Iterator[tuple[str, str, Any]]:
    """What a record is found by in a field: its value, or the elements of its list."""
    value = value_at(record, field)
    if kind(value) in _SCALARS:
        yield "value", kind(value), value
    elif isinstance(value, list):
        for each in value:
            if kind(each) in _SCALARS:
                yield "element", kind(each), each


def _conjuncts(query: Query) -> Iterator[Query]:
    if isinstance(query, And):
        for part in query.queries:
            yield from _conjuncts(part)
    else:
        yield query
