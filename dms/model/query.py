"""What a search asks, as small values that each metadata store compiles for itself.

A field is a name or a dotted path into a record (`integriteit.algoritme`). Fields are written by us, in
filters and actions; only values come from clients. In all records of a collection a field that is present
holds one kind of value, or null. That is a duty of whoever writes records: a store may take 1 for true, or a
list for what is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Equals:
    """The field holds exactly this value; a missing or null field never does."""

    field: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class In:
    """The field holds one of these values; of none, nothing matches."""

    field: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """The field lies between the bounds that are given; a missing or null field never does."""

    field: str
    gt: Scalar | None = None
    gte: Scalar | None = None
    lt: Scalar | None = None
    lte: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Contains:
    """The text of the field contains this text, whatever the case of ASCII letters."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """The text of the field begins with this text, in the same case."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class IsNull:
    """The field is null or missing (`wanted`), or holds a value (not `wanted`)."""

    field: str
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class AnyElement:
    """The field is a list of scalars, one of which is this value."""

    field: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class And:
    """All of these hold; of none, everything matches."""

    queries: tuple[Query, ...] = ()


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of these holds; of none, nothing matches."""

    queries: tuple[Query, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The query does not hold."""

    query: Query


Query: TypeAlias = Equals | In | Range | Contains | Prefix | IsNull | AnyElement | And | Or | Not

EVERYTHING = And()


def both(first: Query, second: Query) -> Query:
    """One query that holds when both hold, as flat as they allow."""
    parts: list[Query] = []
    for query in (first, second):
        parts += query.queries if isinstance(query, And) else (query,)
    return parts[0] if len(parts) == 1 else And(tuple(parts))


@dataclass(frozen=True, slots=True)
class By:
    """A field to order by. `_created` is the order in which records were inserted."""

    field: str
    descending: bool = False


Order: TypeAlias = Sequence[By]
"""Terms, the first of which decides most. Records that are equal in all of them come in the order of their
insertion, in the direction of the last term."""

NEWEST_FIRST: Order = (By("_created", descending=True),)
OLDEST_FIRST: Order = (By("_created"),)
BY_ID: Order = (By("_id"),)


def total(order: Order) -> tuple[By, ...]:
    """The terms that decide, the last of which leaves no two records equal."""
    terms: list[By] = []
    for by in order:
        terms.append(by)
        if by.field in {"_created", "_id"}:
            return tuple(terms)
    return (*terms, By("_created", descending=bool(terms) and terms[-1].descending))
