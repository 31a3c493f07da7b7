"""Files on stable storage, as the embedded stores and backups need them."""

from __future__ import annotations

import os
from pathlib import Path


def sync_directory(directory: str | Path) -> None:
    """Bring the names in a directory to stable storage. Blocks."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
