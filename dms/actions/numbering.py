"""Identifications: issued when none is given, and each held by one record only (G-131, G-132)."""

from __future__ import annotations

from collections.abc import Iterable

from dms.actions.service import Dms
from dms.model.change import Change, Write
from dms.model.problems import Problem
from dms.model.query import Equals, In, Prefix
from dms.model.refusals import Invalid
from dms.model.resource import Numbering, Resource
from dms.storage.metadata.port import Collection, Index, every


def number_holders(resources: Iterable[Resource]) -> tuple[Collection, ...]:
    """The collections that hold the numbers of these resources."""
    names = dict.fromkeys(resource.numbering.collection for resource in resources if resource.numbering)
    return tuple(Collection(name, (Index(("holder",)),)) for name in names)


async def give_number(dms: Dms, resource: Resource, change: Change, *, after_clash: bool) -> None:
    """Give a new record a number, if it has none. After a clash with a number that a client chose
    itself, go on from the highest of those."""
    numbering = resource.numbering
    if numbering is None or change.new is None or change.new[numbering.field]:
        return
    series = f"{numbering.prefix}-{change.new[numbering.year_of][:4]}"
    organisation = change.new[numbering.organisation]
    floor = await _highest_taken(dms, resource, organisation, series) if after_clash else 0
    number = await dms.numbers.next(dms.metadata, series, floor=floor)
    change.new[numbering.field] = f"{series}-{number:010d}"


async def reserve_numbers(dms: Dms, resource: Resource, organisation: str, count: int) -> list[str]:
    """D-100: numbers of this year that nothing of the organisation holds, and that are never issued again."""
    numbering = _numbering(resource)
    series, floor = f"{numbering.prefix}-{dms.today()[:4]}", 0
    free: list[str] = []
    while len(free) < count:
        wanted = count - len(free)
        first = await dms.metadata.next_number(series, floor=floor, count=wanted)
        drawn = [f"{series}-{number:010d}" for number in range(first, first + wanted)]
        ids = {_holder_id(resource, organisation, number): number for number in drawn}
        holders = await dms.metadata.find(numbering.collection, In("_id", tuple(ids)))
        taken = {holder["_id"] for holder in holders}
        free += [number for id, number in ids.items() if id not in taken]
        # Clients chose some of these themselves: go on from the highest of those.
        floor = await _highest_taken(dms, resource, organisation, series) if taken else 0
    return free


async def _highest_taken(dms: Dms, resource: Resource, organisation: str, series: str) -> int:
    highest = 0
    prefix = _holder_id(resource, organisation, f"{series}-")
    async for batch in every(dms.metadata, _numbering(resource).collection, Prefix("_id", prefix)):
        for holder in batch:
            digits = holder["_id"][len(prefix) :]
            if len(digits) == 10 and digits.isascii() and digits.isdigit():
                highest = max(highest, int(digits))
    return highest


async def hold_number(dms: Dms, resource: Resource, change: Change) -> list[Write]:
    """The writes by which a record holds its number, or lets go of all that it ever had (D-01)."""
    numbering = resource.numbering
    if numbering is None:
        return []
    if change.new is None:
        held = await dms.metadata.find(numbering.collection, Equals("holder", change.url))
        return [Write("remove", numbering.collection, holder) for holder in held]
    id = _holder_id(resource, change.new[numbering.organisation], change.new[numbering.field])
    if change.old is not None:
        holder = await dms.metadata.get(numbering.collection, id)
        if holder is not None and holder["holder"] == change.url:
            return []
    return [Write("insert", numbering.collection, {"_id": id, "holder": change.url})]


def not_unique(numbering: Numbering) -> Invalid:
    """The refusal of a number that another record holds."""
    return Invalid(
        [
            Problem(
                numbering.field,
                "identificatie-niet-uniek",
                "Deze identificatie is binnen de organisatie in gebruik.",
            )
        ]
    )


def _holder_id(resource: Resource, organisation: str, number: str) -> str:
    return f"{resource.component} {organisation} {number}"


def _numbering(resource: Resource) -> Numbering:
    assert resource.numbering is not None
    return resource.numbering
