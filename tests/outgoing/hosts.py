"""Other hosts on loopback, that answer as they are told and remember what they were asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer

from dms.outgoing.client import Client
from dms.outgoing.connection import Connection
from dms.outgoing.credentials import Credentials
from dms.outgoing.resources import RemoteResources
from dms.outgoing.services import Known, read_services
from tests.zgw import informatieobjecttype_values

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]
TYPE: dict[str, Any] = {
    "url": "https://catalogi.elders.test/informatieobjecttypen/1",
    **informatieobjecttype_values(
        "https://catalogi.elders.test/catalogussen/1", vertrouwelijkheidaanduiding="vertrouwelijk"
    ),
    "concept": False,
}


@dataclass
class Host:
    """A host with its `replies` by path; `seen` are the requests that came."""

    replies: dict[str, Reply] = field(default_factory=dict)
    seen: list[web.Request] = field(default_factory=list)
    port: int = 0
    origin: str = ""

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        reply = self.replies.get(request.path)
        return await reply(request) if reply else web.Response(status=404)

    def gives(self, path: str, value: Any, status: int = 200) -> str:
        """Answer with this JSON; returns the URL."""
        return self.replies_with(path, orjson.dumps(value), status=status)

    def replies_with(self, path: str, body: bytes, *, status: int = 200, **headers: str) -> str:
        """Answer with these bytes and headers (`_` for `-`); returns the URL."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def reply(request: web.Request) -> web.StreamResponse:
            return web.Response(body=body, status=status, headers=named)

        self.replies[path] = reply
        return self.origin + path

    def redirects(self, path: str, to: str, status: int = 302) -> str:
        """Point elsewhere; returns the URL."""
        return self.replies_with(path, b"", status=status, Location=to)

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for."""
        return [request.path for request in self.seen]


@asynccontextmanager
async def serving(address: str = "127.0.0.1", tls: SSLContext | None = None) -> AsyncIterator[Host]:
    """A host at this address, on a port of its own."""
    host = Host()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", host._handle)
    server = TestServer(app, host=address)
    await server.start_server(ssl=tls)
    try:
        host.port = server.port or 0
        host.origin = f"{'https' if tls else 'http'}://{address}:{host.port}"
        yield host
    finally:
        await server.close()


@asynccontextmanager
async def talking(speak: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """The origin of a host that says whatever `speak` writes, once it has read a request."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await speak(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.close()


@dataclass
class Names:
    """A lookup that knows these names and no others."""

    known: Mapping[str, Sequence[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    closed: bool = False

    async def addresses(self, name: str) -> Sequence[str]:
        """What the name leads to."""
        self.asked.append(name)
        if name not in self.known:
            raise OSError("no such name")
        return self.known[name]

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    time: float = 1000.0

    def __call__(self) -> float:
        return self.time


@dataclass
class Outgoing:
    """All layers of what asks other hosts."""

    connection: Connection
    credentials: Credentials
    client: Client
    resources: RemoteResources


@asynccontextmanager
async def outgoing(
    *allowed: str,
    services: Iterable[Mapping[str, Any]] = (),
    names: Names | None = None,
    seconds: float = 5,
    keep: float = 60,
    clock: Clock | None = None,
) -> AsyncIterator[Outgoing]:
    """Put together as the service does, with a clock and a lookup of the test."""
    known = Known.of(allowed, read_services([dict(service) for service in services]))
    now = clock or Clock()
    async with Connection.opened(known, names or Names(), seconds=seconds, now=now) as connection:
        credentials = Credentials(connection, now)
        client = Client(connection, credentials)
        async with RemoteResources.opened(client, keep=keep, now=now) as resources:
            yield Outgoing(connection, credentials, client, resources)
