"""One clamd: proven before it is trusted, bounded in time, left alone for a while when it failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Coroutine
from typing import Any

from dms.storage.failures import Unreachable
from dms.storage.scanning.clamd_proof import Proof, prove
from dms.storage.scanning.clamd_wire import INSTREAM, PING, PONG, Address, Conversation
from dms.storage.scanning.port import Unscanned, Verdict

_SECONDS_TO_CONNECT = 5.0
_SECONDS_A_PROOF_LASTS = 600.0  # the daemon may have been started anew with other limits
_SLOWEST = 1024 * 1024  # bytes a second
_NO_ANSWER = "it does not answer; until it does, nothing is scanned by it"


class Daemon:
    """`timeout` and `rest` are in seconds. Make it where the loop runs."""

    def __init__(
        self, address: Address, *, max_scan_bytes: int, at_once: int, timeout: float, rest: float
    ) -> None:
        self.proof: Proof | None = None
        self.streams = 0
        self.places = asyncio.Semaphore(at_once)
        self.timeout = timeout
        self._address = address
        self._max_scan_bytes = max_scan_bytes
        self._rest = rest
        self._rests_until = self._proven_until = 0.0
        self._proving: asyncio.Task[Proof] | None = None

    @property
    def trusted(self) -> int:
        """The size in bytes up to which its OK means that it scanned; 0 until it is proven."""
        return self.proof.trusted if self.proof else 0

    @property
    def resting(self) -> bool:
        """Whether it failed a moment ago."""
        return _now() < self._rests_until

    @property
    def needs_proof(self) -> bool:
        """Whether it was never proven, or too long ago."""
        return self.proof is None or _now() >= self._proven_until

    def proving(self) -> asyncio.Task[Proof]:
        """Its being put to the test, which happens once at a time. Never raises."""
        if self._proving is None or self._proving.done():
            self._proving = asyncio.create_task(self._prove())
        return self._proving

    async def open(self) -> Stream:
        """Begin to scan a body. Raises `OSError` if it cannot be reached."""
        trusted = self.trusted
        return Stream(self, await self._open(INSTREAM), trusted)

    async def ping(self) -> None:
        """Return if it answers, else raise `Unreachable`."""
        try:
            async with asyncio.timeout(min(self.timeout, _SECONDS_TO_CONNECT)):
                conversation = await Conversation.open(self._address, PING)
                try:
                    answer = await conversation.answer()
                finally:
                    await conversation.close()
        except (OSError, EOFError, ValueError) as error:
            raise Unreachable(f"{self._address.url} does not answer") from error
        if answer != PONG:
            raise Unreachable(f"{self._address.url} is no clamd")
        if self.proof and not self.proof.trusted:
            raise Unreachable(str(self.proof))

    def failed(self) -> None:
        """Leave it alone for a while."""
        self._rests_until = _now() + self._rest

    async def close(self) -> None:
        """Stop putting it to the test."""
        if self._proving:
            self._proving.cancel()
            await asyncio.gather(self._proving, return_exceptions=True)

    async def _open(self, command: bytes) -> Conversation:
        try:
            async with asyncio.timeout(min(self.timeout, _SECONDS_TO_CONNECT)):
                return await Conversation.open(self._address, command)
        except OSError:
            self.proof = None  # what comes up again may have other limits
            self.failed()
            raise

    async def _prove(self) -> Proof:
        try:
            async with asyncio.timeout(self.timeout):
                proof = await prove(self._address.url, self._ask, self._max_scan_bytes)
        except (OSError, EOFError, ValueError):
            self.failed()
            return Proof(self._address.url, 0, (_NO_ANSWER,))
        self._proven_until = _now() + (_SECONDS_A_PROOF_LASTS if proof.trusted else self._rest)
        self.proof = proof
        return proof

    async def _ask(self, chunks: AsyncIterable[bytes]) -> Verdict:
        conversation = await self._open(INSTREAM)
        try:
            async for chunk in chunks:
                await conversation.send(chunk)
            return await conversation.verdict()
        finally:
            await conversation.close()


class Stream:
    """A body on its way to a daemon. Whatever goes wrong becomes a verdict."""

    def __init__(self, daemon: Daemon, conversation: Conversation, room: int) -> None:
        self._daemon = daemon
        self._conversation = conversation
        self._room = room
        self._patience = daemon.timeout
        daemon.streams += 1

    async def take(self, chunk: bytes) -> Verdict | None:
        """Send a chunk; what comes back is final, and there is no use in sending more.

        All waiting of one body together is bounded: by the time-out, and a second for each MiB.
        """
        self._room -= len(chunk)
        if self._room < 0:
            return Unscanned("too-large")
        self._patience += len(chunk) / _SLOWEST
        before = _now()
        verdict = await self._bounded(self._send(chunk), self._patience)
        self._patience = min(self._daemon.timeout, self._patience - (_now() - before))
        return verdict

    async def verdict(self) -> Verdict:
        """The verdict on all that was taken."""
        # clamd scans after the last byte, and two scans at once are no faster than one after the other: so
        # only the scan takes a place, and a slow sender takes none.
        try:
            async with asyncio.timeout(self._daemon.timeout):
                await self._daemon.places.acquire()
        except TimeoutError:
            return Unscanned("timeout")
        try:
            verdict = await self._bounded(self._conversation.verdict(), self._daemon.timeout)
            return verdict or Unscanned("error")
        finally:
            self._daemon.places.release()

    async def close(self) -> None:
        """Hang up."""
        self._daemon.streams -= 1
        await self._conversation.close()

    async def _send(self, chunk: bytes) -> Verdict | None:
        await self._conversation.send(chunk)
        return await self._conversation.verdict() if self._conversation.over else None

    async def _bounded(self, work: Coroutine[Any, Any, Verdict | None], seconds: float) -> Verdict | None:
        try:
            async with asyncio.timeout(seconds):
                return await work
        except TimeoutError:
            self._daemon.failed()
            return Unscanned("timeout")
        except (OSError, EOFError):
            self._daemon.failed()
            return Unscanned("unavailable")
        except ValueError:
            return Unscanned("error")


def _now() -> float:
    return asyncio.get_running_loop().time()
