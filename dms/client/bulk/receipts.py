"""Receipts: a CSV file with a line for each file that became a document, or failed, durable once written."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple

from dms.client.bulk.held import hold
from dms.client.bulk.once import number_of
from dms.client.failures import Failure, printable
from dms.client.state import sync_folder

OK, FAILED = "ok", "failed"
COLUMNS = (
    "bestand",
    "status",
    "document",
    "identificatie",
    "sha256",
    "bytes",
    "error",
    "moment",
    "fingerprint",
)
_HEADER = (",".join(COLUMNS) + "\r\n").encode()
_LONGEST_LINE = 64 * 2**10
_LONGEST_ERROR = 2000
_FORMULA = ("=", "+", "-", "@")


class Receipt(NamedTuple):
    """A line. `fingerprint` tells the file, and what was asked with it, from what they may become later."""

    bestand: str
    status: str
    document: str
    identificatie: str
    sha256: str
    bytes: int
    error: str
    fingerprint: str

    @property
    def is_ok(self) -> bool:
        """Whether it became a document."""
        return self.status == OK


class _Known(NamedTuple):
    """What is remembered of a receipt: little, for there may be many."""

    ok: bool
    bytes: int
    fingerprint: str


class Receipts:
    """The receipts in a file, which only one process may have open. Use it as a context; these calls block.

    A last line that a crash cut off is removed. With `by_file` a file is one document, whatever its
    identificatie. Raises `Failure` if the file is not one of receipts, or cannot be written.
    """

    def __init__(self, path: Path, *, by_file: bool = False) -> None:
        self.path = path
        self._by_file = by_file
        self._known: dict[bytes, _Known] = {}
        self._turn = threading.Lock()

    def __enter__(self) -> Receipts:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            descriptor = os.open(self.path, flags, 0o644)
        except OSError as error:
            raise Failure(f"{self.path} cannot be written: {error.strerror}.") from None
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        try:
            hold(descriptor, str(self.path))
            self._read()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def succeeded(self, bestand: str, identificatie: str, size: int, fingerprint: str) -> bool:
        """Whether the file, as it is now, has become a document; `identificatie` is the one it was given,
        empty for none. Of the fingerprint only what tells of the file counts, not what was asked with it."""
        known = self._known.get(self._key(bestand, identificatie))
        return known is not None and known.ok and (known.bytes, _file(known)) == (size, _first(fingerprint))

    def failed(self, bestand: str, identificatie: str, size: int, fingerprint: str) -> bool:
        """Whether the very same was tried before, and failed."""
        known = self._known.get(self._key(bestand, identificatie))
        return known is not None and not known.ok and (known.bytes, known.fingerprint) == (size, fingerprint)

    def append(self, receipt: Receipt) -> None:
        """Write a receipt, and return when it is on stable storage."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        error = " ".join(printable(receipt.error.replace("\n", " ")).split())[:_LONGEST_ERROR]
        bestand = f"./{receipt.bestand}" if receipt.bestand.startswith(_FORMULA) else receipt.bestand
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerow(
            [bestand, *receipt[1:6], error, moment, receipt.fingerprint]
        )
        line = text.getvalue().encode(errors="surrogateescape")
        with self._turn:
            before = os.fstat(self._file.fileno()).st_size
            try:
                written = self._file.write(line)
                os.fsync(self._file.fileno())
            except OSError as problem:
                os.ftruncate(self._file.fileno(), before)
                raise ReceiptsBroken(f"{self.path} cannot be written: {problem.strerror}.") from None
            if written != len(line):
                os.ftruncate(self._file.fileno(), before)
                raise ReceiptsBroken(f"{self.path} cannot be written: the disk is full.")
            self._remember(receipt)

    def _remember(self, receipt: Receipt) -> None:
        known = _Known(receipt.is_ok, receipt.bytes, receipt.fingerprint)
        given = receipt.identificatie
        if not given or given == number_of(receipt.bestand, receipt.sha256):
            given = ""
        self._known[self._key(receipt.bestand, given)] = known

    def _key(self, bestand: str, identificatie: str) -> bytes:
        text = f"{bestand}\n{'' if self._by_file else identificatie}"
        return hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=16).digest()

    def peek(self) -> Receipts:
        """The receipts that are there, for looking only: nothing is written, and nothing held."""
        try:
            with self.path.open("rb") as file:
                if file.readline(len(_HEADER)) == _HEADER:
                    self._take(file)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise Failure(f"{self.path} cannot be read: {error.strerror}.") from None
        return self

    def _read(self) -> None:
        reader = io.BufferedReader(io.FileIO(self._file.fileno(), closefd=False))
        header = reader.readline(len(_HEADER))
        if header == _HEADER:
            end = len(_HEADER) + self._take(reader)
            if end != os.fstat(self._file.fileno()).st_size:
                os.ftruncate(self._file.fileno(), end)
                os.fsync(self._file.fileno())
            return
        if not _HEADER.startswith(header) or reader.read(1):
            raise Failure(f"{self.path} is there already, and not a file of receipts: give --receipts.")
        os.ftruncate(self._file.fileno(), 0)
        self._file.write(_HEADER)
        os.fsync(self._file.fileno())
        sync_folder(self.path.absolute().parent)

    def _take(self, file: BinaryIO | io.BufferedReader) -> int:
        """Remember all whole lines, and return how many bytes they are; a last one that a crash cut off does
        not count."""
        size = 0
        while (line := file.readline(_LONGEST_LINE)).endswith(b"\n"):
            size += len(line)
            receipt = _parsed(line)
            if receipt is not None:
                self._remember(receipt)
        if len(line) == _LONGEST_LINE:
            raise Failure(f"{self.path} is not a file of receipts: a line has no end.")
        return size


class ReceiptsBroken(Failure):
    """No receipt can be written, so that to go on makes no sense."""


def _parsed(line: bytes) -> Receipt | None:
    """The receipt in a line; None for a line that is none, as a person may have made one."""
    try:
        cells = next(csv.reader([line.decode(errors="surrogateescape")]))
        bestand, status, document, number, sha256, size, error, _, fingerprint = cells
        return Receipt(
            bestand.removeprefix("./"), status, document, number, sha256, int(size), error, fingerprint
        )
    except (csv.Error, ValueError):
        return None


def _first(fingerprint: str) -> str:
    return fingerprint.partition("/")[0]


def _file(known: _Known) -> str:
    return _first(known.fingerprint)
