"""What a file looks like, beside what its sender says of it."""

from __future__ import annotations

import io
import zipfile

import pytest

from dms.documenten.upload.mediatype import Blocked, agrees, sniffed

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def docx() -> bytes:
    """A file of the kind that word processors make, as far as its first bytes tell."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("first_bytes", "wanted"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        (b"MZ" + bytes(200), "application/x-dosexec"),
        (b"gewone tekst\n", "text/plain"),
        (b"\0\1\2\3", "application/octet-stream"),
        (docx(), "application/zip"),
    ],
)
def test_the_first_bytes_tell_what_a_file_looks_like(first_bytes: bytes, wanted: str) -> None:
    assert sniffed(first_bytes) == wanted


@pytest.mark.parametrize(
    "formaat", [DOCX, "application/msword", "application/zip", "", "docx", "APPLICATION/ZIP"]
)
def test_an_office_file_may_go_by_any_of_its_usual_names(formaat: str) -> None:
    assert agrees(formaat, sniffed(docx()))


@pytest.mark.parametrize(
    ("formaat", "looks_like"),
    [
        ("application/pdf; version=1.7", "application/pdf"),
        ("image/jpg", "image/jpeg"),
        ("text/csv", "text/plain"),
        ("application/json", "text/plain"),
        ("application/atom+xml", "text/xml"),
        ("text/xml", "image/svg+xml"),
        ("application/vnd.ms-outlook", "application/CDFV2"),
        ("application/vnd.ms-excel", "application/CDFV2"),
        ("video/mp4", "video/quicktime"),
        ("application/pdf", "application/octet-stream"),
        ("application/octet-stream", "application/pdf"),
    ],
)
def test_what_clients_usually_say_agrees_with_the_file(formaat: str, looks_like: str) -> None:
    assert agrees(formaat, looks_like)


@pytest.mark.parametrize(
    ("formaat", "looks_like"),
    [
        ("application/pdf", "application/x-dosexec"),
        ("text/plain", "application/x-dosexec"),
        ("application/pdf", "image/png"),
        ("image/png", "image/jpeg"),
        ("application/pdf", "application/zip"),
        ("application/zip", "application/pdf"),
        ("application/pdf", "text/html"),
        ("application/pdf", "application/CDFV2"),
        ("application/pdf", "image/svg+xml"),
    ],
)
def test_a_file_that_is_clearly_something_else_disagrees(formaat: str, looks_like: str) -> None:
    assert not agrees(formaat, looks_like)


@pytest.mark.parametrize("name", ["virus.exe", "Factuur.EXE", "factuur.exe.pdf", "a.pdf.exe ", "a.exe."])
def test_every_extension_of_a_name_is_looked_at(name: str) -> None:
    assert Blocked(extensions=frozenset({"exe"})).extension(name)


@pytest.mark.parametrize("name", ["", "exe", "factuur.pdf", "exe.pdf"])
def test_a_name_without_a_blocked_extension_is_fine(name: str) -> None:
    assert not Blocked(extensions=frozenset({"exe"})).extension(name)


def test_a_blocked_type_is_found_in_either_statement() -> None:
    blocked = Blocked(types=frozenset({"application/x-dosexec"}))
    assert blocked.type("application/pdf", "application/x-dosexec")
    assert blocked.type("application/x-DosExec; x=1", "text/plain")
    assert not blocked.type("application/pdf", "")
