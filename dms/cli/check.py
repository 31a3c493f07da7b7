"""`dms check`: is everything there that should be, and nothing that should not?"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dms.actions.check import Findings
from dms.actions.check import check as check_service
from dms.cli.messages import console
from dms.cli.running import FAILED, Config, read_settings, run
from dms.cli.whole import whole
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
        float | None,
        typer.Option(
            help="With --repair: only what is older than this many seconds.", show_default="DMS_ORPHAN_AGE"
        ),
    ] = None,
) -> None:
    """Compare the metadata with the content, with the settings that `dms serve` has.

    Can run beside the service. Ends with 1 if something is wrong, that is: lost or damaged. Leftovers of
    broken uploads are not wrong; the service removes them by itself.

    Example: dms check --read-bodies
    """
    settings = read_settings(config)
    age = timedelta(seconds=settings.orphan_age if min_age is None else min_age)
    findings = run(_check(settings, age if repair else None, read_bodies=read_bodies))
    for sentence in findings.wrong[:_MOST_SHOWN]:
        typer.echo(sentence)
    if len(findings.wrong) > _MOST_SHOWN:
        typer.echo(f"… and {len(findings.wrong) - _MOST_SHOWN} more")
    typer.echo(_summary(findings))
    raise typer.Exit(FAILED if findings.wrong else 0)


async def _check(settings: Settings, repair: timedelta | None, *, read_bodies: bool) -> Findings:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    # What repairs also writes, and never in stores that are still being filled.
    opened = wired(settings) if repair is None else whole(settings)
    async with opened as service:
        with Progress(*columns, console=console(), transient=True) as progress:
            task = progress.add_task("checking", total=None)
            return await check_service(
                service.dms,
                read_bodies=read_bodies,
                repair=repair,
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
