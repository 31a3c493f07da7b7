"""Overviews of documents beside the standard: their versions, their copies, and who has them locked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from dms.actions.fetch import fetch
from dms.actions.readable import readable
from dms.actions.search import Page, page_of, search
from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.documenten import versions
from dms.documenten.operations import FORCE
from dms.model.change import Values
from dms.model.links import absolute
from dms.model.query import By, Equals, Not, both
from dms.model.refusals import NotFound
from dms.model.resource import Resource
from dms.storage.metadata.port import Record

_NOTHING = Equals("_id", "")


async def history(dms: Dms, resource: Resource, id: str, caller: Caller, *, page: int, size: int) -> Page:
    """The versions of a document that the caller may read, the newest first."""
    latest = await fetch(dms, resource, id, caller)
    of_it = Equals("_document", latest["url"])
    earlier = readable(dms, resource, of_it, caller, collection=versions.COLLECTION)
    first = (page - 1) * size
    # The latest version is not among the kept ones, and comes before them.
    found, kept = await asyncio.gather(
        earlier.find(
            order=(By("versie", descending=True),),
            limit=size if first else size - 1,
            offset=max(first - 1, 0),
        ),
        earlier.count(),
    )
    # Parts to come are shown once, not with every version: there may be thousands.
    settled = {**latest, "_upload": None}
    shown = [versions.as_document(version, settled) for version in found]
    return page_of(shown if first else [latest, *shown], page, size, kept + 1)


async def copies(dms: Dms, resource: Resource, id: str, caller: Caller, *, page: int, size: int) -> Page:
    """The other documents whose latest version has the very same content, newest first."""
    document = await fetch(dms, resource, id, caller)
    same = both(Equals("_sha256", document["_sha256"]), Not(Equals("_id", id)))
    query = _NOTHING if document["_sha256"] is None else same
    return await search(dms, resource, query, caller, page=page, size=size)


async def locked_documents(dms: Dms, resource: Resource, caller: Caller, *, page: int, size: int) -> Page:
    """The locked documents that the caller may unlock by force."""
    return await search(dms, resource, Equals("locked", True), caller, page=page, size=size, scopes=FORCE)


async def lock_of(dms: Dms, resource: Resource, id: str, caller: Caller) -> Record:
    """The document, which is locked. Raises `NotFound` when it is not."""
    document = await fetch(dms, resource, id, caller, scopes=FORCE)
    if document["_lock"] is None:
        raise NotFound("Het document is niet vergrendeld.")
    return document


def shown_lock(document: Record, caller: Caller) -> Values:
    """Who has it locked, since when and why; never the token."""
    lock: Mapping[str, Any] = document["_lock"] or {}
    return {
        "informatieobject": absolute(document["url"], caller.origin),
        "identificatie": document["identificatie"],
        "applicatie": lock.get("applicatie", ""),
        "gebruiker": lock.get("gebruiker", ""),
        "sinds": lock.get("sinds", ""),
        "reden": lock.get("reden", ""),
    }
