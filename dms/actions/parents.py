"""Main objects and what belongs to them: a sub resource has the rights and the audit trail of its main
object (G-48, G-52, G-102), and what those rights depend on is kept on its own record, so that a list of sub
resources is one search like any other. Main objects and followers are looked up whoever asks: rights are what
is read from the one, and the others follow whether the caller sees them or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.model.change import FOLLOWERS, Change, Values, Write
from dms.model.links import relative, target
from dms.model.problems import Problem
from dms.model.query import Equals
from dms.model.refusals import Denied, Invalid
from dms.model.resource import Guard, Parent, Resource
from dms.storage.metadata.port import Record


async def must_be_granted_on_parent(
    dms: Dms, resource: Resource, sent: Mapping[str, Any], caller: Caller
) -> None:
    """G-48: a create asks for rights on the main object that the body names, before anything else is looked
    at. Raises `object-does-not-exist` and its kin, or `Denied`; a body that names none is left to the
    checks of its fields."""
    parent = resource.parent
    if parent is None or resource.guard is None or not isinstance(sent.get(parent.field), str):
        return
    value = relative(sent[parent.field], caller.origin)
    link = target(value) if value.startswith("/") else None
    if link is not None and link.resource != parent.resource:
        if dms.knows(link.resource):
            reason = f"Deze URL is er een van {link.resource}, niet van {parent.resource}."
            raise Invalid([Problem(parent.field, "incorrect_match", reason)])
        link = None
    record = await dms.metadata.get(parent.resource, link.id) if link else None
    if record is None:
        raise Invalid([_no_parent(parent)])
    if not caller.access.allows(dms.resource(parent.resource), resource.scopes.create, record):
        raise Denied


async def look_up_parent(dms: Dms, resource: Resource, change: Change) -> None:
    """Find the main object of a sub resource, which gets what it keeps of that one."""
    parent = resource.parent
    link = target((change.new or change.before).get(parent.field)) if parent is not None else None
    if parent is None or link is None or link.resource != parent.resource:
        return
    record = await dms.metadata.get(parent.resource, link.id)
    change.related[parent.field] = record
    if record is not None and change.new is not None:
        change.new.update(_kept(resource, dms.resource(parent.resource), record))


def parent_is_there(resource: Resource, change: Change) -> Iterator[Problem]:
    """G-48: a sub resource is made of a main object that exists."""
    parent, is_new = resource.parent, change.act == "create"
    if (
        parent is not None
        and resource.guard is not None
        and is_new
        and change.related.get(parent.field) is None
    ):
        yield _no_parent(parent)


def _no_parent(parent: Parent) -> Problem:
    reason = f"Er is geen {parent.resource} met deze URL."
    return Problem(parent.field, "object-does-not-exist", reason)


async def look_up_followers(dms: Dms, resource: Resource, change: Change) -> None:
    """Find the sub resources of a main object that goes, or that changes what they keep of it."""
    if change.old is not None:
        change.related[FOLLOWERS] = {
            child.name: await _following(dms, resource, change, child, parent)
            for child, parent in _children(dms, resource)
            if change.new is None or _kept(child, resource, change.new) != _kept(child, resource, change.old)
        }


async def _following(
    dms: Dms, resource: Resource, change: Change, child: Resource, parent: Parent
) -> list[Record]:
    """All of one kind that belong to the record; what a need has found already is not looked up again."""
    asked = Equals(parent.field, change.url)
    for need in resource.needs:
        finds_all = need.name in change.related and need.limit is None
        if finds_all and need.collection == child.collection and need.query(change) == asked:
            found: list[Record] = change.related[need.name]
            return found
    return await dms.metadata.find(child.collection, asked)


def _children(dms: Dms, resource: Resource) -> Iterator[tuple[Resource, Parent]]:
    for api in dms.apis:
        for child in api.resources:
            if child.parent is not None and child.parent.resource == resource.name:
                yield child, child.parent


def _kept(child: Resource, main: Resource, record: Values) -> Values:
    """What a sub resource keeps of its main object."""
    kept = dict(child.parent.keeps(record)) if child.parent is not None else {}
    if child.guard is not None and main.guard is not None:
        seen = (record.get(field) for field in _fields(main.guard))
        kept.update(zip(_fields(child.guard), seen, strict=True))
    return kept


def _fields(guard: Guard) -> tuple[str, ...]:
    return tuple(field for field in (guard.type, guard.level, guard.published) if field is not None)


def family(dms: Dms, resource: Resource, change: Change) -> Iterable[Write]:
    """What a change writes to the main object, and to the sub resources.

    A sub resource that comes or goes always writes its main object, so that the one is never decided on
    while the other changes.
    """
    parent = resource.parent
    main = change.related.get(parent.field) if parent is not None else None
    if parent is not None and main is not None and change.act in ("create", "destroy"):
        touched = dict(main)
        parent.touch(change, touched)
        yield Write("replace", parent.resource, touched)
    for name, records in change.related.get(FOLLOWERS, {}).items():
        child = dms.resource(name)
        for record in records:
            if change.new is None:
                yield Write("remove", child.collection, record)
            else:
                yield Write("replace", child.collection, {**record, **_kept(child, resource, change.new)})
