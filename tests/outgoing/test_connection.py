"""The guarded connection against hosts that are slow, large, elsewhere or not what they say."""

from __future__ import annotations

import asyncio
import gzip
import socket
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import orjson
import pytest
from aiohttp import web

from dms.outgoing.circuit import REST
from dms.outgoing.connection import MOST_AT_ONCE, MOST_BYTES
from dms.outgoing.port import NotAResource, NotThere, UnknownService
from tests.outgoing.hosts import TYPE, Clock, Host, Names, outgoing, serving, talking


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with serving() as host:
        yield host


@pytest.fixture
async def other() -> AsyncIterator[Host]:
    async with serving("127.0.0.2") as host:
        yield host


async def test_what_an_allowed_host_has_is_fetched_without_cookies(host: Host) -> None:
    host.replies_with("/1", orjson.dumps(TYPE), Set_Cookie="a=b; Path=/")
    origin, names = f"http://elders.test:{host.port}", Names({"elders.test": ["127.0.0.1"]})
    url = f"{origin}/1"
    async with outgoing(origin, names=names, keep=0) as out:
        assert await out.resources.fetch(url) == TYPE
        assert await out.resources.fetch(url + "#deel") == TYPE
    for request in host.seen:
        assert "Cookie" not in request.headers
        assert "Authorization" not in request.headers
        assert request.headers["Accept-Crs"] == "EPSG:4326"


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
async def test_no_proxy_of_the_environment_is_used(
    host: Host, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    async with outgoing(host.origin) as out:
        assert await out.resources.fetch(host.gives("/1", TYPE)) == TYPE


async def test_a_host_that_is_not_allowed_is_not_asked(host: Host, other: Host) -> None:
    async with outgoing(host.origin) as out:
        for url in (
            other.gives("/1", TYPE),
            f"https://127.0.0.1:{host.port}/1",
            f"http://127.0.0.1:{host.port + 1}/1",
            f"http://localhost:{host.port}/1",
            f"http://a@127.0.0.1:{host.port}/1",
            f"http://127.1:{host.port}/1",
            f"{other.origin}\\@127.0.0.1:{host.port}/1",
            "gopher://127.0.0.1/1",
        ):
            with pytest.raises(UnknownService):
                await out.resources.fetch(url)
    assert (host.seen, other.seen) == ([], [])


async def test_a_name_is_connected_to_at_its_checked_address_and_keeps_its_name(host: Host) -> None:
    host.gives("/1", TYPE)
    names = Names({"elders.test": ["127.0.0.1"]})
    async with outgoing(f"http://elders.test:{host.port}", names=names) as out:
        assert await out.resources.fetch(f"http://Elders.test:{host.port}/1") == TYPE
    assert host.seen[0].headers["Host"] == f"elders.test:{host.port}"
    assert names.asked == ["elders.test"]
    assert names.closed


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "0.0.0.0"])
async def test_a_name_that_leads_to_a_metadata_address_is_not_connected_to(host: Host, address: str) -> None:
    # The second answer shows that one good address does not save the others.
    names = Names({"elders.test": [address], "gemengd.test": ["127.0.0.1", address]})
    origins = [f"http://{name}:{host.port}" for name in names.known]
    async with outgoing(*origins, names=names) as out:
        for origin in origins:
            with pytest.raises(NotThere):
                await out.resources.fetch(f"{origin}/1")
    assert host.seen == []


async def test_a_redirect_to_an_allowed_host_is_followed(host: Host, other: Host) -> None:
    target = other.gives("/2", TYPE)
    for status in (301, 302, 303, 307, 308):
        url = host.redirects(f"/{status}", target, status)
        async with outgoing(host.origin, other.origin) as out:
            assert await out.resources.fetch(url) == TYPE
    relative = host.redirects("/a/b", "../302")
    async with outgoing(host.origin, other.origin) as out:
        assert await out.resources.fetch(relative) == TYPE


