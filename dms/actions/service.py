"""The service: its stores, its APIs and its limits, handed to every action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol

from dms.actions.numbers import Numbers
from dms.documenten import versions
from dms.documenten.upload.mediatype import Blocked
from dms.model.days import day_of
from dms.model.fields import moment_text
from dms.model.resource import Api, Resource
from dms.outgoing.port import NoServices, Remote
from dms.storage.content.port import ContentStore, PartwiseContent
from dms.storage.metadata.port import MetadataStore
from dms.storage.scanning.port import Scanner


class Content(ContentStore, PartwiseContent, Protocol):
    """A content store that takes whole bodies and bodies in parts."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what clients may ask; sizes in bytes, times in seconds."""

    part_size: int = 64 * 2**20
    most_parts: int = 10_000
    most_bytes: int = 2**40
    request_size: int = 5 * 2**30
    json_size: int = 512 * 2**10
    idle_time: float = 60.0
    page_size: int = 100
    longest_list: int = 10_000
    expand_depth: int = 10
    idempotency_age: float = 7 * 86400.0
    download_redirect: float = 0.0


@dataclass(frozen=True, slots=True)
class Scanning:
    """How bodies are scanned. Who sends up to `wait_up_to` bytes gets the verdict with the answer; more is
    accepted, and kept back until it was found clean. `released` are reasons for which a body without a
    verdict is handed out all the same."""

    scanner: Scanner
    wait_up_to: int = 0
    released: frozenset[str] = frozenset()


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Dms:
    """The document service without its HTTP."""

    metadata: MetadataStore
    content: Content
    apis: tuple[Api, ...] = field(repr=False)  # written out in full they would fill a log
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], datetime] = _utc_now
    scanning: Scanning | None = None
    blocked: Blocked = field(default_factory=Blocked)
    remote: Remote = field(default_factory=NoServices)
    announces: bool = False
    numbers: Numbers = field(default_factory=Numbers)

    @cached_property
    def _resources(self) -> dict[str, Resource]:
        return {resource.name: resource for api in self.apis for resource in api.resources}

    def resource(self, name: str) -> Resource:
        """The resource with this name; names are unique over all APIs."""
        return self._resources[name]

    def knows(self, name: str) -> bool:
        """Whether some API has a resource with this name."""
        return name in self._resources

    def keeps(self, collection: str) -> bool:
        """Whether there is such a collection; a register that is not served has none."""
        return collection in self._resources or collection == versions.COLLECTION

    def now(self) -> str:
        """This moment, as it is stored."""
        return moment_text(self.clock())

    def today(self) -> str:
        """This day, as it is stored: a day of the standard is a day in the Netherlands."""
        return day_of(self.clock())
