"""Remote resources: what other hosts have under a URL that somebody referred to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class NotFetched(Exception):
    """What a URL leads to could not be had. The message is for the log: it names the origin and why, and
    never a secret or the rest of the URL."""


class UnknownService(NotFetched):
    """The URL's origin is not one that may be asked."""


class NotThere(NotFetched):
    """Nothing came within the bounds of time and size, or the final status was not 200."""


class NotAResource(NotFetched):
    """The answer was 200, and no JSON object."""


class Remote(Protocol):
    """Resources of services on other hosts."""

    async def fetch(self, url: str) -> Mapping[str, Any]:
        """The JSON object at an absolute URL, perhaps as it was some seconds ago; the caller's own, to keep
        or to change. Its contents are the other host's word and were not looked at. Raises `NotFetched`, as
        one of its kinds, and nothing else."""
        ...

    async def ask(self, url: str) -> Any:
        """The JSON at an absolute URL as it is now, whatever it is. Otherwise as `fetch`."""
        ...


class NoServices:
    """Knows no other service: every URL is refused, and nothing is asked."""

    async def fetch(self, url: str) -> Mapping[str, Any]:
        """Raises `UnknownService`."""
        raise UnknownService("no other services are known")

    async def ask(self, url: str) -> Any:
        """Raises `UnknownService`."""
        raise UnknownService("no other services are known")
