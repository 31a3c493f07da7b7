"""HTTP over one loopback socket, as cheap as Python can, so that the server is what is measured."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

_PATIENCE = struct.pack("ll", 120, 0)
_BUFFER = 2**20
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileBody:
    """A file that the kernel sends: `size` bytes of it, from `start` on."""

    fd: int
    size: int
    start: int = 0


Piece: TypeAlias = bytes | FileBody


class Refused(RuntimeError):
    """The server answered with an error, or not at all."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request, ready to be sent any number of times."""

    pieces: tuple[Piece, ...]
    size: int

    @classmethod
    def of(cls, method: str, path: str, *body: Piece, headers: Mapping[str, str] | None = None) -> Request:
        """The request with this body; small pieces go out together with the head."""
        size = sum(len(piece) if isinstance(piece, bytes) else piece.size for piece in body)
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body or method in ("POST", "PUT"):
            lines.append(f"Content-Length: {size}")
        pieces: list[Piece] = ["\r\n".join([*lines, "", ""]).encode()]
        for piece in body:
            if isinstance(piece, bytes) and isinstance(pieces[-1], bytes):
                pieces[-1] += piece
            else:
                pieces.append(piece)
        return cls(tuple(pieces), size)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, the size of its body included when that was thrown away."""

    status: int
    size: int
    body: bytes


class Connection:
    """A connection that stays open. Every call raises `Refused` for a status of 400 or more."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Bounds in the kernel: with a timeout of Python's, every call would poll first.
        for bound in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self._socket.setsockopt(socket.SOL_SOCKET, bound, _PATIENCE)
        self._buffer = bytearray(_BUFFER)

    def fileno(self) -> int:
        """For selectors."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def call(self, request: Request, *, keep: bool = True) -> Answer:
        """Send a request and return its answer; without `keep` the kernel drops the body unread."""
        self.send(request)
        return self.receive(keep=keep)

    def send(self, request: Request) -> None:
        """Send a request."""
        try:
            for piece in request.pieces:
                if isinstance(piece, bytes):
                    self._socket.sendall(piece)
                else:
                    self._send_file(piece)
        except ConnectionError:
            self.receive()  # says why, if the server did
            raise

    def _send_file(self, file: FileBody) -> None:
        offset = 0
        while offset < file.size:
            sent = os.sendfile(self._socket.fileno(), file.fd, file.start + offset, file.size - offset)
            if sent == 0:
                raise Refused("the file to send became shorter")
            offset += sent

    def receive(self, *, keep: bool = True) -> Answer:
        """The answer to the request that was sent last."""
        head, body = self._head()
        status, length = int(head[9:12]), _LENGTH.search(head)
        if status in (204, 304):
            return Answer(status, 0, b"")
        if length is None:
            raise Refused(f"an answer without a length: {head!r}")
        size = int(length[1])
        if not keep and status < 400:
            self._drop(size - len(body))
            return Answer(status, size, b"")
        while len(body) < size:
            body += self._some(b"the body broke off")
        if status >= 400:
            raise Refused(f"{status}: {body[:500].decode(errors='replace')}")
        return Answer(status, size, body)

    def first_byte(self, request: Request) -> float:
        """Seconds until the first byte of the body of the answer is here. Nothing else can be sent then."""
        began = time.perf_counter()
        self.send(request)
        head, body = self._head()
        if not body:
            self._some(b"no body came")
        seconds = time.perf_counter() - began
        if int(head[9:12]) >= 400:
            raise Refused(head.decode(errors="replace"))
        return seconds

    def digest(self, request: Request) -> str:
        """The SHA-256 of the body of the answer, as hexadecimal digits."""
        self.send(request)
        head, body = self._head()
        length = _LENGTH.search(head)
        if length is None or int(head[9:12]) >= 400:
            raise Refused(head.decode(errors="replace"))
        digest, left = hashlib.sha256(body), int(length[1]) - len(body)
        while left:
            taken = self._socket.recv_into(self._buffer, min(left, _BUFFER))
            if taken == 0:
                raise Refused("the body broke off")
            digest.update(memoryview(self._buffer)[:taken])
            left -= taken
        return digest.hexdigest()

    def _head(self) -> tuple[bytes, bytes]:
        taken = b""
        while b"\r\n\r\n" not in taken:
            taken += self._some(b"no answer came")
        head, _, rest = taken.partition(b"\r\n\r\n")
        return head, rest

    def _some(self, otherwise: bytes) -> bytes:
        if not (some := self._socket.recv(65_536)):
            raise Refused(otherwise.decode())
        return some

    def _drop(self, left: int) -> None:
        """Take bytes without copying them here (MSG_TRUNC), so that the receiver costs next to nothing."""
        while left:
            taken = self._socket.recv_into(self._buffer, min(left, _BUFFER), socket.MSG_TRUNC)
            if taken == 0:
                raise Refused("the body broke off")
            left -= taken
