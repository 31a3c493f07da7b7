"""`dms serve`: the service, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dms import logs
from dms.api.application import application
from dms.api.serving import collect_now_and_then
from dms.api.serving import serve as serve_application
from dms.autorisaties.tokens import Tokens
from dms.demo import RSIN, demo_types
from dms.settings import BadSetting, Settings
from dms.wiring import Wired, wired

Config = Annotated[
    Path | None, typer.Option("--config", help="A TOML file with settings; DMS_* variables go before it.")
]


def read_settings(config: Path | None) -> Settings:
    """The settings, or an end with the sentence that says what is wrong with them."""
    try:
        return Settings.read(os.environ, config)
    except BadSetting as error:
        Console(stderr=True).print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(2) from None


Demo = Annotated[
    bool, typer.Option("--demo", help="Make a small catalogue if there is none, and say how to upload.")
]


def serve(config: Config = None, demo: Demo = False) -> None:
    """Serve the APIs until stopped. Everything is set by DMS_* variables; docs/settings.md lists them.

    Example: DMS_PORT=8080 dms serve
    """
    settings = read_settings(config)
    logs.set_up(form=settings.log_format, level=settings.log_level)
    # The store's threads need the interpreter now and then; at the default of 5 ms a busy event loop
    # would make each of their steps wait that long.
    sys.setswitchinterval(0.001)
    try:
        asyncio.run(_serve(settings, demo=demo))
    except BadSetting as error:
        Console(stderr=True).print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(2) from None
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        Console(stderr=True).print(f"[red]Cannot serve on {where}: {error}[/red]", highlight=False)
        raise typer.Exit(1) from None


async def _serve(settings: Settings, *, demo: bool) -> None:
    async with wired(settings) as service:
        tokens = Tokens(service.applications, expiry=settings.jwt_expiry, leeway=settings.jwt_leeway)
        app = application(service.dms, tokens, public_url=settings.public_url)
        assert service.client.application is not None
        types = await demo_types(service.dms, service.client.application) if demo else []
        collecting = asyncio.create_task(_collect(service, settings))
        try:
            await serve_application(
                app,
                settings.host,
                settings.port,
                stop_time=settings.stop_time,
                started=lambda address: _greet(address, service, settings, types),
            )
        finally:
            collecting.cancel()
            await asyncio.gather(collecting, return_exceptions=True)


async def _collect(service: Wired, settings: Settings) -> None:
    if settings.collect_every > 0:
        await collect_now_and_then(
            service.dms,
            every=settings.collect_every,
            orphan_age=timedelta(seconds=settings.orphan_age),
            upload_age=timedelta(seconds=settings.upload_age),
        )


def _greet(address: str, service: Wired, settings: Settings, types: list[str]) -> None:
    """Tell where the service is. The secret is shown only the first time, when it was made just now."""
    typer.echo(f"dms listens at {address}")
    if service.client_is_new:
        typer.echo(f"client id      {service.client.id}")
        typer.echo(f"client secret  {service.client.secret}")
        typer.echo(f"Both are kept in {settings.data_dir / 'client'} and not shown again.")
    if types:
        origin = settings.public_url or address
        typer.echo(f"\nTry it, in another terminal:\n{_example(origin, types[0])}")


def _example(origin: str, type_: str) -> str:
    return f"  .venv/bin/dms upload README.md --bronorganisatie {RSIN} --url {origin} --type {origin}{type_}"
