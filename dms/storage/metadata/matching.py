"""Which records a search finds, and in which order, for those who hold records in memory."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any, TypeAlias

from dms.model.query import (
    And,
    AnyElement,
    By,
    Contains,
    Equals,
    In,
    IsNull,
    Not,
    Or,
    Order,
    Prefix,
    Query,
    Range,
    Scalar,
    total,
)
from dms.storage.metadata.port import Record
from dms.storage.metadata.storable import is_text_of_unicode

_OfAField: TypeAlias = Equals | In | AnyElement | IsNull | Prefix | Contains | Range
_NUMBERS = (int, float)


def value_at(record: Record, field: str) -> Any:
    """The value at a dotted path; None where it is null or missing."""
    value: Any = record
    for name in field.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def matches(query: Query, record: Record) -> bool:
    """Whether a store would find this record by the query."""
    match query:
        case And(queries):
            return all(matches(each, record) for each in queries)
        case Or(queries):
            return any(matches(each, record) for each in queries)
        case Not(negated):
            return not matches(negated, record)
        case _:
            return _holds(query, value_at(record, query.field))


def _holds(query: _OfAField, value: Any) -> bool:
    match query:
        case Equals(_, wanted):
            holds = _same(value, wanted)
        case In(_, choices):
            holds = any(_same(value, each) for each in choices)
        case AnyElement(_, wanted):
            holds = isinstance(value, list) and any(_same(each, wanted) for each in value)
        case IsNull(_, wanted):
            holds = (value is None) is wanted
        case Prefix(_, text):
            holds = isinstance(value, str) and value.startswith(text)
        case Contains(_, text):
            holds = isinstance(value, str) and _lowered(text) in _lowered(value)
        case Range():
            holds = _within(value, query)
    return holds


def _same(value: Any, wanted: Scalar) -> bool:
    """1 is not True, and 1.0 is 1."""
    return kind(value) == kind(wanted) and bool(value == wanted)


SCALARS = {"truth", "number", "text"}
"""The kinds of values that a search can name."""


def kind(value: Any) -> str:
    """What a value is to a search: only values of one kind are ever equal, or come before each other."""
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, _NUMBERS):
        return "number"
    return "text" if isinstance(value, str) else "other"


# A letter in upper case, of those that ASCII has, becomes one in lower case; no other letter changes.
_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def _lowered(text: str) -> str:
    return text.translate(_LOWER)


def _within(value: Any, bounds: Range) -> bool:
    if value is None:
        return False
    given = (
        (bounds.gt, operator.gt),
        (bounds.gte, operator.ge),
        (bounds.lt, operator.lt),
        (bounds.lte, operator.le),
    )
    return all(
        kind(value) == kind(bound) and is_text_of_unicode(bound) and holds(value, bound)
        for bound, holds in given
        if bound is not None
    )


def ordered(records: Iterable[Record], order: Order) -> list[Record]:
    """Records that come in the order of their insertion, in the order that is asked."""
    found = list(records)
    terms = total(order)
    if terms[-1].descending:
        found.reverse()
    for by in reversed(terms):
        if by.field != "_created":
            _sort(found, by)
    return found


def _sort(found: list[Record], by: By) -> None:
    """Stable in both directions, as Python's sort is even when it is reversed."""
    found.sort(key=lambda record: _sort_key(value_at(record, by.field)), reverse=by.descending)


def _sort_key(value: Any) -> tuple[Any, ...]:
    """Nulls first, then truths and numbers, then texts."""
    if value is None:
        return (0,)
    if isinstance(value, _NUMBERS):
        return (1, value)
    return (2, value) if isinstance(value, str) else (3,)
