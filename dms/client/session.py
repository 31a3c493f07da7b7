"""Requests to a Documenten API: a fresh JWT on each, and patience with lines and servers that falter."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from random import SystemRandom
from types import TracebackType
from typing import Any, Protocol, TypeVar

import aiohttp
from aiohttp.payload import Payload

from dms.client.failures import Failure, Refused, Unreachable, printable
from dms.outgoing.jwts import make_token

T = TypeVar("T")

READ_BUFFER = 128 * 2**10
"""Bytes that may wait to be read. When a line breaks, aiohttp throws away what waits."""

_MOST_OF_A_REFUSAL = 256 * 2**10
_FALTERING = frozenset({408, 429, 502, 503, 504})
_NOT_TAKEN_UP = frozenset({408, 429, 503})
"""Answers after which a request was certainly not carried out."""

_POINTLESS = (
    aiohttp.ClientSSLError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
    aiohttp.TooManyRedirects,
)
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_BROKEN = (aiohttp.ClientError, TimeoutError, ConnectionError)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who calls. The user is for the audit trail of the server, and may be empty."""

    client_id: str
    secret: str = field(repr=False)
    user_id: str = ""
    user_representation: str = ""

    def token(self) -> str:
        """A JWT made this moment, so that no transfer outlives it."""
        return make_token(
            self.client_id,
            self.secret,
            user_id=self.user_id,
            user_representation=self.user_representation,
        )


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to bear with a server: `attempts` per request, everything else in seconds.

    `silence` is the time in which something must move, `answer` that in which an answer must come once all
    has been sent. Waits double from `first_wait` to `longest_wait`; `asked_wait` is the most that is granted
    to a Retry-After.
    """

    attempts: int = 8
    first_wait: float = 0.5
    longest_wait: float = 30.0
    asked_wait: float = 300.0
    connect: float = 15.0
    silence: float = 60.0
    answer: float = 300.0

    def wait(self, attempt: int, asked: float | None) -> float:
        """Seconds to wait after the attempt with this number, from 1; a bit of chance keeps clients apart."""
        if asked is not None:
            return min(asked, self.asked_wait)
        longest = min(self.first_wait * 2.0 ** min(attempt - 1, 20), self.longest_wait)
        return longest * SystemRandom().uniform(0.5, 1.0)


class Alive(Protocol):
    """Tells that something moved."""

    def __call__(self, seconds: float | None = None) -> None:
        """Now; the next must move within the time of silence, or within `seconds`."""


class Session:
    """Calls one server, as one client. Use it as a context; what fails is a `Failure`.

    `remark` is told, in a sentence for a person, when something is tried again.
    """

    def __init__(
        self,
        credentials: Credentials,
        patience: Patience | None = None,
        remark: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._credentials = credentials
        self.patience = patience or Patience()
        self.remark = remark

    async def __aenter__(self) -> Session:
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.patience.connect),
            read_bufsize=READ_BUFFER,
            headers={"User-Agent": "dms", "Accept": "application/json, application/problem+json, */*"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        *,
        body: Any = None,
        payload: Payload | None = None,
        headers: Mapping[str, str] | None = None,
        ok: Container[int] = (200,),
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One attempt at a request, with `body` as JSON or a `payload` that streams.

        Raises `Refused` for a status that is not `ok`, and aiohttp's errors. Only reading follows redirects,
        for a redirected POST would arrive as a GET.
        """
        async with self._http.request(
            method,
            url,
            data=payload,
            json=body,
            headers={**(headers or {}), "Authorization": f"Bearer {self._credentials.token()}"},
            allow_redirects=method in ("GET", "HEAD"),
        ) as response:
            if response.status not in ok:
                raise await _refusal(response)
            yield response

    async def call(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        ok: Container[int] = (200,),
        within: float | None = None,
        repeatable: bool = True,
    ) -> Any:
        """The JSON that a request is answered with; None for an answer without a body.

        The answer must come `within` seconds, else the request is tried again. One that is not
        `repeatable` is tried again only while it is certain that it was not carried out.
        """

        async def attempt() -> Any:
            async with (
                asyncio.timeout(within or self.patience.answer),
                self.request(method, url, body=body, headers=headers, ok=ok) as response,
            ):
                text = await response.read()
            try:
                return json.loads(text) if text else None
            except ValueError:
                raise Failure(f"{url} does not answer with JSON: is it a Documenten API?") from None

        return await self.persist(attempt, repeatable=repeatable)

    @asynccontextmanager
    async def moving(self) -> AsyncIterator[Alive]:
        """A span in which something must keep moving; raises `TimeoutError` when nothing does."""
        loop, silence = asyncio.get_running_loop(), self.patience.silence
        async with asyncio.timeout(silence) as timeout:

            def alive(seconds: float | None = None) -> None:
                with suppress(RuntimeError):  # the time is up, or the span over: too late to matter
                    timeout.reschedule(loop.time() + (silence if seconds is None else seconds))

            yield alive

    async def persist(
        self,
        attempt: Callable[[], Awaitable[T]],
        *,
        repeatable: bool = True,
        gained: Callable[[], int] = lambda: 0,
    ) -> T:
        """What the attempt returns, tried again while the line or the server falters.

        The count of attempts starts anew whenever `gained` has grown: a line that breaks every minute
        still brings a file home.
        """
        number, before = 0, gained()
        while True:
            number += 1
            try:
                return await attempt()
            except (Refused, *_BROKEN) as error:
                if gained() > before:
                    number, before = 1, gained()
                reason, wait = self._next_attempt(error, number, repeatable=repeatable)
            self.remark(f"{reason} Trying again in {wait:.1f} s.")
            await asyncio.sleep(wait)

    def _next_attempt(self, error: BaseException, number: int, *, repeatable: bool) -> tuple[str, float]:
        """Why there is another attempt, and in how many seconds; raises the `Failure` if there is none."""
        last = number >= self.patience.attempts
        if isinstance(error, Refused):
            if last or error.status not in (_FALTERING if repeatable else _NOT_TAKEN_UP):
                raise error
            return str(error), self.patience.wait(number, error.retry_after)
        words = _words(error)
        if isinstance(error, _POINTLESS):
            raise Unreachable(f"The server cannot be used: {words}.") from error
        if not repeatable and not isinstance(error, _NEVER_SENT):
            raise Unreachable(
                f"The line broke ({words}) before the answer came; it is not known whether the request was "
                "carried out."
            ) from error
        if last:
            tried = f"tried {number} times" if number > 1 else "tried once"
            raise Unreachable(f"The server cannot be reached: {words} ({tried}).") from error
        return f"The line broke: {words}.", self.patience.wait(number, None)


async def _refusal(response: aiohttp.ClientResponse) -> Refused:
    raw = await response.content.read(_MOST_OF_A_REFUSAL)
    try:
        problem = json.loads(raw)
    except ValueError:
        problem = None
    reason = response.reason or ""
    if 300 <= response.status < 400:
        reason += f" (it points to {response.headers.get('Location', 'nowhere')}: use that address)"
    asked = _seconds(response.headers.get("Retry-After", ""))
    return Refused.of(response.status, reason, problem, asked)


def _seconds(retry_after: str) -> float | None:
    """A Retry-After in seconds from now, whether it is a number or a date."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return "nothing came in time"
    return printable(str(error)).rstrip(".") or type(error).__name__
