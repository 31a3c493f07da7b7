"""Content in files under one directory that several processes may share: bodies of any size, and in parts."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from dms.storage.content.filesystem_layout import FILE_MODE, Layout, new_key
from dms.storage.content.filesystem_parts import PartSlot
from dms.storage.content.filesystem_sealing import Sealing, abandoning, clearing
from dms.storage.content.port import Body, Entry, MissingBody, Region, Slot, WrongBytes
from dms.storage.content.threads import Threads, finished, over
from dms.storage.content.writing import Batch, HashedFile, pour, read_all, write_all

READ_CHUNK = 1024 * 1024


class FilesystemContentStore:
    """A `ContentStore` with `PartwiseContent`, `LocalFiles` and `TakesBodies`. Make one with `open`."""

    def __init__(self, layout: Layout, threads: Threads) -> None:
        self._layout = layout
        self._threads = threads

    @classmethod
    async def open(cls, root: Path, *, durable: bool = True) -> FilesystemContentStore:
        """The store under `root`, which is made if need be. Raises `OSError` if it cannot be used.

        Without `durable` nothing waits for the disk: after a power cut, acknowledged bodies may be gone.
        """
        store = cls(Layout(root, durable=durable), Threads("content"))
        try:
            await store._threads.run(store._layout.prepare)
        except BaseException:
            await store.close()
            raise
        return store

    async def write(self, chunks: AsyncIterable[bytes]) -> Body:
        """Store a new body. Raises `OSError` when the disk refuses it, and then too nothing stays."""
        return await self._poured(chunks, _IncomingBody(self._layout))

    async def put(self, body: Body, chunks: AsyncIterable[bytes]) -> None:
        """Store this very body under its key. See the port."""
        try:
            self._layout.body(body.key)
        except MissingBody as why:
            raise ValueError(str(why)) from None
        await self._poured(chunks, _MovedBody(self._layout, body))

    async def _poured(self, chunks: AsyncIterable[bytes], incoming: _IncomingBody) -> Body:
        try:
            return await pour(self._threads, chunks, incoming)
        except BaseException:
            await self._threads.run(incoming.discard)
            raise

    async def read(self, key: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes [start, stop) in chunks of 1 MiB, while the next one is being read."""
        reading = _Reading(self._layout.body(key), start, stop)
        job: asyncio.Future[bytes] | None = self._threads.start(reading.next)
        try:
            while job is not None:
                chunk = await finished(job)
                job = self._threads.start(reading.next) if reading.left else None
                if chunk:
                    yield chunk
        finally:
            if job is not None:
                await over(job)
            reading.close()

    async def size(self, key: str) -> int:
        """The size of a body in bytes, or `MissingBody`."""
        return await self._threads.run(_size, self._layout.body(key))

    async def remove(self, key: str) -> None:
        """Remove a body; one that is not there is fine. Directories stay, for others may be about to use
        them. That a removal outlives a crash is not waited for: a body without a record is collected."""
        with suppress(MissingBody):
            await self._threads.run(_remove, self._layout, key)

    def keys(self, since: datetime | None = None) -> AsyncGenerator[Entry, None]:
        """All bodies that are readable; with `since`, those that became so from then on."""
        return self._threads.each(self._layout.body_entries(since))

    def path(self, key: str) -> Path:
        """Where the body lies, or would. Raises `MissingBody` for what cannot be a key."""
        return self._layout.body(key)

    def new_upload(self) -> str:
        """A fresh key."""
        return new_key()

    @asynccontextmanager
    async def slot(self, upload: str, number: int) -> AsyncIterator[Slot]:
        """Take the slot of one part. Raises `MissingBody` for what cannot be a key."""
        slot = PartSlot(self._threads, self._layout, upload, number)
        try:
            await self._threads.run(slot.enter)
            yield slot
        finally:
            slot.leave()

    async def seal(self, upload: str, parts: Sequence[tuple[Region, str]]) -> Body:
        """Make the upload a readable body; as a rule it is read once for its hash, and nothing is copied."""
        return await self._threads.drive(Sealing(self._layout, upload, parts).steps())

    async def abandon(self, upload: str) -> None:
        """Remove an upload and its parts, sealed or not; one that is not there is fine."""
        with suppress(MissingBody):
            await self._threads.drive(abandoning(self._layout, upload))

    async def uploads(self) -> AsyncGenerator[Entry, None]:
        """All uploads that are not sealed, with the time of their last write."""
        async for upload in self._threads.each(self._layout.upload_entries()):
            if not self._layout.body(upload.key).exists():
                yield upload

    async def clear_incoming(self, older_than: datetime) -> int:
        """Remove what crashed writers left and nobody wrote to since; return how many. Writers of other
        processes may be at work, so `older_than` should lie hours back."""
        return await self._threads.drive(clearing(self._layout, older_than))

    async def healthy(self) -> None:
        """Return if files can be written here, else raise an `OSError` that says what to do."""
        await self._threads.run(_probe, self._layout)

    async def close(self) -> None:
        """Wait for the jobs that run, and end the threads."""
        await self._threads.close()


