"""Content store: file bodies by key, as streams."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable


class MissingBody(Exception):
    """There is no body, or no upload, under this key."""


class TooLong(Exception):
    """More bytes came than there is room for; what came is not kept."""


class WrongBytes(Exception):
    """What came is not the body that it should be; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Body:
    """A whole file body: its key, its size in bytes, and its SHA-256 in hexadecimal."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A key that exists in the store, and when it was last written (UTC)."""

    key: str
    written: datetime


@dataclass(frozen=True, slots=True)
class Region:
    """Where a part belongs in the whole: its number from 1, its first byte, its size in bytes."""

    number: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class ReceivedPart:
    """A part that is on stable storage. `receipt` is the store's own note of where; hand it to `seal`."""

    receipt: str
    size: int
    sha256: str


class ContentStore(Protocol):
    """File bodies by key. A key is readable only once its whole body has arrived, and then never changes.

    Keys are made by the store: letters, digits, `/` and `-`, never a client's name. Memory per call is
    bounded (a few MiB) at any size, and a slow disk slows the sender down.
    """

    async def write(self, chunks: AsyncIterable[bytes]) -> Body:
        """Store a new body, on stable storage when this returns. If `chunks` breaks off with an exception,
        or the call is cancelled, nothing stays and the exception goes on."""

    def read(self, key: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes [start, stop). Raises `MissingBody` before the first chunk."""

    async def size(self, key: str) -> int:
        """The size of a body in bytes, or `MissingBody`."""

    async def remove(self, key: str) -> None:
        """Remove a body; one that is not there is fine."""

    def keys(self, since: datetime | None = None) -> AsyncIterator[Entry]:
        """All bodies that are readable; with `since`, at least those written from then on."""

    async def healthy(self) -> None:
        """Return if reads and writes can be served, else raise what is wrong."""

    async def close(self) -> None:
        """Finish what is under way and let go."""


class Slot(Protocol):
    """The right to write one part of an upload; what it writes counts only when it is sealed."""

    async def write(self, chunks: AsyncIterable[bytes], region: Region, *, keep: str | None) -> ReceivedPart:
        """Store a part, on stable storage when this returns.

        `keep` is the receipt of the part as it was received before, or None: a kept part stays whole,
        whatever happens to this one. Raises `TooLong` once more than `region.size` bytes came. Fewer are
        for the caller to refuse, by not keeping the receipt. Raises `MissingBody` if the upload was sealed or
        abandoned while the part came.
        """

    async def discard(self, receipt: str) -> None:
        """Remove what lies under a receipt that will not be sealed; what is gone, or cannot be removed by
        itself, is fine."""


class PartwiseContent(Protocol):
    """Bodies that arrive in parts: in any order, in parallel, resent, at different nodes, across restarts.

    The key of an upload is the key of the body that it becomes.
    """

    def new_upload(self) -> str:
        """A fresh key. Nothing is stored for it until its first part arrives."""

    def slot(self, upload: str, number: int) -> AbstractAsyncContextManager[Slot]:
        """Take the slot of one part. Several may hold the slot of the same part at the same time: their
        bytes never mix. Read which receipt to keep inside the slot, and leave the slot only after the new
        receipt has been recorded or given up."""

    async def seal(self, upload: str, parts: Sequence[tuple[Region, str]]) -> Body:
        """Make the upload a readable body out of these parts (regions with receipts, in order, without
        gaps), on stable storage when this returns. Sealing again gives the same body. Raises `MissingBody`
        if a part is not there."""

    async def abandon(self, upload: str) -> None:
        """Remove an upload and its parts, sealed or not; one that is not there is fine."""

    def uploads(self) -> AsyncIterator[Entry]:
        """All uploads that hold parts and are not sealed, with the time of their last write."""


@runtime_checkable
class LocalFiles(Protocol):
    """An ability of stores whose bodies are files on this machine, so that the kernel can send them."""

    def path(self, key: str) -> Path:
        """Where the body lies. It may be read, and never written."""


@runtime_checkable
class TakesBodies(Protocol):
    """An ability of stores into which bodies can move from another store, under the keys they had there."""

    async def put(self, body: Body, chunks: AsyncIterable[bytes]) -> None:
        """Store this very body under its key, on stable storage when this returns. Readable only once all
        of it has come and has that size and SHA-256, else `WrongBytes`. Where the body is already it is
        replaced at once, so to put it again is fine. If `chunks` breaks off with an exception, or the call
        is cancelled, all is as it was, or the body is there whole. Keys that another store made are as good
        here as its own, in all that a `ContentStore` does. Raises `ValueError` for what is no key: up to 200
        letters, digits, `-`, and single `/` between them."""


@runtime_checkable
class KeepsUnfinished(Protocol):
    """An ability of stores in which a writer that crashed leaves what is neither a body nor an upload."""

    async def clear_incoming(self, older_than: datetime) -> int:
        """Remove what nobody wrote to since; return how many."""


@runtime_checkable
class PresignedReads(Protocol):
    """An ability of stores from which anybody with the right address can read a body for a while, so that
    downloads need not pass through this service."""

    async def read_url(
        self,
        key: str,
        *,
        seconds: int,
        content_disposition: str | None = None,
        content_type: str | None = None,
    ) -> str:
        """An address at which a GET, also of ranges, answers with the body for so many seconds, and with
        these headers. Whether the body is there is not looked at; `MissingBody` if it cannot be a key."""
