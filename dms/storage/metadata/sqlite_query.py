"""Compiles a search into one SQL statement over the tables and indexes of `sqlite_schema`.

That a field holds one kind of value is a duty of callers (`model/query.py`): 1 is not told from true, a list
not from its text.
"""

# ruff: noqa: S608 - SQL cannot bind names; those put into it here are checked, values are always bound.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

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
from dms.storage.metadata.port import Collection
from dms.storage.metadata.sqlite_record import stored_text
from dms.storage.metadata.sqlite_schema import IS_ELEMENT, elements, elements_table, expression, quoted
from dms.storage.metadata.storable import as_float, first_beyond, storable

# Merging this many ordered branches is still quick, and SQLite compounds at most 500.
_MOST_BRANCHES = 200
# SQLite takes a million characters, and 32 766 values.
_MOST_TEXT = 500_000
# SQLite joins at most 64 tables.
_MOST_JOINED = 8
# The alternatives of all disjunctions multiply in SQLite's planner, so it is shown one large one at most.
_LARGE = 20
_MOST_ROWS = 2**63 - 1
_ALWAYS = "1"
_NEVER = "0"


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and the values bound to its question marks."""

    sql: str
    values: tuple[Any, ...] = ()


class Compiler:
    """Compiles the searches in one collection."""

    def __init__(self, collection: Collection) -> None:
        self._name = collection.name
        self._table = quoted(collection.name)
        self._elements = {
            index.fields[0]: quoted(elements_table(collection, index))
            for index in collection.indexes
            if index.elements
        }
        self._first_fields = {"_id"} | {each.fields[0] for each in collection.indexes if not each.elements}

    def count(self, query: Query) -> Statement:
        """A statement for the number of records that match."""
        if not _conjuncts(query):
            return Statement("SELECT records FROM _counts WHERE collection = ?", (self._name,))
        values: list[Any] = []
        _, source = self._source(query, values, planned=0 if self._is_indexed(query) else 1)
        return Statement(f"SELECT count(*) FROM {source}", tuple(values))

    def find(self, query: Query, order: Order, limit: int | None, offset: int) -> Statement:
        """A statement for the bodies that match, a row each.

        The page is settled on row numbers first, so that a body that is skipped or sorted is not read.
        """
        values: list[Any] = []
        page = self._merged(query, order, values) or self._sorted(query, order, values)
        values += (-1 if limit is None else min(limit, _MOST_ROWS), min(offset, _MOST_ROWS))
        body = f"(SELECT body FROM {self._table} WHERE seq = page.seq) AS body"
        return Statement(f"SELECT {body} FROM ({page} LIMIT ? OFFSET ?) AS page", tuple(values))

    def _sorted(self, query: Query, order: Order, values: list[Any]) -> str:
        by_seq = total(order)[0].field == "_created"
        planned = 0 if by_seq and self._is_indexed(query) else 1
        seq, source = self._source(query, values, needs_table=not by_seq, planned=planned)
        return f"SELECT {seq} AS seq FROM {source} ORDER BY {_order_terms(order, seq)}"

    def _merged(self, query: Query, order: Order, values: list[Any]) -> str:
        """The union of the alternatives, each found in order by its own index and merged as they come.

        SQLite would otherwise collect and sort all that match before it gives the first page.
        """
        alternatives = self._alternatives(_conjuncts(query))
        if not alternatives or not order or order[0].field != "_created":
            return ""
        merged, merged_values = "", list[Any]()
        for alternative in alternatives:
            seq, source = self._source(alternative, merged_values, planned=0, ranged=False)
            merged += f"{' UNION ' if merged else ''}SELECT {seq} AS seq FROM {source}"
            if len(merged) > _MOST_TEXT:
                return ""
        values += merged_values
        return f"{merged} ORDER BY 1{_direction(order[0])}"

    def _alternatives(self, conjuncts: list[Query]) -> list[Query]:
        """Queries that an index serves, in the order of insertion too, and that together are the query; none
        if an index serves what they have in common."""
        if self._is_indexed(And(tuple(conjuncts))):
            return []
        for query in conjuncts:
            if isinstance(query, Or) and 0 < len(query.queries) <= _MOST_BRANCHES:
                rest = [other for other in conjuncts if other is not query]
                if all(self._is_indexed(each) for each in query.queries):
                    return [And((each, *rest)) for each in query.queries]
        return []

    def _is_indexed(self, query: Query) -> bool:
        return any(
            (isinstance(each, Equals) and each.field in self._first_fields)
            or (isinstance(each, AnyElement) and each.field in self._elements)
            for each in _conjuncts(query)
        )

    def _source(
        self,
        query: Query,
        values: list[Any],
        *,
        needs_table: bool = False,
        planned: int = 1,
        ranged: bool = True,
    ) -> tuple[str, str]:
        """The name of the row number, and the FROM and WHERE it comes from.

        Elements come first, as their tables hold the row numbers of a value in the order of insertion.
        `planned` large disjunctions may be searched by index, and no others; ranges only if `ranged`, as what
        comes from an index on a range is in no order of insertion.
        """
        sources: dict[str, str] = {}
        conditions: list[str] = []
        rest: list[Query] = []
        for each in _conjuncts(query):
            is_element = (
                isinstance(each, AnyElement) and each.field in self._elements and storable(each.value)
            )
            if isinstance(each, AnyElement) and is_element and len(sources) < _MOST_JOINED:
                name = f"_{len(sources)}"
                sources[name] = f"{self._elements[each.field]} AS {name}"
                conditions.append(f"{name}.value = ?")
                values.append(_bound(each.value))
            else:
                rest.append(each)
        for each in rest:
            is_large = isinstance(each, Or) and len(each.queries) > _LARGE
            is_hidden = planned < 1 if isinstance(each, Or) else not ranged and isinstance(each, Range)
            conditions.append(("+" if is_hidden else "") + self._condition(each, values))
            planned -= is_large
        if rest or needs_table or not sources:
            sources[self._table] = self._table
        first, *others = sources
        conditions += [f"{other}.seq = {first}.seq" for other in others]
        return f"{first}.seq", f"{', '.join(sources.values())} WHERE {_joined('AND', conditions) or _ALWAYS}"

    def _condition(self, query: Query, values: list[Any]) -> str:
        """The condition, its values appended. NULL stands for false, so only `Not` needs to take care."""
        match query:
            case And(queries):
                return _joined("AND", [self._condition(each, values) for each in queries]) or _ALWAYS
            case Or(queries):
                return _joined("OR", self._any(queries, values)) or _NEVER
            case Not(negated):
                return f"({self._condition(negated, values)}) IS NOT TRUE"
            case AnyElement(field, value):
                return self._any_element(field, (value,), values)
            case _:
                return _compare(query, values)

    def _any(self, queries: Sequence[Query], values: list[Any]) -> list[str]:
        """Conditions of which one must hold: those that ask for one value of the same field, as one."""
        equal: dict[str, list[Scalar]] = {}
        element: dict[str, list[Scalar]] = {}
        others: list[Query] = []
        for each in queries:
            match each:
                case Equals(field, value):
                    equal.setdefault(field, []).append(value)
                case AnyElement(field, value):
                    element.setdefault(field, []).append(value)
                case _:
                    others.append(each)
        return [
            *(_in(field, choices, values) for field, choices in equal.items()),
            *(self._any_element(field, choices, values) for field, choices in element.items()),
            *(self._condition(each, values) for each in others),
        ]

    def _any_element(self, field: str, choices: Sequence[Scalar], values: list[Any]) -> str:
        wanted = [_bound(each) for each in choices if storable(each)]
        if not wanted:
            return _NEVER
        if side := self._elements.get(field):
            return f"{self._table}.seq IN (SELECT seq FROM {side} WHERE {_one_of('value', wanted, values)})"
        is_wanted = _one_of("atom", wanted, values)
        return f"EXISTS (SELECT 1 FROM {elements(field)} WHERE {IS_ELEMENT} AND {is_wanted})"


def _conjuncts(query: Query) -> list[Query]:
    if isinstance(query, And):
        return [each for part in query.queries for each in _conjuncts(part)]
    return [query]


def _joined(word: str, conditions: Sequence[str]) -> str:
    """All of them in brackets; halved, because SQLite's expressions are at most 1000 deep."""
    if len(conditions) <= 1:
        return "".join(conditions)
    half = len(conditions) // 2
    return f"({_joined(word, conditions[:half])} {word} {_joined(word, conditions[half:])})"


