"""Names of files that come from a server."""

from __future__ import annotations

import pytest

from dms.client.names import safe_name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("verslag 2026.pdf", "verslag 2026.pdf"),
        ("één ü.txt", "één ü.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\jansen\\brief.docx", "brief.docx"),
        ("/absoluut/", "document"),
        ("..", "document"),
        ("", "document"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("regel\neinde\x00.txt", "regeleinde.txt"),
        ("factuur\u202efdp.exe", "factuurfdp.exe"),
        ('a<b>:"c|d?e*.txt', "abcde.txt"),
    ],
)
def test_a_name_is_never_a_path_and_hides_nothing(given: str, kept: str) -> None:
    assert safe_name(given, otherwise="document") == kept


def test_a_long_name_is_cut_to_what_fits_and_keeps_its_suffix() -> None:
    name = safe_name("é" * 200 + ".pdf", otherwise="document")
    assert name.endswith("é.pdf")
    assert len(f"{name}.part".encode()) <= 255


def test_a_long_name_without_a_suffix_is_cut_too() -> None:
    assert len(safe_name("a" * 300, otherwise="document")) == 250
    assert len(safe_name("a." + "b" * 300, otherwise="document")) == 250
