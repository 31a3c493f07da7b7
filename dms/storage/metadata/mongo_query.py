"""Compiles a search into a MongoDB filter. Values of clients are only ever operands, no operators or paths.

That a field holds one kind of value is a duty of callers (`model/query.py`): a list of texts is not told from
one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from pymongo import ASCENDING, DESCENDING

from dms.model.query import (
    And,
    AnyElement,
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
from dms.storage.metadata.mongo_record import SEQ
from dms.storage.metadata.storable import as_float, first_beyond, storable

Filter: TypeAlias = dict[str, Any]

_NEVER: Filter = {"_id": {"$in": []}}
_MOST = 2**60
_LONG = 2**20


def compiled(query: Query) -> Filter:  # noqa: PLR0911 - one for each kind
    """The filter for a search."""
    match query:
        case And(queries):
            return _joined("$and", [compiled(each) for each in queries]) or {}
        case Or(queries):
            return _joined("$or", _any(queries)) if queries else _NEVER
        case Not(negated):
            return {"$nor": [compiled(negated)]}
        case Equals(field, value):
            return _in(field, (value,))
        case In(field, values):
            return _in(field, values)
        case Range():
            return _range(query)
        case Prefix(field, text):
            return _prefix(field, text)
        case Contains(field, text):
            return _contains(field, text)
        case IsNull(field, wanted):
            return _null(field) if wanted else {"$nor": [_null(field)]}
        case AnyElement(field, value):
            return _elements(field, (value,))


def sorting(order: Order) -> list[tuple[str, int]]:
    """The keys to sort by."""
    return [
        (SEQ if by.field == "_created" else by.field, DESCENDING if by.descending else ASCENDING)
        for by in total(order)
    ]


def counting(query: Query) -> list[Filter]:
    """The stages that count what a search finds, in an index, also where it finds everything: the number that
    the server keeps by itself is there at once, but may be wrong after a crash."""
    return [{"$match": compiled(query) or {"_id": {"$gte": ""}}}, {"$count": "records"}]


def bounded(number: int) -> int:
    """A limit or an offset, no larger than the server counts."""
    return min(number, _MOST)


def _joined(operator: str, filters: list[Filter]) -> Filter:
    return filters[0] if len(filters) == 1 else ({operator: filters} if filters else {})


def _any(queries: Sequence[Query]) -> list[Filter]:
    """Filters of which one must hold: those that ask for one value of the same field, as one."""
    equal: dict[str, list[Scalar]] = {}
    element: dict[str, list[Scalar]] = {}
    others: list[Filter] = []
    for each in queries:
        match each:
            case Equals(field, value):
                equal.setdefault(field, []).append(value)
            case AnyElement(field, value):
                element.setdefault(field, []).append(value)
            case _:
                others.append(compiled(each))
    return [
        *(_in(field, values) for field, values in equal.items()),
        *(_elements(field, values) for field, values in element.items()),
        *others,
    ]


def _in(field: str, values: Sequence[Scalar]) -> Filter:
    wanted = [value for value in values if storable(value)]
    if not wanted:
        return _NEVER
    return {field: {"$eq": wanted[0]} if len(wanted) == 1 else {"$in": wanted}}


def _elements(field: str, values: Sequence[Scalar]) -> Filter:
    wanted = [value for value in values if storable(value)]
    if not wanted:
        return _NEVER
    return {field: {"$elemMatch": {"$eq": wanted[0]} if len(wanted) == 1 else {"$in": wanted}}}


def _null(field: str) -> Filter:
    """Null or missing; a list that holds a null is neither."""
    return {field: {"$eq": None, "$not": {"$type": "array"}}}


def _range(query: Range) -> Filter:
    """The bounds; the server compares values of the bound's own type only."""
    signs = {"$gt": query.gt, "$gte": query.gte, "$lt": query.lt, "$lte": query.lte}
    bounds = {sign: value for sign, value in signs.items() if value is not None}
    if any(isinstance(value, str) and not storable(value) for value in bounds.values()):
        return _NEVER
    if not bounds:
        return {"$nor": [_null(query.field)]}
    return {
        query.field: {
            sign: value if storable(value) else as_float(int(value)) for sign, value in bounds.items()
        }
    }


def _prefix(field: str, text: str) -> Filter:
    """A range, so that an index serves it."""
    if not storable(text):
        return _NEVER
    if len(text) > _LONG:  # twice would be more than the server takes
        return _of_text(field, {"$eq": [{"$indexOfBytes": [f"${field}", {"$literal": text}]}, 0]})
    following = first_beyond(text)
    return {field: {"$gte": text} if following is None else {"$gte": text, "$lt": following}}


def _contains(field: str, text: str) -> Filter:
    """Not by a regular expression: those have wildcards, a largest size, and fold more than ASCII letters."""
    if not storable(text):
        return _NEVER
    folded = "".join(character.lower() if character.isascii() else character for character in text)
    place = {"$indexOfBytes": [{"$toLower": f"${field}"}, {"$literal": folded}]}
    return _of_text(field, {"$gte": [place, 0]})


def _of_text(field: str, condition: dict[str, Any]) -> Filter:
    return {"$expr": {"$and": [{"$eq": [{"$type": f"${field}"}, "string"]}, condition]}}
