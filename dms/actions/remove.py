"""Remove a record, with all that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dms.actions.fetch import fetch
from dms.actions.service import Dms
from dms.actions.writing import change_of, commit, decide, until_no_conflict
from dms.autorisaties.caller import Caller
from dms.model.resource import Resource


async def remove(
    dms: Dms, resource: Resource, id: str, caller: Caller, *, facts: Mapping[str, Any] | None = None
) -> None:
    """Remove the record for good. Raises `NotFound`, `Denied` or `Invalid`, and then it stays."""

    async def attempt() -> None:
        old = await fetch(dms, resource, id, caller, scopes=resource.scopes.remove, hidden_too=True)
        removal = change_of(dms, resource, old, caller, "destroy", new=None, facts=facts)
        await decide(dms, resource, removal)
        await commit(dms, resource, removal, caller)

    await until_no_conflict(attempt)
