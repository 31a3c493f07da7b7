"""A bestandsdeel as it is sent: a form with the lock and a stretch of the file, streamed from disk (D-47)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import NamedTuple

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from dms.client.failures import Failure
from dms.client.source import SourceFile
from dms.client.undivided import undivided

PIECE = 512 * 2**10


class Part(NamedTuple):
    """A bestandsdeel: where it goes, and which bytes of the file it holds."""

    url: str
    offset: int
    size: int
    complete: bool


class PartForm(Payload):
    """The form. Its size is known beforehand, for many servers take no chunked uploads; it can be written
    more than once, and each time `moved` hears what went out and what came to nothing.

    `failure` is why the file could not be read on, if it could not: aiohttp reports that as a broken line.
    """

    def __init__(self, source: SourceFile, part: Part, lock: str, moved: Callable[[int], None]) -> None:
        boundary = secrets.token_hex(16)
        super().__init__(part, content_type=f"multipart/form-data; boundary={boundary}")
        self._head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="lock"\r\n\r\n{lock}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="inhoud"; filename="part"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._size = len(self._head) + part.size + len(self._tail)
        self._source, self._part = source, part
        self._moved = moved
        self.sent = 0
        self.failure: Failure | None = None

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the form, from its start."""
        self.undo()
        await writer.write(self._head)
        start, stop = self._part.offset, self._part.offset + self._part.size
        for at in range(start, stop, PIECE):
            count = min(PIECE, stop - at)
            try:
                piece = await undivided(self._source.read, at, count)
            except Failure as failure:
                self.failure = failure
                raise
            await writer.write(piece)
            self.sent += count
            self._moved(count)
        await writer.write(self._tail)

    def undo(self) -> None:
        """What was sent came to nothing."""
        sent, self.sent = self.sent, 0
        if sent:
            self._moved(-sent)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Never as text: a part may be larger than memory."""
        raise TypeError("A part is only streamed.")
