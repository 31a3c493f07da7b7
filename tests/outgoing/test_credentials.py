"""Credentials arrive where they are for, and nowhere else."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import jwt
import orjson
import pytest
from aiohttp import web
from jwt.warnings import InsecureKeyLengthWarning
from structlog.testing import capture_logs

from dms.outgoing.origins import Origin
from dms.outgoing.port import NotThere
from tests.outgoing.hosts import TYPE, Clock, Host, outgoing, serving

SECRET = "een geheim van meer dan tweeendertig tekens"


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with serving() as host:
        yield host


@pytest.fixture
async def other() -> AsyncIterator[Host]:
    async with serving("127.0.0.2") as host:
        yield host


def service(host: Host, auth: str, **more: Any) -> dict[str, Any]:
    kinds = {
        "zgw": {"client_id": "dms", "secret": SECRET},
        "api-key": {"header": "X-Api-Key", "secret": SECRET},
        "oauth2": {"client_id": "dms", "secret": SECRET, "token_url": f"{host.origin}/token"},
    }
    return {"origin": host.origin, "auth": auth, **kinds[auth], **more}


def gives_tokens(host: Host, **more: Any) -> list[str]:
    """Let the host give out tokens, a new one each time; returns what they were asked with."""
    asked: list[str] = []

    async def reply(request: web.Request) -> web.Response:
        asked.append(await request.text())
        return web.json_response({"access_token": f"token-{len(asked)}", "token_type": "bearer", **more})

    host.replies["/token"] = reply
    return asked


def authorizations(host: Host, path: str = "/1") -> list[str | None]:
    return [request.headers.get("Authorization") for request in host.seen if request.path == path]


async def test_a_jwt_of_the_standard_goes_along_to_a_zgw_service(host: Host) -> None:
    url = host.gives("/1", TYPE)
    async with outgoing(services=[service(host, "zgw")]) as out:
        assert await out.resources.fetch(url) == TYPE
    [authorization] = authorizations(host)
    assert authorization is not None
    scheme, _, token = authorization.partition(" ")
    claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    assert (scheme, claims["client_id"], claims["iss"]) == ("Bearer", "dms", "dms")


async def test_a_short_secret_of_others_can_be_used_with_a_warning(host: Host) -> None:
    async with outgoing(services=[service(host, "zgw", secret="kort")]) as out:
        with pytest.warns(InsecureKeyLengthWarning):
            assert await out.resources.fetch(host.gives("/1", TYPE)) == TYPE


async def test_an_api_key_goes_along_in_its_header(host: Host) -> None:
    async with outgoing(services=[service(host, "api-key")]) as out:
        assert await out.resources.fetch(host.gives("/1", TYPE)) == TYPE
    assert host.seen[0].headers["X-Api-Key"] == SECRET


async def test_a_token_is_asked_for_once_and_again_shortly_before_it_expires(host: Host) -> None:
    asked, clock, url = gives_tokens(host, expires_in=300), Clock(), host.gives("/1", TYPE)
    async with outgoing(services=[service(host, "oauth2", scope="lezen")], clock=clock, keep=0) as out:
        for seconds in (0, 269, 1):
            clock.time += seconds
            assert await out.resources.fetch(url) == TYPE
    assert authorizations(host) == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]
    assert asked == ["grant_type=client_credentials&scope=lezen"] * 2
    basic = base64.b64encode(b"dms:" + SECRET.replace(" ", "+").encode()).decode()
    assert authorizations(host, "/token") == [f"Basic {basic}"] * 2


async def test_requests_that_begin_together_share_one_token(host: Host) -> None:
    asked = gives_tokens(host)
    urls = [host.gives(f"/{number}", TYPE) for number in range(5)]
    async with outgoing(services=[service(host, "oauth2")]) as out:
        assert await asyncio.gather(*map(out.resources.fetch, urls)) == [TYPE] * 5
    assert asked == ["grant_type=client_credentials"]


async def test_a_token_that_was_withdrawn_is_asked_for_anew(host: Host) -> None:
    asked, url = gives_tokens(host), host.gives("/1", TYPE, 401)
    async with outgoing(services=[service(host, "oauth2")]) as out:
        with pytest.raises(NotThere, match="401"):
            await out.resources.fetch(url)
        host.gives("/1", TYPE)
        assert await out.resources.fetch(url) == TYPE
    assert len(asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"{}",
        b'{"access_token": 1}',
        b'{"access_token": ""}',
        b'{"access_token": "a\\r\\nHost: b"}',
        orjson.dumps({"access_token": "a" * 20_000}),
    ],
)
async def test_an_answer_without_a_token_to_send_on_is_not_there(host: Host, answer: bytes) -> None:
    url = host.gives("/1", TYPE)
    host.replies_with("/token", answer)
    async with outgoing(services=[service(host, "oauth2")]) as out:
        with pytest.raises(NotThere, match="gave no token"):
            await out.resources.fetch(url)
    assert host.paths == ["/token"]


@pytest.mark.parametrize("expires", [0, -5, 10**400, True, "300", None, 1.5])
async def test_a_strange_lifetime_of_a_token_does_no_harm(host: Host, expires: object) -> None:
    body = b'{"access_token": "a", "expires_in": %s}' % (
        str(expires).encode() if expires == 10**400 else orjson.dumps(expires)
    )
    host.replies_with("/token", body)
    async with outgoing(services=[service(host, "oauth2")]) as out:
        if expires == 10**400:  # JSON that no double can hold is no JSON here
            with pytest.raises(NotThere):
                await out.resources.fetch(host.gives("/1", TYPE))
        else:
            assert await out.resources.fetch(host.gives("/1", TYPE)) == TYPE


async def test_a_token_endpoint_that_refuses_or_hangs_costs_no_more_than_the_time_cap(host: Host) -> None:
    url = host.gives("/1", TYPE)
    host.replies_with("/token", b'{"access_token": "a"}', status=403)

    async def hang(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with outgoing(services=[service(host, "oauth2")], seconds=0.2) as out:
        with pytest.raises(NotThere, match="status 403"):
            await out.resources.fetch(url)
        host.replies["/token"] = hang
        with pytest.raises(NotThere, match="did not answer"):
            await out.resources.fetch(url)
        with pytest.raises(NotThere, match="a moment ago"):
            await out.resources.fetch(host.gives("/2", TYPE))
    assert set(host.paths) == {"/token"}


async def test_who_waits_for_the_token_of_another_waits_until_its_own_deadline(host: Host) -> None:
    came = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        came.set()
        await asyncio.Event().wait()
        raise AssertionError

    host.replies["/token"] = hang
    async with outgoing(services=[service(host, "oauth2")]) as out:
        origin, now = Origin.read(host.origin), asyncio.get_running_loop().time()
        first = asyncio.create_task(out.credentials.headers(origin, now + 30))
        await came.wait()
        with pytest.raises(NotThere, match="in time"):
            await out.credentials.headers(origin, now)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        gives_tokens(host)
        assert await out.credentials.headers(origin, now + 30) == {"Authorization": "Bearer token-1"}


@pytest.mark.parametrize("auth", ["zgw", "api-key", "oauth2"])
async def test_credentials_do_not_go_along_with_a_redirect_to_another_host(
    host: Host, other: Host, auth: str
) -> None:
    gives_tokens(host)
    url = host.redirects("/1", other.gives("/2", TYPE))
    async with outgoing(other.origin, services=[service(host, auth)]) as out:
        assert await out.resources.fetch(url) == TYPE
    [sent] = other.seen
    assert not {"Authorization", "X-Api-Key"} & set(sent.headers)


async def test_each_step_of_a_redirect_has_the_credentials_of_its_own_host(host: Host, other: Host) -> None:
    url = host.redirects("/1", other.gives("/2", TYPE))
    services = [service(host, "zgw"), service(other, "api-key", secret="van de ander")]
    async with outgoing(services=services) as out:
        assert await out.resources.fetch(url) == TYPE
    assert "X-Api-Key" not in host.seen[0].headers
    assert other.seen[0].headers["X-Api-Key"] == "van de ander"
    assert "Authorization" not in other.seen[0].headers


@pytest.mark.parametrize("auth", ["zgw", "api-key", "oauth2"])
async def test_secrets_are_not_in_the_log_of_what_fails(host: Host, auth: str) -> None:
    gives_tokens(host)
    with capture_logs() as lines:
        async with outgoing(services=[service(host, auth)]) as out:
            with pytest.raises(NotThere) as failed:
                await out.resources.fetch(f"{host.origin}/not-there")
    assert lines
    for text in (str(lines), repr(failed.value)):
        assert SECRET not in text
        assert "token-1" not in text
        assert "Bearer" not in text
