"""A client's line to the service: calls are acknowledged, or the line breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import aiohttp
import orjson

from dms.outgoing.jwts import make_token
from tests.zgw import ALL, SECRET, Answer

MOST_SECONDS = 30.0


class LineBroke(Exception):
    """The service did not answer whole: what was asked may have been done, or not."""


class Line:
    """Calls to one service. Each returns what was acknowledged, or raises `LineBroke`."""

    def __init__(self, session: aiohttp.ClientSession, origin: str) -> None:
        self._session = session
        self.origin = origin

    async def call(self, method: str, path: str, *, json: Any = None, data: Any = None) -> Answer:
        """One call. Its answer has been received to its last byte."""
        headers = {} if json is None else {"Content-Type": "application/json"}
        body = data if json is None else BytesIO(orjson.dumps(json))
        url = self.origin + path
        try:
            async with self._session.request(method, url, data=body, headers=headers) as response:
                raw = await response.read()
        except (aiohttp.ClientError, ConnectionError) as error:
            raise LineBroke(str(error)) from None
        is_json = response.content_type in ("application/json", "application/problem+json")
        return Answer(response.status, dict(response.headers), orjson.loads(raw) if is_json else raw)

    async def done(self, method: str, path: str, *, json: Any = None, data: Any = None) -> Answer:
        """A call that must succeed."""
        answer = await self.call(method, path, json=json, data=data)
        assert answer.status in (200, 201, 204), (method, path, answer)
        return answer

    async def send_part(self, path: str, content: bytes, lock: str, *, lock_first: bool = True) -> Answer:
        """Send a bestandsdeel."""
        form = aiohttp.FormData()
        if lock_first:
            form.add_field("lock", lock)
        form.add_field("inhoud", BytesIO(content), filename="deel", content_type="application/octet-stream")
        if not lock_first:
            form.add_field("lock", lock)
        return await self.done("PUT", path, data=form)


@asynccontextmanager
async def line_to(origin: str) -> AsyncIterator[Line]:
    """A line to the service that listens there."""
    headers = {"Authorization": f"Bearer {make_token(ALL, SECRET, user_id='jansen')}"}
    timeout = aiohttp.ClientTimeout(total=MOST_SECONDS)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, connector=connector) as session:
        yield Line(session, origin)


async def together(*acts: Coroutine[Any, Any, None]) -> None:
    """Do all at the same time, each to its own end; then raise what one of them raised. That the line broke
    counts least."""
    outcomes = await asyncio.gather(*acts, return_exceptions=True)
    raised = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if raised:
        raise min(raised, key=lambda error: isinstance(error, LineBroke))
