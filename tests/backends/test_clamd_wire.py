"""Whatever a clamd does on the wire, the body passes in time, and no silence is called clean."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import pytest

from dms.storage.failures import Unreachable
from dms.storage.scanning.clamd import ClamdScanner
from dms.storage.scanning.clamd_wire import verdict_of
from dms.storage.scanning.port import Clean, Infected, Unscanned, Verdict, Why
from tests.backends.clamd import (
    Fault,
    ScriptedClamd,
    hangs_up,
    never_answers,
    reads_slowly,
    says,
    stops_reading,
)
from tests.contracts.content import MIB, Sender, cut, pattern, whole
from tests.contracts.scanning import EICAR, KIB, DetectingScannerContract, stored_beside

LIMIT = 256 * KIB
FULL = b"INSTREAM size limit exceeded. ERROR\0"
PATIENT = 60.0


@pytest.fixture
async def clamd() -> AsyncIterator[ScriptedClamd]:
    async with ScriptedClamd().listening() as clamd:
        yield clamd


@pytest.fixture
async def scanner(clamd: ScriptedClamd) -> AsyncIterator[ClamdScanner]:
    scanner = ClamdScanner([clamd.url], max_scan_bytes=LIMIT)
    yield scanner
    await scanner.close()


class TestClamdScanner(DetectingScannerContract):
    pass


async def proven(clamd: ScriptedClamd, timeout: float, *, up_to: int = 64 * MIB) -> ClamdScanner:
    """A scanner that trusts the daemon, and does not let it rest."""
    scanner = ClamdScanner([clamd.url], max_scan_bytes=up_to, timeout=timeout, rest=0)
    [proof] = await scanner.probe()
    assert proof.trusted == up_to
    return scanner


async def until(clamd: ScriptedClamd, *, scanning: int, connections: int = 0) -> None:
    """The daemon has come so far."""
    async with asyncio.timeout(10):
        while clamd.scanning < scanning or clamd.connections < connections:
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (hangs_up, "unavailable"),
        (never_answers, "timeout"),
        (stops_reading, "timeout"),
        (says(b"stream: O"), "unavailable"),
        (says(b"stream: OK\0"), "error"),
        (says(b"who is there?\0"), "error"),
        (says(b"\0"), "error"),
        (says(b"x" * 100_000, then_waits=True), "error"),
        (says(b"stream: Can't allocate memory ERROR\0"), "error"),
        (says(FULL), "too-large"),
        (says(b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0"), "limits"),
    ],
)
async def test_a_broken_wire_is_a_reason_and_the_body_passes(
    clamd: ScriptedClamd, fault: Fault, why: Why
) -> None:
    scanner = await proven(clamd, 1, up_to=32 * MIB)
    clamd.fault = fault
    data = pattern(20 * MIB)
    assert await stored_beside(scanner, cut(data, 256 * KIB)) == (data, Unscanned(why))
    assert await scanner.scan(cut(data, 256 * KIB)) == Unscanned(why)
    clamd.fault = None
    assert isinstance(await scanner.scan(whole(EICAR)), Infected)
    await scanner.close()


@pytest.mark.parametrize("then_waits", [False, True])
async def test_an_answer_that_comes_early_is_never_lost(clamd: ScriptedClamd, then_waits: bool) -> None:
    scanner = await proven(clamd, PATIENT, up_to=32 * MIB)
    clamd.fault = says(FULL, then_waits=then_waits)
    async with asyncio.timeout(PATIENT / 2):
        for _ in range(10):
            body, verdict = await stored_beside(scanner, cut(bytes(30 * MIB), MIB))
            assert (len(body), verdict) == (30 * MIB, Unscanned("too-large"))
    await scanner.close()


async def test_malware_that_is_reported_early_is_malware(clamd: ScriptedClamd) -> None:
    scanner = await proven(clamd, PATIENT)
    clamd.fault = says(b"stream: Win.Test FOUND\0")
    assert await scanner.scan(cut(bytes(30 * MIB), MIB)) == Infected("Win.Test")
    await scanner.close()


async def test_a_daemon_that_stops_reading_slows_the_sender_down_before_it_is_given_up(
    clamd: ScriptedClamd,
) -> None:
    scanner = await proven(clamd, 1)
    clamd.fault = stops_reading
    loop, passed = asyncio.get_running_loop(), []
    async with scanner.beside(cut(bytes(60 * MIB), 64 * KIB)) as scanning:
        async for _ in scanning.chunks:
            passed.append(loop.time())
        assert await scanning.verdict() == Unscanned("timeout")
    assert len(passed) == 960
    first_wait = next(n for n in range(1, 960) if passed[n] - passed[n - 1] > 0.8)
    assert first_wait < 960 / 2, "no more is taken in than the line holds"
    assert passed[-1] - passed[first_wait] < 5, "one wait, and then the body flows"
    await scanner.close()


async def test_a_daemon_that_dawdles_holds_a_body_up_for_a_bounded_time(tmp_path: Path) -> None:
    clamd, url = ScriptedClamd(), f"unix://{tmp_path}/clamd.sock"
    async with clamd.listening(tmp_path / "clamd.sock"):  # TCP would gather its small steps into large ones
        scanner = ClamdScanner([url], max_scan_bytes=64 * MIB, timeout=0.8)
        await scanner.probe()
        clamd.fault = reads_slowly
        async with asyncio.timeout(20):  # at its own pace, the daemon would take a minute and a half
            body, verdict = await stored_beside(scanner, cut(bytes(60 * MIB), 64 * KIB))
        assert (len(body), verdict) == (60 * MIB, Unscanned("timeout"))
        await scanner.close()


async def test_a_daemon_scans_no_more_at_once_than_it_should_and_all_are_answered(
    clamd: ScriptedClamd,
) -> None:
    scanner = await proven(clamd, PATIENT)
    before = clamd.connections
    clamd.hold.clear()
    scans = [asyncio.create_task(scanner.scan(whole(b"%d" % n, EICAR if n % 2 else b""))) for n in range(40)]
    await until(clamd, connections=before + 40, scanning=2)
    clamd.hold.set()
    verdicts = await asyncio.gather(*scans)
    assert [isinstance(verdict, Infected) for verdict in verdicts] == [bool(n % 2) for n in range(40)]
    assert clamd.most_at_once == 2
    await scanner.close()


async def test_waiting_for_a_place_comes_to_an_end(clamd: ScriptedClamd) -> None:
    scanner = ClamdScanner([clamd.url], max_scan_bytes=LIMIT, at_once=1, timeout=0.5, rest=PATIENT)
    await scanner.probe()
    clamd.hold.clear()
    scans = [asyncio.create_task(stored_beside(scanner, whole(b"%d" % n))) for n in range(3)]
    await until(clamd, scanning=1)
    assert await asyncio.gather(*scans) == [(b"%d" % n, Unscanned("timeout")) for n in range(3)]
    assert clamd.started < 3, "one of them never had the place"
    await scanner.close()


async def test_a_daemon_that_accepts_nobody_is_waited_for_no_longer_than_the_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as stack:
        address = server.getsockname()
        for _ in range(4):  # fill the queue, so that the next one waits
            line = stack.enter_context(socket.socket())
            line.setblocking(False)
            line.connect_ex(address)
        scanner = ClamdScanner([f"tcp://127.0.0.1:{address[1]}"], max_scan_bytes=LIMIT, timeout=0.3)
        async with asyncio.timeout(5):
            assert await stored_beside(scanner, whole(b"x")) == (b"x", Unscanned("unavailable"))
        await scanner.close()


async def test_a_slow_sender_keeps_no_other_body_from_its_scan(clamd: ScriptedClamd) -> None:
    scanner = ClamdScanner([clamd.url], max_scan_bytes=LIMIT, at_once=1)
    sender = Sender(EICAR[:30], EICAR[30:])
    slow = asyncio.create_task(scanner.scan(sender.chunks()))
    await sender.waits.wait()
    assert await scanner.scan(whole(b"harmless")) == Clean()
    sender.goes_on.set()
    assert isinstance(await slow, Infected)
    await scanner.close()


async def test_a_daemon_may_listen_on_a_socket_in_the_file_system(tmp_path: Path) -> None:
    async with ScriptedClamd().listening(tmp_path / "clamd.sock"):
        scanner = ClamdScanner([f"unix://{tmp_path}/clamd.sock"], max_scan_bytes=LIMIT)
        assert isinstance(await scanner.scan(whole(EICAR)), Infected)
        await scanner.healthy()
        await scanner.close()


async def test_a_scanner_without_a_daemon_that_answers_is_not_healthy(clamd: ScriptedClamd) -> None:
    async with AsyncExitStack() as stack:
        gone = await stack.enter_async_context(ScriptedClamd().listening())
    down = ClamdScanner([gone.url], max_scan_bytes=LIMIT)
    with pytest.raises(Unreachable, match=f"{gone.url} does not answer"):
        await down.healthy()
    assert await down.scan(whole(b"x")) == Unscanned("unavailable")
    stranger = ClamdScanner([clamd.url], max_scan_bytes=LIMIT, timeout=0.3)
    clamd.pong = b"220 ready"
    with pytest.raises(Unreachable, match="is no clamd"):
        await stranger.healthy()
    for fault in (hangs_up, never_answers):
        clamd.fault = fault
        with pytest.raises(Unreachable, match="does not answer"):
            await stranger.healthy()
    clamd.fault, clamd.pong = None, b"PONG"
    await ClamdScanner([gone.url, clamd.url], max_scan_bytes=LIMIT).healthy()


@pytest.mark.parametrize(
    "url",
    ["", "clamd", "http://clamd:3310", "tcp://", "tcp://host/path", "tcp://host:x", "unix://", "unix://a/b"],
)
def test_an_address_that_is_none_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"clamd|[Pp]ort"):
        ClamdScanner([url], max_scan_bytes=LIMIT)


def test_a_scanner_without_any_address_is_refused() -> None:
    with pytest.raises(ValueError, match="no clamd"):
        ClamdScanner([], max_scan_bytes=LIMIT)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (b"stream: OK", Clean()),
        (b"stream: A FOUND FOUND", Infected("A FOUND")),
        (
            b"stream: Eicar(44d88612fea8a8f36de82e1278abb02f:68) FOUND",
            Infected("Eicar(44d88612fea8a8f36de82e1278abb02f:68)"),
        ),
        (b"stream: Heuristics.Encrypted.PDF FOUND", Unscanned("encrypted")),
        (b"stream: Heuristics.Limits.Exceeded.MaxScanTime FOUND", Unscanned("limits")),
        (b"stream: Heuristics.Phishing.Email FOUND", Infected("Heuristics.Phishing.Email")),
        (b"OK", Unscanned("error")),
        (b"stream: OK ", Unscanned("error")),
        (b"INSTREAM: read failed ERROR", Unscanned("error")),
        (b"COMMAND READ TIMED OUT", Unscanned("error")),
    ],
)
def test_only_one_answer_means_clean_and_only_of_a_whole_body(answer: bytes, verdict: Verdict) -> None:
    assert verdict_of(answer, whole=True) == verdict
    early = verdict_of(answer, whole=False)
    assert early == (Unscanned("error") if verdict == Clean() else verdict)


def test_a_name_that_is_not_text_is_reported_all_the_same() -> None:
    verdict = verdict_of(b"stream: \xff\xfe FOUND", whole=True)
    assert isinstance(verdict, Infected)
