"""What is answered: records with their lists, links made absolute, and what was asked to be expanded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dms.actions.elsewhere import fetch_elsewhere
from dms.actions.expansion import Tree, Work, targets
from dms.actions.looked_up import fill
from dms.actions.readable import must_hold, readable, would_be_readable
from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.model.change import Values
from dms.model.fields import To
from dms.model.links import target, with_absolute
from dms.model.problems import Problem
from dms.model.query import In
from dms.model.record import Shape
from dms.model.resource import Resource, scope_names
from dms.storage.metadata.port import Record


@dataclass(frozen=True, slots=True)
class _View:
    """Who looks, at how related records are on which day, and how much that may be."""

    caller: Caller
    day: str
    work: Work


async def shown(
    dms: Dms,
    resource: Resource,
    records: Sequence[Record],
    caller: Caller,
    *,
    expand: Tree | None = None,
    shape: Shape | None = None,
    day: str | None = None,
) -> list[Values]:
    """The records as this caller sees them; one query per list and per level, however many records.

    Related records are shown as they are on `day`, by default today (C-52).
    """
    view = _View(caller, day or dms.today(), Work())
    return await _shown(dms, resource, records, view, expand, shape or resource.shape)


async def _shown(
    dms: Dms,
    resource: Resource,
    records: Sequence[Record],
    view: _View,
    expand: Tree | None,
    shape: Shape,
) -> list[Values]:
    stored = [{name: record.get(name) for name in shape.answered} for record in records]
    await fill(dms, resource, records, stored, view.caller, view.day)
    answers = [with_absolute(each, shape.urls, view.caller.origin) for each in stored]
    if expand:
        view.work.weigh(answers)
        await _expand(dms, resource, stored, answers, expand, view)
    return answers


async def _expand(
    dms: Dms,
    resource: Resource,
    stored: Sequence[Values],
    answers: Sequence[Values],
    tree: Tree,
    view: _View,
) -> None:
    """Add `_expand` to each answer, by the links in it as they are stored."""
    for answer in answers:
        answer["_expand"] = {}
    for field, branch in tree.items():
        member = resource.expands_by.get(field)
        links = {
            link
            for values in stored
            for link in _references(values.get(field), member)
            if isinstance(link, str)
        }
        placed: dict[str, Values] = {}
        for other in targets(dms, resource, field):
            needed = " of ".join(scope_names(other.scopes.read))
            must_hold(other, view.caller, reason=f"Voor het uitklappen van {field} is {needed} nodig.")
            placed |= await _expanded_here(dms, other, links, branch, view)
            placed |= await _expanded_elsewhere(dms, other, links, branch, view)
        for values, answer in zip(stored, answers, strict=True):
            there = _placed(values.get(field), answer.get(field), member, placed)
            view.work.add(answer, there)
            if isinstance(answer.get(field), list):
                answer["_expand"][field] = there
            elif there:
                answer["_expand"][field] = there[0]
    view.work.check(answers)


def _references(value: Any, member: str | None) -> list[Any]:
    elements = value if isinstance(value, list) else [value]
    if member:
        return [each.get(member) for each in elements if isinstance(each, Mapping)]
    return elements


def _placed(stored: Any, shown: Any, member: str | None, placed: Mapping[str, Values]) -> list[Values]:
    """What a field refers to; an object that stands in the answer itself is that, as it is shown."""
    pairs = zip(_references(stored, member), _references(shown, member), strict=True)
    found = (each if isinstance(each, dict) else placed.get(link) for link, each in pairs)
    return [each for each in found if each is not None]


async def _expanded_here(
    dms: Dms, other: Resource, links: Iterable[str], branch: Tree, view: _View
) -> dict[str, Values]:
    """What the links lead to in this resource, in one search. What the caller may not read is left out
    (G-55)."""
    found = [(link, to) for link in links if (to := target(link)) and to.resource == other.name]
    wanted = {to.id: link for link, to in found}
    granted = readable(dms, other, In("_id", tuple(sorted(wanted))), view.caller)
    records = await granted.find() if wanted else []
    answers = await _shown(dms, other, records, view, branch, other.shape)
    if not branch:
        view.work.weigh(answers)
    return {wanted[record["_id"]]: answer for record, answer in zip(records, answers, strict=True)}


async def _expanded_elsewhere(
    dms: Dms, other: Resource, links: Iterable[str], branch: Tree, view: _View
) -> dict[str, Values]:
    """What the links lead to on other hosts, as far as it can be had, is of this resource, and would be
    readable if it were kept here (G-55, G-77)."""
    wanted = sorted(link for link in links if not link.startswith("/"))
    view.work.fetch(len(wanted))
    found = await asyncio.gather(*(fetch_elsewhere(dms, "expand", link, To(other.name)) for link in wanted))
    records = [
        each
        for each in found
        if not isinstance(each, Problem) and would_be_readable(other, each, view.caller)
    ]
    answers = [{name: record.get(name) for name in other.shape.answered} for record in records]
    view.work.weigh(answers)
    if branch and answers:
        await _expand(dms, other, answers, answers, branch, view)
    return {record["url"]: answer for record, answer in zip(records, answers, strict=True)}
