"""`dms check`: is everything there that should be, and nothing that should not?"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dms.actions.check import Findings
from dms.actions.check import check as check_service
from dms.cli.serve import Config, read_settings
from dms.cli.starting import usable
from dms.settings import Settings
from dms.wiring import wired

_MOST_SHOWN = 100


def check(
    config: Config = None,
    read_bodies: Annotated[
        bool, typer.Option("--read-bodies", help="Read every file and compare its SHA-256: slow, and sure.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Remove what nothing refers to any more. Never touches documents."),
    ] = False,
    min_age: Annotated[
        float, typer.Option(help="With --repair: only what is older than this many seconds.")
    ] = 3600.0,
) -> None:
    """Compare the metadata with the content, with the settings that `dms serve` has.

    Can run beside the service. Ends with 1 if something is wrong, that is: lost or damaged. Leftovers of
    broken uploads are not wrong; the service removes them by itself.

    Example: dms check --read-bodies
    """
    settings = read_settings(config)
    console = Console(stderr=True)
    age = timedelta(seconds=min_age)
    with usable():
        findings = asyncio.run(_check(settings, console, read_bodies=read_bodies, repair=repair, age=age))
    for sentence in findings.wrong[:_MOST_SHOWN]:
        typer.echo(sentence)
    if len(findings.wrong) > _MOST_SHOWN:
        typer.echo(f"… and {len(findings.wrong) - _MOST_SHOWN} more")
    typer.echo(_summary(findings))
    raise typer.Exit(1 if findings.wrong else 0)


async def _check(
    settings: Settings, console: Console, *, read_bodies: bool, repair: bool, age: timedelta
) -> Findings:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    async with wired(settings) as service:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("checking", total=None)
            return await check_service(
                service.dms,
                read_bodies=read_bodies,
                repair=repair,
                orphan_age=age,
                progress=lambda documents: progress.update(task, description=f"{documents} documents"),
            )


def _summary(findings: Findings) -> str:
    looked = f"{findings.documents} documents and {findings.bodies} files checked"
    wrong = f"{len(findings.wrong)} wrong" if findings.wrong else "nothing wrong"
    left = sum(findings.leftovers.values())
    text = f"{looked}: {wrong}, {left} leftovers."
    if scanned := ", ".join(f"{bodies} {verdict}" for verdict, bodies in findings.scans.items() if bodies):
        text += f" Virus scanner: {scanned}."
    if findings.collected is not None:
        collected = findings.collected
        text += f" Removed {collected.dropped + collected.orphans + collected.uploads}."
    return text
