"""Mirrors of relations: made and removed after what the source of the relation tells (RULES 2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dms.actions.create import create
from dms.actions.fetch import fetch
from dms.actions.remove import remove
from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.documenten.resources.objectinformatieobjecten import SOURCES, Source, Told
from dms.model.links import relative, target
from dms.model.problems import Problem
from dms.model.query import And, Equals
from dms.model.resource import Resource
from dms.storage.metadata.port import Record


async def create_mirror(dms: Dms, resource: Resource, sent: Mapping[str, Any], caller: Caller) -> Record:
    """Mirror a relation that is there at its source."""
    told = Told()
    source = SOURCES.get(sent["objectType"]) if isinstance(sent.get("objectType"), str) else None
    if source is not None and all(isinstance(sent.get(name), str) for name in ("object", "informatieobject")):
        of = relative(sent["object"], caller.origin)
        told = await _ask(dms, source, of, relative(sent["informatieobject"], caller.origin), caller)
    return await create(dms, resource, sent, caller, {"source": told})


async def remove_mirror(dms: Dms, resource: Resource, id: str, caller: Caller) -> None:
    """Remove a mirror of which the relation is gone at its source."""
    mirror = await fetch(dms, resource, id, caller, scopes=resource.scopes.remove, read=False)
    source = SOURCES[mirror["objectType"]]
    told = await _ask(dms, source, mirror["object"], mirror["informatieobject"], caller)
    await remove(dms, resource, id, caller, facts={"source": told})


async def _ask(dms: Dms, source: Source, of: str, document: str, caller: Caller) -> Told:
    if of.startswith("/"):
        return await _ask_here(dms, source, of, document)
    return Told(Problem("object", "unknown-service", "Deze URL ligt bij een dienst die hier niet bekend is."))


async def _ask_here(dms: Dms, source: Source, of: str, document: str) -> Told:
    link = target(of)
    if link is not None and link.resource != source.objects and dms.knows(link.resource):
        reason = f"Deze URL is er een van {link.resource}, niet van {source.objects}."
        return Told(Problem("object", "invalid-resource", reason))
    if (
        link is None
        or not dms.knows(source.objects)
        or await dms.metadata.get(link.resource, link.id) is None
    ):
        return Told(Problem("object", "bad-url", f"Er is geen {source.objects} met deze URL."))
    relation = And((Equals(source.field, of), Equals("informatieobject", document)))
    return Told(related=bool(await dms.metadata.find(source.relations, relation, limit=1)))
