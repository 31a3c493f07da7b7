"""What a caller may read. All that a caller gets to see of the stores is bound to its rights here, and
nowhere else (G-46 to G-56)."""

from __future__ import annotations

from dataclasses import dataclass

from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.model.change import Values
from dms.model.fields import VERTROUWELIJKHEID
from dms.model.query import NEWEST_FIRST, Order, Query, both
from dms.model.refusals import Denied
from dms.model.resource import AnyOf, Resource
from dms.storage.metadata.port import MetadataStore, Record


@dataclass(frozen=True, slots=True)
class Readable:
    """Records of one collection that match a query and that a caller may read."""

    store: MetadataStore
    collection: str
    query: Query

    async def find(
        self, *, order: Order = NEWEST_FIRST, limit: int | None = None, offset: int = 0
    ) -> list[Record]:
        """The records in order, after `offset` of them and at most `limit`."""
        return await self.store.find(self.collection, self.query, order=order, limit=limit, offset=offset)

    async def count(self) -> int:
        """How many there are."""
        return await self.store.count(self.collection, self.query)


def readable(
    dms: Dms,
    resource: Resource,
    query: Query,
    caller: Caller,
    *,
    scopes: AnyOf | None = None,
    collection: str | None = None,
) -> Readable:
    """The records that match and for which one of the scopes, by default those for reading, is granted
    (G-50). Raises `Denied` when none of them is held at all.

    They are those of the resource, or of another `collection` that keeps such records, as earlier versions.
    """
    must_hold(resource, caller, scopes)
    granted = only_readable(resource, query, caller, scopes)
    return Readable(dms.metadata, collection or resource.collection, granted)


def _asked(resource: Resource, scopes: AnyOf | None) -> AnyOf:
    """By default those for reading; none at all is what no caller holds."""
    return resource.scopes.read if scopes is None else scopes


def must_hold(resource: Resource, caller: Caller, scopes: AnyOf | None = None, *, reason: str = "") -> None:
    """Raises `Denied` when none of the scopes, by default those for reading, is granted for any object
    (G-49)."""
    if not caller.access.holds(resource.component, _asked(resource, scopes)):
        raise Denied(reason)


def only_readable(resource: Resource, query: Query, caller: Caller, scopes: AnyOf | None = None) -> Query:
    """The query, for no more than the caller may read: nothing where none of the scopes is held."""
    return both(caller.access.restriction(resource, _asked(resource, scopes)), query)


def is_readable(
    resource: Resource,
    record: Values,
    caller: Caller,
    scopes: AnyOf | None = None,
    *,
    hidden_too: bool = False,
) -> bool:
    """The same of a record that was found already; with `hidden_too`, also if the caller is to see only what
    is ready for publication, and this is not (G-56)."""
    return caller.access.allows(resource, _asked(resource, scopes), record, read=not hidden_too)


def would_be_readable(resource: Resource, record: Values, caller: Caller) -> bool:
    """The same of a record on another host, if it were kept here (G-55, G-77)."""
    if resource.guard is None or resource.guard.level is None:
        return is_readable(resource, record, caller)
    level = VERTROUWELIJKHEID.get(record.get("vertrouwelijkheidaanduiding", ""))
    return is_readable(resource, {**record, resource.guard.level: level}, caller)
