"""How commands on the stores of the service begin and end: what keeps one from being done is one sentence,
and an exit code."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from dms.actions.catalogues.archive import BadArchive
from dms.actions.catalogues.importing import told
from dms.actions.catalogues.selecting import NotOne
from dms.actions.migrate_content import CannotMove
from dms.cli.messages import complain
from dms.model.refusals import Refusal
from dms.settings import BadSetting, Settings

T = TypeVar("T")
FAILED, MISUSED, INTERRUPTED = 1, 2, 130
"""Exit codes: it could not be done, it was asked wrongly, Ctrl-C."""
GOES_ON = "Stopped. Run the same command again to go on where it was."
UNCHANGED = "Stopped; nothing was changed."

Config = Annotated[
    Path | None, typer.Option("--config", help="A TOML file with settings; DMS_* variables go before it.")
]


def read_settings(config: Path | None) -> Settings:
    """The settings, or an end with the sentence that says what is wrong with them."""
    with explained():
        return Settings.read(os.environ, config)


def run(work: Coroutine[Any, Any, T], *, about: str = "", stopped: str = GOES_ON) -> T:
    """Do the work, or end as `explained` does."""
    with explained(about=about, stopped=stopped):
        return asyncio.run(work)


@contextmanager
def explained(*, about: str = "", stopped: str = GOES_ON) -> Iterator[None]:
    """Turn what keeps a command from being done into a sentence, perhaps about a file, and an exit code: 2
    for a setting that cannot be used, 130 for Ctrl-C, else 1. A fault of ours passes."""
    before = f"{about}: " if about else ""
    try:
        yield
    except KeyboardInterrupt:
        complain(stopped)
        raise typer.Exit(INTERRUPTED) from None
    except BadSetting as error:
        complain(str(error))
        raise typer.Exit(MISUSED) from None
    except (CannotMove, BadArchive, NotOne) as error:
        complain(f"{before}{error}")
    except Refusal as refusal:
        complain(f"{before}{told(refusal)}")
    except OSError as error:
        complain(_unusable(error, about))
    else:
        return
    raise typer.Exit(FAILED)


def _unusable(error: OSError, about: str) -> str:
    if not about:
        return f"A store or directory cannot be used: {error}. When it can, run the same command again."
    names_it = error.filename is None or str(error.filename) == about
    return f"{about}: {error.strerror if error.strerror and names_it else error}"
