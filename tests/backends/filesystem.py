"""What the tests of the filesystem store look at and interfere with: files, the disk, the process itself."""

from __future__ import annotations

import asyncio
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

HOUR = timedelta(hours=1)


def files(root: Path) -> list[str]:
    """All files under a root, by their place in it."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def open_files() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """A disk that refuses bytes beyond this size of a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


_interferences: list[tuple[str, str, Callable[[], object]]] = []


def _interfering(event: str, args: tuple[object, ...]) -> None:
    if _interferences and event == _interferences[0][0] and _interferences[0][1] in str(args[0]):
        _interferences.pop()[2]()


sys.addaudithook(_interfering)


def interfere(event: str, path: str, act: Callable[[], object]) -> None:
    """Do something at the moment just before the next call that has this audit event and this in its path."""
    _interferences[:] = [(event, path, act)]


def renewed(directory: Path) -> None:
    """Remove a directory, and make it anew."""
    shutil.rmtree(directory)
    directory.mkdir()


async def dies_at(event: str, root: Path, act: str) -> None:
    """Run a statement in a process of its own, which is killed as soon as Python raises this audit event."""
    script = f"""
import asyncio, os, signal, sys
from pathlib import Path
from dms.storage.content.filesystem import FilesystemContentStore
from dms.storage.content.port import Region
from tests.contracts.content import MIB, cut, pattern, send, whole

async def half(chunk):
    async for piece in cut(chunk, 256 * 1024):
        yield piece
    sys.audit("halfway")

async def main():
    store = await FilesystemContentStore.open(Path({str(root)!r}))
    sys.addaudithook(lambda event, _: event == {event!r} and os.kill(os.getpid(), signal.SIGKILL))
    await {act}

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=Path(__file__).parents[2]
    )
    assert await process.wait() == -signal.SIGKILL
