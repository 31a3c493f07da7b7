"""A change: what is about to happen to a record, seen whole before it happens; rules are asked about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from dms.model.problems import Problem
from dms.model.refusals import Invalid

Act: TypeAlias = Literal["create", "update", "partial_update", "destroy"]
"""What happens to a record, in the words of the audit trail (G-101)."""

Values: TypeAlias = dict[str, Any]

MIRRORED = "mirrored"
"""In `Change.related`: the other sides of relations that come or go, each a resource and its change."""

FOLLOWERS = "followers"
"""In `Change.related`: the sub resources of a main object that goes, or of which they keep something that
changes, by resource name."""


@dataclass(frozen=True, slots=True)
class Write:
    """A write in the same transaction as the change: `insert`, `replace` or `remove` of a record; `expect`
    writes nothing, and asks that the record is still as it was read."""

    how: Literal["insert", "replace", "remove", "expect"]
    collection: str
    record: Values


@dataclass(slots=True)
class Change:
    """A record before (`old`) and after (`new`) an act; either is None where there is none.

    `sent` holds what the client sent, checked, by wire name. `related` holds what was looked up beforehand:
    by the wire name of a field the record to which it refers, or None where there is none; by the name of a
    `Need` the records that it found; by `FOLLOWERS` the sub resources, by `MIRRORED` the other sides. What
    was not looked up has no key, be it not asked for or of a register that is not served. `astray` holds what
    is wrong with links that were looked up on other hosts, or with names. `facts` holds what else came with
    the request, such as the received content. `publishes`: the act makes a concept final, and changes nothing
    else (C-11). `may` tells whether the caller holds one of some scopes for this record. `now` is the moment
    of the change, `id` the record's id, `url` its link as it is stored.
    """

    act: Act
    id: str
    url: str
    now: str
    old: Values | None
    new: Values | None
    sent: Values
    may: Callable[..., bool]
    related: dict[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    astray: dict[str, Problem] = field(default_factory=dict)
    publishes: bool = False

    @property
    def record(self) -> Values:
        """The record that the act is about: as it becomes, or as it was when it goes."""
        return self.before if self.new is None else self.new

    @property
    def before(self) -> Values:
        """The old record, where the act has one."""
        assert self.old is not None
        return self.old

    @property
    def after(self) -> Values:
        """The new record, where the act has one."""
        assert self.new is not None
        return self.new


Rule: TypeAlias = Callable[[Change], Iterator[Problem]]
"""Pure: from a change to its problems. Its docstring begins with the number of the standard."""

Derivation: TypeAlias = Callable[[Change], None]
"""Fills in values of the new record that follow from the rest."""

Effect: TypeAlias = Callable[[Change], Iterable[Write]]
"""What the change drags along in other collections."""


def check(rules: Iterable[Rule], change: Change) -> None:
    """Raise `Invalid` with all the problems that the rules find, if any."""
    if problems := [problem for rule in rules for problem in rule(change)]:
        raise Invalid(problems)
