"""The audit trail: a line per successful write, kept in the same transaction (G-100 to G-105)."""

from __future__ import annotations

import uuid

from dms.actions.fetch import fetch
from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.model.change import Change, Values, Write
from dms.model.links import absolute, target, with_absolute
from dms.model.query import OLDEST_FIRST, And, Equals
from dms.model.refusals import NotFound
from dms.model.resource import Resource
from dms.storage.metadata.port import Collection, Index, Record

AUDITTRAIL = Collection("audittrail", (Index(("hoofdObject",)),))
SCOPE = ("audittrails.lezen",)
_SHOWN_ACTS = {
    "create": "Object aangemaakt",
    "update": "Object bijgewerkt",
    "partial_update": "Object deels bijgewerkt",
    "destroy": "Object verwijderd",
}
_STATUS = {"create": 201, "destroy": 204}


async def audited(dms: Dms, resource: Resource, change: Change, caller: Caller) -> list[Write]:
    """The line for a change; when a main object goes, all its lines go with it (G-103)."""
    if not resource.audited:
        return []
    if change.act == "destroy" and resource.has_trail:
        lines = await dms.metadata.find(AUDITTRAIL.name, Equals("hoofdObject", change.url))
        return [Write("remove", AUDITTRAIL.name, line) for line in lines]
    return [Write("insert", AUDITTRAIL.name, _line(resource, change, caller))]


def _line(resource: Resource, change: Change, caller: Caller) -> Record:
    return {
        "_id": str(uuid.uuid4()),
        "bron": resource.component,
        "applicatieId": caller.application.id,
        "applicatieWeergave": caller.application.label[:200],
        "gebruikersId": caller.user_id[:255],
        "gebruikersWeergave": caller.user_representation[:255],
        "actie": change.act,
        "actieWeergave": _SHOWN_ACTS[change.act],
        "resultaat": _STATUS.get(change.act, 200),
        "hoofdObject": resource.main_url(change.record),
        "resource": resource.singular,
        "resourceUrl": change.url,
        "toelichting": caller.toelichting,
        "resourceWeergave": resource.label(change.record)[:200],
        "aanmaakdatum": change.now,
        "wijzigingen": {"oud": _seen(resource, change.old), "nieuw": _seen(resource, change.new)},
    }


def _seen(resource: Resource, record: Values | None) -> Values | None:
    """A record as it was answered, without what is our own."""
    if record is None:
        return None
    return {name: record[name] for name in resource.shape.answered if name in record}


async def trail(dms: Dms, resource: Resource, id: str, caller: Caller) -> list[Values]:
    """All lines of an object, oldest first. None at all: 404 (G-103)."""
    url = (await _readable(dms, resource, id, caller))["url"]
    lines = await dms.metadata.find(AUDITTRAIL.name, Equals("hoofdObject", url), order=OLDEST_FIRST)
    if not lines:
        raise NotFound
    return [_shown(dms, line, caller) for line in lines]


async def line(dms: Dms, resource: Resource, id: str, line_id: str, caller: Caller) -> Values:
    """One line of an object."""
    url = (await _readable(dms, resource, id, caller))["url"]
    query = And((Equals("_id", line_id), Equals("hoofdObject", url)))
    lines = await dms.metadata.find(AUDITTRAIL.name, query, limit=1)
    if not lines:
        raise NotFound
    return _shown(dms, lines[0], caller)


async def _readable(dms: Dms, resource: Resource, id: str, caller: Caller) -> Record:
    """G-54: the audit trail asks for its own scope on the component. That scope must be granted for this
    very object, as a line holds all that the object ever held."""
    return await fetch(dms, resource, id, caller, scopes=SCOPE)


def _shown(dms: Dms, line: Record, caller: Caller) -> Values:
    shown: Values = {"uuid": line["_id"]}
    shown.update((name, value) for name, value in line.items() if not name.startswith("_"))
    for name in ("hoofdObject", "resourceUrl"):
        shown[name] = absolute(line[name], caller.origin)
    link = target(line["resourceUrl"])
    urls = dms.resource(link.resource).shape.urls if link else ()
    shown["wijzigingen"] = {
        side: values and with_absolute(values, urls, caller.origin)
        for side, values in line["wijzigingen"].items()
    }
    return shown
