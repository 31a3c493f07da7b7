"""The scanner of a service that has none: every body passes by, and nothing is known of it."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from dms.storage.scanning.port import Scanning, Unscanned, Verdict


class NoScanner:
    """Says `Unscanned("off")` of everything."""

    limit: int | None = None

    async def scan(self, chunks: AsyncIterable[bytes], size: int | None = None) -> Verdict:
        """Read the body, so that what is wrong with its source shows as it does with any scanner."""
        async for _ in chunks:
            pass
        return Unscanned("off")

    def beside(
        self, chunks: AsyncIterable[bytes], size: int | None = None
    ) -> AbstractAsyncContextManager[Scanning]:
        """The chunks as they are."""
        return nullcontext(_Passing(aiter(chunks)))

    async def advice(self) -> Sequence[str]:
        """None: a service without a scanner is one by choice."""
        return ()

    async def healthy(self) -> None:
        """Always."""

    async def close(self) -> None:
        """There is nothing to let go of."""


class _Passing:
    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self.chunks = chunks

    async def verdict(self) -> Verdict:
        return Unscanned("off")
