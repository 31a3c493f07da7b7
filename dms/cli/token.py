"""`dms token`: a JWT, for calls by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from dms.cli.connection import SERVER, ClientId, ClientSecret, DataDir, credentials
from dms.data_dir import DATA_DIR
from dms.outgoing.jwts import make_token

UserId = Annotated[str, typer.Option(metavar="ID", help="The user for whom is called; for the audit trail.")]
UserName = Annotated[
    str, typer.Option("--user-representation", metavar="NAME", help="That user's name, for people to read.")
]


def token(
    client_id: ClientId = "",
    client_secret: ClientSecret = "",
    data_dir: DataDir = DATA_DIR,
    user_id: UserId = "",
    user_representation: UserName = "",
) -> None:
    """Print a JWT that is valid from now on, for an hour at most servers.

    Example, which lists documents:

        D=http://127.0.0.1:8000/documenten/api/v1
        curl -H "Authorization: Bearer $(dms token)" $D/enkelvoudiginformatieobjecten
    """
    who = credentials(SERVER, client_id, client_secret, data_dir)
    made = make_token(who.client_id, who.secret, user_id=user_id, user_representation=user_representation)
    typer.echo(made)
