"""Records on other hosts: fetched, and trusted for as much as rules will use of them (G-120)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dms.actions.service import Dms
from dms.model.change import Values
from dms.model.fields import To
from dms.model.links import at
from dms.model.problems import Problem
from dms.model.record import Shape
from dms.model.refusals import Invalid
from dms.outgoing.port import NotAResource, NotThere, UnknownService

_LENGTHS = frozenset({"blank", "min_length", "max_length"})


async def fetch_elsewhere(dms: Dms, field: str, url: str, to: To) -> Values | Problem:
    """The record at a URL on another host, or what is wrong with the field that refers to it.

    The record's `url` is the one that was asked for, and it has no field that begins with `_`.
    """
    try:
        answer = await dms.remote.fetch(url)
    except UnknownService:
        return Problem(field, "unknown-service", "Deze URL ligt bij een dienst die hier niet bekend is.")
    except NotThere:
        return Problem(field, "bad-url", "De URL geeft geen antwoord met status 200.")
    except NotAResource:
        return Problem(field, "invalid-resource", f"De URL geeft niets van de vorm van {to.resource}.")
    record: Values | None = None
    if isinstance(answer.get("url"), str):
        known = dms.knows(to.resource)
        record = _of_shape(answer, dms.resource(to.resource).shape) if known else _of_any_shape(answer)
    if record is None:
        return Problem(field, "invalid-resource", f"De URL geeft niets van de vorm van {to.resource}.")
    return {**record, "url": url}


def _of_any_shape(answer: Mapping[str, Any]) -> Values:
    """A record of a kind that is not known here: that it has a URL is all that is asked of it."""
    return {name: value for name, value in answer.items() if not name.startswith("_")}


def _of_shape(answer: Mapping[str, Any], shape: Shape) -> Values | None:
    """The fields of this shape, or None if a required one is missing or is not what it must be. Another wrong
    field is left out. Of lengths others may think otherwise."""
    wrong = _wrong(answer, shape)
    required = shape.required | {"url"}
    if not (required <= answer.keys() and required.isdisjoint(wrong)):
        return None
    if not isinstance(answer.get("concept", False), bool):
        return None
    return {name: answer[name] for name in shape.answered if name in answer and name not in wrong}


def _wrong(answer: Mapping[str, Any], shape: Shape) -> set[str]:
    # What begins with `/` is how links of our own are stored: no other host may speak of those.
    wrong = {
        path.partition(".")[0]
        for path in shape.urls
        if not all(_are_foreign(links) for links in at(answer, path))
    }
    try:
        shape.check(answer)
    except Invalid as refusal:
        problems = (problem for problem in refusal.problems if problem.code not in _LENGTHS)
        wrong |= {problem.name.partition(".")[0] for problem in problems}
    return wrong


def _are_foreign(links: object) -> bool:
    if isinstance(links, list):
        return all(isinstance(link, str) and not link.startswith("/") for link in links)
    return links is None or (isinstance(links, str) and not links.startswith("/"))
