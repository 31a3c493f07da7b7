"""`dms download`: the content of a document to a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from dms.cli.connection import (
    Attempts,
    ClientId,
    ClientSecret,
    DataDir,
    Quiet,
    credentials,
)
from dms.cli.displays import Display, display
from dms.cli.messages import complain
from dms.cli.running import GOES_ON, INTERRUPTED
from dms.client.download import download as download_content
from dms.client.failures import Failure
from dms.client.session import Patience, Session
from dms.client.state import usual_folder
from dms.data_dir import DATA_DIR

Document = Annotated[str, typer.Argument(metavar="URL", help="The document, by its URL.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="The file or folder to write.", show_default="the bestandsnaam"
    ),
]
Versie = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Which version.", show_default="the latest")
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if there is one with that name.")]


def download(
    url: Document,
    output: Output = None,
    versie: Versie = None,
    force: Force = False,
    client_id: ClientId = "",
    client_secret: ClientSecret = "",
    data_dir: DataDir = DATA_DIR,
    attempts: Attempts = 8,
    quiet: Quiet = False,
) -> None:
    """Download the content of a document, and print the path of the file.

    The bytes come in as FILE.part. The file gets its name once it is whole, and
    has the size and the checksum that the server states. When the command is
    stopped, run it again: it goes on where it was. For that it keeps a note until
    the file is whole, in $XDG_STATE_HOME/dms/transfers or
    ~/.local/state/dms/transfers.

    A file that is there already is never replaced without --force.
    After Ctrl-C the command ends with 130.

    Example, with URL that of a document (as dms upload prints it):

        dms download URL -o report.pdf
    """
    who = credentials(url, client_id, client_secret, data_dir)
    shown = display(quiet=quiet)
    session = Session(who, Patience(attempts=attempts), remark=shown.says)
    shown.opens(output.name if output else url.rstrip("/").rpartition("/")[2])
    try:
        file = asyncio.run(_one(session, url, output, versie, force, shown))
    except KeyboardInterrupt:
        shown.closes(done=False)
        complain(GOES_ON)
        raise typer.Exit(INTERRUPTED) from None
    except (Failure, OSError) as failure:
        shown.closes(done=False)
        complain(str(failure))
        raise typer.Exit(1) from None
    shown.closes(done=True)
    typer.echo(file)


async def _one(
    session: Session, url: str, output: Path | None, versie: int | None, force: bool, shown: Display
) -> Path:
    async with session:
        return await download_content(
            session, url, states=usual_folder(), to=output, versie=versie, force=force, watch=shown
        )
