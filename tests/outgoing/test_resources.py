"""What was fetched is remembered for a moment, and fetched once for all who want it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from dms.outgoing import resources
from dms.outgoing.port import NoServices, NotAResource, NotThere, UnknownService
from dms.outgoing.resources import Kept
from tests.outgoing.hosts import TYPE, Clock, Host, outgoing, serving


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with serving() as host:
        yield host


async def test_an_answer_is_used_again_until_it_is_too_old(host: Host) -> None:
    clock, url = Clock(), host.gives("/1", TYPE)
    async with outgoing(host.origin, clock=clock, keep=60) as out:
        await out.resources.fetch(url)
        clock.time += 59
        assert await out.resources.fetch(url) == TYPE
        assert len(host.seen) == 1
        clock.time += 1
        assert await out.resources.fetch(url) == TYPE
        assert len(host.seen) == 2


async def test_what_one_caller_does_to_an_answer_no_other_sees(host: Host) -> None:
    url = host.gives("/1", TYPE)
    async with outgoing(host.origin) as out:
        found = dict(await out.resources.fetch(url))
        found.clear()
        again = await out.resources.fetch(url)
        assert isinstance(again, dict)
        again.clear()
        assert await out.resources.fetch(url) == TYPE


async def test_failures_are_not_remembered(host: Host) -> None:
    url = host.gives("/1", TYPE, 404)
    async with outgoing(host.origin) as out:
        with pytest.raises(NotThere):
            await out.resources.fetch(url)
        host.replies_with("/1", b"")
        with pytest.raises(NotAResource):
            await out.resources.fetch(url)
        host.gives("/1", TYPE)
        assert await out.resources.fetch(url) == TYPE


async def test_those_who_want_one_url_at_once_share_one_request(host: Host) -> None:
    came, may_answer = asyncio.Event(), asyncio.Event()

    async def reply(request: web.Request) -> web.Response:
        came.set()
        await may_answer.wait()
        return web.json_response(TYPE)

    host.replies["/1"] = reply
    async with outgoing(host.origin, keep=0) as out:
        tasks = [asyncio.create_task(out.resources.fetch(f"{host.origin}/1")) for _ in range(5)]
        await came.wait()
        tasks[0].cancel()
        may_answer.set()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        assert await asyncio.gather(*tasks[1:]) == [TYPE] * 4
    assert len(host.seen) == 1


async def test_a_failure_that_nobody_waits_for_any_more_disturbs_nobody(host: Host) -> None:
    came, may_answer = asyncio.Event(), asyncio.Event()

    async def reply(request: web.Request) -> web.Response:
        came.set()
        await may_answer.wait()
        return web.Response(status=404)

    host.replies["/1"] = reply
    async with outgoing(host.origin) as out:
        task = asyncio.create_task(out.resources.fetch(f"{host.origin}/1"))
        await came.wait()
        task.cancel()
        may_answer.set()
        with pytest.raises(NotThere):
            await out.resources.fetch(f"{host.origin}/1")


async def test_what_is_under_way_ends_when_the_service_stops(host: Host) -> None:
    came = asyncio.Event()

    async def reply(request: web.Request) -> web.Response:
        came.set()
        await asyncio.Event().wait()
        raise AssertionError

    host.replies["/1"] = reply
    async with outgoing(host.origin) as out:
        task = asyncio.create_task(out.resources.fetch(f"{host.origin}/1"))
        await came.wait()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_oldest_answers_go_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "MOST_ENTRIES", 2)
    monkeypatch.setattr(resources, "MOST_BYTES", 20)
    kept = Kept(60, Clock())
    for url in ("1", "2", "3"):
        kept.put(url, b"x")
    assert [kept.get(url) for url in ("1", "2", "3")] == [None, b"x", b"x"]
    kept.put("2", b"y")
    kept.put("4", b"z")
    assert [kept.get(url) for url in ("2", "3", "4")] == [b"y", None, b"z"]
    kept.put("5", bytes(18))
    assert [kept.get(url) for url in ("2", "4", "5")] == [None, None, bytes(18)]
    kept.put("6", bytes(20))
    assert [kept.get(url) for url in ("5", "6")] == [None, None]
    kept.put("7", bytes(19))
    assert kept.get("7") == bytes(19)


async def test_the_log_tells_why_something_was_not_fetched_and_not_the_whole_url(host: Host) -> None:
    with capture_logs() as lines:
        async with outgoing(host.origin) as out:
            for url in (f"{host.origin}/bsn/123?token=geheim", "http://me:geheim@elders.test/"):
                with pytest.raises((NotThere, UnknownService)):
                    await out.resources.fetch(url)
    assert [line["kind"] for line in lines] == ["NotThere", "UnknownService"]
    assert "404" in lines[0]["why"]
    assert "geheim" not in str(lines)
    assert "123" not in str(lines)


async def test_without_services_every_url_is_unknown() -> None:
    with pytest.raises(UnknownService):
        await NoServices().fetch("http://127.0.0.1/")
