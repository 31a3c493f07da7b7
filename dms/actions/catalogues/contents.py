"""What an archive holds, record by record, before anything is believed of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from dms.actions.catalogues.archive import BadArchive
from dms.model.links import UUID
from zaak_adapters.catalogi.exchange import KINDS, Kind

MOST_RECORDS = 250_000
"""Of all lists together: ten thousand zaaktypen with 24 sub types each."""
_LONGEST_URL = 1000
_ENDS_IN_UUID = re.compile(f"https?://.+/({UUID})/?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """A record of an archive, with the URL and the id that it has there."""

    kind: Kind
    number: int
    values: Mapping[str, Any] = field(repr=False)
    url: str
    id: str

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"{self.kind.file}.json, record {self.number}"

    @property
    def label(self) -> str:
        """What a person calls it."""
        return self.kind.label(self.values)

    @property
    def within(self) -> str:
        """The URL of the catalogue or the zaaktype that it belongs to; "" if it names none."""
        value = self.values.get(self.kind.within) if self.kind.within else ""
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Contents:
    """The records of an archive by kind, in their order, and by URL."""

    items: Mapping[Kind, Sequence[Item]]
    by_url: Mapping[str, Item]
    origins: frozenset[str]

    @classmethod
    def of(cls, lists: Mapping[str, Sequence[Mapping[str, Any]]]) -> Contents:
        """Raises `BadArchive` if records cannot be told apart."""
        if sum(map(len, lists.values())) > MOST_RECORDS:
            raise BadArchive(f"It holds more than {MOST_RECORDS} records.")
        items = {kind: list(_items(kind, lists.get(kind.file, ()))) for kind in KINDS}
        by_url: dict[str, Item] = {}
        ids: set[tuple[str, str]] = set()
        for item in (item for found in items.values() for item in found):
            if item.url in by_url or (item.kind.file, item.id) in ids:
                raise BadArchive(f"{item.place}: its url is that of another record.")
            by_url[item.url] = item
            ids.add((item.kind.file, item.id))
        return cls(items, by_url, frozenset(_origin(item) for item in by_url.values()))

    def __len__(self) -> int:
        return len(self.by_url)


def _items(kind: Kind, records: Sequence[Mapping[str, Any]]) -> Iterator[Item]:
    for number, values in enumerate(records, start=1):
        url = values.get("url")
        found = _ENDS_IN_UUID.fullmatch(url) if isinstance(url, str) and len(url) <= _LONGEST_URL else None
        if found is None:
            raise BadArchive(f"{kind.file}.json, record {number}: its url is not a URL that ends in a UUID.")
        yield Item(kind, number, values, str(url), found[1].lower())


def _origin(item: Item) -> str:
    """Scheme, host, and whatever stands before the path of the API, of the service that it comes from."""
    path = f"/{item.kind.resource.api}/api/v1/"
    before, found, _ = item.url.rpartition(path)
    return before if found else "{0.scheme}://{0.netloc}".format(urlsplit(item.url))
