"""A clamd of the tests' own: honest until it is told otherwise, and then as bad as any wire can be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from dms.storage.scanning.clamd_proof import encrypted_zip, nested_zip
from tests.contracts.scanning import EICAR, KIB

Fault = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class ScriptedClamd:
    """`fault` takes the place of every conversation. `hold` keeps back the answers to whole bodies."""

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.alerts_exceeded = self.alerts_encrypted = self.knows_eicar = True
        self.alerts_size = True
        self.takes = self.scans = 1024 * KIB  # StreamMaxLength, MaxFileSize
        self.pong = b"PONG"
        self.hold = asyncio.Event()
        self.hold.set()
        self.connections = self.open = 0
        self.scanning = self.most_at_once = self.started = 0  # started: while it holds back answers
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def listening(self, path: Path | None = None) -> AsyncIterator[ScriptedClamd]:
        """On a port, the same one each time, or on a socket at this path."""
        if path:
            server = await asyncio.start_unix_server(self._connected, path)
        else:
            server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, limit=64 * KIB)
            self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            with suppress(OSError, EOFError):
                await (self.fault or self._converse)(reader, writer)
        finally:
            self.open -= 1
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readuntil(b"\0") == b"zPING\0":
            writer.write(self.pong + b"\0")
            return
        body = bytearray()
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            body += await reader.readexactly(size)
            if len(body) > self.takes:
                writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.scanning += 1
        self.started += not self.hold.is_set()
        self.most_at_once = max(self.most_at_once, self.scanning)
        await self.hold.wait()
        self.scanning -= 1
        writer.write(b"stream: " + self._says(bytes(body)) + b"\0")

    def _says(self, body: bytes) -> bytes:
        if len(body) > self.scans:
            alerts = self.alerts_exceeded and self.alerts_size
            return b"Heuristics.Limits.Exceeded.MaxFileSize FOUND" if alerts else b"OK"
        if body == nested_zip() and self.alerts_exceeded:
            return b"Heuristics.Limits.Exceeded.MaxRecursion FOUND"
        if body == encrypted_zip() and self.alerts_encrypted:
            return b"Heuristics.Encrypted.Zip FOUND"
        return b"Eicar-Test-Signature FOUND" if EICAR in body and self.knows_eicar else b"OK"


async def read_some(reader: asyncio.StreamReader) -> None:
    """The command and the begin of a body."""
    await reader.readuntil(b"\0")
    await reader.read(100)


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """In the middle of a body, without a word."""
    await read_some(reader)
    writer.transport.abort()


async def never_answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes everything there is."""
    while await reader.read(64 * KIB):
        pass


async def stops_reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """After a little."""
    await read_some(reader)
    await asyncio.Event().wait()


async def reads_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Always something, never enough."""
    while await reader.read(64 * KIB):
        await asyncio.sleep(0.1)


def says(answer: bytes, *, then_waits: bool = False) -> Fault:
    """This, too early, and hangs up or else keeps the line open and reads no more."""

    async def fault(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_some(reader)
        writer.write(answer)
        await writer.drain()
        if then_waits:
            await asyncio.Event().wait()

    return fault
