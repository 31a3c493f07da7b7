"""Names of other hosts become addresses here, once for a connection, and only such as may be connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Protocol

from aiohttp.abc import AbstractResolver, ResolveResult

MOST_ADDRESSES = 8
_THREADS = 4
_NAT64 = ip_network("64:ff9b::/96")
_NEVER = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "169.254.0.0/16",  # link-local, and where most clouds tell a machine its secrets
        "224.0.0.0/4",
        "240.0.0.0/4",
        "100.100.100.200/32",  # the same at Alibaba,
        "168.63.129.16/32",  # at Azure,
        "192.0.0.192/32",  # at Oracle,
        "fd00:ec2::/32",  # at Amazon over IPv6,
        "fd20:ce::254/128",  # and at Google
        "::/128",
        "fe80::/10",
        "ff00::/8",
    )
)


class Lookup(Protocol):
    """Finds the addresses of a name."""

    async def addresses(self, name: str) -> Sequence[str]:
        """The addresses as text, the preferred first. Raises `OSError` if there are none."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class SystemLookup:
    """Asks the system. A name server that does not answer holds up one of a few threads of its own, and those
    who ask for the same name meanwhile share the answer."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, "names")
        self._under_way: dict[str, asyncio.Future[list[str]]] = {}

    async def addresses(self, name: str) -> Sequence[str]:
        """The addresses that the system finds."""
        looking = self._under_way.get(name)
        if looking is None:
            looking = asyncio.get_running_loop().run_in_executor(self._threads, _of_the_system, name)
            self._under_way[name] = looking
            looking.add_done_callback(lambda done: self._done(name, done))
        return await asyncio.shield(looking)

    def _done(self, name: str, done: asyncio.Future[list[str]]) -> None:
        del self._under_way[name]
        if not done.cancelled():
            done.exception()  # those who waited may all have left

    def close(self) -> None:
        """Look up nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _of_the_system(name: str) -> list[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError("not a name that can be looked up") from None
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def may_be_connected_to(address: str) -> bool:
    """Whether a name may lead to this address: private ones are fine, for an administrator listed the name;
    link-local, multicast, unspecified and reserved ones and those where clouds keep credentials are not."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return not any(
        each in never for each in _seen(found) for never in _NEVER if each.version == never.version
    )


def _seen(found: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The address, and those of IPv4 that it may stand for."""
    if isinstance(found, IPv4Address):
        return [found]
    if "%" in str(found):
        found = IPv6Address(int(found))
    within = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
    if found in _NAT64 or (int(found) >> 32 == 0 and int(found) > 1):  # the latter: IPv4-compatible
        within.append(IPv4Address(int(found) & 0xFFFFFFFF))
    return [found, *(each for each in within if each is not None)]


class CheckedNames(AbstractResolver):
    """What aiohttp's connector asks: it connects to exactly the addresses that it gets here."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name. One that may not be connected to refuses them all: `OSError`."""
        found = await self._lookup.addresses(host)
        if not found or not all(may_be_connected_to(each) for each in found):
            raise OSError("the name leads to an address that is not connected to")
        return [
            ResolveResult(
                hostname=host,
                host=each,
                port=port,
                family=socket.AF_INET6 if ":" in each else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for each in found[:MOST_ADDRESSES]
        ]

    async def close(self) -> None:
        """Let go of the lookup."""
        self._lookup.close()
