"""The file that is uploaded: opened once, read in pieces, watched for changes."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import TracebackType

from dms.client.failures import Failure, FileChanged


class SourceFile:
    """A file of `size` bytes that was last changed at `mtime` (nanoseconds). Use it as a context.

    Raises `Failure` if it cannot be read, or is not a file with a size.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # Without O_NONBLOCK, a pipe would wait for its writer before it can be refused.
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise Failure(f"{path} cannot be read: {error.strerror}.") from None
        found = os.fstat(self._descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(self._descriptor)
            raise Failure(f"{path} is not a file, but a folder, a pipe or a device.")
        self.size, self.mtime = found.st_size, found.st_mtime_ns

    def __enter__(self) -> SourceFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def read(self, offset: int, count: int) -> bytes:
        """Exactly `count` bytes from `offset`. Raises `FileChanged` if there are not as many."""
        try:
            piece = os.pread(self._descriptor, count, offset)
        except OSError as error:
            raise Failure(f"{self.path} cannot be read: {error.strerror}.") from None
        if len(piece) != count:
            raise self._changed()
        return piece

    def check(self) -> None:
        """Raises `FileChanged` if the file was written to since it was opened."""
        found = os.fstat(self._descriptor)
        if (found.st_size, found.st_mtime_ns) != (self.size, self.mtime):
            raise self._changed()

    def _changed(self) -> FileChanged:
        return FileChanged(f"{self.path} changed while it was being uploaded. Upload it once it is finished.")
