"""The file that is downloaded: `NAME.part` until all of it is there and right, then `NAME` at once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType

from dms.client.failures import Failure
from dms.client.state import sync_folder

_PIECE = 2**20


class Incoming:
    """A file that grows, with the SHA-256 of what it holds. Use it as a context; these calls block."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.part = target.with_name(f"{target.name}.part")
        self.size = 0
        self._hash = hashlib.sha256()

    def __enter__(self) -> Incoming:
        try:
            descriptor = os.open(self.part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        except OSError as error:
            raise Failure(f"{self.part} cannot be written: {error.strerror}.") from None
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def sha256(self) -> bytes:
        """Of the bytes so far."""
        return self._hash.digest()

    def go_on(self) -> None:
        """Keep the bytes that an earlier run left."""
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            self._hash.update(piece)
            self.size += len(piece)

    def start_again(self) -> None:
        """Throw away what is there."""
        self._file.seek(0)
        self._file.truncate()
        self._hash, self.size = hashlib.sha256(), 0

    def write(self, piece: bytes) -> None:
        """Add bytes at the end. Raises `Failure` if the disk does not take them."""
        view = memoryview(piece)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise Failure(f"{self.part} cannot be written: {error.strerror}.") from None
        self._hash.update(piece)
        self.size += len(piece)

    def keep(self, *, force: bool) -> None:
        """Give the file its name, once its bytes are on stable storage. Unless by force, a file that has
        that name in the meantime stays, and it is a `Failure`."""
        os.fsync(self._file.fileno())
        if force:
            self.part.replace(self.target)
        else:
            try:
                os.link(self.part, self.target)
            except FileExistsError:
                raise Failure(f"{self.target} exists; {self.part.name} holds what came in.") from None
            except OSError:  # a file system without links
                self._rename()
            else:
                self.part.unlink()
        sync_folder(self.target.parent)

    def _rename(self) -> None:
        if self.target.exists():
            raise Failure(f"{self.target} exists; {self.part.name} holds what came in.")
        self.part.rename(self.target)

    def remove(self) -> None:
        """Nothing of it is worth keeping."""
        self.part.unlink(missing_ok=True)
