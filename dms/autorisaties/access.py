"""Rights as a pure value: caller, resource and act in; yes, no, or a query that keeps to them out (G-46).

Every read and write of every API goes through one of the three questions here; no handler asks another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dms.model.fields import VERTROUWELIJKHEID
from dms.model.query import EVERYTHING, And, Equals, Or, Query, Range
from dms.model.resource import ANYONE, AnyOf, Guard, Resource, scope_of

_HIGHEST = max(VERTROUWELIJKHEID.values())


@dataclass(frozen=True, slots=True)
class Grant:
    """Scopes on one component; for zaken, documenten and besluiten on one type, up to one level.

    `type` is a link as it is stored; `level` a number of G-51. None: whatever it is.
    """

    component: str
    scopes: frozenset[str]
    type: str | None = None
    level: int | None = None

    def covers(self, guard: Guard, record: dict[str, Any]) -> bool:
        """Whether a record falls under this grant, its maximum included (G-51)."""
        if self.type is not None and record.get(guard.type) != self.type:
            return False
        if self.level is None or guard.level is None:
            return True
        return (record.get(guard.level) or _HIGHEST) <= self.level

    def query(self, guard: Guard) -> Query:
        """The records that fall under this grant."""
        parts: list[Query] = []
        if self.type is not None:
            parts.append(Equals(guard.type, self.type))
        if guard.level is not None and self.level is not None and self.level < _HIGHEST:
            parts.append(Range(guard.level, lte=self.level))
        return And(tuple(parts))


@dataclass(frozen=True, slots=True)
class Access:
    """All that an application may do. `only_published`: of documents it reads none but those ready for
    publication (G-56), whatever else it holds."""

    everything: bool = False
    grants: tuple[Grant, ...] = ()
    only_published: bool = False

    def holds(self, component: str, scopes: AnyOf) -> bool:
        """Whether one of the scopes is granted at all, for some object (G-49)."""
        return self.everything or scopes == ANYONE or any(True for _ in self._granting(component, scopes))

    def allows(
        self, resource: Resource, scopes: AnyOf, record: dict[str, Any], *, read: bool = False
    ) -> bool:
        """Whether one of the scopes is granted for this very record; `read` adds what holds for reading."""
        guard = resource.guard
        if guard is not None and read and self._hides(guard) and record.get(str(guard.published)) is not True:
            return False
        if self.everything or guard is None:
            return self.holds(resource.component, scopes)
        return any(grant.covers(guard, record) for grant in self._granting(resource.component, scopes))

    def restriction(self, resource: Resource, scopes: AnyOf) -> Query:
        """The records that may be read: what a list, `_zoek` or count adds to its own query (G-50)."""
        guard = resource.guard
        if guard is None:
            return EVERYTHING if self.holds(resource.component, scopes) else Or()
        shown: Query = Equals(str(guard.published), True) if self._hides(guard) else EVERYTHING
        if self.everything:
            return shown
        granted = Or(tuple(grant.query(guard) for grant in self._granting(resource.component, scopes)))
        return And((shown, granted))

    def _hides(self, guard: Guard) -> bool:
        return self.only_published and guard.published is not None

    def _granting(self, component: str, scopes: AnyOf) -> list[Grant]:
        wanted = [scope_of(scope, component) for scope in scopes]
        return [
            grant
            for grant in self.grants
            if any(grant.component == where and name in grant.scopes for where, name in wanted)
        ]


ALL_RIGHTS = Access(everything=True)
NO_RIGHTS = Access()
