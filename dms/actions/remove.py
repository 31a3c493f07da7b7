"""Remove a record, with all that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dms.actions.fetch import fetch
from dms.actions.service import Dms
from dms.actions.writing import commit, decide, until_no_conflict
from dms.autorisaties.caller import Caller
from dms.model.change import Change
from dms.model.resource import Resource


async def remove(
    dms: Dms, resource: Resource, id: str, caller: Caller, *, facts: Mapping[str, Any] | None = None
) -> None:
    """Remove the record for good. Raises `NotFound`, `Denied` or `Invalid`, and then it stays."""

    async def attempt() -> None:
        old = await fetch(dms, resource, id, caller, scopes=resource.scopes.remove, read=False)
        removal = Change(
            act="destroy",
            id=id,
            url=resource.url(id),
            now=dms.now(),
            old=old,
            new=None,
            sent={},
            may=lambda *scopes: caller.access.allows(resource, scopes, old),
            facts=facts or {},
        )
        await decide(dms, resource, removal)
        await commit(dms, resource, removal, caller)

    await until_no_conflict(attempt)
