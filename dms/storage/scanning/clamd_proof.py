"""Proof that a clamd scans what it answers OK to: by default it also says OK to what it did not look at.

The samples are made when they are used, so that no scanner minds this file.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import cache

from dms.storage.scanning.port import Clean, Infected, Verdict

MOST_SENT = 128 * 1024 * 1024
_SMALLEST = 2 * tarfile.BLOCKSIZE
_ZEROS = bytes(256 * 1024)
_DEEPER_THAN_ANY_LIMIT = 120  # clamd takes a MaxRecursion of at most 100

NO_EICAR = "it does not find the EICAR test file, so none of its verdicts counts: load the signature database"
NO_ALERTS = "set AlertExceedsMax yes: without it, archives that go past its limits are answered OK"
NO_ENCRYPTED = "set AlertEncrypted yes: without it, only encrypted zip files are told from scanned ones"


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of putting a daemon to the test: the size in bytes up to which its OK means that it scanned,
    and what the operator should change. `str()` of it is a line for the log."""

    url: str
    trusted: int
    advice: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.url}: " + (
            "; ".join(self.advice) or f"scans what it should, up to {self.trusted} bytes"
        )


async def prove(
    url: str, ask: Callable[[AsyncIterable[bytes]], Awaitable[Verdict]], max_scan_bytes: int
) -> Proof:
    """Put the daemon behind `ask` to the test. At most twice `MOST_SENT` bytes are sent."""
    if not isinstance(await ask(eicar(_SMALLEST)), Infected):
        return Proof(url, 0, (NO_EICAR,))
    advice = []
    if not (alerts := await ask(_one(nested_zip())) != Clean()):
        advice.append(NO_ALERTS)
    if await ask(_one(encrypted_zip())) == Clean():
        advice.append(NO_ENCRYPTED)
    asked = size = max(_SMALLEST, min(max_scan_bytes, MOST_SENT))
    honest = True
    while not isinstance(answer := await ask(eicar(size)), Infected) and size > _SMALLEST:
        honest = honest and answer != Clean()
        size //= 2
    if size < asked:
        advice.append(
            f"set MaxFileSize, MaxScanSize and StreamMaxLength to {max_scan_bytes} or more: "
            f"it scans {size} bytes, and not {2 * size}"
        )
    # A daemon that owns up to its limits needs no limit of ours; of any other, only what was seen counts.
    return Proof(url, max_scan_bytes if alerts and honest else min(size, max_scan_bytes), tuple(advice))


async def eicar(size: int) -> AsyncIterator[bytes]:
    """A tar file of this size in bytes that holds the EICAR test file, and zeros behind it.

    In an archive, because some signatures know the exact file only and some want it to be at the start.
    clamd passes over a file that is too large for it as a whole, so that it does not matter where it lies.
    """
    virus = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + rb"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    member = tarfile.TarInfo("eicar.com")
    member.size = len(virus)
    yield member.tobuf(tarfile.USTAR_FORMAT) + virus.ljust(tarfile.BLOCKSIZE, b"\0")
    left = size - 2 * tarfile.BLOCKSIZE
    while left > 0:
        yield _ZEROS[:left]
        left -= len(_ZEROS)


@cache
def nested_zip() -> bytes:
    """A harmless archive in an archive, deeper than clamd can be told to look."""
    inner = b"deep"
    for _ in range(_DEEPER_THAN_ANY_LIMIT):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w") as archive:
            archive.writestr("a", inner)
        inner = outer.getvalue()
    return inner


@cache
def encrypted_zip() -> bytes:
    """An archive with one member that nobody can decrypt."""
    name, data = b"a", bytes(range(12)) + b"secret"
    shared = (20, 1, 0, 0, 0x21, zlib.crc32(b"secret"), len(data), 6, len(name), 0)
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", *shared) + name + data
    listed = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, *shared, 0, 0, 0, 0, 0) + name
    return local + listed + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(listed), len(local), 0)


async def _one(body: bytes) -> AsyncIterator[bytes]:
    yield body
