"""A clamd is trusted with what it proved; several share the work, and one that failed is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from dms.storage.failures import Unreachable
from dms.storage.scanning import clamd_daemon
from dms.storage.scanning.clamd import ClamdScanner
from dms.storage.scanning.clamd_proof import (
    MOST_SENT,
    NO_ALERTS,
    NO_EICAR,
    NO_ENCRYPTED,
    eicar,
    encrypted_zip,
)
from dms.storage.scanning.port import Clean, Infected, Unscanned
from tests.backends.clamd import ScriptedClamd, hangs_up, never_answers
from tests.contracts.content import MIB, cut, whole
from tests.contracts.scanning import EICAR, KIB, ending_in_eicar

LIMIT = 64 * KIB
LONG = 1000.0


@pytest.fixture
async def clamd() -> AsyncIterator[ScriptedClamd]:
    async with ScriptedClamd().listening() as clamd:
        yield clamd


@pytest.fixture
async def second() -> AsyncIterator[ScriptedClamd]:
    async with ScriptedClamd().listening() as clamd:
        yield clamd


def scanner_of(
    *daemons: ScriptedClamd, max_scan_bytes: int = LIMIT, timeout: float = 20.0, rest: float = 0
) -> ClamdScanner:
    urls = [daemon.url for daemon in daemons]
    return ClamdScanner(urls, max_scan_bytes=max_scan_bytes, timeout=timeout, rest=rest)


async def test_a_daemon_that_says_ok_to_what_it_passed_over_is_trusted_with_what_it_found(
    clamd: ScriptedClamd,
) -> None:
    clamd.alerts_exceeded, clamd.scans = False, 20 * KIB
    scanner = scanner_of(clamd)
    assert await scanner.scan(ending_in_eicar(30 * KIB)) == Unscanned("too-large")
    assert scanner.limit == 16 * KIB
    assert await scanner.scan(whole(bytes(16 * KIB + 1)), 16 * KIB + 1) == Unscanned("too-large")
    assert await scanner.scan(whole(bytes(16 * KIB)), 16 * KIB) == Clean()
    [proof] = await scanner.probe()
    assert proof.advice[0] == NO_ALERTS
    assert f"StreamMaxLength to {LIMIT} or more: it scans {16 * KIB} bytes, and not {32 * KIB}" in str(proof)
    await scanner.close()


async def test_a_daemon_that_hides_its_limits_is_trusted_no_further_than_it_was_tested(
    clamd: ScriptedClamd,
) -> None:
    clamd.alerts_exceeded = False
    clamd.takes = clamd.scans = 200 * MIB
    scanner = scanner_of(clamd, max_scan_bytes=150 * MIB)
    [proof] = await scanner.probe()
    assert (proof.trusted, proof.advice) == (MOST_SENT, (NO_ALERTS,))
    await scanner.close()


async def test_a_daemon_that_owns_up_to_one_limit_is_not_believed_about_another(clamd: ScriptedClamd) -> None:
    clamd.alerts_size, clamd.scans = False, 20 * KIB
    scanner = scanner_of(clamd)
    assert await scanner.scan(ending_in_eicar(30 * KIB)) == Unscanned("too-large")
    [advice] = await scanner.advice()
    assert advice.startswith(f"{clamd.url}: set MaxFileSize")
    await scanner.close()


@pytest.mark.parametrize("hidden", [True, False])
async def test_a_daemon_that_takes_less_than_we_would_send_says_so_itself(
    clamd: ScriptedClamd, hidden: bool
) -> None:
    clamd.takes, clamd.alerts_exceeded = 20 * KIB, not hidden
    scanner = scanner_of(clamd)
    await scanner.probe()
    assert await scanner.scan(ending_in_eicar(30 * KIB)) == Unscanned("too-large")
    assert isinstance(await scanner.scan(ending_in_eicar(16 * KIB)), Infected)
    assert scanner.limit == (16 * KIB if hidden else LIMIT)
    await scanner.close()


async def test_a_daemon_that_owns_up_to_a_limit_gives_no_verdict_behind_it(clamd: ScriptedClamd) -> None:
    clamd.scans = 20 * KIB
    scanner = scanner_of(clamd)
    assert await scanner.scan(ending_in_eicar(30 * KIB)) == Unscanned("limits")
    await scanner.close()


async def test_a_daemon_that_does_not_know_eicar_gives_no_verdicts(clamd: ScriptedClamd) -> None:
    clamd.knows_eicar = False
    scanner = scanner_of(clamd)
    assert await scanner.scan(whole(b"harmless")) == Unscanned("unavailable")
    assert scanner.limit == 0
    assert [proof.advice for proof in await scanner.probe()] == [(NO_EICAR,)]
    with pytest.raises(Unreachable, match="load the signature database"):
        await scanner.healthy()
    clamd.knows_eicar = True
    assert await scanner.scan(whole(b"harmless")) == Clean()
    await scanner.healthy()
    await scanner.close()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
async def test_an_encrypted_zip_is_not_clean_whatever_the_daemon_says(
    clamd: ScriptedClamd, size: int
) -> None:
    clamd.alerts_encrypted = False
    scanner = scanner_of(clamd)
    assert (await scanner.probe())[0].advice == (NO_ENCRYPTED,)
    assert await scanner.scan(cut(encrypted_zip(), size)) == Unscanned("encrypted")
    assert isinstance(await scanner.scan(cut(encrypted_zip() + EICAR, size)), Infected)
    await scanner.close()


async def test_the_least_busy_daemon_gets_the_next_body(clamd: ScriptedClamd, second: ScriptedClamd) -> None:
    scanner = scanner_of(clamd, second)
    await scanner.probe()
    before = clamd.connections, second.connections
    async with AsyncExitStack() as stack:
        for _ in range(6):
            scanning = await stack.enter_async_context(scanner.beside(whole(b"a", b"b")))
            await anext(scanning.chunks)
        async with asyncio.timeout(10):
            while clamd.open + second.open < 6:
                await asyncio.sleep(0)
        assert (clamd.connections, second.connections) == (before[0] + 3, before[1] + 3)
    await scanner.close()


async def test_a_large_body_goes_to_the_daemon_that_is_trusted_with_it(
    clamd: ScriptedClamd, second: ScriptedClamd
) -> None:
    clamd.alerts_exceeded, clamd.scans = False, 20 * KIB
    scanner = scanner_of(clamd, second)
    await scanner.probe()
    assert scanner.limit == LIMIT
    for _ in range(3):
        assert isinstance(await scanner.scan(ending_in_eicar(LIMIT), LIMIT), Infected)
    await scanner.close()


async def test_a_daemon_that_failed_is_left_alone_and_the_others_go_on(
    clamd: ScriptedClamd, second: ScriptedClamd
) -> None:
    scanner = scanner_of(clamd, second, rest=LONG)
    await scanner.probe()
    clamd.fault = hangs_up
    verdicts = [await scanner.scan(cut(EICAR * 100, 100)) for _ in range(6)]
    assert verdicts[0] == Unscanned("unavailable")
    assert all(isinstance(verdict, Infected) for verdict in verdicts[1:])
    second.fault = hangs_up
    assert await scanner.scan(whole(EICAR)) == Unscanned("unavailable")
    asked = clamd.connections, second.connections
    assert await scanner.scan(whole(EICAR)) == Unscanned("unavailable")
    assert (clamd.connections, second.connections) == asked
    await scanner.close()


async def test_a_daemon_that_is_silent_does_not_keep_another_from_proving_itself(
    clamd: ScriptedClamd, second: ScriptedClamd
) -> None:
    clamd.fault = never_answers
    scanner = scanner_of(clamd, second, timeout=LONG)
    async with asyncio.timeout(10):
        assert isinstance(await scanner.scan(whole(EICAR)), Infected)
    await scanner.close()


async def test_a_daemon_that_never_proves_itself_is_waited_for_once(clamd: ScriptedClamd) -> None:
    clamd.fault = never_answers
    scanner = scanner_of(clamd, timeout=0.2, rest=LONG)
    assert [await scanner.scan(whole(EICAR)) for _ in range(3)] == [Unscanned("unavailable")] * 3
    assert clamd.connections == 1
    await scanner.close()


async def test_a_daemon_that_comes_back_proves_itself_again() -> None:
    clamd = ScriptedClamd()
    async with clamd.listening():
        scanner = scanner_of(clamd)
        assert await scanner.scan(whole(bytes(30 * KIB))) == Clean()
    assert await scanner.scan(whole(b"harmless")) == Unscanned("unavailable")
    [proof] = await scanner.probe()
    assert str(proof).endswith("it does not answer; until it does, nothing is scanned by it")
    clamd.alerts_exceeded, clamd.scans = False, 20 * KIB
    async with clamd.listening():
        assert await scanner.scan(whole(bytes(30 * KIB))) == Unscanned("too-large")
        assert await scanner.scan(whole(b"harmless")) == Clean()
    await scanner.close()


async def test_a_daemon_that_goes_down_is_passed_over_in_the_same_scan(clamd: ScriptedClamd) -> None:
    gone = ScriptedClamd()
    async with gone.listening():
        scanner = scanner_of(gone, clamd)
        await scanner.probe()
    assert isinstance(await scanner.scan(whole(EICAR)), Infected)
    await scanner.close()


async def test_a_proof_does_not_last_for_ever(clamd: ScriptedClamd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clamd_daemon, "_SECONDS_A_PROOF_LASTS", 0.0)
    scanner = scanner_of(clamd)
    await scanner.probe()
    clamd.alerts_exceeded, clamd.scans = False, 20 * KIB
    async with asyncio.timeout(10):
        while scanner.limit == LIMIT:
            await scanner.scan(whole(b"harmless"))
    assert await scanner.scan(whole(bytes(30 * KIB))) == Unscanned("too-large")
    await scanner.close()


def test_no_more_is_sent_than_clamd_can_scan_at_all(clamd: ScriptedClamd) -> None:
    scanner = scanner_of(clamd, max_scan_bytes=10**12)
    assert scanner.limit is not None
    assert scanner.limit < 2**31


@pytest.mark.parametrize("size", [1024, 1025, 300 * KIB])
async def test_the_sample_is_as_large_as_asked_and_holds_eicar(size: int) -> None:
    sample = b"".join([chunk async for chunk in eicar(size)])
    assert len(sample) == size
    assert EICAR in sample
