"""Search: a page of the records that match and that the caller may read (G-50, G-60)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.model.query import NEWEST_FIRST, Order, Query, both
from dms.model.refusals import Denied, NotFound
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
    size: int | None = None,
    order: Order = NEWEST_FIRST,
    scopes: AnyOf | None = None,
) -> Page:
    """The page with this number, from 1. Raises `NotFound` beyond the last one. Searched is what the scopes,
    by default those for reading, are granted for."""
    asked = scopes or resource.scopes.read
    if not caller.access.holds(resource.component, asked):
        raise Denied
    each = size or dms.limits.page_size
    granted = both(caller.access.restriction(resource, asked), query)
    records, total = await asyncio.gather(
        dms.metadata.find(resource.collection, granted, order=order, limit=each, offset=(page - 1) * each),
        dms.metadata.count(resource.collection, granted),
    )
    return page_of(records, page, each, total)


def page_of(records: list[Record], number: int, size: int, total: int) -> Page:
    """The page, which is `NotFound` when it lies beyond the last one."""
    if number > 1 and (number - 1) * size >= total:
        raise NotFound("Deze pagina bestaat niet.")
    return Page(records, number, size, total)