@pytest.mark.parametrize(
    "location",
    ["{other}/2", "//127.0.0.2:{port}/2", "file:///etc/passwd", "http://[x", "", "\\\\127.0.0.2/2"],
)
async def test_a_redirect_to_where_nothing_may_be_asked_is_not_followed(
    host: Host, other: Host, location: str
) -> None:
    other.gives("/2", TYPE)
    url = host.redirects("/1", location.format(other=other.origin, port=other.port))
    async with outgoing(host.origin) as out:
        with pytest.raises(NotThere):
            await out.resources.fetch(url)
    assert (host.paths, other.seen) == (["/1"], [])


async def test_redirects_that_go_round_end_after_a_few(host: Host) -> None:
    url = host.redirects("/1", "/1")
    async with outgoing(host.origin) as out:
        with pytest.raises(NotThere, match="more than 3 redirects"):
            await out.resources.fetch(url)
    assert host.paths == ["/1"] * 4


@pytest.mark.parametrize("status", [201, 204, 206, 304, 400, 401, 403, 404, 500, 503])
async def test_any_other_status_than_200_is_not_there(host: Host, status: int) -> None:
    url = host.gives("/1", TYPE, status)
    async with outgoing(host.origin) as out:
        with pytest.raises(NotThere, match=str(status)):
            await out.resources.fetch(url)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"x"', b"<html>", b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff", b"[" * 5000]
)
async def test_an_answer_without_a_json_object_is_no_resource(host: Host, body: bytes) -> None:
    url = host.replies_with("/1", body)
    async with outgoing(host.origin) as out:
        with pytest.raises(NotAResource):
            await out.resources.fetch(url)


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_compressed_answer_is_decoded_within_the_bound(
    host: Host, encoding: str, compress: object
) -> None:
    assert callable(compress)
    good = host.replies_with("/1", compress(orjson.dumps(TYPE)), Content_Encoding=encoding)
    bomb = host.replies_with("/2", compress(b" " * 50 * MOST_BYTES), Content_Encoding=encoding)
    half = host.replies_with("/3", compress(orjson.dumps(TYPE))[:-9], Content_Encoding=encoding)
    broken = host.replies_with("/4", b"not compressed at all", Content_Encoding=encoding)
    async with outgoing(host.origin) as out:
        assert await out.resources.fetch(good) == TYPE
        for url, why in ((bomb, "when they are decoded"), (half, "breaks off"), (broken, "error")):
            with pytest.raises(NotThere, match=why):
                await out.resources.fetch(url)


async def test_a_compressed_bomb_takes_no_more_memory_than_the_cap(host: Host) -> None:
    url = host.replies_with("/1", gzip.compress(bytes(50 * MOST_BYTES)), Content_Encoding="gzip")
    async with outgoing(host.origin) as out:
        tracemalloc.start()
        try:
            with pytest.raises(NotThere):
                await out.resources.fetch(url)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 * MOST_BYTES


async def test_an_encoding_that_was_not_asked_for_is_not_read(host: Host) -> None:
    url = host.replies_with("/1", b"x", Content_Encoding="br")
    async with outgoing(host.origin) as out:
        with pytest.raises(NotThere, match="encoding"):
            await out.resources.fetch(url)


async def test_a_body_of_the_cap_is_read_and_one_over_it_is_not(host: Host) -> None:
    text = orjson.dumps(TYPE)
    just = host.replies_with("/1", text.ljust(MOST_BYTES))
    over = host.replies_with("/2", text.ljust(MOST_BYTES + 1))
    async with outgoing(host.origin) as out:
        assert await out.resources.fetch(just) == TYPE
        with pytest.raises(NotThere, match="sends more than"):
            await out.resources.fetch(over)


