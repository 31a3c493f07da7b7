"""What every command that calls a server asks: which server, and who calls."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from dms.cli.messages import complain
from dms.client.session import Credentials
from dms.data_dir import CLIENT, read_client

Server = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="DMS_URL",
        metavar="SERVER",
        help="The server; or the root of its Documenten API, if that is not at /documenten/api/v1.",
    ),
]
ClientId = Annotated[
    str, typer.Option(envvar="DMS_CLIENT_ID", metavar="ID", help="The application that calls.")
]
ClientSecret = Annotated[
    str,
    typer.Option(
        envvar="DMS_CLIENT_SECRET",
        metavar="SECRET",
        show_envvar=True,
        help="Its secret. Set the variable rather than this option: others can see the options of a command.",
    ),
]
DataDir = Annotated[
    Path,
    typer.Option(
        envvar="DMS_DATA_DIR",
        metavar="FOLDER",
        help="Where a server on this machine keeps its id and secret, which are used when none are given.",
    ),
]
Attempts = Annotated[
    int,
    typer.Option(
        min=1, metavar="N", help="How often each request is tried when the line or the server falters."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress, only what goes wrong.")]

SERVER = "http://127.0.0.1:8000"


def credentials(server: str, client_id: str, secret: str, data_dir: Path) -> Credentials:
    """Who calls: as given, else as the service on this machine keeps it. Ends the command if neither is."""
    if not (client_id and secret):
        if not _is_local(server):
            complain("Give --client-id and --client-secret, or set DMS_CLIENT_ID and DMS_CLIENT_SECRET.")
            raise typer.Exit(2)
        try:
            made_id, made_secret = read_client(data_dir)
        except (OSError, ValueError):
            complain(
                "Give --client-id and --client-secret, or set DMS_CLIENT_ID and DMS_CLIENT_SECRET. "
                f"A server on this machine keeps them in its data folder, but {data_dir / CLIENT} cannot be "
                "read; --data-dir says where else to look."
            )
            raise typer.Exit(2) from None
        client_id, secret = client_id or made_id, secret or made_secret
    return Credentials(client_id, secret)


def _is_local(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
