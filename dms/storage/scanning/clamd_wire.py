"""The wire of clamd: where it listens, one conversation, and what its answers mean.

Nothing here watches the clock: whoever waits for a daemon bounds the wait.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dms.storage.scanning.port import Clean, Infected, Unscanned, Verdict

INSTREAM = b"zINSTREAM\0"
PING = b"zPING\0"
PONG = b"PONG"
_PORT = 3310
_PIECE = 256 * 1024
_LONGEST_ANSWER = 4096
_END = bytes(4)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a clamd listens: a host and a port, or else the path of a socket."""

    url: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, url: str) -> Address:
        """From `tcp://host:3310` or `unix:///path`. Raises `ValueError` with a sentence for the operator."""
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")  # what is no name at all is better refused now
        if parts.scheme == "tcp" and parts.hostname and parts.path in ("", "/"):
            return cls(url, parts.hostname, parts.port or _PORT, "")
        if parts.scheme == "unix" and not parts.netloc and len(parts.path) > 1:
            return cls(url, "", 0, parts.path)
        raise ValueError(f"a clamd is tcp://host:port or unix:///path, not {url!r}")


class Conversation:
    """One command and its answer, with a body in between if the command takes one.

    clamd answers and hangs up as soon as it has had enough, while the body is still being sent. The answer
    is therefore read from the very start, and it, not the broken line, is what counts. This speaks to the
    socket itself, for the streams of asyncio drop what was received once a write has failed.
    """

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._answer = asyncio.ensure_future(self._read())
        self._answer.add_done_callback(self._stop_sending)

    @classmethod
    async def open(cls, address: Address, command: bytes) -> Conversation:
        """Connect, and say the command. Raises `OSError`."""
        conversation = cls(await _connected(address))
        try:
            await conversation._write(command)
        except BaseException:
            await conversation.close()
            raise
        return conversation

    @property
    def over(self) -> bool:
        """Whether the answer is there, or will never come: sending more is of no use."""
        return self._answer.done()

    async def send(self, data: bytes) -> None:
        """Send some of the body, or nothing when it is over."""
        view = memoryview(data)
        for start in range(0, len(data), _PIECE):  # no empty piece: that would be the end
            piece = view[start : start + _PIECE]
            await self._write(b"".join((len(piece).to_bytes(4, "big"), piece)))

    async def verdict(self) -> Verdict:
        """Say that the body was whole, for only then does clamd begin to scan, and what it answers.
        Raises as `answer` does."""
        whole = not self.over
        await self._write(_END)
        return verdict_of(await self.answer(), whole=whole)

    async def answer(self) -> bytes:
        """The answer. Raises `OSError` or `EOFError` if there is none, `ValueError` if it is no answer."""
        return await self._answer

    async def close(self) -> None:
        """Hang up, at once."""
        self._answer.cancel()
        try:
            await asyncio.gather(self._answer, return_exceptions=True)
        finally:
            self._line.close()

    async def _write(self, data: bytes) -> None:
        if self.over:
            return
        try:
            await asyncio.get_running_loop().sock_sendall(self._line, data)
        except OSError:  # the line broke, so the answer is on this side of it or nowhere
            await asyncio.wait([self._answer])

    async def _read(self) -> bytes:
        answer = b""
        while b"\0" not in answer:
            piece = await asyncio.get_running_loop().sock_recv(self._line, _LONGEST_ANSWER)
            if not piece:
                raise EOFError
            answer += piece
            if len(answer) > _LONGEST_ANSWER:
                raise ValueError("no answer of clamd is this long")
        return answer.partition(b"\0")[0]

    def _stop_sending(self, _: object) -> None:
        """A daemon that has answered may read no more: whoever waits for it to do so waits no longer."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)


async def _connected(address: Address) -> socket.socket:
    loop = asyncio.get_running_loop()
    ends: list[tuple[int, Any]] = [(socket.AF_UNIX, address.path)]
    if address.host:
        found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        ends = [(family, end) for family, _, _, _, end in found]
    problem = OSError(f"{address.host} has no address")
    for family, end in ends:
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.setblocking(False)
            await loop.sock_connect(line, end)
        except OSError as error:
            line.close()
            problem = error
        except BaseException:
            line.close()
            raise
        else:
            return line
    raise problem


def verdict_of(answer: bytes, *, whole: bool) -> Verdict:
    """What an answer to INSTREAM means; `whole` if it came after the end of the body."""
    text = answer.decode("utf-8", "replace")
    if text.startswith("INSTREAM size limit exceeded"):
        return Unscanned("too-large")
    if text.startswith("stream: ") and text.endswith(" FOUND"):
        return _found(text.removeprefix("stream: ").removesuffix(" FOUND"))
    if text == "stream: OK" and whole:
        return Clean()
    return Unscanned("error")


def _found(name: str) -> Verdict:
    if name.startswith("Heuristics.Limits.Exceeded"):
        return Unscanned("limits")
    if name.startswith("Heuristics.Encrypted"):
        return Unscanned("encrypted")
    return Infected(name)
