"""What a starting service tells people: where it listens, or why it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from dms.cli.messages import complain
from dms.demo import RSIN
from dms.settings import BadSetting, Settings
from dms.wiring import Wired


@contextmanager
def explained(settings: Settings) -> Iterator[None]:
    """Turn what keeps a service from starting into a sentence and an exit code: 2 for a setting that cannot
    be used, 1 for a place or a store that cannot."""
    with usable(f"Cannot serve on {settings.host}:{settings.port}"):
        yield


@contextmanager
def usable(otherwise: str = "A store cannot be used") -> Iterator[None]:
    """Turn what keeps the stores of the settings from being used into a sentence that begins so, and an exit
    code as `explained` gives."""
    try:
        yield
    except BadSetting as error:
        complain(str(error))
        raise typer.Exit(2) from None
    except OSError as error:
        complain(f"{otherwise}: {error}")
        raise typer.Exit(1) from None


def greet(address: str, service: Wired, settings: Settings, types: list[str]) -> None:
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
