"""How every write of a record by its client goes: look up, derive, ask the rules, and commit all or nothing.

What is no change of a record (locks, parts) goes by its own action, and takes from here what it needs.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from dms.actions.announcing import announced
from dms.actions.audit import audited
from dms.actions.idempotency import CREATED_ONCE
from dms.actions.mirrors import look_up_mirrors, mirrors
from dms.actions.names import look_up_names, names_are_known
from dms.actions.numbering import give_number, hold_number, not_unique
from dms.actions.parents import family, look_up_followers, look_up_parent, parent_is_there
from dms.actions.references import immutable_fields_stay, look_up, references_lead_somewhere
from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.model.change import Act, Change, Values, Write, check
from dms.model.problems import NON_FIELD, Problem
from dms.model.refusals import InConflict, Invalid
from dms.model.resource import Resource
from dms.storage.metadata.port import Conflict, Duplicate, Record, Transaction

MOST_TRIES = 30
T = TypeVar("T")


async def until_no_conflict(attempt: Callable[[], Awaitable[T]]) -> T:
    """Try again, from its read on, what met a concurrent change. Raises `InConflict` after many tries."""
    for number in range(MOST_TRIES):
        try:
            return await attempt()
        except Conflict:
            await asyncio.sleep(random.uniform(0, 0.002 * (number + 1)))  # noqa: S311 (spreads retries)
    raise InConflict


def change_of(
    dms: Dms,
    resource: Resource,
    old: Record,
    caller: Caller,
    act: Act,
    *,
    new: Values | None,
    sent: Values | None = None,
    facts: Mapping[str, Any] | None = None,
    publishes: bool = False,
) -> Change:
    """A change of a record that is there. What the caller may is judged by the record as it is (G-53)."""
    return Change(
        act=act,
        id=old["_id"],
        url=resource.url(old["_id"]),
        now=dms.now(),
        old=old,
        new=new,
        sent=sent or {},
        may=lambda *scopes: caller.access.allows(resource, scopes, old),
        facts=facts or {},
        publishes=publishes,
    )


async def complete(dms: Dms, resource: Resource, change: Change) -> None:
    """Look up what the change is about, and complete the new record."""
    await look_up(dms, resource, change)
    await look_up_parent(dms, resource, change)
    await look_up_names(dms, resource, change)
    for derive in resource.derivations:
        derive(change)
    await look_up_followers(dms, resource, change)
    await look_up_mirrors(dms, resource, change)


async def decide(dms: Dms, resource: Resource, change: Change) -> None:
    """Complete the new record and ask the rules. Raises `Invalid` with all problems of the first stage that
    finds any."""
    await complete(dms, resource, change)
    general = (
        partial(references_lead_somewhere, resource),
        partial(parent_is_there, resource),
        partial(immutable_fields_stay, resource),
        partial(names_are_known, resource),
    )
    first, *later = resource.stages or ((),)
    check((*general, *first), change)
    for stage in later:
        check(stage, change)


async def commit(
    dms: Dms,
    resource: Resource,
    change: Change,
    caller: Caller,
    *,
    also: Callable[[], Iterable[Write]] = tuple,
) -> None:
    """Store the change with all that it drags along, its number, its audit line and its message, and what
    else is to be written with it."""
    numbered = change.new is not None and resource.numbering is not None
    issued = numbered and not change.after[resource.numbering.field]  # type: ignore[union-attr]
    for clashes in range(MOST_TRIES):
        await give_number(dms, resource, change, after_clash=clashes > 0)
        writes = [
            *_own_write(resource, change),
            *(write for effect in resource.effects for write in effect(change)),
            *family(dms, resource, change),
            *mirrors(change),
            *await hold_number(dms, resource, change),
            *await audited(dms, resource, change, caller),
            *announced(dms, resource, change),
            *also(),
        ]
        try:
            async with dms.metadata.transaction() as transaction:
                apply(transaction, writes)
        except Duplicate as clash:
            if clash.collection == CREATED_ONCE.name:
                # The same create came twice at once: begin again, and find what the other one made.
                raise Conflict(clash.collection) from clash
            if resource.numbering is None or clash.collection != resource.numbering.collection:
                raise _unique(resource, clash) from None
            if not issued:
                raise not_unique(resource.numbering) from None
            change.after[resource.numbering.field] = ""
        else:
            return
    raise InConflict


async def replace_now(dms: Dms, collection: str, record: Record) -> None:
    """Replace one record in a transaction of its own, and bring it to the revision that is stored then, so
    that it can be replaced once more. Raises `Conflict` if it was changed since it was read."""
    async with dms.metadata.transaction() as transaction:
        transaction.replace(collection, record)
    # As the port promises. To read it again could bring what another has written since.
    record["_rev"] += 1


def apply(transaction: Transaction, writes: Iterable[Write]) -> None:
    """Hand writes to a transaction."""
    for write in writes:
        getattr(transaction, write.how)(write.collection, write.record)


def _own_write(resource: Resource, change: Change) -> Iterable[Write]:
    if change.new is None:
        yield Write("remove", resource.collection, change.before)
    elif change.old is None:
        yield Write("insert", resource.collection, change.new)
    else:
        yield Write("replace", resource.collection, change.new)


def _unique(resource: Resource, clash: Duplicate) -> Exception:
    """A unique index that the resource declared speaks for the object as a whole; any other is a fault."""
    if clash.collection != resource.collection:
        return clash
    return Invalid([Problem(NON_FIELD, "unique", "Er is al een object met deze waarden.")])
