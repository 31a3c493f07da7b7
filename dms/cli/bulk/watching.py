"""`dms watch`: a folder whose files become documents as they appear."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

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
from dms.client.bulk.agent import Agent, Pace
from dms.client.bulk.courier import Courier, Tally
from dms.client.bulk.held import held
from dms.client.bulk.hotfolder import HotFolder
from dms.client.bulk.leaving import Delete, Leaving, MoveTo, stay
from dms.client.bulk.receipts import Receipts, ReceiptsBroken
from dms.client.bulk.sidecars import Fields
from dms.client.failures import Failure
from dms.client.session import Patience, Session
from dms.client.state import usual_folder
from dms.client.upload import Sending
from dms.data_dir import DATA_DIR

LOCK = ".dms-watch.lock"
_GRACE = 10.0
"""Seconds in which files on their way may still arrive when the command is told to stop."""
_LONGEST_WAIT = 5.0
"""Seconds between attempts at a request; when all of them fail, the agent itself waits longer and longer."""

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="The folder to watch, with those below it.", file_okay=False)
]
Settle = Annotated[
    float,
    typer.Option(min=0, metavar="SECONDS", help="How long a file must stay the same before it is picked up."),
]
Marker = Annotated[
    str,
    typer.Option(
        metavar="SUFFIX",
        help="Pick up a file only when one with this suffix lies beside it: scan.pdf.ok for .ok.",
        show_default="none: by --settle",
    ),
]
Every = Annotated[float, typer.Option(min=0.05, metavar="SECONDS", help="How often to look.")]
Done = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Move files here once they are documents.", show_default="they stay"),
]
DeleteThem = Annotated[bool, typer.Option("--delete", help="Delete files once they are documents.")]
Once = Annotated[bool, typer.Option("--once", help="Send what is ready, and end: for cron.")]


def watch(
    folder: Folder,
    type_: Type = "",
    bronorganisatie: Bronorganisatie = "",
    auteur: Auteur = "",
    taal: Taal = "nld",
    level: Level = None,
    field: Others = None,
    receipts: ReceiptsFile = None,
    settle: Settle = 2.0,
    marker: Marker = "",
    every: Every = 5.0,
    done: Done = None,
    delete: DeleteThem = False,
    once: Once = False,
    parallel: Parallel = 4,
    url: Server = SERVER,
    client_id: ClientId = "",
    client_secret: ClientSecret = "",
    data_dir: DataDir = DATA_DIR,
    attempts: Attempts = 8,
    quiet: Quiet = False,
) -> None:
    """Make documents of the files that appear in a folder, as a scanner leaves them.

    A file is picked up when it has stopped changing, never half-written; files
    that begin with . or ~, or end in .tmp, .part and the like, are left alone.
    Fields come from the options, from a defaults.json in the folder or one below
    it, and from NAME.json beside the file NAME, which must be there before it; the
    later wins. Files that end in .json are never sent.

    Each file gets a line in receipts.csv, in the folder. When the command is
    stopped or the machine is, start it again: nothing is lost and nothing becomes
    a document twice. What the server refuses is not sent again until the file, its
    fields or the options change; after other failures it is tried again, with
    growing pauses.

    It runs until Ctrl-C or SIGTERM, and ends with 0, or with 1 when some files
    failed, and 2 when the options are wrong.

    Example, with TYPE the URL of a published informatieobjecttype:

        dms watch /srv/scans --done /srv/sent --type TYPE --bronorganisatie 000000000
    """
    given = given_fields(type_, bronorganisatie, auteur, taal, level, other_fields(field))
    leaving = _leaving(done, marker, delete=delete)
    kept = Receipts(receipts or folder / "receipts.csv", by_file=True)
    shown = bulk_display(quiet=quiet)
    leave = [kept.path, folder / LOCK, *([done] if done else [])]
    hot = HotFolder(folder, settle=settle, marker=marker, leave=leave, remark=shown.says)
    who = credentials(url, client_id, client_secret, data_dir)
    session = Session(who, Patience(attempts, longest_wait=_LONGEST_WAIT), shown.says)
    work = _Work(hot, Fields(folder, given), leaving, Pace(every, settle), parallel, shown)
    tally, end, waiting = work.alone(kept, session, url, once=once)
    _close(tally, end, waiting, kept.path, quiet=quiet)


def _leaving(done: Path | None, marker: str, *, delete: bool) -> Leaving:
    """What becomes of files that are done. Ends the command for options that make no sense."""
    if done and delete:
        complain("Choose one: --done or --delete.")
        raise typer.Exit(2)
    if marker and not marker.startswith("."):
        complain(f"--marker {marker!r} is not a suffix: write it as .{marker}")
        raise typer.Exit(2)
    return MoveTo(done, marker) if done else Delete(marker) if delete else stay


class _Work:
    """The agent as this command runs it."""

    def __init__(
        self, hot: HotFolder, fields: Fields, leaving: Leaving, pace: Pace, parallel: int, shown: Shown
    ) -> None:
        self._hot = hot
        self._fields = fields
        self._leaving = leaving
        self._pace = pace
        self._parallel = parallel
        self._shown = shown

    def alone(
        self, receipts: Receipts, session: Session, url: str, *, once: bool
    ) -> tuple[Tally, Failure | None, int]:
        """Run as the only one in this folder, and with these receipts. Ends the command if that cannot be."""
        root = self._hot.root
        try:
            with held(root / LOCK, str(root)), receipts:
                return asyncio.run(self.run(receipts, session, url, once=once))
        except Failure as failure:
            complain(str(failure))
            raise typer.Exit(1 if isinstance(failure, ReceiptsBroken) else 2) from None

    async def run(
        self, receipts: Receipts, session: Session, url: str, *, once: bool
    ) -> tuple[Tally, Failure | None, int]:
        """Until it is stopped: what became of the files, what ended a single look early, if anything, and how
        many wait because they were refused before."""
        async with session:
            sending = Sending(session, url, usual_folder(), self._parallel)
            courier = Courier(sending, receipts, self._shown)
            if not once:
                self._shown.says(f"Watching {self._hot.root}. Ctrl-C stops it.")
            agent = Agent(
                courier,
                self._hot,
                self._fields,
                pace=self._pace,
                parallel=self._parallel,
                leaving=self._leaving,
            )
            working = asyncio.ensure_future(agent.once() if once else agent.run())
            end: Failure | None = None
            try:
                with _Stopping(agent, working, self._shown), suppress(asyncio.CancelledError):
                    end = await working
            finally:
                self._shown.ends()
            return courier.tally, end, agent.waiting


class _Stopping:
    """While it lasts, Ctrl-C and SIGTERM stop the agent: what is on its way gets some time to arrive, unless
    the signal comes again. What does not arrive goes on at the next start."""

    def __init__(self, agent: Agent, working: asyncio.Future[Failure | None], shown: Shown) -> None:
        self._agent = agent
        self._working = working
        self._shown = shown
        self._asked = False

    def __enter__(self) -> None:
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._stop)

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.remove_signal_handler(number)

    def _stop(self) -> None:
        if self._asked:
            self._working.cancel()
            return
        self._asked = True
        self._agent.stop()
        self._shown.says("Stopping, once what is on its way has arrived. Press again to stop at once.")
        self._loop.call_later(_GRACE, self._working.cancel)


def _close(tally: Tally, end: Failure | None, waiting: int, receipts: Path, *, quiet: bool) -> None:
    """The last words. Ends the command with 1 if some files failed."""
    if waiting and not quiet:
        complain(f"Refused before and waiting for a change: {waiting}. {receipts} says why.")
    if end is not None:
        complain(f"{end} Files that were not sent stay where they are, and go the next time.")
    if tally.failed:
        complain(
            f"{tally.ok} documents sent, {tally.failed} failed. {receipts} says what was refused, "
            "in the column error: such a file goes again once it, its fields or the options change."
        )
    if end is not None or tally.failed:
        raise typer.Exit(1)
    if not quiet:
        typer.echo(f"{tally.ok} documents sent. Receipts: {receipts}", err=True)
