"""Mirrors: a relation is told from two sides, and both come and go in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

from dms.actions.parents import look_up_parent
from dms.actions.service import Dms
from dms.model.change import FOLLOWERS, MIRRORED, Change, Values, Write
from dms.model.query import And, Equals
from dms.model.resource import Mirror, Resource


async def look_up_mirrors(dms: Dms, resource: Resource, change: Change) -> None:
    """Find the other sides of what comes or goes: the record itself, and the sub resources that go along."""
    change.related[MIRRORED] = [
        mirrored
        for mirror, record in _concerned(dms, resource, change)
        if (mirrored := await _mirrored(dms, mirror, record, change)) is not None
    ]


def _concerned(dms: Dms, resource: Resource, change: Change) -> Iterator[tuple[Mirror, Values]]:
    if change.act == "create":
        yield from ((mirror, change.after) for mirror in resource.mirrors)
    if change.act == "destroy":
        yield from ((mirror, change.before) for mirror in resource.mirrors)
        for name, records in change.related[FOLLOWERS].items():
            yield from ((mirror, record) for record in records for mirror in dms.resource(name).mirrors)


async def _mirrored(
    dms: Dms, mirror: Mirror, record: Values, change: Change
) -> tuple[Resource, Change] | None:
    """How the other side changes; None if it is not kept here, or is gone already."""
    if not dms.knows(mirror.resource):
        return None
    other, values = dms.resource(mirror.resource), mirror.values(record)
    old: Values | None = None
    new: Values | None = None
    if change.act == "create":
        id = str(uuid.uuid4())
        new = other.new(id, values)
    else:
        same = And(tuple(Equals(field, value) for field, value in values.items()))
        found = await dms.metadata.find(other.collection, same, limit=1)
        if not found:
            return None
        (old,) = found
        id = old["_id"]
    mirrored = Change(
        act=change.act,
        id=id,
        url=other.url(id),
        now=change.now,
        old=old,
        new=new,
        sent={},
        may=lambda *scopes: False,
    )
    await look_up_parent(dms, other, mirrored)
    return other, mirrored


def mirrors(change: Change) -> Iterable[Write]:
    """What a change writes on the other side. A main object there is written once, whatever comes or goes."""
    touched: dict[str, tuple[str, Values]] = {}
    for other, mirrored in change.related.get(MIRRORED, ()):
        if mirrored.new is None:
            yield Write("remove", other.collection, mirrored.before)
        else:
            yield Write("insert", other.collection, mirrored.after)
        parent = other.parent
        main = mirrored.related.get(parent.field) if parent is not None else None
        if parent is not None and main is not None:
            _, record = touched.setdefault(main["_id"], (parent.resource, dict(main)))
            parent.touch(mirrored, record)
    for collection, record in touched.values():
        yield Write("replace", collection, record)
