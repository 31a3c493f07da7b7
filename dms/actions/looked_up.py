"""What an answer shows of other records: those that point to it, and those that it names. One query for each
such field and for all records of the answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from dms.actions.readable import only_readable
from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.model.change import Values
from dms.model.looked_up import Named, Reverse
from dms.model.query import AnyElement, By, In, Or, Order, Query, both
from dms.model.resource import Resource
from dms.storage.metadata.port import Record

Key: TypeAlias = tuple[Any, Any]
"""What records are found by, and what they have in common."""


class LookedUp:
    """Records found for one level of an answer as of a day; what is asked twice is looked up once.

    Of what is guarded the caller is shown no more than it may read, however it is pointed to. What has no
    guard is shown to whoever may read the answer, as types are: who asks for it itself, or has it expanded,
    needs its scope.
    """

    def __init__(self, dms: Dms, caller: Caller, day: str) -> None:
        self._dms = dms
        self._caller = caller
        self.day = day
        self._known: dict[tuple[str, Query, Order], list[Record]] = {}

    async def find(
        self, collection: str, query: Query, order: Order, *, belong: bool = False
    ) -> list[Record]:
        """The records that match, in order; of a register that is not served there are none. Those that
        `belong` to the records of the answer have the rights of those, and are shown with them (G-52)."""
        if not self._dms.knows(collection):
            return []
        resource = self._dms.resource(collection)
        if resource.guard is not None and not belong:
            query = only_readable(resource, query, self._caller)
        asked = (collection, query, order)
        if asked not in self._known:
            self._known[asked] = await self._dms.metadata.find(collection, query, order=order)
        return self._known[asked]


async def fill(
    dms: Dms,
    resource: Resource,
    records: Sequence[Record],
    answers: list[Values],
    caller: Caller,
    day: str,
) -> None:
    """Put into the answers what they show this caller of other records, as of a day."""
    looked_up = LookedUp(dms, caller, day)
    for reverse in resource.reverses:
        belong = _belong(dms, resource, reverse)
        await _point_here(looked_up, reverse, records, answers, belong=belong)
    for named in resource.named:
        await _bear_the_names(looked_up, named, records, answers)


def _belong(dms: Dms, resource: Resource, reverse: Reverse) -> bool:
    """Whether what points back are sub resources of the very record that they point to, which gives them
    its rights."""
    parent = dms.resource(reverse.collection).parent if dms.knows(reverse.collection) else None
    if parent is None or resource.guard is None:
        return False
    return (parent.resource, parent.field, "url") == (resource.name, reverse.by, reverse.key)


async def _point_here(
    looked_up: LookedUp,
    reverse: Reverse,
    records: Sequence[Record],
    answers: list[Values],
    *,
    belong: bool,
) -> None:
    def key(record: Record) -> Key:
        return (record[reverse.key], record[reverse.within] if reverse.within else None)

    pointing: dict[Key, list[Record]] = defaultdict(list)
    if keys := dict.fromkeys(key(record) for record in records if reverse.when(record)):
        values = tuple(dict.fromkeys(value for value, _ in keys))
        query: Query = In(reverse.by, values)
        if reverse.elements:
            query = Or(tuple(AnyElement(reverse.by, value) for value in values))
        if reverse.within:
            query = both(query, In(reverse.within, tuple(dict.fromkeys(within for _, within in keys))))
        query = both(query, reverse.where(looked_up.day))
        order = (By(reverse.order),)
        for record in await looked_up.find(reverse.collection, query, order, belong=belong):
            within = record[reverse.within] if reverse.within else None
            for value in record[reverse.by] if reverse.elements else (record[reverse.by],):
                pointing[value, within].append(record)
    for record, answer in zip(records, answers, strict=True):
        there = pointing.get(key(record), ()) if reverse.when(record) else ()
        answer[reverse.field] = reverse.fold([reverse.show(each, record) for each in there])


async def _bear_the_names(
    looked_up: LookedUp, named: Named, records: Sequence[Record], answers: list[Values]
) -> None:
    keys: dict[Key, bool] = {}
    for record, answer in zip(records, answers, strict=True):
        for name in names(named, record, answer):
            key = (name, record[named.within])
            keys[key] = keys.get(key, False) or named.stand_in(record)
    order = (By(named.begins),)
    holding = await _versions(looked_up, named, list(keys), order, named.where(looked_up.day))
    missing = [key for key, may_stand_in in keys.items() if may_stand_in and key not in holding]
    newest = await _versions(looked_up, named, missing, order, named.stand_ins)
    for record, answer in zip(records, answers, strict=True):

        def urls(name: str, record: Record = record) -> list[str]:
            key = (name, record[named.within])
            return holding.get(key) or (newest.get(key, [])[-1:] if named.stand_in(record) else [])

        _show(named, record, answer, urls)


async def _versions(
    looked_up: LookedUp, named: Named, keys: list[Key], order: Order, where: Query
) -> dict[Key, list[str]]:
    """The URLs of the versions of each name, those that began first in front."""
    if not keys:
        return {}
    bearing = In(named.by, tuple(dict.fromkeys(name for name, _ in keys)))
    query = both(bearing, In(named.within, tuple(dict.fromkeys(within for _, within in keys))))
    urls: dict[Key, list[str]] = defaultdict(list)
    for record in await looked_up.find(named.collection, both(query, where), order):
        urls[record[named.by], record[named.within]].append(record["url"])
    return urls


def names(named: Named, record: Record, answer: Values) -> Iterator[str]:
    """The names by which a record refers to others."""
    value = _value(named, record, answer)
    for each in value if isinstance(value, list) else (value,):
        if name := each[named.member] if named.member else each:
            yield name


def _value(named: Named, record: Record, answer: Values) -> Any:
    return record[named.field] if named.written else answer[named.names[0]]


def _show(named: Named, record: Record, answer: Values, urls: Callable[[str], list[str]]) -> None:
    value = _value(named, record, answer)
    if named.member:
        answer[named.field] = [_with_url(named, element, urls) for element in value]
        return
    if isinstance(value, list):
        answer[named.field] = [url for name in value for url in urls(name)]
    else:
        answer[named.field] = next(iter(urls(value)), "") if value else value
    answer.update((field, value) for field in named.names if field in answer)


def _with_url(named: Named, element: Values, urls: Callable[[str], list[str]]) -> Values:
    name = element[str(named.member)]
    return {**element, str(named.member): next(iter(urls(name)), ""), **dict.fromkeys(named.names, name)}