def _order_terms(order: Order, seq: str) -> str:
    """The terms, of which the last is in the direction in which an index gives it."""
    return ", ".join(
        (seq if by.field == "_created" else expression(by.field)) + _direction(by) for by in total(order)
    )


def _direction(by: By) -> str:
    return " DESC" if by.descending else ""


def _bound(value: Scalar) -> Scalar:
    return stored_text(value) if isinstance(value, str) else value


def _compare(query: Equals | In | Range | Prefix | Contains | IsNull, values: list[Any]) -> str:
    match query:
        case Equals(field, value):
            return _in(field, (value,), values)
        case In(field, choices):
            return _in(field, choices, values)
        case Range():
            return _range(query, values)
        case Prefix(field, text):
            return _prefix(field, text, values)
        case Contains(field, text):
            return _contains(field, text, values)
        case IsNull(field, wanted):
            return f"{expression(field)} IS {'' if wanted else 'NOT '}NULL"


def _in(field: str, choices: Sequence[Scalar], values: list[Any]) -> str:
    # The id column would turn a number into text.
    wanted = [
        _bound(each) for each in choices if storable(each) and (field != "_id" or isinstance(each, str))
    ]
    return _one_of(expression(field), wanted, values) if wanted else _NEVER


def _one_of(expression: str, wanted: Sequence[Scalar], values: list[Any]) -> str:
    """Many values go in as one: there is no limit to their number then, and one statement to prepare."""
    one = len(wanted) == 1
    values.append(wanted[0] if one else orjson.dumps(wanted).decode())
    return f"{expression} {'= ?' if one else 'IN (SELECT value FROM json_each(?))'}"