async def test_a_body_without_an_end_is_left_at_the_cap() -> None:
    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(2**16))
            await writer.drain()

    async with talking(pour) as origin, outgoing(origin) as out:
        with pytest.raises(NotThere, match="sends more than"):
            await out.resources.fetch(f"{origin}/1")


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-A: ", b'HTTP/1.1 200 OK\r\n\r\n{"a": "'])
async def test_a_host_that_dribbles_costs_no_more_than_the_time_cap(start: bytes) -> None:
    async def dribble(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with talking(dribble) as origin, outgoing(origin, seconds=0.2) as out:
        with pytest.raises(NotThere, match=r"in 0\.2 seconds"):
            await out.resources.fetch(f"{origin}/1")


@pytest.mark.parametrize(
    "text",
    [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", b"HTTP/1.1 2x0 OK\r\n\r\n"],
)
async def test_what_is_no_whole_http_answer_is_not_there(text: bytes) -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(text)

    async with talking(say) as origin, outgoing(origin) as out:
        with pytest.raises(NotThere, match="could not be asked"):
            await out.resources.fetch(f"{origin}/1")


async def test_a_name_or_port_where_nobody_is_is_not_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        origins = [f"http://127.0.0.1:{unused.getsockname()[1]}", "http://nergens.test"]
        async with outgoing(*origins) as out:
            for origin in origins:
                with pytest.raises(NotThere, match="could not be asked"):
                    await out.resources.fetch(f"{origin}/1")


@pytest.fixture
async def hanging(host: Host) -> AsyncIterator[asyncio.Event]:
    """A path `/hangs` of the host that answers once the event is set."""
    may_answer = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await may_answer.wait()
        return web.json_response(TYPE)

    host.replies["/hangs"] = hang
    yield may_answer
    may_answer.set()


async def test_a_host_that_was_too_slow_fails_at_once_for_a_moment(
    host: Host, hanging: asyncio.Event
) -> None:
    clock, quick = Clock(), host.gives("/1", TYPE)
    async with outgoing(host.origin, seconds=0.2, clock=clock) as out:
        with pytest.raises(NotThere, match="did not answer"):
            await out.resources.fetch(f"{host.origin}/hangs")
        clock.time += REST / 2
        with pytest.raises(NotThere, match="a moment ago"):
            await out.resources.fetch(quick)
        assert host.paths == ["/hangs"]
        clock.time += REST
        with pytest.raises(NotThere, match="did not answer"):
            await out.resources.fetch(f"{host.origin}/hangs")
        with pytest.raises(NotThere, match="a moment ago"):
            await out.resources.fetch(quick)
        clock.time += REST
        hanging.set()
        assert await out.resources.fetch(quick) == TYPE
        assert await out.resources.fetch(f"{host.origin}/hangs") == TYPE


async def test_after_its_rest_one_may_try_a_slow_host_and_the_others_wait_for_the_outcome(
    host: Host, hanging: asyncio.Event
) -> None:
    clock, url = Clock(), f"{host.origin}/hangs"
    async with outgoing(host.origin, seconds=0.2, clock=clock) as out:
        with pytest.raises(NotThere):
            await out.resources.fetch(url)
        clock.time += REST
        trial = asyncio.create_task(out.resources.fetch(url))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(NotThere, match="a moment ago"):
            await out.resources.fetch(host.gives("/1", TYPE))
        hanging.set()
        assert await trial == TYPE
        assert await out.resources.fetch(f"{host.origin}/1") == TYPE


async def test_no_more_than_a_few_requests_are_with_one_host_at_once(
    host: Host, hanging: asyncio.Event
) -> None:
    full = asyncio.Event()

    async def count(request: web.Request) -> web.Response:
        if len(host.seen) == MOST_AT_ONCE:
            full.set()
        await hanging.wait()
        return web.json_response(TYPE)

    urls = [f"/{number}" for number in range(2 * MOST_AT_ONCE)]
    host.replies.update(dict.fromkeys(urls, count))
    async with outgoing(host.origin) as out:
        tasks = [asyncio.create_task(out.resources.fetch(host.origin + url)) for url in urls]
        await full.wait()
        await asyncio.sleep(0.05)  # the next one would come in this time, if it came at all
        assert len(host.seen) == MOST_AT_ONCE
        hanging.set()
        assert await asyncio.gather(*tasks) == [TYPE] * len(urls)
