"""`dms upload`: files to a Documenten API, each as a document."""

from __future__ import annotations

import asyncio
import getpass
import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from dms.cli.connection import (
    SERVER,
    Attempts,
    ClientId,
    ClientSecret,
    DataDir,
    Quiet,
    Server,
    credentials,
)
from dms.cli.displays import Display, display
from dms.cli.messages import complain
from dms.cli.running import GOES_ON, INTERRUPTED
from dms.client.bulk.fields import of_file
from dms.client.failures import Failure
from dms.client.session import Patience, Session
from dms.client.state import usual_folder
from dms.client.upload import Sending
from dms.client.upload import upload as upload_file
from dms.data_dir import DATA_DIR
from dms.model.fields import RSIN, VERTROUWELIJKHEID, Vertrouwelijkheidaanduiding

Files = Annotated[list[Path], typer.Argument(metavar="FILE", help="The files, one document each.")]
Type = Annotated[
    str,
    typer.Option(
        "--type",
        envvar="DMS_INFORMATIEOBJECTTYPE",
        metavar="URL",
        help="The informatieobjecttype, by its URL.",
    ),
]
Bronorganisatie = Annotated[
    str,
    typer.Option(
        envvar="DMS_BRONORGANISATIE",
        metavar="RSIN",
        help="The organisation that the documents come from: 9 digits that pass the eleven test.",
    ),
]
Titel = Annotated[
    str, typer.Option(metavar="TEXT", help="What the document is called.", show_default="the file's name")
]
Auteur = Annotated[
    str, typer.Option(envvar="DMS_AUTEUR", metavar="TEXT", help="Who made it.", show_default="who you are")
]
Taal = Annotated[str, typer.Option(metavar="CODE", help="Its language, in three letters (ISO 639-2/B).")]
Level = Annotated[
    Vertrouwelijkheidaanduiding | None,
    typer.Option(
        "--vertrouwelijkheidaanduiding",
        metavar="LEVEL",
        help=f"How secret it is: {', '.join(VERTROUWELIJKHEID)}.",
        show_default="as its type",
    ),
]
Formaat = Annotated[
    str, typer.Option(metavar="MEDIATYPE", help="Its media type.", show_default="from the file's name")
]
Creatiedatum = Annotated[
    datetime | None,
    typer.Option(
        metavar="YYYY-MM-DD",
        formats=["%Y-%m-%d"],
        help="When it was made.",
        show_default="when the file was last changed",
    ),
]
Parallel = Annotated[
    int, typer.Option(min=1, max=64, metavar="N", help="How many parts of a file are sent at once.")
]


def upload(
    files: Files,
    type_: Type,
    bronorganisatie: Bronorganisatie,
    url: Server = SERVER,
    client_id: ClientId = "",
    client_secret: ClientSecret = "",
    data_dir: DataDir = DATA_DIR,
    titel: Titel = "",
    auteur: Auteur = "",
    taal: Taal = "nld",
    level: Level = None,
    formaat: Formaat = "",
    creatiedatum: Creatiedatum = None,
    parallel: Parallel = 4,
    attempts: Attempts = 8,
    quiet: Quiet = False,
) -> None:
    """Upload files of any size, each as a new document, and print the URLs of the documents.

    Files go in parts, several at once, and a part that fails is sent again.
    When the command is stopped, by Ctrl-C or a crash, run the same command
    again: it asks the server what arrived and sends only the rest. For that it
    keeps a note (with no secret of yours in it) until the upload is complete, in
    $XDG_STATE_HOME/dms/transfers or ~/.local/state/dms/transfers.

    When a file fails the others still go, and the command ends with 1.
    After Ctrl-C it ends with 130.

    Example, with TYPE the URL of a published informatieobjecttype:

        dms upload report.pdf --type TYPE --bronorganisatie 000000000
    """
    _must_be_rsin(bronorganisatie)
    given = {
        "informatieobjecttype": type_,
        "bronorganisatie": bronorganisatie,
        "titel": titel,
        "auteur": auteur or _user(),
        "taal": taal,
        "formaat": formaat,
        "creatiedatum": creatiedatum.date().isoformat() if creatiedatum else "",
        **({"vertrouwelijkheidaanduiding": level} if level else {}),
    }
    who = credentials(url, client_id, client_secret, data_dir)
    shown = display(quiet=quiet, sizes=[_size(file) for file in files])
    session = Session(who, Patience(attempts=attempts), remark=shown.says)
    work = _Uploads(Sending(session, url, usual_folder(), parallel), given, shown)
    try:
        asyncio.run(work.run(files))
    except KeyboardInterrupt:
        shown.closes(done=False)
        complain(_stopped(files, work.done))
        raise typer.Exit(INTERRUPTED) from None
    if failed := len(files) - len(work.done):
        complain(f"{failed} of {len(files)} files failed." if len(files) > 1 else "The upload failed.")
        raise typer.Exit(1)


class _Uploads:
    """Uploads of several files with what they have in common; `done` are those that succeeded."""

    def __init__(self, sending: Sending, given: Mapping[str, Any], shown: Display) -> None:
        self._sending = sending
        self._given = given
        self._shown = shown
        self.done: list[Path] = []

    async def run(self, files: list[Path]) -> None:
        """One after another; what fails is told, and the next one goes."""
        async with self._sending.session:
            for file in files:
                self._shown.opens(file.name)
                try:
                    document = await self._one(file)
                except (Failure, OSError) as failure:
                    self._shown.closes(done=False)
                    complain(str(failure) if str(file) in str(failure) else f"{file}: {failure}")
                else:
                    self._shown.closes(done=True)
                    self.done.append(file)
                    typer.echo(document)

    async def _one(self, file: Path) -> str:
        return await upload_file(self._sending, file, _fields(file, self._given), watch=self._shown)


def _stopped(files: list[Path], done: list[Path]) -> str:
    """How to go on. Files that are done must not go again, for they would become documents again."""
    if not done:
        return GOES_ON
    rest = shlex.join(str(file) for file in files if file not in done)
    return f"Stopped. Run the command again with the files that are not done to go on where it was: {rest}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        complain("Nobody knows who you are here: give --auteur, or set DMS_AUTEUR.")
        raise typer.Exit(2) from None


def _fields(file: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a file's document: as given, and otherwise what the file says of itself."""
    changed = file.stat().st_mtime if file.exists() else 0
    return of_file(file, changed) | {name: value for name, value in given.items() if value}


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _must_be_rsin(value: str) -> None:
    try:
        TypeAdapter(RSIN).validate_python(value)
    except ValidationError:
        complain(
            f"--bronorganisatie {value!r} is not an RSIN: it has 9 digits that pass the eleven test "
            "(9, 8, … 2 and -1 times the digits add up to a multiple of 11)."
        )
        raise typer.Exit(2) from None
