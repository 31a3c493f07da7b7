"""`dms rescan`: scan again what is stored."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dms import logs
from dms.actions.scanning import enter_unscanned
from dms.actions.scanning import rescan as rescan_bodies
from dms.cli.serve import Config, read_settings
from dms.cli.starting import usable
from dms.documenten.upload.scans import CLEAN, INFECTED, PENDING, UNSCANNED
from dms.settings import Settings
from dms.wiring import wired


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
        typer.echo("There is no scanner: set DMS_CLAMD_URL, and not DMS_SCAN_POLICY=off.", err=True)
        raise typer.Exit(2)
    logs.set_up(form=settings.log_format, level=settings.log_level)
    states = (PENDING, UNSCANNED, INFECTED, CLEAN) if everything else (PENDING, UNSCANNED)
    with usable():
        counts = asyncio.run(_rescan(settings, states))
    typer.echo(", ".join(f"{bodies} {verdict}" for verdict, bodies in counts.items()) + ".")
    raise typer.Exit(1 if counts[INFECTED] or counts[UNSCANNED] or counts[PENDING] else 0)


async def _rescan(settings: Settings, states: tuple[str, ...]) -> dict[str, int]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    async with wired(settings) as service:
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("looking for files without a verdict", total=None)
            await enter_unscanned(service.dms)
            return await rescan_bodies(
                service.dms,
                states,
                lambda scanned: progress.update(task, description=f"{scanned} files scanned"),
            )
