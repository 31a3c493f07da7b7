"""`dms rescan`: scan again what is stored."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dms import logs
from dms.actions.scanning import enter_unscanned
from dms.actions.scanning import rescan as rescan_bodies
from dms.cli.messages import complain, console
from dms.cli.running import FAILED, MISUSED, Config, read_settings, run
from dms.cli.whole import whole
from dms.documenten.upload.scans import CLEAN, INFECTED, PENDING, UNSCANNED
from dms.settings import Settings


def rescan(
    config: Config = None,
    everything: Annotated[
        bool,
        typer.Option("--everything", help="Also what was found clean: after new signatures, for example."),
    ] = False,
) -> None:
    """Scan what has no verdict: what came before there was a scanner, or while it was down, or was too large.

    Can run beside the service, and be broken off and run again. What is found infected is not handed out any
    more. Ends with 1 if something is infected, or still has no verdict.

    Example: dms rescan --everything
    """
    settings = read_settings(config)
    if not settings.clamd_url or settings.scan_policy == "off":
        complain("There is no scanner: set DMS_CLAMD_URL, and not DMS_SCAN_POLICY=off.")
        raise typer.Exit(MISUSED)
    logs.set_up(form=settings.log_format, level=settings.log_level)
    states = (PENDING, UNSCANNED, INFECTED, CLEAN) if everything else (PENDING, UNSCANNED)
    counts = run(_rescan(settings, states))
    typer.echo(", ".join(f"{bodies} {verdict}" for verdict, bodies in counts.items()) + ".")
    raise typer.Exit(FAILED if counts[INFECTED] or counts[UNSCANNED] or counts[PENDING] else 0)


async def _rescan(settings: Settings, states: tuple[str, ...]) -> dict[str, int]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    async with whole(settings) as service:
        with Progress(*columns, console=console(), transient=True) as progress:
            task = progress.add_task("looking for files without a verdict", total=None)
            await enter_unscanned(service.dms)
            return await rescan_bodies(
                service.dms,
                states,
                lambda scanned: progress.update(task, description=f"{scanned} files scanned"),
            )
