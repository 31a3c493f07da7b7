"""References to records here and on other hosts: found before the rules, refused when they lead nowhere
(G-120, G-121)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from dms.actions.elsewhere import fetch_elsewhere
from dms.actions.service import Dms
from dms.model.change import Change
from dms.model.fields import To
from dms.model.links import Target, target
from dms.model.problems import Problem
from dms.model.resource import Resource


async def look_up(dms: Dms, resource: Resource, change: Change) -> None:
    """Find what the rules want to see: the records that are referred to, and then the resource's needs, one
    by one in their order, so that a record that guards others can be read before them. Of a register that is
    not served nothing is found, not even nothing: its name is not in `related`.

    Rules decide on what there is, not on what the caller may see: nothing here is bound to its rights. No
    record that is found is answered; that there is one, or that it is a concept, is all that a problem may
    tell."""
    links = resource.shape.links.items()
    await asyncio.gather(*(_follow(dms, change, field, change.sent.get(field), to) for field, to in links))
    for need in resource.needs:
        if change.act in need.acts and need.when(change) and dms.keeps(need.collection):
            change.related[need.name] = await dms.metadata.find(
                need.collection, need.query(change), limit=need.limit
            )


async def _follow(dms: Dms, change: Change, field: str, value: object, to: To) -> None:
    """Into `related` goes the record that a reference leads to, or into `astray` what is wrong with it.

    Our own URLs are stored without their origin, and are never fetched.
    """
    link = target(value)
    if link is not None and link.resource == to.resource and dms.knows(to.resource):
        change.related[field] = await dms.metadata.get(link.resource, link.id)
    elif isinstance(value, str) and value and not value.startswith("/") and not to.strict:
        found = await fetch_elsewhere(dms, field, value, to)
        if isinstance(found, Problem):
            change.astray[field] = found
        else:
            change.related[field] = found


def references_lead_somewhere(resource: Resource, change: Change) -> Iterator[Problem]:
    """G-120, G-121, drc-001: what was sent as a reference is the URL of a record of the right resource."""
    for field, to in resource.shape.links.items():
        value = change.sent.get(field)
        if isinstance(value, str) and value and (problem := _problem(field, value, to, change)):
            yield problem


def _problem(field: str, value: str, to: To, change: Change) -> Problem | None:
    link, record = target(value), change.related.get(field)
    if field in change.astray:
        return change.astray[field]
    if link is None and record is None:
        return _nowhere(field, to)
    if link is not None and link.resource != to.resource:
        return _of_another_kind(field, link, to)
    if record is None:
        code = "does_not_exist" if to.strict else "bad-url"
        return Problem(field, code, f"Er is geen {to.resource} met deze URL.")
    if to.published and record.get("concept") is True:
        return Problem(field, "not-published", "Het type is nog een concept; publiceer het eerst.")
    return None


def _nowhere(field: str, to: To) -> Problem:
    if to.strict:
        return Problem(field, "no_match", f"Deze URL is niet die van een van de {to.resource}.")
    return Problem(field, "bad-url", f"Er is geen {to.resource} met deze URL.")


def _of_another_kind(field: str, link: Target, to: To) -> Problem:
    code = "incorrect_match" if to.strict else "invalid-resource"
    return Problem(field, code, f"Deze URL is er een van {link.resource}, niet van {to.resource}.")


def immutable_fields_stay(resource: Resource, change: Change) -> Iterator[Problem]:
    """G-122: a field that is fixed may be sent again only with the value that it has."""
    if change.old is None:
        return
    for field in sorted(resource.updating.immutable & change.sent.keys()):
        if change.sent[field] != change.old.get(field):
            yield Problem(field, "wijzigen-niet-toegelaten", "Dit veld mag niet gewijzigd worden.")