def _range(query: Range, values: list[Any]) -> str:
    """The bounds; as SQLite puts any number before any text, also that the value is of their type."""
    path = expression(query.field)
    signs = {">": query.gt, ">=": query.gte, "<": query.lt, "<=": query.lte}
    bounds = {sign: value for sign, value in signs.items() if value is not None}
    if any(isinstance(value, str) and not storable(value) for value in bounds.values()):
        return _NEVER
    conditions = []
    for sign, value in bounds.items():
        conditions.append(f"{path} {sign} ?")
        values.append(_bound(value) if storable(value) else as_float(int(value)))
    texts = "".join(sign for sign, value in bounds.items() if isinstance(value, str))
    numbers = "".join(sign for sign, value in bounds.items() if not isinstance(value, str))
    # Only where that end is open: of two bounds at one end, the index may be searched by the wrong one.
    if texts and ">" not in texts:
        conditions.append(f"{path} >= ''")
    if numbers and "<" not in numbers:
        conditions.append(f"{path} < ''")
    return _joined("AND", conditions) or f"{path} IS NOT NULL"


def _prefix(field: str, text: str, values: list[Any]) -> str:
    """A range, so that an index serves it."""
    if not storable(text):
        return _NEVER
    path, start = expression(field), stored_text(text)
    values.append(start)
    if (following := first_beyond(start)) is None:
        return f"{path} >= ?"
    values.append(following)
    return f"({path} >= ? AND {path} < ?)"


def _contains(field: str, text: str, values: list[Any]) -> str:
    """By instr, as LIKE takes 50 000 bytes at most and has wildcards; lower() knows only ASCII letters."""
    if not storable(text):
        return _NEVER
    path = expression(field)
    values.append(stored_text(text))
    return f"(typeof({path}) = 'text' AND instr(lower({path}), lower(?)) > 0)"
