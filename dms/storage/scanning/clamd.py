"""Scanning by clamd, one or several: `Clean` only from a daemon that proved to scan what it answers OK to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from dms.storage.failures import Unreachable
from dms.storage.scanning.clamd_daemon import Daemon, Stream
from dms.storage.scanning.clamd_proof import Proof
from dms.storage.scanning.clamd_wire import Address
from dms.storage.scanning.encrypted_zip import EncryptedZip
from dms.storage.scanning.port import Clean, Scanning, Unscanned, Verdict

_MOST_CLAMD_SCANS = 2**31 - 3  # whatever its MaxFileSize says


class ClamdScanner:
    """Bodies go to the least busy daemon, and to the next one while it is down.

    `max_scan_bytes` is the largest body that is sent at all. `at_once` is the number of bodies that one
    daemon scans at the same time, for it has about one core of work in it. `timeout` bounds, in seconds, each
    wait for a daemon: to prove itself, to take the bytes, to have a place, to answer. Keep it below the
    daemon's MaxScanTime (120). A daemon that failed is left alone for `rest` seconds.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        max_scan_bytes: int,
        at_once: int = 2,
        timeout: float = 60.0,
        rest: float = 5.0,
    ) -> None:
        if not urls:
            raise ValueError("there is no clamd to scan with")
        self._max_scan_bytes = min(max_scan_bytes, _MOST_CLAMD_SCANS)
        self._timeout = timeout
        self._closed = False
        self._daemons = [
            Daemon(
                Address.parse(url),
                max_scan_bytes=self._max_scan_bytes,
                at_once=at_once,
                timeout=timeout,
                rest=rest,
            )
            for url in urls
        ]

    @property
    def limit(self) -> int | None:
        """What the best daemon is trusted with; 0 when all of them fail the test."""
        return max(daemon.trusted if daemon.proof else self._max_scan_bytes for daemon in self._daemons)

    async def probe(self) -> Sequence[Proof]:
        """Put all daemons to the test, which takes about a second, and say what came of it. Done at start, it
        tells the operator; a daemon that is not proven yet is put to the test before it is used anyway."""
        return await asyncio.gather(*(daemon.proving() for daemon in self._daemons))

    async def advice(self) -> Sequence[str]:
        """As the port says."""
        return [str(proof) for proof in await self.probe() if proof.advice]

    async def scan(self, chunks: AsyncIterable[bytes], size: int | None = None) -> Verdict:
        """As the port says."""
        async with self._scanning(chunks, size) as scanning:
            if scanning.decided is None:
                async for _ in scanning.chunks:
                    if scanning.decided is not None:
                        break
            return await scanning.verdict()

    def beside(
        self, chunks: AsyncIterable[bytes], size: int | None = None
    ) -> AbstractAsyncContextManager[Scanning]:
        """As the port says."""
        return self._scanning(chunks, size)

    async def healthy(self) -> None:
        """Return if one daemon answers and did not fail the test, else raise what is wrong with each."""
        pings = await asyncio.gather(*(daemon.ping() for daemon in self._daemons), return_exceptions=True)
        if all(pings):
            raise Unreachable("; ".join(str(problem) for problem in pings))

    async def close(self) -> None:
        """Stop putting daemons to the test; scans that are under way go on."""
        self._closed = True
        await asyncio.gather(*(daemon.close() for daemon in self._daemons))

    @asynccontextmanager
    async def _scanning(
        self, chunks: AsyncIterable[bytes], size: int | None
    ) -> AsyncIterator[_ClamdScanning]:
        scanning = _ClamdScanning(chunks, await self._begin(size))
        try:
            yield scanning
        finally:
            await scanning.close()

    async def _begin(self, size: int | None) -> Stream | Unscanned:
        if size is not None and size > self._max_scan_bytes:
            return Unscanned("too-large")
        ready = await self._ready()
        able = [daemon for daemon in ready if size is None or size <= daemon.trusted]
        if ready and not able:
            return Unscanned("too-large")
        for daemon in able:
            with suppress(OSError):
                return await daemon.open()
        return Unscanned("unavailable")

    async def _ready(self) -> list[Daemon]:
        """The daemons that can be trusted, least busy first. Waits for a proof if there is none yet."""
        if self._closed:
            return []
        proving = {d.proving() for d in self._daemons if d.needs_proof and not d.resting}
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeout):
                while proving and not self._trusted():
                    _, proving = await asyncio.wait(proving, return_when=asyncio.FIRST_COMPLETED)
        return sorted(self._trusted(), key=lambda daemon: daemon.streams)

    def _trusted(self) -> list[Daemon]:
        return [daemon for daemon in self._daemons if daemon.trusted and not daemon.resting]


class _ClamdScanning:
    def __init__(self, chunks: AsyncIterable[bytes], begun: Stream | Unscanned) -> None:
        self.decided: Verdict | None = begun if isinstance(begun, Unscanned) else None
        self._stream = begun if isinstance(begun, Stream) else None
        self._encrypted = EncryptedZip()
        self._whole = False
        self.chunks: AsyncGenerator[bytes, None] = self._passing(chunks)

    async def verdict(self) -> Verdict:
        if self.decided is None:
            self.decided = Unscanned("error")
            if self._whole and self._stream:
                self.decided = self._doubted(await self._stream.verdict())
        return self.decided

    async def close(self) -> None:
        await self.chunks.aclose()
        await self._hang_up()

    async def _passing(self, chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
        async for chunk in chunks:
            if self._stream:
                self._encrypted.feed(chunk)
                self.decided = await self._stream.take(chunk)
                if self.decided is not None:
                    await self._hang_up()
            yield chunk
        self._whole = True

    async def _hang_up(self) -> None:
        stream, self._stream = self._stream, None
        if stream:
            await stream.close()

    def _doubted(self, verdict: Verdict) -> Verdict:
        """A daemon without AlertEncrypted says OK to what it could not read."""
        return Unscanned("encrypted") if verdict == Clean() and self._encrypted.found else verdict
