"""What is asked to be expanded (G-75), read into a tree, and how much work that may be."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from dms.actions.service import Dms
from dms.model.change import Values
from dms.model.problems import Problem
from dms.model.refusals import Invalid
from dms.model.resource import Resource

MOST_PATHS = 50
"""Paths to expand; more are refused, as are deeper ones than `Limits.expand_depth`."""
MOST_OBJECTS = 20_000
"""Objects in one answer, however often the same one: references that go round would multiply for ever."""
HEAVY = 4096
"""Bytes of JSON for which an object counts once more: few large ones, placed often, fill memory as well."""
MOST_FETCHED = 50
"""References to other hosts that are followed for one answer."""

Tree = dict[str, "Tree"]
"""The fields to expand, each with the fields to expand within it."""


def expansion(dms: Dms, resource: Resource, paths: str | None) -> Tree:
    """Read `expand` (G-75). Raises `invalid_choice @ expand` for a path that is no reference (drc-013)."""
    tree: Tree = {}
    wanted = [path.strip() for path in (paths or "").split(",") if path.strip()]
    if len(wanted) > MOST_PATHS:
        raise _no_choice(f"{len(wanted)} paden is te veel")
    for path in wanted:
        steps, branch, at = path.split("."), tree, [resource]
        if len(steps) > dms.limits.expand_depth:
            raise _no_choice(path)
        for step in steps:
            if not any(step in each.expands for each in at):
                raise _no_choice(path)
            at = list({other.name: other for each in at for other in targets(dms, each, step)}.values())
            branch = branch.setdefault(step, {})
    return tree


def targets(dms: Dms, resource: Resource, field: str) -> list[Resource]:
    """What the field may refer to, as far as it is kept here."""
    return [dms.resource(name) for name in resource.expands.get(field, ()) if dms.knows(name)]


def _no_choice(path: str) -> Invalid:
    return Invalid([Problem("expand", "invalid_choice", f"Dit is niet uit te klappen: {path[:100]}.")])


class Work:
    """How many objects each answer holds, itself included, large ones for more than one, and how many
    were fetched for it. Refuses what grows beyond reason."""

    def __init__(self) -> None:
        self._of: dict[int, int] = {}
        self._fetched = 0

    def weigh(self, answers: Sequence[Values]) -> None:
        """Count what the answers hold themselves, before anything is placed in them."""
        for answer in answers:
            self._of[id(answer)] = 1 + len(orjson.dumps(answer)) // HEAVY

    def fetch(self, count: int) -> None:
        """Count what is about to be fetched from other hosts."""
        self._fetched += count
        if self._fetched > MOST_FETCHED:
            raise _no_choice("dit haalt te veel op bij andere diensten")

    def add(self, answer: Values, placed: Sequence[Values]) -> None:
        """Count what is placed in an answer."""
        weight = self._of.get(id(answer), 1) + sum(self._of.get(id(each), 1) for each in placed)
        self._of[id(answer)] = weight
        if weight > MOST_OBJECTS:
            raise _no_choice("dit levert te veel objecten op")

    def check(self, answers: Sequence[Values]) -> None:
        """Refuse answers that hold too much together."""
        if sum(self._of.get(id(answer), 1) for answer in answers) > MOST_OBJECTS:
            raise _no_choice("dit levert te veel objecten op")
