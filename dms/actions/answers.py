"""What is answered: records with their lists, links made absolute, and what was asked to be expanded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.model.change import Values
from dms.model.links import absolute, target
from dms.model.problems import Problem
from dms.model.query import By, In, both
from dms.model.record import Shape
from dms.model.refusals import Denied, Invalid
from dms.model.resource import Resource, Reverse
from dms.storage.metadata.port import Record

MOST_PATHS = 50
"""Paths to expand; more are refused, as are deeper ones than `Limits.expand_depth`."""
MOST_OBJECTS = 20_000
"""Objects in one answer, however often the same one: references that go round would multiply for ever."""

Tree = dict[str, "Tree"]
"""The fields to expand, each with the fields to expand within it."""


async def shown(
    dms: Dms,
    resource: Resource,
    records: Sequence[Record],
    caller: Caller,
    *,
    expand: Tree | None = None,
    shape: Shape | None = None,
    weights: _Weights | None = None,
) -> list[Values]:
    """The records as this caller sees them; one query per list and per level, however many records."""
    answers = [{name: record.get(name) for name in (shape or resource.shape).answered} for record in records]
    for reverse in resource.reverses:
        await _fill(dms, reverse, records, answers)
    if expand:
        await _expand(dms, resource, answers, expand, caller, weights or _Weights())
    urls = (shape or resource.shape).urls
    for answer in answers:
        for name in urls:
            answer[name] = absolute(answer[name], caller.origin)
        for reverse in resource.reverses:
            for element in answer[reverse.field] or ():
                if isinstance(element, dict):
                    element["url"] = absolute(element["url"], caller.origin)
    return answers


async def _fill(dms: Dms, reverse: Reverse, records: Sequence[Record], answers: list[Values]) -> None:
    having = [record for record in records if reverse.when(record)]
    pointing: dict[str, list[Record]] = defaultdict(list)
    if having:
        query = both(In(reverse.by, tuple(record["url"] for record in having)), reverse.where(dms.now()[:10]))
        for found in await dms.metadata.find(reverse.collection, query, order=(By(reverse.order),)):
            pointing[found[reverse.by]].append(found)
    for record, answer in zip(records, answers, strict=True):
        answer[reverse.field] = [reverse.show(found, record) for found in pointing[record["url"]]]


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
            at = [other for each in at for other in _targets(dms, each, step)]
            branch = branch.setdefault(step, {})
    return tree


def _targets(dms: Dms, resource: Resource, field: str) -> list[Resource]:
    """What the field may refer to, as far as it is kept here."""
    return [dms.resource(name) for name in resource.expands.get(field, ()) if dms.knows(name)]


def _no_choice(path: str) -> Invalid:
    return Invalid([Problem("expand", "invalid_choice", f"Dit is niet uit te klappen: {path[:100]}.")])


class _Weights:
    """How many objects each answer holds, itself included. Refuses an answer that grows beyond reason."""

    def __init__(self) -> None:
        self._of: dict[int, int] = {}

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


async def _expand(
    dms: Dms, resource: Resource, answers: list[Values], tree: Tree, caller: Caller, weights: _Weights
) -> None:
    """Add `_expand` to each answer, whose links are still as they are stored."""
    for answer in answers:
        answer["_expand"] = {}
    for field, branch in tree.items():
        placed: dict[str, Values] = {}
        for other in _targets(dms, resource, field):
            placed |= await _expanded(dms, other, answers, field, branch, caller, weights)
        for answer in answers:
            value = answer.get(field)
            there = [found for each in _elements(value) if (found := _placed(each, placed)) is not None]
            weights.add(answer, there)
            if isinstance(value, list):
                answer["_expand"][field] = there
            elif there:
                answer["_expand"][field] = there[0]
    weights.check(answers)


async def _expanded(
    dms: Dms,
    other: Resource,
    answers: Sequence[Values],
    field: str,
    branch: Tree,
    caller: Caller,
    weights: _Weights,
) -> dict[str, Values]:
    """What the answers refer to in this field, of this resource, by link, in one search for all of them."""
    if not caller.access.holds(other.component, other.scopes.read):
        raise Denied(f"Voor het uitklappen van {field} is {' of '.join(other.scopes.read)} nodig.")
    wanted: dict[str, str] = {}
    for answer in answers:
        for url in _elements(answer.get(field)):
            link = target(url)
            if link is not None and link.resource == other.name:
                wanted[link.id] = url
    found = await _readable(dms, other, wanted, caller)
    expanded = await shown(dms, other, found, caller, expand=branch, weights=weights)
    return {wanted[record["_id"]]: answer for record, answer in zip(found, expanded, strict=True)}


def _elements(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _placed(element: Any, placed: Mapping[str, Values]) -> Values | None:
    """What an element of a field refers to; an object that stands in the answer itself is that."""
    return element if isinstance(element, dict) else placed.get(element)


async def _readable(dms: Dms, resource: Resource, ids: Iterable[str], caller: Caller) -> list[Record]:
    """Those of the records that the caller may read: the others are left out (G-55)."""
    query = both(In("_id", tuple(sorted(ids))), caller.access.restriction(resource, resource.scopes.read))
    return await dms.metadata.find(resource.collection, query)
