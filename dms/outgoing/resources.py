"""Resources on other hosts, remembered for a moment: what many ask for at once is fetched once."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog

from dms.model.json_text import parse_json
from dms.model.refusals import ParseError
from dms.outgoing.client import Client
from dms.outgoing.port import NotAResource, NotFetched

log = structlog.get_logger(part="dms.outgoing")

MOST_ENTRIES = 1_000
MOST_BYTES = 16 * 2**20


class Kept:
    """Bodies by URL, for `seconds`. The oldest go when there are too many, or too much of them."""

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._now = now
        self._bodies: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._size = 0

    def get(self, url: str) -> bytes | None:
        """The body, if it is not too old."""
        until, body = self._bodies.get(url, (0.0, b""))
        if url in self._bodies and until <= self._now():
            self._drop(url)
        return body if url in self._bodies else None

    def put(self, url: str, body: bytes) -> None:
        """Keep it from now on."""
        if self._seconds <= 0:
            return
        if url in self._bodies:
            self._drop(url)
        self._bodies[url] = (self._now() + self._seconds, body)
        self._size += _weight(url, body)
        while len(self._bodies) > MOST_ENTRIES or self._size > MOST_BYTES:
            self._drop(next(iter(self._bodies)))

    def _drop(self, url: str) -> None:
        _, body = self._bodies.pop(url)
        self._size -= _weight(url, body)


def _weight(url: str, body: bytes) -> int:
    return len(url) + len(body)


class RemoteResources:
    """The port on a client. Make one with `opened`."""

    def __init__(self, client: Client, kept: Kept) -> None:
        self._client = client
        self._kept = kept
        self._under_way: dict[str, asyncio.Task[bytes]] = {}

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, client: Client, *, keep: float, now: Callable[[], float] = time.monotonic
    ) -> AsyncIterator[RemoteResources]:
        """Resources that are good for `keep` seconds; what is under way ends with the context."""
        resources = cls(client, Kept(keep, now))
        try:
            yield resources
        finally:
            tasks = list(resources._under_way.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def fetch(self, url: str) -> Mapping[str, Any]:
        """The JSON object at a URL. Failures are not remembered here, and are told to the log."""
        kept = self._kept.get(url)
        if kept is not None:
            return _resource(kept)
        try:
            body = await asyncio.shield(self._fetching(url))
            resource = _resource(body)
        except NotFetched as why:
            log.warning("not fetched", kind=type(why).__name__, why=str(why))
            raise
        self._kept.put(url, body)
        return resource

    async def ask(self, url: str) -> Any:
        """The JSON at a URL as it is now."""
        try:
            return _json(await self._client.get(url))
        except NotFetched as why:
            log.warning("not answered", kind=type(why).__name__, why=str(why))
            raise

    def _fetching(self, url: str) -> asyncio.Task[bytes]:
        task = self._under_way.get(url)
        if task is None:
            task = self._under_way[url] = asyncio.create_task(self._client.get(url))
            task.add_done_callback(lambda done: self._done(url, done))
        return task

    def _done(self, url: str, done: asyncio.Task[bytes]) -> None:
        del self._under_way[url]
        if not done.cancelled():
            done.exception()  # those who waited may all have left


def _resource(body: bytes) -> Mapping[str, Any]:
    value = _json(body)
    if not isinstance(value, dict):
        raise NotAResource("the answer is no JSON object")
    return value


def _json(body: bytes) -> Any:
    try:
        return parse_json(body)
    except ParseError:
        raise NotAResource("the answer is not JSON") from None
