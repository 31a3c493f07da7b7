"""An upload becomes a body, or goes: one at a time per upload, repeatable after a crash at any point.

Everything here is a generator for `Threads.drive`: it blocks for a moment, and yields the seconds to wait.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from dms.storage.content.filesystem_layout import FILE_MODE, Layout, lies_at, try_flock
from dms.storage.content.filesystem_parts import ASIDE, IN_PLACE, PLACE, SEALING, WHOLE
from dms.storage.content.port import Body, MissingBody, Region
from dms.storage.content.writing import read_all, write_all

PIECE = 1024 * 1024
PIECES_PER_STEP = 8
POLL_SECONDS = 0.02
# How long a seal waits for a slot that has just written in place to be left, before it works around it.
PATIENCE_SECONDS = 1.0

Steps = Generator[float, None, None]


class Sealing:
    """One seal. What was written in place stays where it is; files beside it are copied in, and only then
    removed. While somebody still holds the right to write in place, or if the body is readable already, the
    whole is copied into a new file instead, because a body never changes."""

    def __init__(self, layout: Layout, upload: str, parts: Sequence[tuple[Region, str]]) -> None:
        self._layout = layout
        self._parts: Final = parts
        self._key = upload
        self._body = layout.body(upload)
        self._directory = layout.upload(upload)
        self._size = _checked_size(parts)

    def steps(self) -> Generator[float, None, Body]:
        """Seal. Raises `MissingBody` before anything changes."""
        sealing_fd = yield from _taken(self._directory)
        with ExitStack() as stack:
            if sealing_fd is not None:
                stack.callback(os.close, sealing_fd)
            elif not self._body.exists():
                raise MissingBody(f"there is no upload {self._key}")
            if not self._body.exists() or self._is_behind():
                digest = yield from self._assembled(stack)
            else:
                digest = yield from self._read_again(stack)
            if sealing_fd is not None:
                self._tidy()
            return Body(self._key, self._size, digest)

    def _is_behind(self) -> bool:
        """Whether parts came in after the upload was sealed, before anybody was told that it was."""
        return any(receipt != IN_PLACE and (self._directory / receipt).exists() for _, receipt in self._parts)

    def _read_again(self, stack: ExitStack) -> Generator[float, None, str]:
        fd = _open(self._body, os.O_RDONLY, stack)
        # Whoever sealed it may have stopped before this.
        self._layout.sync_directories(self._body.parent)
        if os.fstat(fd).st_size != self._size:
            raise MissingBody(f"{self._key} was sealed from other parts than these")
        return (yield from _hashed(fd, self._size))

    def _assembled(self, stack: ExitStack) -> Generator[float, None, str]:
        sealed_before = self._body.exists()
        path = self._body if sealed_before else self._directory / WHOLE
        in_place = _open(path, os.O_RDONLY if sealed_before else os.O_RDWR | os.O_CREAT, stack)
        asides = self._found(os.fstat(in_place).st_size, sealed_before)
        target = in_place
        if sealed_before or (yield from _is_written_in_place(self._directory)):
            path = Path(self._layout.temporary())
            target = _open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, stack)
            stack.callback(path.unlink, missing_ok=True)
        for (region, _), aside in zip(self._parts, asides, strict=True):
            if aside is not None:
                with aside.open("rb") as source:
                    yield from _copy(source.fileno(), 0, target, region)
            elif target != in_place:
                yield from _copy(in_place, region.offset, target, region)
        digest = yield from _hashed(target, self._size)
        os.ftruncate(target, self._size)
        self._layout.sync(target)
        self._layout.place(str(path), self._key)
        return digest

    def _found(self, in_place_until: int, sealed_before: bool) -> list[Path | None]:
        """Per part the file beside, or None if its bytes are in place."""
        found: list[Path | None] = []
        for region, receipt in self._parts:
            aside = self._directory / receipt
            if receipt != IN_PLACE and aside.exists():
                there = aside.stat().st_size >= region.size
                found.append(aside)
            else:
                # A file beside that is gone after a seal was copied in by it.
                end = region.offset + region.size if region.size else 0
                there = end <= in_place_until and (receipt == IN_PLACE or sealed_before)
                found.append(None)
            if not there:
                raise MissingBody(f"part {region.number} of upload {self._key} is not there")
        return found

    def _tidy(self) -> None:
        """Remove what is in the body now. Files beside that are not are left: a part may have come while
        this seal was under way, and be in the next one; otherwise they are collected by age."""
        for _, receipt in self._parts:
            if receipt != IN_PLACE:
                (self._directory / receipt).unlink(missing_ok=True)
        (self._directory / WHOLE).unlink(missing_ok=True)
        # Once sealed nothing is written in place, so no place means anything any more. `sealing` goes last.
        for path in self._directory.glob(f"*{PLACE}"):
            path.unlink(missing_ok=True)
        (self._directory / SEALING).unlink(missing_ok=True)
        with suppress(OSError):
            self._directory.rmdir()


def abandoning(layout: Layout, upload: str) -> Steps:
    """Remove an upload, and the body that it may have become."""
    sealing_fd = yield from _taken(layout.upload(upload))
    try:
        layout.drop(layout.upload(upload))
        layout.body(upload).unlink(missing_ok=True)
    finally:
        if sealing_fd is not None:
            os.close(sealing_fd)


def clearing(layout: Layout, older_than: datetime) -> Generator[float, None, int]:
    """Remove what broken-off writes, and uploads that were sealed long ago, left; return how many of them."""
    cleared = 0
    for path, written in layout.unfinished():
        if written < older_than:
            if path.is_dir():
                layout.drop(path)
            else:
                path.unlink(missing_ok=True)
            cleared += 1
            yield 0
    for upload in layout.upload_entries():
        if upload.written < older_than and layout.body(upload.key).exists():
            layout.drop(layout.upload(upload.key))
            cleared += 1
            yield 0
    return cleared


def _checked_size(parts: Sequence[tuple[Region, str]]) -> int:
    size = 0
    for region, receipt in parts:
        if region.offset != size:
            raise MissingBody(
                f"part {region.number} begins at {region.offset}, the parts before end at {size}"
            )
        if receipt != IN_PLACE and ASIDE.fullmatch(receipt) is None:
            raise MissingBody(f"part {region.number} has a receipt that is not from this store")
        size += region.size
    if not parts:
        raise MissingBody("an upload without parts is not there")
    return size


def _open(path: Path, flags: int, stack: ExitStack) -> int:
    fd = os.open(path, flags, FILE_MODE)
    stack.callback(os.close, fd)
    return fd


def _taken(directory: Path) -> Generator[float, None, int | None]:
    """Take `sealing` and return its open file, or None if the upload has no directory."""
    path = directory / SEALING
    while True:
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
        except FileNotFoundError:
            return None
        if try_flock(fd, fcntl.LOCK_EX) and lies_at(fd, path):
            return fd
        os.close(fd)
        yield POLL_SECONDS


def _is_written_in_place(directory: Path) -> Generator[float, None, bool]:
    """Whether some slot still may write in place after a while of patience. No slot begins to meanwhile."""
    for _ in range(int(PATIENCE_SECONDS / POLL_SECONDS)):
        if all(map(_is_free, directory.glob(f"*{PLACE}"))):
            return False
        yield POLL_SECONDS
    return True


def _is_free(path: Path) -> bool:
    fd = os.open(path, os.O_RDWR)
    try:
        return try_flock(fd, fcntl.LOCK_EX)
    finally:
        os.close(fd)


def _copy(source: int, start: int, target: int, region: Region) -> Steps:
    for number, done in enumerate(range(0, region.size, PIECE), 1):
        piece = read_all(source, min(PIECE, region.size - done), start + done)
        write_all(target, [piece], region.offset + done)
        if number % PIECES_PER_STEP == 0:
            yield 0


def _hashed(fd: int, size: int) -> Generator[float, None, str]:
    digest = sha256()
    for number, done in enumerate(range(0, size, PIECE), 1):
        digest.update(read_all(fd, min(PIECE, size - done), done))
        if number % PIECES_PER_STEP == 0:
            yield 0
    return digest.hexdigest()
