"""Fetch one record, as far as the caller may read it."""

from __future__ import annotations

from dms.actions.readable import is_readable, must_hold
from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.documenten import versions
from dms.model.query import EVERYTHING, By, Equals, Query, both
from dms.model.refusals import Denied, NotFound
from dms.model.resource import AnyOf, Resource
from dms.storage.metadata.port import Record


async def fetch(
    dms: Dms,
    resource: Resource,
    id: str,
    caller: Caller,
    *,
    scopes: AnyOf | None = None,
    hidden_too: bool = False,
) -> Record:
    """The record, of which one of the scopes is granted, by default one for reading. Outside the caller's
    rights it is `Denied`, not `NotFound` (G-49).

    What a caller may not see as it is not ready for publication (G-56) is withheld whatever it asks for, also
    from a change, whose answer would show it (QD-11); `hidden_too` is for those that show nothing.
    """
    must_hold(resource, caller, scopes)
    record = await dms.metadata.get(resource.collection, id)
    if record is None:
        raise NotFound
    if not is_readable(resource, record, caller, scopes, hidden_too=hidden_too):
        raise Denied
    return record


async def fetch_version(
    dms: Dms, resource: Resource, id: str, caller: Caller, *, version: Query = EVERYTHING
) -> Record:
    """The latest version of a document that the query describes (D-22); without a query the latest of all."""
    document = await fetch(dms, resource, id, caller)
    if version == EVERYTHING:
        return document
    itself = both(Equals("_id", id), version)
    if await dms.metadata.find(resource.collection, itself, limit=1):
        return document
    earlier = both(Equals("_document", resource.url(id)), version)
    found = await dms.metadata.find(
        versions.COLLECTION, earlier, order=(By("versie", descending=True),), limit=1
    )
    if not found:
        raise NotFound("Er is geen versie die hieraan voldoet.")
    shown = versions.as_document(found[0], document)
    if not is_readable(resource, shown, caller):
        raise Denied
    return shown
