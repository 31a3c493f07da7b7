"""What a starting service tells people: where it listens, or why it cannot."""

from __future__ import annotations

from contextlib import AbstractContextManager

import typer

from dms.cli.running import explained
from dms.data_dir import CLIENT
from dms.demo import RSIN
from dms.settings import Settings
from dms.wiring import Wired


def starting(settings: Settings) -> AbstractContextManager[None]:
    """What keeps a service from starting becomes a sentence and an exit code: 2 for a setting that cannot be
    used, 1 for a place or a store that cannot."""
    return explained(about=f"Cannot serve on {settings.host}:{settings.port}", stopped="Stopped.")


def greet(address: str, service: Wired, settings: Settings, types: list[str]) -> None:
    """Tell where the service is. The secret is shown only the first time, when it was made just now."""
    typer.echo(f"dms listens at {address}")
    if service.client_is_new:
        typer.echo(f"client id      {service.client.id}")
        typer.echo(f"client secret  {service.client.secret}")
        typer.echo(f"Both are kept in {settings.data_dir / CLIENT} and not shown again.")
    if types:
        origin = settings.public_url or address
        typer.echo(f"\nTry it, in another terminal:\n{_example(origin, types[0])}")


def _example(origin: str, type_: str) -> str:
    return f"  .venv/bin/dms upload README.md --bronorganisatie {RSIN} --url {origin} --type {origin}{type_}"
