"""`dms serve`: the service, until it is told to stop."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from dms.cli.messages import complain
from dms.cli.starting import explained, greet
from dms.cli.worker import run
from dms.cli.workers import CannotStart, run_workers
from dms.settings import BadSetting, Settings

Config = Annotated[
    Path | None, typer.Option("--config", help="A TOML file with settings; DMS_* variables go before it.")
]


def read_settings(config: Path | None) -> Settings:
    """The settings, or an end with the sentence that says what is wrong with them."""
    try:
        return Settings.read(os.environ, config)
    except BadSetting as error:
        complain(str(error))
        raise typer.Exit(2) from None


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
    with explained(settings):
        run(
            settings,
            demo=demo,
            started=lambda address, service, types: greet(address, service, settings, types),
        )