class _IncomingBody:
    """A body on its way: a file in `incoming/` that becomes a body once it is whole and on stable storage."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._path = layout.temporary()
        self._key: str | None = None
        self._file: HashedFile | None = None

    def write(self, batch: Batch) -> None:
        self._opened().append(batch)

    def finish(self, batch: Batch) -> Body:
        file = self._opened()
        file.append(batch)
        self._layout.sync(file.fd)
        self._close()
        self._key = self._key_for(file)
        self._layout.place(self._path, self._key)
        return Body(self._key, file.size, file.sha256)

    def _key_for(self, file: HashedFile) -> str:
        # Made last, so that it tells the hour in which the body became readable.
        return new_key()

    def discard(self) -> None:
        """Undo everything, also what was finished for a caller that is gone."""
        self._close()
        Path(self._path).unlink(missing_ok=True)
        if self._key is not None:
            self._layout.body(self._key).unlink(missing_ok=True)

    def _opened(self) -> HashedFile:
        if self._file is None:
            self._file = HashedFile(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file.fd)
            self._file = None


class _MovedBody(_IncomingBody):
    """A body that comes from another store."""

    def __init__(self, layout: Layout, body: Body) -> None:
        super().__init__(layout)
        self._body = body

    def _key_for(self, file: HashedFile) -> str:
        if (file.size, file.sha256) != (self._body.size, self._body.sha256):
            raise WrongBytes(f"{file.size} bytes came with hash {file.sha256}")
        return self._body.key

    def discard(self) -> None:
        """Undo what is not a body yet. One that is whole stays: it may have been here before, too."""
        self._close()
        Path(self._path).unlink(missing_ok=True)


class _Reading:
    """A stretch of a body, chunk by chunk; `left` is what is still to come of it, once it has begun."""

    def __init__(self, path: Path, start: int, stop: int | None) -> None:
        self.left = 0
        self._path = path
        self._start = start
        self._stop = stop
        self._fd: int | None = None

    def next(self) -> bytes:
        """The next chunk; the first call opens the file."""
        if self._fd is None:
            self._fd = self._open()
        chunk = read_all(self._fd, min(READ_CHUNK, self.left), self._start)
        self._start += len(chunk)
        self.left -= len(chunk)
        return chunk

    def _open(self) -> int:
        try:
            fd = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            raise MissingBody(f"there is no body {self._path.name}") from None
        size = os.fstat(fd).st_size
        self.left = max((size if self._stop is None else min(self._stop, size)) - self._start, 0)
        return fd

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        raise MissingBody(f"there is no body {path.name}") from None


def _remove(layout: Layout, key: str) -> None:
    try:
        layout.body(key).unlink()
    except FileNotFoundError:
        return
    # Parts that came too late for the body may still lie there.
    layout.drop(layout.upload(key))


def _probe(layout: Layout) -> None:
    path = layout.temporary()
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        try:
            write_all(fd, [b"probe"], 0)
        finally:
            os.close(fd)
            Path(path).unlink()
    except OSError as why:
        raise OSError(
            why.errno,
            f"cannot write files under {layout.root} ({why.strerror}): see that the volume is mounted there, "
            "that it is not full or read-only, and that this user may write to it",
        ) from why
    check_room(os.statvfs(layout.root), layout.root)


def check_room(volume: os.statvfs_result, root: Path) -> None:
    """Raise an `OSError` if a volume has no room left for files of this user."""
    if volume.f_bavail == 0:
        raise OSError(errno.ENOSPC, f"the volume of {root} is full: enlarge it, or free space on it")
    if volume.f_files > 0 and volume.f_favail == 0:
        raise OSError(
            errno.ENOSPC, f"the volume of {root} has no inodes left: use one that was made with more"
        )
