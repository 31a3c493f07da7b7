"""Mirrors of relations: made and removed after what the source of the relation tells (RULES 2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from dms.actions.create import create
from dms.actions.elsewhere import fetch_elsewhere
from dms.actions.fetch import fetch
from dms.actions.parents import must_be_granted_on_parent
from dms.actions.remove import remove
from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.documenten.resources.objectinformatieobjecten import SOURCES, Source, Told
from dms.model.fields import To
from dms.model.links import absolute, relative, target
from dms.model.problems import Problem
from dms.model.query import And, Equals
from dms.model.resource import Resource
from dms.outgoing.port import NotFetched
from dms.storage.metadata.port import Record


async def create_mirror(dms: Dms, resource: Resource, sent: Mapping[str, Any], caller: Caller) -> Record:
    """Mirror a relation that is there at its source, which is asked for those who may mirror it only."""
    await must_be_granted_on_parent(dms, resource, sent, caller)
    told = Told()
    source = SOURCES.get(sent["objectType"]) if isinstance(sent.get("objectType"), str) else None
    if source is not None and all(isinstance(sent.get(name), str) for name in ("object", "informatieobject")):
        of = relative(sent["object"], caller.origin)
        told = await _ask(dms, source, of, relative(sent["informatieobject"], caller.origin), caller)
    return await create(dms, resource, sent, caller, {"source": told})


async def remove_mirror(dms: Dms, resource: Resource, id: str, caller: Caller) -> None:
    """Remove a mirror of which the relation is gone at its source."""
    mirror = await fetch(dms, resource, id, caller, scopes=resource.scopes.remove, hidden_too=True)
    source, of, document = SOURCES[mirror["objectType"]], mirror["object"], mirror["informatieobject"]
    if of.startswith("/"):
        told = await _ask_here(dms, source, of, document)
    else:
        # The object itself may be gone by now: only the relation counts.
        root, _, _ = of.rpartition(f"/{source.objects}/")
        told = Told(related=await _is_related(dms, source, root, of, absolute(document, caller.origin)))
    await remove(dms, resource, id, caller, facts={"source": told})


async def _ask(dms: Dms, source: Source, of: str, document: str, caller: Caller) -> Told:
    if of.startswith("/"):
        return await _ask_here(dms, source, of, document)
    return await _ask_elsewhere(dms, source, of, absolute(document, caller.origin))


async def _ask_elsewhere(dms: Dms, source: Source, of: str, document: str) -> Told:
    """drc-004: the source keeps the relation as well, and is asked for it: a list of its relations, of this
    object with this document."""
    found = await fetch_elsewhere(dms, "object", of, To(source.objects))
    if isinstance(found, Problem):
        return Told(found)
    root, objects, _ = of.rpartition(f"/{source.objects}/")
    if not objects:
        reason = f"Deze URL is er geen van {source.objects}."
        return Told(Problem("object", "invalid-resource", reason))
    return Told(related=await _is_related(dms, source, root, of, document))


async def _is_related(dms: Dms, source: Source, root: str, of: str, document: str) -> bool | None:
    """Whether the relation is there; None when that cannot be learnt."""
    asked = urlencode({source.field: of, "informatieobject": document})
    try:
        answer = await dms.remote.ask(f"{root}/{source.relations}?{asked}")
    except NotFetched:
        return None
    if isinstance(answer, dict):
        answer = answer.get("results")
    return bool(answer) if isinstance(answer, list) else None


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
