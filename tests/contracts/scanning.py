"""What every scanner promises, and what one that detects promises besides.

A backend's test is a subclass with a fixture `scanner`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing

import pytest

from dms.storage.scanning.port import Clean, Infected, Scanner, Unscanned, Verdict
from tests.contracts.content import Interrupted, broken_after, cut, pattern, whole

# In two halves, so that no scanner minds this file.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + rb"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
KIB = 1024


async def stored_beside(
    scanner: Scanner, chunks: AsyncIterable[bytes], size: int | None = None
) -> tuple[bytes, Verdict]:
    """What a store would get, and the verdict."""
    async with scanner.beside(chunks, size) as scanning:
        body = b"".join([chunk async for chunk in scanning.chunks])
        return body, await scanning.verdict()


class ScannerContract:
    """A scan that stands in nobody's way."""

    @pytest.mark.parametrize("size", [1, 7, 1000, 64 * KIB])
    async def test_what_passes_beside_a_scan_is_the_body_itself(self, scanner: Scanner, size: int) -> None:
        data = pattern(5000 if size < 1000 else 200 * KIB)
        body, _ = await stored_beside(scanner, cut(data, size))
        assert body == data

    @pytest.mark.parametrize("chunks", [(), (b"",), (b"", b"a", b"", b"b", b"")])
    async def test_empty_chunks_and_empty_bodies_pass_like_any(
        self, scanner: Scanner, chunks: tuple[bytes, ...]
    ) -> None:
        body, verdict = await stored_beside(scanner, whole(*chunks))
        assert body == b"".join(chunks)
        assert verdict == await scanner.scan(whole(*chunks))

    async def test_both_ways_of_scanning_give_the_same_verdict(self, scanner: Scanner) -> None:
        for data in (b"harmless", EICAR):
            assert (await stored_beside(scanner, whole(data)))[1] == await scanner.scan(
                whole(data), len(data)
            )

    async def test_a_source_that_breaks_off_breaks_off_the_scan(self, scanner: Scanner) -> None:
        with pytest.raises(Interrupted):
            await scanner.scan(broken_after(b"half"))

    async def test_a_source_that_breaks_off_breaks_off_beside_the_scan(self, scanner: Scanner) -> None:
        async with scanner.beside(broken_after(b"half")) as scanning:
            assert await anext(scanning.chunks) == b"half"
            with pytest.raises(Interrupted):
                await anext(scanning.chunks)
            assert isinstance(await scanning.verdict(), Unscanned)

    async def test_a_body_that_was_not_read_to_its_end_is_never_clean(self, scanner: Scanner) -> None:
        async with scanner.beside(whole(b"one", b"two")) as scanning:
            assert await anext(scanning.chunks) == b"one"
            assert isinstance(await scanning.verdict(), Unscanned)

    async def test_asking_again_gives_the_same_verdict(self, scanner: Scanner) -> None:
        async with scanner.beside(whole(EICAR)) as scanning:
            async for _ in scanning.chunks:
                pass
            assert await scanning.verdict() == await scanning.verdict()

    async def test_a_scan_may_be_given_up_halfway_and_others_go_on(self, scanner: Scanner) -> None:
        before = await scanner.scan(whole(b"harmless"))
        for _ in range(5):
            async with scanner.beside(cut(pattern(100 * KIB), KIB)) as scanning:
                await anext(scanning.chunks)
        assert await scanner.scan(whole(b"harmless")) == before

    async def test_a_scan_that_is_cancelled_leaves_the_others_alone(self, scanner: Scanner) -> None:
        waits, never = asyncio.Event(), asyncio.Event()

        async def chunks() -> AsyncIterator[bytes]:
            yield b"half"
            waits.set()
            await never.wait()

        before = await scanner.scan(whole(b"harmless"))
        scan = asyncio.create_task(scanner.scan(chunks()))
        await waits.wait()
        scan.cancel()
        with pytest.raises(asyncio.CancelledError):
            await scan
        assert await scanner.scan(whole(b"harmless")) == before

    async def test_a_scanner_that_serves_is_healthy_and_needs_no_advice(self, scanner: Scanner) -> None:
        await scanner.healthy()
        assert list(await scanner.advice()) == []

    async def test_a_scanner_that_was_closed_still_lets_bodies_pass(self, scanner: Scanner) -> None:
        await scanner.close()
        await scanner.close()
        body, verdict = await stored_beside(scanner, whole(b"a body"))
        assert body == b"a body"
        assert isinstance(verdict, Unscanned)
        assert await scanner.scan(whole(EICAR)) == verdict


class DetectingScannerContract(ScannerContract):
    """A scan that finds things. It has a limit between 64 KiB and 64 MiB."""

    async def test_a_body_without_malware_is_clean(self, scanner: Scanner) -> None:
        for data in (b"", b"x", b"harmless", pattern(200 * KIB)):
            assert await scanner.scan(whole(data)) == Clean()

    @pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
    async def test_malware_is_found_however_the_body_is_cut(self, scanner: Scanner, size: int) -> None:
        for data in (EICAR, EICAR + bytes(3000), pattern(3000) + EICAR):
            body, verdict = await stored_beside(scanner, cut(data, size))
            assert isinstance(verdict, Infected)
            assert "eicar" in verdict.name.lower()
            assert body == data

    async def test_many_scans_at_once_each_get_their_own_verdict(self, scanner: Scanner) -> None:
        bodies = [pattern(9000, n) + (EICAR if n % 3 == 0 else b"") for n in range(40)]
        verdicts = await asyncio.gather(*(scanner.scan(cut(data, 4000)) for data in bodies))
        assert [isinstance(verdict, Infected) for verdict in verdicts] == [n % 3 == 0 for n in range(40)]
        assert [verdict == Clean() for verdict in verdicts] == [n % 3 != 0 for n in range(40)]

    async def test_malware_is_found_at_the_limit_and_nothing_is_said_behind_it(
        self, scanner: Scanner
    ) -> None:
        limit = scanner.limit
        assert limit is not None
        found = await scanner.scan(ending_in_eicar(limit))
        assert isinstance(found, Infected)
        assert await scanner.scan(ending_in_eicar(limit + 1)) == Unscanned("too-large")
        assert await scanner.scan(ending_in_eicar(limit + 1), limit + 1) == Unscanned("too-large")
        body, verdict = await stored_beside(scanner, cut(bytes(limit + 1), 64 * KIB))
        assert (len(body), verdict) == (limit + 1, Unscanned("too-large"))

    async def test_a_body_that_is_too_large_is_not_read_to_its_end(self, scanner: Scanner) -> None:
        limit, sent = scanner.limit, 0
        assert limit is not None

        async def endless() -> AsyncGenerator[bytes, None]:
            nonlocal sent
            while True:
                sent += KIB
                yield bytes(KIB)

        async with aclosing(endless()) as chunks:
            assert await scanner.scan(chunks) == Unscanned("too-large")
        assert sent <= limit + 2 * KIB


async def ending_in_eicar(size: int) -> AsyncIterator[bytes]:
    """Zeros, and EICAR at the very end."""
    piece = bytes(64 * KIB)
    left = size - len(EICAR)
    while left > 0:
        yield piece[:left]
        left -= len(piece)
    yield EICAR
