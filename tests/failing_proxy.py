"""A line that fails on command: a TCP proxy that cuts, ends, holds up or corrupts what passes, or answers."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal
from urllib.parse import urlsplit

Direction = Literal["up", "down"]
_PIECE = 2**16
_METHODS = (b"GET", b"HEAD", b"PUT", b"POST", b"DELETE")


@dataclass
class _Fault:
    kind: Literal["cut", "end", "hold", "corrupt"]
    at: int
    met: threading.Event = field(default_factory=threading.Event)


@dataclass
class Answers:
    """The answers that a proxy gives in the place of the service: `given` so far, `times` in all."""

    head: bytes
    method: bytes
    times: int
    given: int = 0


class FailingProxy:
    """Stands between clients and a service, in a thread of its own. Use it as a context.

    Bytes are counted over all connections: `up` from clients to the service, `down` from it. A fault
    happens once, at the byte that is `after` bytes away from now; `up` and `down` stop there exactly.
    """

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        assert parts.hostname is not None
        assert parts.port is not None
        self._target = (parts.hostname, parts.port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._listening = threading.Event()
        self._faults: dict[Direction, list[_Fault]] = {"up": [], "down": []}
        self._counts: dict[Direction, int] = {"up": 0, "down": 0}
        self._released = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self._gone = False
        self._answers: Answers | None = None
        self.address = ""
        self.connections = 0
        self.most_at_once = 0

    def __enter__(self) -> FailingProxy:
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def up(self) -> int:
        """Bytes that went to the service."""
        return self._counts["up"]

    @property
    def down(self) -> int:
        """Bytes that came from the service."""
        return self._counts["down"]

    def cut(self, *, after: int, direction: Direction = "up") -> threading.Event:
        """Break the connection that carries that byte, which does not arrive. The event tells when."""
        return self._add(_Fault("cut", self._counts[direction] + after), direction)

    def end(self, *, after: int, direction: Direction = "down") -> threading.Event:
        """Close the connection before that byte, as if there were no more. The event tells when."""
        return self._add(_Fault("end", self._counts[direction] + after), direction)

    def answer(self, status: int, *, method: str = "", times: int = 2**31) -> Answers:
        """Answer so many HTTP requests with a status, those of one method or all, instead of passing them on;
        until `release`."""
        head = f"HTTP/1.1 {status} -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        self._answers = Answers(head.encode(), method.encode(), times)
        return self._answers

    def hold(self, *, after: int, direction: Direction = "up") -> threading.Event:
        """Let nothing pass in this direction from that byte on, until released. The event tells when."""
        return self._add(_Fault("hold", self._counts[direction] + after), direction)

    def corrupt(self, *, after: int, direction: Direction = "down") -> threading.Event:
        """Turn over that byte. The event tells when."""
        return self._add(_Fault("corrupt", self._counts[direction] + after), direction)

    def release(self) -> None:
        """Let pass what is held up, and forget all faults that have not happened."""
        for faults in self._faults.values():
            faults.clear()
        self._answers = None
        self._loop.call_soon_threadsafe(self._released.set)

    def go_away(self) -> None:
        """Break all connections, and every new one, until `come_back`."""
        self._gone = True
        self._loop.call_soon_threadsafe(self._abort_all)

    def come_back(self) -> None:
        """Serve again."""
        self._gone = False

    def _abort_all(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    def settle(self) -> None:
        """Return when no connection is open any more, so that the counts stand still."""
        turn = threading.Event()
        while self._open:
            turn.wait(0.005)

    def _add(self, fault: _Fault, direction: Direction) -> threading.Event:
        self._released.clear()
        self._faults[direction].append(fault)
        return fault.met

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=_PIECE)
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._listening.set()
        await self._stop.wait()
        server.close()
        self._released.set()
        self._abort_all()
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=5)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._gone:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection(*self._target, limit=_PIECE)
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, back}
        self._open |= pair
        self.connections += 1
        self.most_at_once = max(self.most_at_once, len(self._open) // 2)
        ways = [
            asyncio.ensure_future(self._carry(reader, back, "up", writer)),
            asyncio.ensure_future(self._carry(there, writer, "down")),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._open -= pair
            for end in pair:
                end.transport.abort() if any(_failed(way) for way in ways) else end.close()

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        direction: Direction,
        client: asyncio.StreamWriter | None = None,
    ) -> None:
        while piece := await reader.read(_PIECE):
            if client is not None and (answer := self._answer(piece)):
                client.write(answer)
                while await reader.read(_PIECE):
                    pass  # or the answer would be lost with the connection
                return
            while (fault := self._next(direction, len(piece))) is not None:
                before = fault.at - self._counts[direction]
                await self._pass(writer, piece[:before], direction)
                piece = piece[before:]
                fault.met.set()
                if fault.kind == "cut":
                    raise ConnectionAbortedError
                if fault.kind == "end":
                    return
                if fault.kind == "hold":
                    await self._released.wait()
                if fault.kind == "corrupt":
                    piece = bytes([piece[0] ^ 0xFF]) + piece[1:]
            await self._pass(writer, piece, direction)

    def _answer(self, piece: bytes) -> bytes:
        """What to answer to a request that begins here, if anything."""
        answers = self._answers
        method = piece.split(b" ", 1)[0]
        if answers is None or method not in _METHODS or not method.startswith(answers.method):
            return b""
        if answers.given >= answers.times:
            return b""
        answers.given += 1
        return answers.head

    def _next(self, direction: Direction, count: int) -> _Fault | None:
        """The fault within the next bytes. One that holds stays, for all connections run into it."""
        for fault in sorted(self._faults[direction], key=lambda fault: fault.at):
            if fault.at < self._counts[direction] + count:
                if fault.kind != "hold":
                    self._faults[direction].remove(fault)
                return fault
        return None

    async def _pass(self, writer: asyncio.StreamWriter, piece: bytes, direction: Direction) -> None:
        self._counts[direction] += len(piece)
        writer.write(piece)
        await writer.drain()


def _failed(way: asyncio.Future[None]) -> bool:
    with contextlib.suppress(asyncio.CancelledError):
        return isinstance(way.exception(), OSError)
    return False
