"""`dms token`, for calls by hand."""

from __future__ import annotations

import urllib.request

import jwt

from tests.cli.conftest import Commands
from tests.process import ServiceProcess


def test_a_token_that_is_printed_opens_the_service(commands: Commands, service: ServiceProcess) -> None:
    result = commands.run("token", "--user-id", "jansen", "--user-representation", "J. Jansen")
    assert result.exit_code == 0
    token = result.stdout.strip()
    claims = jwt.decode(token, service.client_secret, algorithms=["HS256"])
    assert (claims["client_id"], claims["user_id"]) == (service.client_id, "jansen")
    assert claims["user_representation"] == "J. Jansen"
    request = urllib.request.Request(
        f"{service.address}/documenten/api/v1/enkelvoudiginformatieobjecten",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.status == 200


def test_without_a_secret_there_is_no_token_but_a_sentence_that_helps(commands: Commands) -> None:
    del commands.environment["DMS_CLIENT_SECRET"]
    result = commands.run("token")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "var/client cannot be read; --data-dir says where else to look." in result.stderr
