"""What is answered: records with their lists, links made absolute, and what was asked to be expanded."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dms.actions.elsewhere import found_elsewhere
from dms.actions.expansion import Tree, Work, targets
from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.model.change import Values
from dms.model.fields import VERTROUWELIJKHEID, To
from dms.model.links import absolute, target
from dms.model.problems import Problem
from dms.model.query import By, In, both
from dms.model.record import Shape
from dms.model.refusals import Denied
from dms.model.resource import Resource, Reverse
from dms.storage.metadata.port import Record


async def shown(
    dms: Dms,
    resource: Resource,
    records: Sequence[Record],
    caller: Caller,
    *,
    expand: Tree | None = None,
    shape: Shape | None = None,
    work: Work | None = None,
) -> list[Values]:
    """The records as this caller sees them; one query per list and per level, however many records."""
    answers = [{name: record.get(name) for name in (shape or resource.shape).answered} for record in records]
    for reverse in resource.reverses:
        await _fill(dms, reverse, records, answers)
    if expand:
        await _expand(dms, resource, answers, expand, caller, work or Work())
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
    if having and dms.keeps(reverse.collection):
        query = both(In(reverse.by, tuple(record["url"] for record in having)), reverse.where(dms.now()[:10]))
        for found in await dms.metadata.find(reverse.collection, query, order=(By(reverse.order),)):
            pointing[found[reverse.by]].append(found)
    for record, answer in zip(records, answers, strict=True):
        answer[reverse.field] = [reverse.show(found, record) for found in pointing[record["url"]]]


async def _expand(
    dms: Dms, resource: Resource, answers: list[Values], tree: Tree, caller: Caller, work: Work
) -> None:
    """Add `_expand` to each answer, whose links are still as they are stored."""
    for answer in answers:
        answer["_expand"] = {}
    for field, branch in tree.items():
        links = {link for answer in answers for link in _elements(answer.get(field)) if isinstance(link, str)}
        placed: dict[str, Values] = {}
        for other in targets(dms, resource, field):
            if not caller.access.holds(other.component, other.scopes.read):
                raise Denied(f"Voor het uitklappen van {field} is {' of '.join(other.scopes.read)} nodig.")
            placed |= await _expanded_here(dms, other, links, branch, caller, work)
            placed |= await _expanded_elsewhere(dms, other, links, branch, caller, work)
        for answer in answers:
            value = answer.get(field)
            there = [found for each in _elements(value) if (found := _placed(each, placed)) is not None]
            work.add(answer, there)
            if isinstance(value, list):
                answer["_expand"][field] = there
            elif there:
                answer["_expand"][field] = there[0]
    work.check(answers)


def _elements(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _placed(element: Any, placed: Mapping[str, Values]) -> Values | None:
    """What an element of a field refers to; an object that stands in the answer itself is that."""
    return element if isinstance(element, dict) else placed.get(element)


async def _expanded_here(
    dms: Dms, other: Resource, links: Iterable[str], branch: Tree, caller: Caller, work: Work
) -> dict[str, Values]:
    """What the links lead to in this resource, in one search. What the caller may not read is left out
    (G-55)."""
    found = [(link, to) for link in links if (to := target(link)) and to.resource == other.name]
    wanted = {to.id: link for link, to in found}
    query = both(In("_id", tuple(sorted(wanted))), caller.access.restriction(other, other.scopes.read))
    records = await dms.metadata.find(other.collection, query) if wanted else []
    answers = await shown(dms, other, records, caller, expand=branch, work=work)
    return {wanted[record["_id"]]: answer for record, answer in zip(records, answers, strict=True)}


async def _expanded_elsewhere(
    dms: Dms, other: Resource, links: Iterable[str], branch: Tree, caller: Caller, work: Work
) -> dict[str, Values]:
    """What the links lead to on other hosts, as far as it can be had, is of this resource, and would be
    readable if it were kept here (G-55, G-77)."""
    wanted = sorted(link for link in links if not link.startswith("/"))
    work.fetch(len(wanted))
    found = await asyncio.gather(*(found_elsewhere(dms, "expand", link, To(other.name)) for link in wanted))
    records = [each for each in found if not isinstance(each, Problem) and _may_read(other, each, caller)]
    answers = [{name: record.get(name) for name in other.shape.answered} for record in records]
    if branch and answers:
        await _expand(dms, other, answers, branch, caller, work)
    return {record["url"]: answer for record, answer in zip(records, answers, strict=True)}


def _may_read(resource: Resource, record: Values, caller: Caller) -> bool:
    level = VERTROUWELIJKHEID.get(record.get("vertrouwelijkheidaanduiding", ""))
    guarded = {**record, resource.guard.level: level} if resource.guard is not None else record
    return caller.access.allows(resource, resource.scopes.read, guarded, read=True)
