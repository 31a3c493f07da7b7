"""A body of unknown length on its way to the store: one object, or many parts while it is still coming."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable
from contextlib import suppress

from dms.storage.content.port import Body, WrongBytes
from dms.storage.content.s3 import multipart
from dms.storage.content.s3.failures import NotThere
from dms.storage.content.s3.multipart import Numbered
from dms.storage.content.s3.names import SMALLEST_PART
from dms.storage.content.s3.outgoing import Hashes, content_md5, stopped
from dms.storage.content.s3.service import Part, S3Service
from dms.storage.content.threads import Threads, finished
from dms.storage.content.writing import Batch

MEMORY = 16 * 1024 * 1024
# A piece holds at least this part of what was sent before it, so that 1 TiB takes less than 10,000 pieces.
# The pieces of the first 8 GiB are of 5 MiB.
GROWTH = 1700


def piece_size(sent: int) -> int:
    """The size of the next piece of a body of which so many bytes were sent."""
    return max(SMALLEST_PART, sent // GROWTH)


class Writing:
    """One body. While a piece gathers, others are on their way, as many as memory allows.

    Where a certain body is `expected`, other bytes are `WrongBytes`, and what has the name already stays.
    """

    def __init__(self, service: S3Service, threads: Threads, name: str, expected: Body | None = None) -> None:
        self._service = service
        self._threads = threads
        self._name = name
        self._expected = expected
        self._id = ""
        self._under_way: deque[asyncio.Future[Numbered]] = deque()
        self._parts: list[Numbered] = []
        self._hashes = Hashes(md5_too=False)
        self._size = 0

    async def write(self, chunks: AsyncIterable[bytes]) -> tuple[int, str]:
        """Store what comes; returns its size and SHA-256. Nothing stays if it breaks off or is cancelled."""
        try:
            return await self._write(chunks)
        except BaseException as why:
            # A second cancellation waits too, for what is not removed now would be found by a collector only.
            await finished(asyncio.ensure_future(self._undo()))
            if isinstance(why, NotThere):
                raise OSError("a multipart upload vanished while it was written to") from None
            raise

    async def _write(self, chunks: AsyncIterable[bytes]) -> tuple[int, str]:
        piece, wanted = Batch(), SMALLEST_PART
        async for chunk in chunks:
            piece.add(chunk)
            if piece.size >= wanted:
                await self._send(piece)
                piece, wanted = Batch(), piece_size(self._size)
        if not self._id:
            await self._send_alone(piece)
        else:
            if piece.size:
                await self._send(piece)
            while self._under_way:
                await self._next_sent()
            self._must_be_expected()
            # Not cancelled halfway, so that it is known whether there is something to remove.
            await finished(asyncio.ensure_future(self._complete()))
        return self._size, self._hashes.sha256

    async def _send_alone(self, piece: Batch) -> None:
        md5 = await self._hashed(piece, md5_too=True)
        self._must_be_expected()
        await finished(asyncio.ensure_future(self._service.put(Part(self._name), piece, md5)))

    async def _send(self, piece: Batch) -> None:
        if not self._id:
            self._id = await multipart.create(self._service, self._name)
        md5 = await self._hashed(piece, md5_too=self._service.place.compares)
        number = len(self._parts) + len(self._under_way) + 1
        self._under_way.append(asyncio.ensure_future(self._put(number, piece, md5)))
        while len(self._under_way) > max(MEMORY // piece.size - 1, 0):
            await self._next_sent()

    async def _put(self, number: int, piece: Batch, md5: str) -> Numbered:
        return number, await self._service.put(Part(self._name, self._id, number), piece, md5)

    async def _next_sent(self) -> None:
        self._parts.append(await self._under_way[0])
        self._under_way.popleft()

    async def _hashed(self, piece: Batch, *, md5_too: bool) -> str:
        self._size += piece.size
        return await self._threads.run(_hashed, self._hashes, piece, md5_too)

    async def _complete(self) -> None:
        try:
            await multipart.complete(self._service, self._name, self._id, self._parts)
        except NotThere:
            if not await self._service.exists(self._name):
                raise
            # It was done before, and the answer was lost.

    async def _undo(self) -> None:
        for job in self._under_way:
            await stopped(job)
        with suppress(OSError):
            if self._id:
                await multipart.abort(self._service, self._name, self._id)
            if self._expected is None:
                await self._service.remove(self._name)

    def _must_be_expected(self) -> None:
        wanted = self._expected
        if wanted is not None and (wanted.size, wanted.sha256) != (self._size, self._hashes.sha256):
            raise WrongBytes(f"{self._size} bytes came for {wanted.key}, which are not that body")


def _hashed(hashes: Hashes, piece: Batch, md5_too: bool) -> str:
    hashes.update(piece)
    return content_md5(piece) if md5_too else ""
