"""Where bodies, uploads and unfinished files lie under one root, and how a name in it survives a crash."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from secrets import token_hex

from dms.storage.content.port import Entry, MissingBody
from dms.storage.files import sync_directory

KEY = re.compile(r"[0-9]{4}(/[0-9]{2}){3}/[0-9a-f]{32}")
# Not what is nearly a key of our own, which is a mistake.
FOREIGN_KEY = re.compile(r"(?![0-9]{4}/[0-9]{2}/)(?=.{1,200}\Z)[0-9A-Za-z-]+(/[0-9A-Za-z-]+)*")
MOVED = "moved"
FILE_MODE = 0o640
DIRECTORY_MODE = 0o750

# The kernel stamps files with a clock that may lag a tick behind the one that callers read.
CLOCK_LAG = timedelta(seconds=1)


def new_key() -> str:
    """A fresh key: the hour, so that directories stay small, and a random name."""
    return time.strftime("%Y/%m/%d/%H/", time.gmtime()) + token_hex(16)


class Layout:
    """The paths under a root. Its methods block; they are for threads.

    `bodies/<key>` are the readable bodies, with those that have a key of another store under `bodies/moved/`;
    `incoming/` holds what is being written or removed, and `uploads/<key>/` the parts of an upload. Several
    processes may share a root.
    """

    def __init__(self, root: Path, *, durable: bool) -> None:
        self.root = root
        self.incoming = root / "incoming"
        self.uploads = root / "uploads"
        self.bodies = root / "bodies"
        self._incoming = str(self.incoming)
        self._bodies = str(self.bodies)
        self._durable = durable
        self._settled: set[str] = set()

    def prepare(self) -> None:
        """Make the directories that are not there yet."""
        if not self.root.exists():
            self.root.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            self.sync_directories(self.root.parent)
        for directory in (self.incoming, self.uploads, self.bodies):
            directory.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        self.sync_directories(self.root)

    def body(self, key: str) -> Path:
        """Where a body lies or will lie. Raises `MissingBody` for what cannot be a key."""
        return self.bodies / _place_of(key)

    def upload(self, key: str) -> Path:
        """The directory of an upload. Raises `MissingBody` for what cannot be a key."""
        return self.uploads / _checked(key)

    def temporary(self) -> str:
        """A fresh path in `incoming/`. It is a string, as in `place`: for a small body, making `Path`s would
        take as long as the kernel takes to store it."""
        return f"{self._incoming}/{token_hex(16)}"

    def make_upload(self, key: str) -> Path:
        """The directory of an upload, made if need be; `sync_directories` is for when something is in it."""
        directory = self.upload(key)
        self._in_settled(str(directory.parent), partial(_make_directory, directory))
        return directory

    def place(self, file: str, key: str) -> None:
        """Make a file, whose bytes are on stable storage, the body of that key; then that is so for good."""
        body = f"{self._bodies}/{_place_of(key)}"
        directory = body.rpartition("/")[0]
        self._in_settled(directory, partial(os.rename, file, body))
        self.sync_directories(directory)

    def _in_settled(self, directory: str, act: Callable[[], object]) -> None:
        self._settle(directory)
        try:
            act()
        except FileNotFoundError:
            # Perhaps somebody tidied up empty directories; if it is something else, this fails again.
            self._settled.discard(directory)
            self._settle(directory)
            act()

    def _settle(self, directory: str) -> None:
        """Make a directory with its parents, so that it survives a crash. Another process may have made it
        a moment ago and not come to that yet, so what counts is what this process did itself."""
        if directory in self._settled:
            return
        path = Path(directory)
        path.mkdir(parents=True, exist_ok=True)
        above = path.relative_to(self.root).parts[:-1]
        self.sync_directories(*accumulate(above, Path.joinpath, initial=self.root))
        self._settled.add(directory)

    def sync(self, fd: int) -> None:
        """Bring the bytes of an open file to stable storage."""
        if self._durable:
            os.fdatasync(fd)

    def sync_directories(self, *directories: str | Path) -> None:
        """Bring the names in directories to stable storage."""
        if self._durable:
            for directory in directories:
                sync_directory(directory)

    def drop(self, directory: Path) -> None:
        """Remove a directory with all that is in it, at once for who looks for it by name."""
        target = self.temporary()
        with suppress(FileNotFoundError):
            directory.rename(target)
            # A slot may be making a file in it right now; what stays is collected by its age.
            shutil.rmtree(target, ignore_errors=True)

    def body_entries(self, since: datetime | None) -> Generator[Entry, None, None]:
        """The bodies that became readable since then. A rename touches the file and its directory, which is
        why the time of change counts: a sealed upload lies under the hour in which it was begun."""
        limit = 0.0 if since is None else (since - CLOCK_LAG).timestamp()
        for directory, key_of in self._body_directories():
            with suppress(FileNotFoundError):
                if directory.stat().st_ctime < limit:
                    continue
                for name, stat in _files(directory):
                    if stat.st_ctime >= limit and (key := key_of(directory / name)) is not None:
                        yield Entry(key, _time(stat.st_ctime))

    def _body_directories(self) -> Iterator[tuple[Path, Callable[[Path], str | None]]]:
        """Where bodies lie, and what tells their keys from their paths."""
        for hour in _hours(self.bodies):
            yield hour, _own_key
        for directory in _hours(self.bodies / MOVED, levels=2):
            yield directory, _foreign_key

    def upload_entries(self) -> Generator[Entry, None, None]:
        """The uploads that have a directory, with the time of the last write to anything in it."""
        for hour in _hours(self.uploads):
            for directory in _directories(hour):
                with suppress(FileNotFoundError):
                    times = [directory.stat().st_mtime, *(stat.st_mtime for _, stat in _files(directory))]
                    if KEY.fullmatch(key := _key(directory)):
                        yield Entry(key, _time(max(times)))

    def unfinished(self) -> Generator[tuple[Path, datetime], None, None]:
        """What lies in `incoming/`, with the time of the last write to it."""
        for path in self.incoming.iterdir():
            with suppress(FileNotFoundError):
                yield path, _time(path.stat().st_mtime)


def _checked(key: str) -> str:
    if KEY.fullmatch(key) is None:
        raise MissingBody(f"{key[:80]!r} is not a key of this store")
    return key


def _place_of(key: str) -> str:
    """Where a body lies among the bodies. Raises `MissingBody` for what cannot be a key.

    Keys of other stores may be many under one name, so they are spread; `_`, which is in none, is for `/`.
    """
    if KEY.fullmatch(key):
        return key
    if FOREIGN_KEY.fullmatch(key) is None:
        raise MissingBody(f"{key[:80]!r} is not a key of this store")
    spread = sha256(key.encode()).hexdigest()
    return f"{MOVED}/{spread[:2]}/{spread[2:4]}/{key.replace('/', '_')}"


def _own_key(path: Path) -> str | None:
    return key if KEY.fullmatch(key := _key(path)) else None


def _foreign_key(path: Path) -> str | None:
    key = path.name.replace("_", "/")
    return key if FOREIGN_KEY.fullmatch(key) else None


def _key(path: Path) -> str:
    return "/".join(path.parts[-5:])


def _time(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


def _hours(outer: Path, levels: int = 4) -> Iterator[Path]:
    if levels == 0:
        yield outer
        return
    for inner in _directories(outer):
        yield from _hours(inner, levels - 1)


def _directories(outer: Path) -> list[Path]:
    with suppress(FileNotFoundError), os.scandir(outer) as entries:
        return [outer / entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return []


def _files(directory: Path) -> Generator[tuple[str, os.stat_result], None, None]:
    with os.scandir(directory) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if entry.is_file(follow_symlinks=False):
                    yield entry.name, entry.stat(follow_symlinks=False)


def try_flock(fd: int, how: int) -> bool:
    """Take the kernel's lock on an open file and return True, or False if another one is in the way. The
    kernel lets go when `fd` closes."""
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lies_at(fd: int, path: Path) -> bool:
    """Whether an open file is the one that its path leads to, and not one that was removed."""
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def _make_directory(directory: Path) -> None:
    # Not `exist_ok`, which looks again whether it is there, and fails if a seal has just removed it.
    with suppress(FileExistsError):
        os.mkdir(directory, DIRECTORY_MODE)  # noqa: PTH102 (see above)
