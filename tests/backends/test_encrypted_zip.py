"""Encrypted zip archives are noticed in a stream, however it is cut, and nothing else is taken for one."""

from __future__ import annotations

import io
import zipfile

import pytest

from dms.storage.scanning.clamd_proof import encrypted_zip
from dms.storage.scanning.encrypted_zip import EncryptedZip
from tests.contracts.content import pattern


def found(data: bytes, size: int) -> bool:
    watcher = EncryptedZip()
    for start in range(0, len(data), size):
        watcher.feed(data[start : start + size])
    return watcher.found


def zipped(method: int, *members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for n, member in enumerate(members):
            archive.writestr(f"{n}.txt", member)
    return target.getvalue()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 29, 30, 31, 1000])
def test_an_encrypted_member_is_noticed_wherever_it_lies_and_however_it_is_cut(size: int) -> None:
    secret = encrypted_zip()
    for data in (
        secret,
        pattern(4000) + secret,
        b"PK\x03\x04" + secret,
        b"PPKPK\x03PK\x03\x04" * 7 + secret,
        zipped(zipfile.ZIP_DEFLATED, pattern(2000)) + secret,
        zipped(zipfile.ZIP_STORED, b"open", secret),
        secret + pattern(2000),
    ):
        assert found(data, size)


@pytest.mark.parametrize("size", [1, 3, 5, 30, 1000])
def test_what_is_not_encrypted_is_not_taken_for_it(size: int) -> None:
    mark = b"PK\x03\x04"
    for data in (
        b"",
        pattern(5000),
        zipped(zipfile.ZIP_DEFLATED, pattern(2000), b"more"),
        zipped(zipfile.ZIP_STORED, zipped(zipfile.ZIP_DEFLATED, b"inner")),
        mark + b"\xff" * 100,
        mark * 50,
        encrypted_zip()[:29],
    ):
        assert not found(data, size)


def test_a_compressed_archive_hides_what_is_encrypted_in_it() -> None:
    """The limit of looking without unpacking: clamd's AlertEncrypted is there for this."""
    assert not found(zipped(zipfile.ZIP_DEFLATED, encrypted_zip() * 3), 1000)
