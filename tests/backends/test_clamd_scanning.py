"""A real clamd keeps the promises of a scanner, and what we believe of it is so."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pyclamd
import pytest

from dms.storage.scanning.clamd import ClamdScanner
from dms.storage.scanning.clamd_proof import NO_ALERTS, NO_ENCRYPTED, encrypted_zip, nested_zip
from dms.storage.scanning.port import Clean, Infected, Scanner, Unscanned
from tests.contracts.content import MIB, cut, pattern, whole
from tests.contracts.scanning import EICAR, KIB, DetectingScannerContract, ending_in_eicar, stored_beside
from tests.engines import clamd_url

pytestmark = pytest.mark.engines


def scanner_up_to(max_scan_bytes: int, *others: str) -> ClamdScanner:
    return ClamdScanner([clamd_url(), *others], max_scan_bytes=max_scan_bytes, timeout=20)


@pytest.fixture
async def scanner() -> AsyncIterator[ClamdScanner]:
    scanner = scanner_up_to(MIB)
    yield scanner
    await scanner.close()


@pytest.fixture
async def beyond() -> AsyncIterator[ClamdScanner]:
    """A scanner that would send more than the daemon takes (64 MiB)."""
    scanner = scanner_up_to(200 * MIB)
    yield scanner
    await scanner.close()


class TestClamdScanner(DetectingScannerContract):
    pass


def zipped(data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("brief.txt", pattern(3000))
        archive.writestr("bijlage.com", data)
    return target.getvalue()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
async def test_malware_in_an_archive_is_found_however_it_is_cut(scanner: Scanner, size: int) -> None:
    for data in (zipped(EICAR), zipped(zipped(EICAR)), zipped(EICAR, zipfile.ZIP_STORED)):
        assert isinstance(await scanner.scan(cut(data, size)), Infected)
    assert await scanner.scan(cut(zipped(b"harmless"), size)) == Clean()


async def test_an_archive_that_is_encrypted_or_too_deep_is_never_clean(scanner: Scanner) -> None:
    assert await scanner.scan(whole(encrypted_zip())) == Unscanned("encrypted")
    assert await scanner.scan(whole(zipped(encrypted_zip()))) == Unscanned("encrypted")
    assert await scanner.scan(whole(nested_zip())) == Unscanned("limits")


async def test_a_daemon_with_honest_limits_proves_itself(scanner: ClamdScanner) -> None:
    [proof] = await scanner.probe()
    assert (proof.trusted, proof.advice) == (MIB, ())
    assert str(proof).endswith(f"scans what it should, up to {MIB} bytes")


async def test_the_proof_tells_the_operator_that_the_daemon_takes_less_than_we_would_send(
    beyond: ClamdScanner,
) -> None:
    [proof] = await beyond.probe()
    assert [advice.split(":")[0] for advice in proof.advice] == [
        f"set MaxFileSize, MaxScanSize and StreamMaxLength to {200 * MIB} or more"
    ]
    assert not {NO_ALERTS, NO_ENCRYPTED} & set(proof.advice)


async def test_what_is_more_than_the_daemon_takes_is_too_large_and_all_of_it_passes(
    beyond: ClamdScanner,
) -> None:
    assert await beyond.scan(ending_in_eicar(70 * MIB)) == Unscanned("too-large")
    received = 0
    async with beyond.beside(ending_in_eicar(150 * MIB)) as scanning:
        async for chunk in scanning.chunks:
            received += len(chunk)
        assert await scanning.verdict() == Unscanned("too-large")
    assert received == 150 * MIB
    assert isinstance(await beyond.scan(ending_in_eicar(64 * MIB)), Infected)


async def test_a_daemon_that_is_down_does_not_keep_the_other_from_scanning() -> None:
    scanner = scanner_up_to(MIB, "tcp://127.0.0.1:1", "unix:///nowhere/clamd.sock")
    for _ in range(4):
        assert await scanner.scan(whole(b"harmless")) == Clean()
        assert isinstance(await scanner.scan(whole(EICAR)), Infected)
    await scanner.healthy()
    await scanner.close()


async def test_another_client_agrees_with_every_verdict(scanner: Scanner) -> None:
    address = urlsplit(clamd_url())

    def other(data: bytes) -> object:
        return pyclamd.ClamdNetworkSocket(address.hostname, address.port, 20).scan_stream(data)

    bodies = [b"harmless", EICAR, zipped(EICAR), pattern(100 * KIB), pattern(100 * KIB) + EICAR]
    for data in bodies:
        theirs = await asyncio.to_thread(other, data)
        ours = (await stored_beside(scanner, cut(data, 1000)))[1]
        if isinstance(ours, Infected):
            assert theirs == {"stream": ("FOUND", ours.name)}
        else:
            assert (theirs, ours) == (None, Clean())
