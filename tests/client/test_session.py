"""Patience with servers and lines that falter, and its end."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from email.utils import formatdate

import jwt
import pytest

from dms.client.failures import Failure, Refused, Unreachable
from dms.client.session import Credentials, Patience, Session
from tests.client.conftest import CREDENTIALS, QUICK
from tests.client.scripted import Said, ScriptedServer

FINE = Said(json={"fine": True})


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as started:
        yield started


@pytest.mark.parametrize(
    "trouble",
    [Said(408), Said(429), Said(502), Said(503), Said(504, body=b"<html>"), Said(broken=True)],
    ids=["408", "429", "502", "503", "504", "broken"],
)
async def test_a_request_is_tried_again_until_the_server_has_recovered(
    session: Session, server: ScriptedServer, remarks: list[str], trouble: Said
) -> None:
    server.says("GET /a", trouble, trouble, FINE)
    assert await session.call("GET", f"{server.address}/a") == {"fine": True}
    assert server.count("GET /a") == 3
    assert remarks
    assert all("Trying again in 0." in remark for remark in remarks)


async def test_a_server_that_stays_busy_is_given_up_with_its_own_words(
    session: Session, server: ScriptedServer
) -> None:
    server.says("GET /a", Said(503, json={"title": "Even niet.", "code": "unavailable"}))
    with pytest.raises(Refused, match="Even niet") as failed:
        await session.call("GET", f"{server.address}/a")
    assert failed.value.status == 503
    assert server.count("GET /a") == QUICK.attempts


async def test_a_server_that_is_not_there_is_named_unreachable_after_all_attempts() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        async with Session(CREDENTIALS, QUICK) as session:
            with pytest.raises(Unreachable, match=r"cannot be reached: .*\(tried 4 times\)"):
                await session.call("GET", address)
        async with Session(CREDENTIALS, Patience(attempts=1)) as session:
            with pytest.raises(Unreachable, match="tried once"):
                await session.call("GET", address)


@pytest.mark.parametrize("refusal", [400, 401, 403, 404, 409, 413, 500])
async def test_a_refusal_is_not_tried_again(session: Session, server: ScriptedServer, refusal: int) -> None:
    server.says("GET /a", Said(refusal))
    with pytest.raises(Refused, match=str(refusal)):
        await session.call("GET", f"{server.address}/a")
    assert server.count("GET /a") == 1


async def test_the_time_that_a_server_asks_for_is_granted(
    session: Session, server: ScriptedServer, remarks: list[str]
) -> None:
    server.says("GET /a", Said(429, headers={"Retry-After": "1"}), FINE)
    began = time.monotonic()
    await session.call("GET", f"{server.address}/a")
    assert time.monotonic() - began >= 1
    assert "Trying again in 1.0 s." in remarks[0]


async def test_a_moment_that_a_server_names_is_waited_for_unless_it_has_passed(
    session: Session, server: ScriptedServer, remarks: list[str]
) -> None:
    past = {"Retry-After": formatdate(time.time() - 60, usegmt=True)}
    server.says("GET /a", Said(503, headers=past), Said(503, headers={"Retry-After": "soon"}), FINE)
    await session.call("GET", f"{server.address}/a")
    assert "Trying again in 0.0 s." in remarks[0]


def test_waits_grow_and_have_an_end_and_what_is_asked_has_an_end_too() -> None:
    patience = Patience(first_wait=1, longest_wait=10, asked_wait=100)
    for attempt, longest in ((1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (5000, 10)):
        assert longest / 2 <= patience.wait(attempt, None) <= longest
    assert patience.wait(1, 7) == 7
    assert patience.wait(1, 10_000) == 100


async def test_what_is_not_repeatable_is_not_sent_twice_when_its_end_is_not_known(
    session: Session, server: ScriptedServer
) -> None:
    server.says("POST /a", Said(broken=True))
    with pytest.raises(Unreachable, match="not known whether the request was carried out"):
        await session.call("POST", f"{server.address}/a", {}, repeatable=False)
    server.says("POST /b", Said(502))
    with pytest.raises(Refused, match="502"):
        await session.call("POST", f"{server.address}/b", {}, repeatable=False)
    assert (server.count("POST /a"), server.count("POST /b")) == (1, 1)


async def test_what_is_not_repeatable_is_sent_again_when_it_was_not_taken_up(
    session: Session, server: ScriptedServer
) -> None:
    server.says("POST /a", Said(503), Said(429), FINE)
    assert await session.call("POST", f"{server.address}/a", {}, repeatable=False) == {"fine": True}


async def test_a_server_that_says_nothing_is_asked_again(remarks: list[str]) -> None:
    silent = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    listener = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener, Session(CREDENTIALS, QUICK, remark=remarks.append) as session:
        with pytest.raises(Unreachable, match="nothing came in time"):
            await session.call("GET", f"http://127.0.0.1:{port}/", within=0.05)
        silent.set()
    assert len(remarks) == QUICK.attempts - 1


async def test_a_line_that_carries_something_each_time_is_never_given_up(
    session: Session, remarks: list[str]
) -> None:
    arrived = 0

    async def attempt() -> int:
        nonlocal arrived
        arrived += 1
        if arrived < 20:
            raise ConnectionResetError
        return arrived

    assert await session.persist(attempt, gained=lambda: arrived) == 20
    assert len(remarks) == 19


async def test_an_address_that_is_none_is_refused_at_once(session: Session, remarks: list[str]) -> None:
    for url in ("ftp://server/a", "no address", "http://"):
        with pytest.raises(Unreachable, match="cannot be used"):
            await session.call("GET", url)
    assert remarks == []


async def test_a_server_without_tls_is_not_tried_again_with_it(
    session: Session, server: ScriptedServer, remarks: list[str]
) -> None:
    with pytest.raises(Unreachable, match="cannot be used"):
        await session.call("GET", server.address.replace("http:", "https:"))
    assert remarks == []


async def test_a_page_for_people_is_not_taken_for_an_api(session: Session, server: ScriptedServer) -> None:
    server.says("GET /a", Said(body=b"<html>Welkom</html>"))
    with pytest.raises(Failure, match="is it a Documenten API"):
        await session.call("GET", f"{server.address}/a")


async def test_reading_follows_a_move_and_writing_says_where_to_go(
    session: Session, server: ScriptedServer
) -> None:
    moved = Said(301, headers={"Location": f"{server.address}/new"})
    server.says("GET /old", moved)
    server.says("POST /old", moved)
    server.says("GET /new", FINE)
    assert await session.call("GET", f"{server.address}/old") == {"fine": True}
    with pytest.raises(Refused, match=r"points to http://.*/new: use that address"):
        await session.call("POST", f"{server.address}/old", {})


async def test_every_attempt_carries_a_jwt_of_its_own_moment(server: ScriptedServer) -> None:
    """Waiting for a server must not make the token too old."""
    server.says("GET /a", Said(503, headers={"Retry-After": "1"}), FINE)
    who = Credentials("app", "s" * 32, "jansen", "J. Jansen")
    async with Session(who, QUICK) as session:
        await session.call("GET", f"{server.address}/a")
    tokens = [asked.headers["Authorization"].removeprefix("Bearer ") for asked in server.asked]
    first, second = (jwt.decode(token, "s" * 32, algorithms=["HS256"]) for token in tokens)
    assert second["iat"] > first["iat"]
    assert (first["client_id"], first["user_id"], first["user_representation"]) == (
        "app",
        "jansen",
        "J. Jansen",
    )


def test_credentials_do_not_show_their_secret_when_printed() -> None:
    assert "geheim" not in repr(Credentials("app", "geheim"))
