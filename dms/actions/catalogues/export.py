"""A catalogue, or some of its zaaktypen, as lists for an archive: what clients write of each record, with
URLs, in an order that does not depend on when or where it was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from dms.actions.catalogues.archive import Lists
from dms.actions.service import Dms
from dms.model.change import Values
from dms.model.links import absolute, with_absolute, with_each
from dms.model.query import And, By, Equals, In, Query
from dms.storage.metadata.port import Record
from zaak_adapters.catalogi.exchange import (
    BESLUITTYPE,
    CATALOGUS,
    INFORMATIEOBJECTTYPE,
    KINDS,
    SUB_TYPES,
    ZAAKTYPE,
    Kind,
)

Found: TypeAlias = dict[Kind, list[Record]]
_AT_ONCE = 500


async def export_catalogue(dms: Dms, catalogue: Record, origin: str) -> Lists:
    """All of a catalogue. Of names in lists those are left out that no type bears any more."""
    found: Found = {CATALOGUS: [catalogue]}
    for kind in (INFORMATIEOBJECTTYPE, BESLUITTYPE, ZAAKTYPE):
        found[kind] = await dms.metadata.find(kind.collection, Equals("catalogus", catalogue["url"]))
    await _add_sub_types(dms, found)
    urls = _urls(found, found)
    for kind, records in found.items():
        for record in records:
            _forget_the_gone(kind, record, urls)
    return _lists(found, urls, origin)


def _forget_the_gone(kind: Kind, record: Record, urls: Mapping[tuple[str, str], str]) -> None:
    for named in kind.resource.named:
        if named.written and isinstance(record[named.field], list):
            record[named.field] = [
                each
                for each in record[named.field]
                if (named.collection, each[named.member] if named.member else each) in urls
            ]


async def export_zaaktypen(dms: Dms, zaaktypen: Sequence[Record], origin: str) -> Lists:
    """Zaaktypen of one catalogue, with all that belongs to them, and of each informatieobjecttype and
    besluittype that they name the newest version. Other zaaktypen that they name stay names."""
    found: Found = {ZAAKTYPE: list(zaaktypen)}
    await _add_sub_types(dms, found)
    for kind in (BESLUITTYPE, INFORMATIEOBJECTTYPE):
        found[kind] = await _named(dms, zaaktypen[0]["catalogus"], found, kind)
    return _lists(found, _urls(found, (BESLUITTYPE, INFORMATIEOBJECTTYPE)), origin)


async def _add_sub_types(dms: Dms, found: Found) -> None:
    urls = [zaaktype["url"] for zaaktype in found[ZAAKTYPE]]
    for kind in SUB_TYPES:
        found[kind] = []
        for start in range(0, len(urls), _AT_ONCE):
            of_these = In("zaaktype", tuple(urls[start : start + _AT_ONCE]))
            found[kind] += await dms.metadata.find(kind.collection, of_these)


async def _named(dms: Dms, catalogue: str, found: Found, kind: Kind) -> list[Record]:
    """The newest version of each type of this kind that one of the records found names."""
    names: dict[str, None] = {}
    for of, records in found.items():
        for named in of.resource.named:
            if named.written and named.collection == kind.collection:
                for record in records:
                    value = record[named.field]
                    names |= dict.fromkeys(value if isinstance(value, list) else (value,))
    query: Query = And((Equals("catalogus", catalogue), In(kind.name, tuple(names))))
    versions = (
        await dms.metadata.find(kind.collection, query, order=(By("beginGeldigheid"),)) if names else []
    )
    return list({version[kind.name]: version for version in versions}.values())


def _urls(found: Found, kinds: Any) -> dict[tuple[str, str], str]:
    """Of each name in a collection the URL of the version that began last."""
    urls = {}
    for kind in kinds:
        if kind.name:
            for record in sorted(found[kind], key=lambda record: str(record["beginGeldigheid"])):
                urls[kind.collection, record[kind.name]] = record["url"]
    return urls


def _lists(found: Found, urls: Mapping[tuple[str, str], str], origin: str) -> Lists:
    above: dict[str, tuple[str, ...]] = {}
    lists = {}
    for kind in KINDS:
        keyed = []
        for record in found.get(kind, ()):
            key = (
                *above.get(record.get(kind.within, ""), ()),
                *(_sortable(record[field]) for field in kind.identity),
            )
            above[record["url"]] = key
            keyed.append((key, record["url"], record))
        keyed.sort(key=lambda each: each[:2])
        lists[kind.file] = [exported(kind, record, urls, origin) for _, _, record in keyed]
    return lists


def _sortable(value: Any) -> str:
    """Numbers by their size, among texts."""
    return f"{value:020}" if isinstance(value, int) else str(value)


def exported(kind: Kind, record: Record, urls: Mapping[tuple[str, str], str], origin: str) -> Values:
    """What an archive holds of a record. A name of which the archive holds no version stays a name."""
    values = {name: record.get(name) for name in kind.writable}
    for named in kind.resource.named:
        if named.written:
            path = f"{named.field}.{named.member}" if named.member else named.field
            values = with_each(values, (path,), _to_url(named.collection, urls))
    values = with_absolute(values, kind.resource.shape.urls, origin)
    values["url"] = absolute(record["url"], origin)
    if kind.is_published:
        values["concept"] = record["concept"]
    return values


def _to_url(collection: str, urls: Mapping[tuple[str, str], str]) -> Callable[[Any], Any]:
    def change(value: Any) -> Any:
        if isinstance(value, list):
            return [change(each) for each in value]
        return urls.get((collection, value), value)

    return change
