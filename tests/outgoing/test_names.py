"""Names lead to addresses that may be connected to, or nowhere."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from dms.outgoing import names
from dms.outgoing.names import CheckedNames, SystemLookup, may_be_connected_to
from tests.outgoing.hosts import Names


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "8.8.8.8", "::1", "fd12::1"])
def test_public_private_and_loopback_addresses_may_be_connected_to(address: str) -> None:
    assert may_be_connected_to(address)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "100.100.100.200",
        "168.63.129.16",
        "fd00:ec2::254",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "ff02::1",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "no address",
        "",
    ],
)
def test_link_local_and_metadata_addresses_are_refused_in_every_dress(address: str) -> None:
    assert not may_be_connected_to(address)


async def test_one_forbidden_address_among_good_ones_refuses_them_all() -> None:
    resolver = CheckedNames(Names({"mixed.test": ["127.0.0.1", "169.254.169.254"], "empty.test": []}))
    for name in ("mixed.test", "empty.test"):
        with pytest.raises(OSError, match="not connected to"):
            await resolver.resolve(name, 80)


async def test_the_connector_gets_the_checked_addresses_and_no_more_than_a_few() -> None:
    resolver = CheckedNames(Names({"many.test": [f"10.0.0.{n}" for n in range(100)], "six.test": ["::1"]}))
    found = await resolver.resolve("many.test", 81)
    assert [each["host"] for each in found] == [f"10.0.0.{n}" for n in range(names.MOST_ADDRESSES)]
    assert {(each["hostname"], each["port"], each["family"]) for each in found} == {
        ("many.test", 81, socket.AF_INET)
    }
    assert [each["family"] for each in await resolver.resolve("six.test")] == [socket.AF_INET6]


async def test_the_system_knows_localhost_and_no_name_that_is_none() -> None:
    lookup = SystemLookup()
    try:
        assert set(await lookup.addresses("localhost")) <= {"127.0.0.1", "::1"}
        for name in ("nergens.invalid", "x" * 300, "a..b"):
            with pytest.raises(OSError, match=r"."):
                await lookup.addresses(name)
    finally:
        lookup.close()


@dataclass
class SlowServer:
    """What the system asks; it answers once it may."""

    may_answer: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)

    def __call__(self, name: str, *rest: object, **more: object) -> list[tuple[object, ...]]:
        self.asked.append(name)
        self.may_answer.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowServer]:
    server = SlowServer()
    monkeypatch.setattr(socket, "getaddrinfo", server)
    yield server
    server.may_answer.set()


async def test_those_who_ask_for_one_name_share_the_answer_though_the_first_leaves(slow: SlowServer) -> None:
    lookup = SystemLookup()
    first, second = (asyncio.ensure_future(lookup.addresses("elders.test")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    slow.may_answer.set()
    assert await second == ["127.0.0.1"]
    assert slow.asked == ["elders.test"]
    lookup.close()


async def test_who_waits_for_a_thread_waits_no_more_when_the_service_stops(slow: SlowServer) -> None:
    lookup = SystemLookup()
    asking = [asyncio.ensure_future(lookup.addresses(f"{number}.test")) for number in range(20)]
    await asyncio.sleep(0)
    lookup.close()
    with pytest.raises(asyncio.CancelledError):
        await asking[-1]
    slow.may_answer.set()
    assert await asking[0] == ["127.0.0.1"]
    assert len(slow.asked) < len(asking)
    await asyncio.gather(*asking, return_exceptions=True)
