"""What the commands about catalogues have in common: the service, and what they show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from dms.actions.service import Dms
from dms.cli.messages import console
from dms.cli.whole import whole
from dms.settings import Settings

_WIDE = 160


@asynccontextmanager
async def service(settings: Settings) -> AsyncIterator[Dms]:
    """The service without its HTTP, if its stores are whole."""
    async with whole(settings) as opened:
        yield opened.dms


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, which goes when the work is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def output() -> Console:
    """Standard output; a line is as long as it must be where that is no terminal."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_WIDE)
