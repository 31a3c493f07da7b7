"""Fetch one record, as far as the caller may read it. All reading goes through here and `search`."""

from __future__ import annotations

from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.documenten import versions
from dms.model.query import EVERYTHING, By, Equals, Query, both
from dms.model.refusals import Denied, NotFound
from dms.model.resource import AnyOf, Resource
from dms.storage.metadata.port import Record


async def fetch(
    dms: Dms, resource: Resource, id: str, caller: Caller, *, scopes: AnyOf | None = None, read: bool = True
) -> Record:
    """The record. Outside the caller's rights it is `Denied`, not `NotFound` (G-49)."""
    asked = scopes or resource.scopes.read
    if not caller.access.holds(resource.component, asked):
        raise Denied
    record = await dms.metadata.get(resource.collection, id)
    if record is None:
        raise NotFound
    if not caller.access.allows(resource, asked, record, read=read):
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
    if not caller.access.allows(resource, resource.scopes.read, shown, read=True):
        raise Denied
    return shown
