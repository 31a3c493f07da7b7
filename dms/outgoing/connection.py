"""The guarded connection: one request to a host that may be asked, bounded in time and in size."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL

from dms.outgoing.circuit import Circuit
from dms.outgoing.names import CheckedNames, Lookup
from dms.outgoing.origins import Origin
from dms.outgoing.port import NotThere, UnknownService
from dms.outgoing.services import Known

MOST_BYTES = 2**20
"""Size of an answer, as it was sent and as it was decoded."""
MOST_AT_ONCE = 8
"""Connections to one origin."""
_MOST_IN_ALL = 64
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is decoded, and kept of a 200 only; `location` is where else to look."""

    status: int
    body: bytes
    location: str


class Connection:
    """Requests to the known origins, to addresses that were checked, without cookies or proxies, and without
    following where an answer points. Make one with `opened`."""

    def __init__(
        self, session: aiohttp.ClientSession, known: Known, seconds: float, now: Callable[[], float]
    ) -> None:
        self._session = session
        self._circuit = Circuit(now)
        self.known = known
        self._seconds = seconds

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, known: Known, lookup: Lookup, *, seconds: float, now: Callable[[], float] = time.monotonic
    ) -> AsyncIterator[Connection]:
        """A connection that ends with the context. `seconds`: for an act with all its steps."""
        names = CheckedNames(lookup)
        connector = aiohttp.TCPConnector(
            resolver=names,
            use_dns_cache=False,
            limit=_MOST_IN_ALL,
            limit_per_host=MOST_AT_ONCE,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"User-Agent": "zgw-dms", "Accept-Encoding": "gzip"},
        )
        try:
            async with session:
                yield cls(session, known, seconds, now)
        finally:
            await names.close()

    def deadline(self) -> float:
        """When an act that begins now must be over, by the loop's clock."""
        return asyncio.get_running_loop().time() + self._seconds

    async def exchange(
        self,
        method: str,
        url: URL,
        *,
        deadline: float,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        """One request and its answer. Raises `UnknownService` before anything is sent, and `NotThere`."""
        origin = Origin.of(url)
        if origin not in self.known.origins:
            raise UnknownService(f"{origin} is not an allowed origin")
        self._circuit.enter(origin)
        try:
            async with (
                asyncio.timeout_at(deadline),
                self._session.request(
                    method,
                    url,
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                    ssl=self.known.tls.get(origin, True),
                ) as response,
            ):
                content = await _content(response) if response.status == 200 else b""
                answer = Answer(response.status, content, response.headers.get("Location", ""))
        except TimeoutError:
            self._circuit.too_slow(origin)
            raise NotThere(f"{origin} did not answer in {self._seconds:g} seconds") from None
        except (aiohttp.ClientError, OSError, zlib.error) as why:
            self._circuit.answered(origin)
            raise NotThere(f"{origin} could not be asked: {type(why).__name__}") from None
        except _Unreadable as why:
            self._circuit.answered(origin)
            raise NotThere(f"{origin} {why}") from None
        self._circuit.answered(origin)
        return answer


class _Unreadable(Exception):
    """The body is not one that is read."""


async def _content(response: aiohttp.ClientResponse) -> bytes:
    """The body, decoded. Leaving it half read ends the connection."""
    raw = bytearray()
    async for chunk in response.content.iter_any():
        raw += chunk
        if len(raw) > MOST_BYTES:
            raise _Unreadable(f"sends more than {MOST_BYTES} bytes")
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        return bytes(raw)
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise _Unreadable("answers in an encoding that was not asked for")
    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    decoded = decoder.decompress(bytes(raw), MOST_BYTES + 1)
    if len(decoded) > MOST_BYTES:
        raise _Unreadable(f"sends more than {MOST_BYTES} bytes when they are decoded")
    if not decoder.eof:
        raise _Unreadable("breaks off")
    return decoded
