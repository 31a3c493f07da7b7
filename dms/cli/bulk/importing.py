"""`dms import`: the documents of a manifest to a Documenten API."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal

from dms.cli.bulk.displays import Quiet as Shown
from dms.cli.bulk.displays import bulk_display
from dms.cli.bulk.options import (
    Auteur,
    Bronorganisatie,
    Level,
    Others,
    Parallel,
    ReceiptsFile,
    Taal,
    Type,
    given_fields,
    other_fields,
)
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
from dms.cli.messages import complain
from dms.cli.running import GOES_ON, INTERRUPTED
from dms.client.bulk.courier import Courier, Tally
from dms.client.bulk.importing import item_of, run_import
from dms.client.bulk.manifest import Contents, Manifest, Row
from dms.client.bulk.receipts import Receipts, ReceiptsBroken
from dms.client.failures import Failure, printable
from dms.client.session import Credentials, Patience, Session
from dms.client.state import usual_folder
from dms.client.upload import Sending
from dms.data_dir import DATA_DIR

ManifestFile = Annotated[
    Path, typer.Argument(metavar="MANIFEST.csv", help="The documents, a row for each.", dir_okay=False)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check all, and say what would be sent.")]


def import_(
    manifest: ManifestFile,
    type_: Type = "",
    bronorganisatie: Bronorganisatie = "",
    auteur: Auteur = "",
    taal: Taal = "nld",
    level: Level = None,
    field: Others = None,
    receipts: ReceiptsFile = None,
    dry_run: DryRun = False,
    parallel: Parallel = 4,
    url: Server = SERVER,
    client_id: ClientId = "",
    client_secret: ClientSecret = "",
    data_dir: DataDir = DATA_DIR,
    attempts: Attempts = 8,
    quiet: Quiet = False,
) -> None:
    """Import the documents that a manifest lists: a CSV file with a row for each.

    The column `bestand` is the path of the file, seen from the manifest. Other
    columns are fields of documents by their names in the standard: titel, auteur,
    creatiedatum, trefwoorden, ... Columns that are not there, and empty cells, get
    their values from the options. The whole manifest is checked before anything
    is sent.

    Each document gets a line in receipts.csv, beside the manifest. When the
    command is stopped, or some documents fail, run it again: what has a receipt is
    not sent again, and nothing becomes a document twice, whatever happened.

    It ends with 0 when all succeeded, 1 when some failed, and 2 when the manifest
    or the options are wrong.

    Example, with TYPE the URL of a published informatieobjecttype:

        bestand;titel;creatiedatum
        scans/0001.pdf;Bezwaarschrift;2026-11-24

        dms import post.csv --type TYPE --bronorganisatie 000000000
    """
    defaults = given_fields(type_, bronorganisatie, auteur, taal, level, other_fields(field))
    listed = Manifest(manifest, defaults)
    try:
        contents = listed.check()
        kept = Receipts(receipts or manifest.absolute().parent / "receipts.csv")
        if dry_run:
            _tell(listed, contents, kept)
            return
        work = _Work(listed, contents, parallel, attempts, bulk_display(quiet=quiet))
        tally, end = work.run(kept, credentials(url, client_id, client_secret, data_dir), url)
    except Failure as failure:
        complain(str(failure))
        raise typer.Exit(1 if isinstance(failure, ReceiptsBroken) else 2) from None
    left = contents.rows - tally.ok - tally.failed - tally.skipped
    if tally.failed or left or end:
        complain(_closing(tally, left, end, kept.path))
        raise typer.Exit(1)
    if not quiet:
        typer.echo(f"{_counted(tally)}. Receipts: {kept.path}", err=True)


class _Work:
    """An import as this command runs it."""

    def __init__(
        self, manifest: Manifest, contents: Contents, parallel: int, attempts: int, shown: Shown
    ) -> None:
        self._manifest = manifest
        self._contents = contents
        self._parallel = parallel
        self._patience = Patience(attempts=attempts)
        self._shown = shown

    def run(self, receipts: Receipts, who: Credentials, url: str) -> tuple[Tally, Failure | None]:
        """What became of the rows, and what ended it early, if anything did. Ends the command on Ctrl-C."""
        try:
            return asyncio.run(self._go(receipts, who, url))
        except KeyboardInterrupt:
            complain(GOES_ON)
            raise typer.Exit(INTERRUPTED) from None

    async def _go(self, receipts: Receipts, who: Credentials, url: str) -> tuple[Tally, Failure | None]:
        with receipts:
            async with Session(who, self._patience, remark=self._shown.says) as session:
                sending = Sending(session, url, usual_folder(), self._parallel)
                courier = Courier(sending, receipts, self._shown)
                self._shown.expects(*self._contents)
                try:
                    return courier.tally, await run_import(courier, self._manifest, parallel=self._parallel)
                finally:
                    self._shown.ends()


def _tell(manifest: Manifest, contents: Contents, receipts: Receipts) -> None:
    """What would be sent, a line for each row, without writing anything."""
    before = receipts.peek()
    skipped = 0
    for row in manifest.rows():
        if isinstance(row, Row):
            item = item_of(row)
            done = before.succeeded(item.bestand, item.identificatie, item.size, item.fingerprint)
            skipped += done
            what = "done before" if done else "would be sent"
            typer.echo(printable(f"{what}: {row.bestand} ({decimal(row.size)}) {row.values['titel']}"))
    total = f"{contents.rows - skipped} of {contents.rows} documents would be sent"
    typer.echo(f"{total}; all of them are {decimal(contents.size)}. Nothing was.", err=True)


def _counted(tally: Tally) -> str:
    before = f", {tally.skipped} had been sent before" if tally.skipped else ""
    return f"{tally.ok} documents sent{before}"


def _closing(tally: Tally, left: int, end: Failure | None, receipts: Path) -> str:
    text = f"{_counted(tally)}, {tally.failed} failed"
    text += f", {left} were not tried: {end}\n" if end else ".\n"
    text += f"{receipts} says why, in the column error. " if tally.failed else ""
    return f"{text}Put that right and run the same command again: it sends what has no receipt with ok."
