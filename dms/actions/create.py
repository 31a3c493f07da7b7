"""Create a record."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from dms.actions.idempotency import created_before, remembered
from dms.actions.parents import must_be_granted_on_parent
from dms.actions.service import Dms
from dms.actions.writing import commit, decide, until_no_conflict
from dms.autorisaties.caller import Caller
from dms.model.change import Change
from dms.model.fields import VERTROUWELIJKHEID
from dms.model.links import relative, with_relative
from dms.model.refusals import Denied, Invalid
from dms.model.resource import Resource
from dms.storage.metadata.port import Record


async def create(
    dms: Dms,
    resource: Resource,
    sent: Mapping[str, Any],
    caller: Caller,
    facts: Mapping[str, Any],
    *,
    id: str | None = None,
) -> Record:
    """Store a new record and return it; with an Idempotency-Key that was used before, what was made then.
    Its `id` is made here, unless it had one elsewhere that it keeps.

    Raises `Invalid`, `Denied` or `KeyReused`, and then nothing was stored."""
    await must_be_granted_on_parent(dms, resource, sent, caller)
    checked = _checked(resource, sent, caller)
    given = with_relative(checked.given, resource.shape.urls, caller.origin)
    values = with_relative(checked.all, resource.shape.urls, caller.origin)
    if resource.parent is None and not _may_create(resource, values, caller):
        raise Denied

    async def attempt() -> Record:
        if before := await created_before(dms, resource, sent, caller, facts):
            return before
        new_id = id or str(uuid.uuid4())
        url = resource.url(new_id)
        new = resource.new(new_id, values)
        change = Change(
            act="create",
            id=new_id,
            url=url,
            now=dms.now(),
            old=None,
            new=new,
            sent=given,
            may=lambda *scopes: caller.access.allows(resource, scopes, new),
            facts=facts,
        )
        try:
            await decide(dms, resource, change)
            # The main object may have changed since its rights were asked for.
            if resource.parent is not None and not change.may(*resource.scopes.create):
                raise Denied
            await commit(
                dms, resource, change, caller, also=partial(remembered, dms, resource, change, sent, caller)
            )
        except Invalid:
            # What is in the way may be what the same create, sent at the same moment, has just made.
            if before := await created_before(dms, resource, sent, caller, facts):
                return before
            raise
        return change.after

    return await until_no_conflict(attempt)


def _checked(resource: Resource, sent: Mapping[str, Any], caller: Caller) -> Any:
    """Check the fields. A caller without rights on this type is told that first, unless what is wrong is
    a field on which its rights depend (G-33, G-48)."""
    try:
        return resource.shape.check(sent)
    except Invalid as refusal:
        guard = resource.guard
        if guard is not None and resource.parent is None:
            depends_on = {guard.type, "vertrouwelijkheidaanduiding"}
            known = depends_on.isdisjoint(problem.name for problem in refusal.problems)
            raw = {**sent, guard.type: relative(sent.get(guard.type), caller.origin)}
            if known and not _may_create(resource, raw, caller):
                raise Denied from None
        raise


def _may_create(resource: Resource, values: Mapping[str, Any], caller: Caller) -> bool:
    """G-48: without vertrouwelijkheidaanduiding in the request, the level is not looked at."""
    record = dict(values)
    if resource.guard is not None and resource.guard.level is not None:
        stated = values.get("vertrouwelijkheidaanduiding") or "openbaar"
        record[resource.guard.level] = VERTROUWELIJKHEID.get(stated)
    return caller.access.allows(resource, resource.scopes.create, record)
