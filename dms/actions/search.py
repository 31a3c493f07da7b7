"""Search: a page of the records that match and that the caller may read (G-50, G-60)."""

from __future__ import annotations

from dataclasses import dataclass

from dms.actions.readable import readable
from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.model.filters import Asked, Through
from dms.model.links import target
from dms.model.query import NEWEST_FIRST, Equals, Or, Order, Query, both
from dms.model.refusals import NotFound
from dms.model.resource import AnyOf, Resource
from dms.storage.metadata.port import Record


@dataclass(frozen=True, slots=True)
class Page:
    """A page of records: which page, how many a page holds, how many records match in all."""

    records: list[Record]
    number: int
    size: int
    total: int

    @property
    def has_next(self) -> bool:
        """Whether more records follow."""
        return self.number * self.size < self.total


async def search(
    dms: Dms,
    resource: Resource,
    query: Query,
    caller: Caller,
    *,
    page: int = 1,
    size: int,
    order: Order = NEWEST_FIRST,
    scopes: AnyOf | None = None,
) -> Page:
    """The page with this number, from 1, of `size` records. Raises `NotFound` beyond the last one. Searched
    is what the scopes, by default those for reading, are granted for."""
    granted = readable(dms, resource, query, caller, scopes=scopes)
    offset = (page - 1) * size
    # One more than is shown tells whether there are more; what ends on this page need not be counted.
    found = await granted.find(order=order, limit=size + 1, offset=offset)
    if len(found) <= size:
        return page_of(found, page, size, offset + len(found))
    return Page(found[:size], page, size, await granted.count())


async def query_asked(dms: Dms, asked: Asked, caller: Caller) -> Query:
    """The query of what was asked, with the records that its references lead to looked up (G-67, QG-15), as
    far as the caller may read them. Raises `Denied` where it may read none of their kind."""
    query = asked.query
    for parameter, url in asked.through:
        assert parameter.through is not None
        found = await _led_to(dms, parameter.through, url, caller)
        query = both(query, parameter.ask(found) if found else Or())
    return query


async def _led_to(dms: Dms, through: Through, url: str, caller: Caller) -> list[Record]:
    if not dms.knows(through.collection):
        return []
    by = through.by
    if by is None:
        link = target(url)
        if link is None or link.resource != through.collection:
            return []
        by, url = "_id", link.id
    return await readable(dms, dms.resource(through.collection), Equals(by, url), caller).find()


def page_of(records: list[Record], number: int, size: int, total: int) -> Page:
    """The page, which is `NotFound` when it lies beyond the last one."""
    if number > 1 and (number - 1) * size >= total:
        raise NotFound("Deze pagina bestaat niet.")
    return Page(records, number, size, total)
