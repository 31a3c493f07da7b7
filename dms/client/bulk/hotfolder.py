"""A hot folder: the files in it that are ready to go, never one that is still being written."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple

SIDECAR = ".json"
_UNFINISHED = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", "~")
_OF_SYSTEMS = frozenset({"thumbs.db", "desktop.ini"})
_DEEPEST = 64


class Found(NamedTuple):
    """A file by the name it goes by (relative, with slashes), as it was at the last look; moments are in
    nanoseconds, and that of its sidecar is 0 if there is none. `ready` says that it is no longer written."""

    bestand: str
    root: Path
    size: int
    changed: int
    sidecar: int
    ready: bool

    @property
    def file(self) -> Path:
        """Where it is. Made when asked for, since there may be very many."""
        return self.root / self.bestand


class _Seen(NamedTuple):
    """How a file looked, and since when on our clock."""

    look: tuple[int, int, int]
    since: float


class HotFolder:
    """The files below a folder, symbolic links left out.

    One is ready when its size and times, and those of its sidecar, were the same for `settle` seconds from
    look to look; or with a `marker` (a suffix), when the file with that suffix lies beside it. Left alone are
    names of temporary files, sidecars, markers, and the paths to `leave`.
    """

    def __init__(
        self,
        root: Path,
        *,
        settle: float,
        marker: str = "",
        leave: Collection[Path] = (),
        remark: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.root = root
        self.marker = marker
        self._settle = settle
        self._leave = frozenset(path.absolute() for path in leave)
        self._remark = remark
        self._seen: dict[str, _Seen] = {}
        self._told: set[str] = set()

    def look(self, now: float) -> list[Found]:
        """Every file that is no sidecar, marker or temporary; `now` is in seconds on a clock that never
        jumps. Raises `OSError` if the folder itself cannot be read."""
        seen: dict[str, _Seen] = {}
        found = []
        for folder, entries in self._folders():
            there = {entry.name: entry for entry in entries}
            for name, entry in there.items():
                if not self._is_candidate(name):
                    continue
                file = self._examined(folder, entry, there, now, seen)
                if file is not None:
                    found.append(file)
        self._seen = seen
        return found

    def _folders(self) -> Iterator[tuple[str, list[os.DirEntry[str]]]]:
        """Each folder by its relative path, with the files in it, in the order of their names."""
        rest = [("", 0)]
        while rest:
            folder, depth = rest.pop()
            try:
                with os.scandir(self.root / folder) as scan:
                    entries = sorted(scan, key=lambda entry: entry.name)
            except OSError:
                if not folder:
                    raise
                continue  # it went while we looked, or is not ours to read
            files = []
            for entry in entries:
                if self.root.absolute() / folder / entry.name in self._leave or not self._is_nameable(
                    entry.name
                ):
                    continue
                linked = entry.is_symlink() and entry.name.endswith(SIDECAR)  # refused when it is read
                if linked or entry.is_file(follow_symlinks=False):
                    files.append(entry)
                elif entry.is_dir(follow_symlinks=False) and depth < _DEEPEST and entry.name[0] not in ".~":
                    rest.append((f"{folder}{entry.name}/", depth + 1))
            yield folder, files

    def _is_nameable(self, name: str) -> bool:
        """Whether the name fits on a line."""
        if all(ord(character) >= 32 and character != "\x7f" for character in name):
            return True
        if name not in self._told and len(self._told) < 1000:
            self._told.add(name)
            self._remark(f"{name!r} is left alone: rename it, for its name holds control characters.")
        return False

    def _is_candidate(self, name: str) -> bool:
        lower = name.lower()
        return not (
            name[0] in ".~"
            or lower.endswith((SIDECAR, *_UNFINISHED))
            or lower in _OF_SYSTEMS
            or (self.marker and name.endswith(self.marker))
        )

    def _examined(
        self,
        folder: str,
        entry: os.DirEntry[str],
        there: dict[str, os.DirEntry[str]],
        now: float,
        seen: dict[str, _Seen],
    ) -> Found | None:
        bestand, beside = folder + entry.name, there.get(entry.name + SIDECAR)
        try:
            stat = entry.stat(follow_symlinks=False)
            sidecar = beside.stat(follow_symlinks=False).st_mtime_ns if beside else 0
        except OSError:
            return None  # it went while we looked
        look = (stat.st_size, stat.st_mtime_ns, sidecar)
        before = self._seen.get(bestand)
        known = before if before is not None and before.look == look else _Seen(look, now)
        seen[bestand] = known
        if self.marker:
            ready = entry.name + self.marker in there
        else:
            ready = before is known and now - known.since >= self._settle
        return Found(bestand, self.root, stat.st_size, stat.st_mtime_ns, sidecar, ready)
