"""Records of one collection that lie in memory, found by their values as a store would find them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from dms.model.query import And, AnyElement, Equals, In, Query
from dms.storage.metadata.matching import SCALARS, kind, matches, value_at
from dms.storage.metadata.port import Record

_Key: TypeAlias = tuple[str, str, Any]


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


class RecordsInMemory:
    """Records by id, in the order in which these came. What a search demands of a field is looked up in an
    index, which is made when that field is first asked for."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._places: dict[str, int] = {}
        self._next = 0
        self._having: dict[str, dict[_Key, dict[str, None]]] = {}

    def __contains__(self, id: str) -> bool:
        return id in self._kept

    def get(self, id: str) -> Kept | None:
        """What is kept under an id."""
        return self._kept.get(id)

    def place(self, id: str) -> int:
        """Where it stands in the order."""
        return self._places[id]

    def put(self, id: str, kept: Kept, place: int | None = None) -> None:
        """Keep it under an id; in the place of what is there, or at this place, or at the end."""
        if id in self._kept:
            place = self._places[id] if place is None else place
            self.take(id)
        self._kept[id] = kept
        self._places[id] = self._next if place is None else place
        self._next = max(self._next, self._places[id] + 1)
        for field, having in self._having.items():
            for key in _keys(kept.record, field):
                having.setdefault(key, {})[id] = None

    def take(self, id: str) -> None:
        """Keep nothing under this id any more."""
        kept = self._kept.pop(id)
        del self._places[id]
        for field, having in self._having.items():
            for key in _keys(kept.record, field):
                having.get(key, {}).pop(id, None)

    def find(self, query: Query) -> list[str]:
        """The ids of the records that match, in order."""
        hits = [id for id in self._candidates(query) if matches(query, self._kept[id].record)]
        return sorted(hits, key=self._places.__getitem__)

    def _candidates(self, query: Query) -> Iterable[str]:
        """Ids, among them all that match: the fewest that one of the demands leaves."""
        fewest: Iterable[str] = self._kept
        number = len(self._kept)
        for field, keys in _demands(query):
            found = [self._index(field).get(key, {}) for key in keys]
            if (total := sum(map(len, found))) < number:
                fewest, number = dict.fromkeys(id for ids in found for id in ids), total
        return fewest

    def _index(self, field: str) -> dict[_Key, dict[str, None]]:
        if field not in self._having:
            having = self._having[field] = {}
            for id, kept in self._kept.items():
                for key in _keys(kept.record, field):
                    having.setdefault(key, {})[id] = None
        return self._having[field]


def _keys(record: Record, field: str) -> Iterator[_Key]:
    """What a record is found by in a field: its value, or the elements of its list."""
    value = value_at(record, field)
    held_as, values = ("element", value) if isinstance(value, list) else ("value", (value,))
    for each in values:
        if kind(each) in SCALARS:
            yield held_as, kind(each), each


def _demands(query: Query) -> Iterator[tuple[str, list[_Key]]]:
    """Fields, with what a record must have there to match at all."""
    match query:
        case And(queries):
            for part in queries:
                yield from _demands(part)
        case Equals(field, value):
            yield field, [("value", kind(value), value)]
        case In(field, choices):
            yield field, [("value", kind(each), each) for each in choices]
        case AnyElement(field, value):
            yield field, [("element", kind(value), value)]
