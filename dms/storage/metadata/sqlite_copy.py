"""A copy of a SQLite file while it is in use: all of it, as it was at one moment."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from dms.storage.files import sync_directory

_OWNER_ONLY = 0o600


def copy(path: Path, connection: sqlite3.Connection) -> None:
    """Copy what the connection sees to a new file, on stable storage. See `CopiesItself`."""
    # Made beforehand, so that it is never readable by others, and nobody's file is written over.
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    try:
        with closing(sqlite3.connect(path)) as target:
            # In one step: between steps a write by another would make it begin again, for ever perhaps. In
            # WAL mode it holds up no writer.
            connection.backup(target)
        os.fsync(fd)
        sync_directory(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)
