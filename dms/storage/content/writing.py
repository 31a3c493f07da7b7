"""From a stream of chunks into an open file: hashed on the way, in bounded memory, outside the event loop."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterable, Sequence
from hashlib import sha256
from typing import Protocol, TypeVar

from dms.storage.content.port import TooLong
from dms.storage.content.threads import Threads, finished, over

BATCH = 1024 * 1024
JOINED_BELOW = 16 * 1024

T_co = TypeVar("T_co", covariant=True)


class Batch:
    """Chunks that are written together. Small ones are joined: a byte must not cost an object."""

    __slots__ = ("buffers", "size")

    def __init__(self) -> None:
        self.buffers: list[bytes | bytearray] = []
        self.size = 0

    def add(self, chunk: bytes | bytearray | memoryview) -> None:
        """Take a chunk along; a chunk that its sender could overwrite is copied."""
        self.size += len(chunk)
        if isinstance(chunk, bytes) and len(chunk) >= JOINED_BELOW:
            self.buffers.append(chunk)
        elif self.buffers and isinstance(self.buffers[-1], bytearray):
            self.buffers[-1] += chunk
        else:
            self.buffers.append(bytearray(chunk))


class HashedFile:
    """An open file that is filled from `offset` on; `size` and `sha256` are of what went in."""

    def __init__(self, fd: int, offset: int = 0) -> None:
        self.fd = fd
        self.size = 0
        self._offset = offset
        self._hash = sha256()

    def append(self, batch: Batch) -> None:
        """Hash and write a batch, whole or with an `OSError`."""
        for buffer in batch.buffers:
            self._hash.update(buffer)
        write_all(self.fd, batch.buffers, self._offset + self.size)
        self.size += batch.size

    @property
    def sha256(self) -> str:
        """The hash so far, in hexadecimal."""
        return self._hash.hexdigest()


def write_all(fd: int, buffers: Sequence[bytes | bytearray | memoryview], offset: int) -> None:
    """Write buffers at an offset, also where the kernel takes them in pieces."""
    left = sum(map(len, buffers))
    while left:
        written = os.pwritev(fd, buffers, offset)
        left -= written
        offset += written
        if left:
            buffers = [memoryview(b"".join(buffers))[written:]]


def read_all(fd: int, size: int, offset: int) -> bytes:
    """Read `size` bytes at an offset, or raise an `OSError`: a file of the store does not get shorter."""
    taken = os.pread(fd, size, offset)
    if len(taken) != size:
        raise OSError(
            errno.EIO, f"the file ends at {offset + len(taken)}, expected {size} bytes from {offset}"
        )
    return taken


class Sink(Protocol[T_co]):
    """What a stream is poured into. Both methods are called in a thread, one call at a time."""

    def write(self, batch: Batch) -> None:
        """Take a batch."""

    def finish(self, batch: Batch) -> T_co:
        """Take the last batch, which may be empty, and say what the whole has become."""


async def pour(
    threads: Threads, chunks: AsyncIterable[bytes], sink: Sink[T_co], limit: int | None = None
) -> T_co:
    """Send a stream into a sink: while a batch is written the next one gathers, and no more than that.

    What fits in one batch takes a single job. Raises `TooLong` when more than `limit` bytes come, and
    whatever the chunks or the sink raise; then too, no job is running any more.
    """
    batch, size = Batch(), 0
    job: asyncio.Future[None] | None = None
    try:
        async for chunk in chunks:
            size += len(chunk)
            if limit is not None and size > limit:
                raise TooLong(f"more than {limit} bytes came")  # noqa: TRY301 - one way out for every failure
            batch.add(chunk)
            if batch.size >= BATCH:
                if job is not None:
                    await finished(job)
                job, batch = threads.start(sink.write, batch), Batch()
        if job is not None:
            await finished(job)
        return await threads.run(sink.finish, batch)
    except BaseException:
        if job is not None:
            await over(job)
        raise
