"""Scanner: a verdict on a file body, while it streams by."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

Why = Literal["off", "too-large", "unavailable", "timeout", "encrypted", "limits", "error"]


@dataclass(frozen=True, slots=True)
class Clean:
    """The whole body was scanned, and nothing was found."""


@dataclass(frozen=True, slots=True)
class Infected:
    """Malware was found; `name` is what the scanner calls it."""

    name: str


@dataclass(frozen=True, slots=True)
class Unscanned:
    """Nothing is known of the body, or not of all of it, and why.

    `off`: there is no scanner. `too-large`: no scanner gives an honest verdict at this size.
    `unavailable`: the scanner cannot be reached, or went away. `timeout`: it took too long.
    `encrypted`: parts of the body are unreadable without a password. `limits`: an archive holds more, or
    deeper, than the scanner looks at. `error`: the scanner failed, or it did not get the whole body.
    """

    why: Why


Verdict = Clean | Infected | Unscanned


class Scanning(Protocol):
    """A scan that goes along with a body on its way to somewhere else."""

    @property
    def chunks(self) -> AsyncIterator[bytes]:
        """The same chunks, to be read once. What the scanner does never breaks them off, and delays them no
        longer than its time-out plus a second for each MiB. The exceptions of their source pass through."""

    async def verdict(self) -> Verdict:
        """The verdict, after the last chunk was read; of a body that was not read to its end, never `Clean`.
        Asking again gives the same answer."""


class Scanner(Protocol):
    """Looks for malware in bodies. `Clean` means that every byte was scanned; all doubt is `Unscanned`.

    Never raises for what the scanner does or fails to do. Memory per scan is bounded (about 1 MiB beside a
    chunk) at any size, and a busy scanner slows the sender down.
    """

    @property
    def limit(self) -> int | None:
        """The size in bytes above which, at present, every body is `too-large`; None if none is."""

    async def scan(self, chunks: AsyncIterable[bytes], size: int | None = None) -> Verdict:
        """Scan a body. `size`, where it is known, saves sending what is too large anyway. May leave chunks
        unread once the verdict is certain. Exceptions of `chunks` pass through."""

    def beside(
        self, chunks: AsyncIterable[bytes], size: int | None = None
    ) -> AbstractAsyncContextManager[Scanning]:
        """Scan a body in the same pass that stores it. Leaving the context gives up a scan that is not done:

        async with scanner.beside(chunks) as scanning:
            body = await store.write(scanning.chunks)
            verdict = await scanning.verdict()
        """

    async def advice(self) -> Sequence[str]:
        """Put the scanner to the test, and say what an operator should change: a sentence each, or none."""

    async def healthy(self) -> None:
        """Return if bodies get verdicts, else raise what is wrong."""

    async def close(self) -> None:
        """Let go. Bodies that come later are `unavailable`, or whatever they always were."""
