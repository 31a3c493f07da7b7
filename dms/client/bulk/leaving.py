"""What becomes of a file that has become a document: it stays, goes to another folder, or goes for good."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Protocol

from dms.client.bulk.hotfolder import SIDECAR, Found
from dms.client.failures import Failure

_MOST_NAMESAKES = 10_000


class Leaving(Protocol):
    """Done with a file that has its receipt."""

    def __call__(self, found: Found) -> None:
        """Put it away, with its sidecar and marker, unless it changed. Raises `OSError`."""


def stay(found: Found) -> None:
    """Leave it where it is."""


class Delete:
    """Removes files."""

    def __init__(self, marker: str) -> None:
        self._marker = marker

    def __call__(self, found: Found) -> None:
        """Remove it, last of what belongs to it: what is left by a crash has its receipt still."""
        if _is_as_it_was(found):
            for companion in _companions(found, self._marker):
                companion.unlink(missing_ok=True)
            found.file.unlink(missing_ok=True)


class MoveTo:
    """Moves files to a folder, under the same relative path; a name that is taken gets a number."""

    def __init__(self, folder: Path, marker: str) -> None:
        self._folder = folder
        self._marker = marker

    def __call__(self, found: Found) -> None:
        """Move it, last of what belongs to it."""
        if not _is_as_it_was(found):
            return
        target = self._free(self._folder / found.bestand)
        for companion in _companions(found, self._marker):
            if companion.exists():
                shutil.move(companion, target.with_name(target.name + companion.name[len(found.file.name) :]))
        shutil.move(found.file, target)

    def _free(self, wanted: Path) -> Path:
        wanted.parent.mkdir(parents=True, exist_ok=True)
        for number in range(_MOST_NAMESAKES):
            target = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}") if number else wanted
            if not os.path.lexists(target):
                return target
        raise Failure(f"{wanted} is there {_MOST_NAMESAKES} times already.")


def _is_as_it_was(found: Found) -> bool:
    try:
        now = found.file.lstat()
    except FileNotFoundError:
        return False
    return (now.st_size, now.st_mtime_ns) == (found.size, found.changed)


def _companions(found: Found, marker: str) -> list[Path]:
    """The sidecar and the marker, which must go before the file: left behind, they would be taken for those
    of the next file with its name."""
    suffixes = [SIDECAR, *([marker] if marker else [])]
    return [found.file.with_name(found.file.name + suffix) for suffix in suffixes]
