"""Bytes on their way to the store: as much at a time as it takes, hashed in a thread meanwhile."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass
from hashlib import md5, sha256
from typing import Any, TypeVar

from dms.storage.content.s3.failures import Unavailable
from dms.storage.content.writing import Batch

T = TypeVar("T")
SLICE = 256 * 1024


class Hashes:
    """SHA-256 for us, and if wanted MD5 for the store, which can compare no other."""

    def __init__(self, *, md5_too: bool) -> None:
        self._sha256 = sha256()
        self._md5 = md5(usedforsecurity=False) if md5_too else None

    def update(self, batch: Batch) -> None:
        """Take more bytes; for a thread."""
        for buffer in batch.buffers:
            self._sha256.update(buffer)
            if self._md5 is not None:
                self._md5.update(buffer)

    @property
    def sha256(self) -> str:
        """In hexadecimal."""
        return self._sha256.hexdigest()

    def agree(self, stored: Stored) -> bool:
        """Whether the store has these bytes, as far as can be told."""
        return self._md5 is None or not stored.is_md5 or stored.etag == self._md5.hexdigest()


def content_md5(batch: Batch) -> str:
    """The MD5 of a batch as the header Content-MD5 has it; for a thread."""
    digest = md5(usedforsecurity=False)
    for buffer in batch.buffers:
        digest.update(buffer)
    return b64encode(digest.digest()).decode()


async def stopped(job: asyncio.Future[Any]) -> None:
    """Cancel a job, and wait until it is over even if the caller is cancelled meanwhile."""
    job.cancel()
    cancelled: asyncio.CancelledError | None = None
    while not job.done():
        try:
            await asyncio.wait([job])
        except asyncio.CancelledError as why:
            cancelled = why
    if not job.cancelled():
        job.exception()  # seen, so that the loop does not report it as lost
    if cancelled is not None:
        raise cancelled


async def slices(buffers: Iterable[bytes | bytearray]) -> AsyncIterator[memoryview]:
    """Buffers in pieces of which a connection need not copy much."""
    for buffer in buffers:
        view = memoryview(buffer)
        for start in range(0, len(view), SLICE):
            yield view[start : start + SLICE]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store says of bytes that it took: an ETag, and whether that is their MD5."""

    etag: str
    is_md5: bool


class Outgoing:
    """A body of known size that is sent while its source is read, batch by batch.

    Nothing need be read from the source before the store is `ready`.
    """

    def __init__(self, sending: Callable[[AsyncIterator[memoryview]], Coroutine[Any, Any, Stored]]) -> None:
        self._batches: asyncio.Queue[Batch | None] = asyncio.Queue(1)
        self._wanted = asyncio.Event()
        self._job: asyncio.Future[Stored] = asyncio.ensure_future(sending(self._chunks()))

    async def _chunks(self) -> AsyncIterator[memoryview]:
        self._wanted.set()
        while (batch := await self._batches.get()) is not None:
            async for piece in slices(batch.buffers):
                yield piece

    async def ready(self) -> None:
        """Return when the store wants the bytes, or raise why it does not."""
        await self._unless_over(self._wanted.wait())

    @property
    def is_idle(self) -> bool:
        """Whether the store waits for the next batch."""
        return self._batches.empty()

    async def send(self, batch: Batch) -> None:
        """Hand over a batch as soon as the one before is on its way."""
        await self._unless_over(self._batches.put(batch))

    async def finish(self) -> Stored:
        """The store's answer to the whole, which it may give when it has as many bytes as were announced."""
        ending: asyncio.Future[Any] = asyncio.ensure_future(self._batches.put(None))
        try:
            await asyncio.wait([ending, self._job], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.cancel()
        await asyncio.wait([self._job])
        return self._job.result()

    async def break_off(self) -> None:
        """Cut the connection, so that the store drops what came. After the end this does nothing."""
        await stopped(self._job)

    async def _unless_over(self, step: Coroutine[Any, Any, object]) -> None:
        waiting: asyncio.Future[Any] = asyncio.ensure_future(step)
        try:
            await asyncio.wait([waiting, self._job], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if self._job.done() and not self._job.cancelled():
            if (why := self._job.exception()) is not None:
                raise why
            if not waiting.done():
                raise Unavailable("the S3 store answered before all bytes were sent")
