"""References by name (C-50, C-51): what clients write as names or as URLs becomes the names that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dms.actions.service import Dms
from dms.model.change import Change
from dms.model.fields import is_url
from dms.model.links import Target, target
from dms.model.looked_up import Named
from dms.model.problems import Problem
from dms.model.query import Equals, In, both
from dms.model.resource import Resource
from dms.storage.metadata.port import Record


async def look_up_names(dms: Dms, resource: Resource, change: Change) -> None:
    """Put names in the place of URLs, and into `astray` what is wrong with what was sent.

    Names are looked for in what they are within, where that is known: a reference to it that leads nowhere is
    a problem of its own. They are looked for among all that there is, whoever asks: a name that is kept means
    the same to every caller, and what it leads to is shown by `looked_up`, to those who may read it.
    """
    for named in resource.named:
        if named.written and named.field in change.sent and dms.keeps(named.collection):
            within = change.after.get(named.within)
            if isinstance(within, str) and within and change.related.get(named.within, within) is not None:
                await _look_up(dms, resource, named, change, within)


async def _look_up(dms: Dms, resource: Resource, named: Named, change: Change, within: str) -> None:
    written = dict(_written(named, change.sent[named.field]))
    links = {value: link for value in written.values() if (link := target(value)) is not None}
    ids = tuple(dict.fromkeys(link.id for link in links.values()))
    led_to = (
        {each["_id"]: each for each in await dms.metadata.find(named.collection, In("_id", ids))}
        if ids
        else {}
    )
    plain = tuple(dict.fromkeys(value for value in written.values() if value not in links))
    query = both(In(named.by, plain), Equals(named.within, within))
    known = {each[named.by] for each in await dms.metadata.find(named.collection, query)} if plain else set()
    if named.collection == resource.collection:
        known.add(change.after[named.by])  # a type may refer to versions of itself
    names: dict[str, str] = {}
    for path, value in written.items():
        link = links.get(value)
        if link is not None:
            record = led_to.get(link.id)
            problem = _problem_of_link(named, path, link, record, within)
            names[value] = record[named.by] if record is not None else value
        else:
            problem = None if value in known else _problem_of_name(named, path, value)
        if problem is not None:
            change.astray[path] = problem
    change.after[named.field] = _with_names(named, change.sent[named.field], names)


def _written(named: Named, value: Any) -> Iterator[tuple[str, str]]:
    """Each name or URL, by its path."""
    if not isinstance(value, list):
        if value:
            yield named.field, value
        return
    for number, each in enumerate(value):
        if named.member:
            yield f"{named.field}.{number}.{named.member}", each[named.member]
        else:
            yield f"{named.field}.{number}", each


def _with_names(named: Named, value: Any, names: dict[str, str]) -> Any:
    """What is kept: the same, with names in the place of URLs, and of a list of names each once."""
    if not isinstance(value, list):
        return names.get(value, value)
    if named.member:
        return [{**each, named.member: names.get(each[named.member], each[named.member])} for each in value]
    return list(dict.fromkeys(names.get(each, each) for each in value))


def _problem_of_link(
    named: Named, path: str, link: Target, record: Record | None, within: str
) -> Problem | None:
    if link.resource != named.collection:
        reason = f"Deze URL is er een van {link.resource}, niet van {named.collection}."
        return Problem(path, "incorrect_match", reason)
    if record is None:
        return Problem(path, "does_not_exist", f"Er is geen {named.collection} met deze URL.")
    if record[named.within] != within:
        code = f"relations-incorrect-{named.within}"
        return Problem(named.misplaced, code, f"Dit hoort niet bij hetzelfde: {named.within}.")
    return None


def _problem_of_name(named: Named, path: str, value: str) -> Problem:
    if is_url(value):
        return Problem(path, "no_match", f"Deze URL is niet die van een van de {named.collection}.")
    return Problem(path, "does_not_exist", f"Er is geen {named.collection} met deze naam.")


def names_are_known(resource: Resource, change: Change) -> Iterator[Problem]:
    """C-51: what was sent as a name, or as the URL of what bears it, is found in the same catalogue."""
    fields = {named.field for named in resource.named}
    found = (problem for path, problem in change.astray.items() if path.partition(".")[0] in fields)
    yield from dict.fromkeys(found)
