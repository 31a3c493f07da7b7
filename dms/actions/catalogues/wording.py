"""The values of an archive in the terms of this service: its own URLs, and only what clients write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dms.actions.catalogues.contents import Contents, Item
from dms.actions.service import Dms
from dms.actions.writing import complete
from dms.model.change import Change, Values
from dms.model.links import relative, target, with_each, with_relative
from dms.model.resource import Resource
from dms.storage.metadata.port import Record

ORIGIN = "https://dms.invalid"
"""Under which this service knows itself while it takes over an archive; no such host exists."""


class Wording:
    """Turns values of an archive into a request to this service.

    A URL of a record in the archive becomes that of the record here that came of it, whatever its host. Any
    other URL of the service that the archive comes from becomes the same URL of this one. `prefixes` are
    beginnings of URLs, with what is put in their place first.
    """

    def __init__(self, contents: Contents, prefixes: Mapping[str, str]) -> None:
        self._contents = contents
        self._prefixes = prefixes
        self._here: dict[str, str] = {}

    def settle(self, url: str, record: Record) -> None:
        """Let a URL of the archive lead to this record from now on."""
        self._here[url] = record["url"]

    def here(self, url: str) -> str | None:
        """Where a URL of the archive leads, as it is stored; None if that is not settled."""
        return self._here.get(url)

    def of(self, item: Item, names: Iterable[str]) -> Values:
        """What a client would send of these fields, as far as the archive has them."""
        values = {name: item.values[name] for name in names if name in item.values}
        return with_each(values, item.kind.resource.shape.urls, self._url)

    def _url(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._url(each) for each in value]
        if not isinstance(value, str):
            return value
        if value in self._here:
            return ORIGIN + self._here[value]
        for begin, instead in self._prefixes.items():
            if value.startswith(begin):
                value = instead + value[len(begin) :]
        if value.startswith("/"):
            return ORIGIN + value
        for origin in self._contents.origins:
            path = relative(value, origin)
            if path != value and target(path) is not None:
                return ORIGIN + path
        return value


async def changed_fields(dms: Dms, resource: Resource, old: Record, sent: Values) -> Values:
    """Of what is sent, the fields in which the record would change, as they would be kept. Raises `Invalid`
    for values that no field can have."""
    checked = resource.updating.check(sent, partial=True)
    given = with_relative(checked.given, resource.updating.urls, ORIGIN)
    change = Change(
        act="partial_update",
        id=old["_id"],
        url=old["url"],
        now=dms.now(),
        old=old,
        new={**old, **given},
        sent=given,
        may=lambda *scopes: True,
    )
    await complete(dms, resource, change)
    return {name: change.after[name] for name in given if change.after.get(name) != old.get(name)}
