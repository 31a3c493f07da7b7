"""Filters: the query parameters of a list, read from text into queries (G-65 to G-72)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from dms.model.change import Values
from dms.model.fields import Url
from dms.model.links import relative
from dms.model.problems import NON_FIELD, Problem
from dms.model.query import EVERYTHING, AnyElement, Contains, Equals, In, Or, Query, Range, both
from dms.model.record import problem_of
from dms.model.refusals import Invalid

URL = Annotated[str, Url()]
MOST_WORDS = 100
"""Words that a list can be asked to hold all of: each is a search of its own within the search."""


@dataclass(frozen=True, slots=True)
class Through:
    """The records of a collection that a URL leads to: the one of which it is the URL, or with `by`, those
    that hold it there."""

    collection: str
    by: str | None = None


@dataclass(frozen=True)
class Filter:
    """One query parameter: how its text is read, and what it asks of a record.

    `fields` are the fields it looks at, which get an index; `elements` says that they are lists. `words`
    says that the text is a list by comma of values of the type, at most `most`, which `ask` gets as a tuple.
    `default` is the text that holds when the parameter is absent. `experimental`: the standard does not
    have it. `through` looks up the records that a URL leads to, and `ask` gets those. `day`: related records
    are answered as they are on that date.
    """

    name: str
    ask: Callable[[Any], Query]
    type: Any = str
    fields: tuple[str, ...] = ()
    elements: bool = False
    words: bool = False
    most: int | None = None
    is_url: bool = False
    default: str | None = None
    description: str = ""
    experimental: bool = False
    through: Through | None = None
    day: bool = False

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        words: Any = Annotated[tuple[self.type, ...], Field(max_length=self.most)]  # type: ignore[name-defined]
        return TypeAdapter(words if self.words else self.type)

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its value."""
        return self._adapter.json_schema()

    def value(self, given: object, origin: str) -> Any:
        """What is asked for, as a text or the value of a member of JSON; URLs as they are stored. Raises
        pydantic's error if it cannot be read (G-66)."""
        text: object = _words(given) if self.words else _text(given)
        value = self._adapter.validate_python(text)
        if self.is_url:
            return tuple(relative(list(value), origin)) if self.words else relative(value, origin)
        return value


def extra(*filters: Filter) -> tuple[Filter, ...]:
    """Filters that the standard does not have."""
    return tuple(replace(found, experimental=True) for found in filters)


def equals(name: str, type: Any = str, *, field: str | None = None) -> Filter:
    """`?name=value`: the field is exactly that."""
    at = field or name
    return Filter(name, lambda value: Equals(at, value), type, (at,))


def link(name: str, *, field: str | None = None) -> Filter:
    """`?name=https://…`: the field is that reference; one that does not exist finds nothing (G-67)."""
    at = field or name
    return Filter(name, lambda value: Equals(at, value), URL, (at,), is_url=True)


def link_in_list(name: str, *, field: str) -> Filter:
    """`?name=https://…`: the list in the field holds that reference."""
    return Filter(name, lambda value: AnyElement(field, value), URL, (field,), elements=True, is_url=True)


def through(
    name: str, collection: str, ask: Callable[[list[Values]], Query], *, by: str | None = None
) -> Filter:
    """`?name=https://…`: what is asked depends on the records that the reference leads to; where it leads to
    none, nothing is found (G-67)."""
    return Filter(name, ask, URL, is_url=True, through=Through(collection, by))


def one_of(name: str, type: Any = str, *, field: str | None = None) -> Filter:
    """`?name=a,b`: the field is one of those."""
    at = field or name
    return Filter(name, lambda values: In(at, values), type, (at,), words=True)


def in_list(name: str, type: Any = str, *, field: str) -> Filter:
    """`?name=value`: the list in the field holds that value."""
    return Filter(name, lambda value: AnyElement(field, value), type, (field,), elements=True)


def all_in_list(name: str, *, field: str | None = None) -> Filter:
    """`?name=a,b`: the list in the field holds all of those, exactly (G-72); at most `MOST_WORDS`."""
    at = field or name

    def ask(words: tuple[str, ...]) -> Query:
        query: Query = EVERYTHING
        for word in dict.fromkeys(words):
            query = both(query, AnyElement(at, word))
        return query

    return Filter(name, ask, str, (at,), elements=True, words=True, most=MOST_WORDS)


def any_in_list(name: str, *, field: str) -> Filter:
    """`?name=a,b`: the list in the field holds one of those, exactly."""
    return Filter(
        name,
        lambda words: Or(tuple(AnyElement(field, word) for word in words)),
        str,
        (field,),
        elements=True,
        words=True,
    )


def contains(name: str, *, field: str | None = None) -> Filter:
    """`?name=text`: the field contains that text, in any case."""
    at = field or name
    return Filter(name, lambda value: Contains(at, value))


def between(name: str, type: Any, *bounds: str, field: str | None = None) -> tuple[Filter, ...]:
    """`?name__gte=…` and its kin, for each of the bounds (`lt`, `lte`, `gt`, `gte`)."""
    at = field or name
    return tuple(_bound(f"{name}__{bound}", bound, at, type) for bound in bounds)


def _bound(name: str, bound: str, field: str, type: Any) -> Filter:
    return Filter(name, lambda value: Range(field, **{bound: value}), type, (field,))


def _words(given: object) -> object:
    if not isinstance(given, str):
        return [_text(each) for each in given] if isinstance(given, list) else given
    return [word for word in (part.strip() for part in given.split(",")) if word]


def _text(given: object) -> object:
    """A scalar of JSON as a query parameter would hold it."""
    if isinstance(given, bool):
        return "true" if given else "false"
    return str(given) if isinstance(given, int | float) else given


class Asked(NamedTuple):
    """What parameters ask together: a query, what is still to be looked up for it, and as of which day."""

    query: Query
    through: tuple[tuple[Filter, str], ...] = ()
    day: str | None = None


def asked(filters: Iterable[Filter], given: Mapping[str, Any], origin: str) -> Asked:
    """What all the given parameters ask together. Raises `Invalid` with a problem for each unreadable one."""
    query: Query = EVERYTHING
    through: list[tuple[Filter, str]] = []
    day: str | None = None
    problems: list[Problem] = []
    for parameter in filters:
        text = given.get(parameter.name)
        text = parameter.default if text is None else text
        if text is None:
            continue
        try:
            value = parameter.value(text, origin)
        except ValidationError as error:
            code = problem_of(error.errors()[0])
            problems.append(Problem(parameter.name, code.code, code.reason))
            continue
        day = value if parameter.day else day
        if parameter.through is not None:
            through.append((parameter, value))
        else:
            query = both(query, parameter.ask(value))
    if problems:
        raise Invalid(problems)
    return Asked(query, tuple(through), day)


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """G-65: a parameter that the operation does not define is refused."""
    if unknown := sorted(set(given) - set(known)):
        names = ", ".join(name[:50] for name in unknown[:10])
        raise Invalid([Problem(NON_FIELD, "unknown-parameters", f"Onbekende parameters: {names}.")])
