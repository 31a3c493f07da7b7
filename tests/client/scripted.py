"""A server that answers by script: the foreign Documenten APIs, gateways and accidents that clients meet."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class Said:
    """An answer. When `broken` the connection is closed instead; with `cut_short` it is closed once that
    holds, after the body, of which more was promised."""

    status: int = 200
    json: Any = None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    broken: bool = False
    cut_short: Callable[[], bool] | None = None


@dataclass
class Asked:
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ScriptedServer:
    """Answers each method and path with its answers in order; the last goes on for ever."""

    def __init__(self) -> None:
        self._script: dict[str, list[Said]] = defaultdict(list)
        self.asked: list[Asked] = []

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._server = TestServer(app)
        await self._server.start_server()
        self.address = str(self._server.make_url("")).rstrip("/")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    def says(self, what: str, *answers: Said) -> None:
        """`what` is like `GET /documents/1`."""
        self._script[what] = list(answers)

    def count(self, what: str) -> int:
        """How often this was asked."""
        return sum(f"{asked.method} {asked.path}" == what for asked in self.asked)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.asked.append(Asked(request.method, request.path, dict(request.headers), body))
        answers = self._script[f"{request.method} {request.path}"]
        assert answers, f"{request.method} {request.path} is not in the script"
        said = answers.pop(0) if len(answers) > 1 else answers[0]
        if said.broken:
            assert request.transport is not None
            request.transport.abort()
        if said.cut_short is not None:
            return await _cut_short(request, said, said.cut_short)
        if said.json is not None:
            return web.json_response(said.json, status=said.status, headers=said.headers)
        return web.Response(body=said.body, status=said.status, headers=said.headers)


async def _cut_short(request: web.Request, said: Said, now: Callable[[], bool]) -> web.StreamResponse:
    response = web.StreamResponse(status=said.status, headers=said.headers)
    response.content_length = len(said.body) + 1000
    await response.prepare(request)
    await response.write(said.body)
    while not now():
        await asyncio.sleep(0.005)
    assert request.transport is not None
    request.transport.close()
    return response
