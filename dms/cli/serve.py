"""`dms serve`: the service, until it is told to stop."""

from __future__ import annotations

from typing import Annotated

import typer

from dms.cli.running import Config, read_settings
from dms.cli.starting import greet, starting
from dms.cli.worker import run
from dms.cli.workers import CannotStart, run_workers

Demo = Annotated[
    bool,
    typer.Option(
        "--demo", help="Make a small catalogue, and lists, if there are none, and tell how to upload."
    ),
]


def serve(config: Config = None, demo: Demo = False) -> None:
    """Serve the APIs until stopped. Everything is set by DMS_* variables; docs/settings.md lists them.

    Example: DMS_PORT=8080 DMS_WORKERS=2 dms serve
    """
    settings = read_settings(config)
    if settings.workers > 1:
        try:
            run_workers(settings, demo=demo)
        except CannotStart as error:
            raise typer.Exit(error.code) from None
        return
    with starting(settings):
        run(
            settings,
            demo=demo,
            started=lambda address, service, types: greet(address, service, settings, types),
        )
