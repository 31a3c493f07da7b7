"""What the commands about catalogues have in common: how they run, and how they fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from dms.actions.catalogues.archive import BadArchive
from dms.actions.catalogues.importing import told
from dms.actions.catalogues.selecting import NotOne
from dms.actions.service import Dms
from dms.cli.messages import complain, console
from dms.cli.whole import whole
from dms.model.refusals import Refusal
from dms.settings import BadSetting, Settings

T = TypeVar("T")
INTERRUPTED = 130
_WIDE = 160


def run(work: Coroutine[Any, Any, T], *, about: str = "") -> T:
    """Do the work; what keeps it from being done becomes a sentence, perhaps about a file, and an exit code:
    2 for a bad setting, else 1."""
    before = f"{about}: " if about else ""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        complain("Stopped; nothing was changed.")
        raise typer.Exit(INTERRUPTED) from None
    except BadSetting as error:
        complain(str(error))
        raise typer.Exit(2) from None
    except (BadArchive, NotOne) as error:
        complain(f"{before}{error}")
    except Refusal as refusal:
        complain(f"{before}{told(refusal)}")
    except OSError as error:
        complain(f"{before}{error.strerror or error}")
    raise typer.Exit(1)


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
