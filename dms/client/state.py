"""Notes about a transfer that outlive the process: what it takes to go on, and no secret of a client."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from dms.client.failures import InUse


def usual_folder() -> Path:
    """Where notes are kept: in the user's own folder for what programs remember (XDG_STATE_HOME)."""
    home = os.environ.get("XDG_STATE_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".local" / "state") / "dms" / "transfers"


class State:
    """One JSON file, readable by its owner only, and held by one process at a time.

    Use it as a context: what was written stays when the context is left, however it is left, until it is
    forgotten.
    """

    def __init__(self, folder: Path, *key: str) -> None:
        """The state under `key`, whose parts tell one transfer from another."""
        name = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]
        self.path = folder / f"{name}.json"

    def __enter__(self) -> State:
        """Take hold of it. Raises `InUse` if another process has."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise InUse("Another process is transferring this file.") from None
            if os.fstat(descriptor).st_nlink:
                self._file = os.fdopen(descriptor, "r+b", buffering=0)
                return self
            os.close(descriptor)  # forgotten by another process between our open and our lock

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        found = os.fstat(self._file.fileno())
        if found.st_nlink and not found.st_size:  # once forgotten, the name may be another's
            self.forget()
        self._file.close()

    def read(self) -> dict[str, Any] | None:
        """What was written last; None if that is nothing, or was cut off by a crash."""
        self._file.seek(0)
        try:
            values = json.loads(self._file.read())
        except ValueError:
            return None
        return values if isinstance(values, dict) else None

    def write(self, values: Mapping[str, Any]) -> None:
        """Write, and return when it is on stable storage."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps(values).encode())
        os.fsync(self._file.fileno())
        sync_folder(self.path.parent)

    def clear(self) -> None:
        """What was written is of no use any more; it stays held, for what is written next."""
        self._file.truncate(0)

    def forget(self) -> None:
        """The transfer is over, and nothing can be written any more."""
        self._file.truncate(0)
        self.path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on stable storage."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
