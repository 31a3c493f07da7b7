"""Change a record: PUT replaces what clients may write, PATCH only what was sent (G-13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dms.actions.fetch import fetch
from dms.actions.service import Dms
from dms.actions.writing import change_of, commit, decide, until_no_conflict
from dms.autorisaties.caller import Caller
from dms.model.change import Act
from dms.model.links import with_relative
from dms.model.resource import Resource
from dms.storage.metadata.port import Record


async def change(
    dms: Dms,
    resource: Resource,
    id: str,
    sent: Mapping[str, Any],
    caller: Caller,
    *,
    facts: Mapping[str, Any],
    partial: bool,
) -> Record:
    """Store the changed record and return it. Rights are those on the record as it is (G-53).

    Raises `NotFound`, `Denied` or `Invalid`, and then nothing was changed.
    """

    async def attempt() -> Record:
        old = await fetch(dms, resource, id, caller, scopes=resource.scopes.update)
        checked = resource.updating.check(sent, partial=partial)
        given = with_relative(checked.given, resource.updating.urls, caller.origin)
        values = given if partial else with_relative(checked.all, resource.updating.urls, caller.origin)
        kept = {name: value for name, value in values.items() if name not in resource.updating.write_only}
        act: Act = "partial_update" if partial else "update"
        new = {**old, **kept}
        changing = change_of(dms, resource, old, caller, act, new=new, sent=given, facts=facts)
        await decide(dms, resource, changing)
        await commit(dms, resource, changing, caller)
        return changing.after

    return await until_no_conflict(attempt)


async def publish(dms: Dms, resource: Resource, id: str, caller: Caller) -> Record:
    """C-11: make a type final. One that is already published stays as it is."""
    scopes = resource.operation("publish").scopes

    async def attempt() -> Record:
        old = await fetch(dms, resource, id, caller, scopes=scopes)
        if not old["concept"]:
            return old
        publishing = change_of(dms, resource, old, caller, "partial_update", new=dict(old), publishes=True)
        await decide(dms, resource, publishing)
        await commit(dms, resource, publishing, caller)
        return publishing.after

    return await until_no_conflict(attempt)
