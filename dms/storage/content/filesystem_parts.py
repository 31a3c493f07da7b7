"""Parts of an upload in files: each in its place in one sparse file, or beside it when that is not safe."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import AsyncIterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import uuid4

from dms.storage.content.filesystem_layout import FILE_MODE, Layout, lies_at, try_flock
from dms.storage.content.port import MissingBody, ReceivedPart, Region
from dms.storage.content.threads import Threads
from dms.storage.content.writing import Batch, HashedFile, pour

# In the directory of an upload:
WHOLE = "body"  # the parts that were written in place
SEALING = "sealing"  # under the flock of whoever seals or abandons
PLACE = ".lock"  # <number>.lock, under the flock of whoever may write that part in place
IN_PLACE = "in-place"  # a receipt; any other receipt names a file
ASIDE = re.compile(r"[0-9]+-[0-9a-f]{32}")  # such a file: <number>-<hex>


class PartSlot:
    """The slot of one part. It may write in place if it holds that place, if the upload is not sealed or
    being sealed, and as long as no part was received before; else it writes a file beside.

    A seal takes `sealing` and then looks at the places; a slot takes its place and then looks at `sealing`,
    each by a flock. So at least one of the two sees the other, and steps aside. None of this knows of the
    document's lock.
    """

    def __init__(self, threads: Threads, layout: Layout, upload: str, number: int) -> None:
        self._threads = threads
        self._layout = layout
        self._upload = upload
        self._number = number
        self._place_fd: int | None = None
        self._whole_fd: int | None = None

    def enter(self) -> None:
        """Take what the slot may have; it blocks, though never on another slot."""
        if not self._layout.body(self._upload).exists():
            while not self._claimed():
                pass

    def leave(self) -> None:
        """Let go. No write may be under way."""
        self._give_up_the_place()

    def _give_up_the_place(self) -> None:
        """Write no more in place: others may, and a seal need not wait. Not while a write is under way."""
        for fd in (self._place_fd, self._whole_fd):
            if fd is not None:
                os.close(fd)
        self._place_fd = self._whole_fd = None

    def _claimed(self) -> bool:
        """Try to claim the right to write in place, and return True whether or not that could be had; False
        if the directory vanished meanwhile, which is to be tried again."""
        directory = self._layout.make_upload(self._upload)
        path = directory / f"{self._number}{PLACE}"
        try:
            self._place_fd = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
            if (
                not try_flock(self._place_fd, fcntl.LOCK_EX)
                or _being_sealed(directory)
                or self._layout.body(self._upload).exists()
            ):
                self._give_up_the_place()
                return True
            self._whole_fd = os.open(directory / WHOLE, os.O_RDWR | os.O_CREAT, FILE_MODE)
            if lies_at(self._place_fd, path):
                return True
        except FileNotFoundError:
            pass
        self._give_up_the_place()
        return False

    async def write(self, chunks: AsyncIterable[bytes], region: Region, *, keep: str | None) -> ReceivedPart:
        """Store a part, as `port.Slot` promises. Raises `MissingBody` if the upload was sealed or abandoned
        while the part came, so that it has no place any more."""
        if keep is not None and self._whole_fd is not None:
            self._give_up_the_place()  # or a seal would wait for a part that is not written in place
        # Taken out for as long as it is written to, so that a second write in the same slot goes aside.
        whole, self._whole_fd = self._whole_fd, None
        sink = _PartFile(self._layout, self._upload, self._number, region, whole)
        try:
            return await pour(self._threads, chunks, sink, region.size)
        except BaseException:
            await self._threads.run(sink.discard)
            raise
        finally:
            self._whole_fd = whole

    async def discard(self, receipt: str) -> None:
        """Remove the file beside the whole; a part in place is overwritten by the next one."""
        if ASIDE.fullmatch(receipt):
            beside = self._layout.upload(self._upload) / receipt
            await self._threads.run(partial(beside.unlink, missing_ok=True))


class _PartFile:
    """Where one attempt at a part goes: the open file of the whole, or else a new file beside it."""

    def __init__(self, layout: Layout, upload: str, number: int, region: Region, whole: int | None) -> None:
        self._layout = layout
        self._upload = upload
        self._in_place = whole is not None
        self._path = layout.upload(upload) / (WHOLE if self._in_place else f"{number}-{uuid4().hex}")
        self._file = None if whole is None else HashedFile(whole, region.offset)

    def write(self, batch: Batch) -> None:
        self._opened().append(batch)

    def finish(self, batch: Batch) -> ReceivedPart:
        file = self._opened()
        file.append(batch)
        self._layout.sync(file.fd)
        with suppress(FileNotFoundError):  # for then the file is not there either
            self._layout.sync_directories(self._path.parent, self._path.parent.parent)
        if not lies_at(file.fd, self._path):
            raise MissingBody(f"upload {self._upload} was sealed or removed while a part of it came")
        self._close()
        return ReceivedPart(IN_PLACE if self._in_place else self._path.name, file.size, file.sha256)

    def discard(self) -> None:
        """Undo what can be seen of this attempt; bytes in place are seen by nobody."""
        self._close()
        if not self._in_place:
            self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file is not None and not self._in_place:
            os.close(self._file.fd)
            self._file = None

    def _opened(self) -> HashedFile:
        while self._file is None:
            self._layout.make_upload(self._upload)
            try:
                self._file = HashedFile(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
            except FileNotFoundError:
                continue  # a seal has just removed the directory, which was empty
        return self._file


def _being_sealed(directory: Path) -> bool:
    try:
        fd = os.open(directory / SEALING, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not try_flock(fd, fcntl.LOCK_SH)
    finally:
        os.close(fd)
