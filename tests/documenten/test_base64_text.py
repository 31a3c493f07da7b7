from __future__ import annotations

import os
import tracemalloc
from base64 import b64decode, b64encode, encodebytes
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dms.documenten.upload.base64_text import BadBase64, BadPadding, Base64Text, NotBase64, is_base64

FILE = os.urandom(3001)
SIZES = [1, 2, 3, 5, 1000, 1_000_000]
ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
MISPLACED = b"""
    Q QQ QQ= QUI QUJDQ = ==== Q=== =QQQ QQ=A QQ==QQ== QUI=QUI= QQ=== QUI== QUI==QQQ QUJD= QUJD====
    QUJDQQ==QUJD
""".split()
FOREIGN = b"! QUJ! QUJD! QU-_ QQ=! QQ==! Q!= data:application/pdf;base64,QUJD".split()


def cut(text: bytes, size: int) -> Iterator[bytes]:
    return (text[at : at + size] for at in range(0, len(text), size))


def cut_at(text: bytes, points: Iterable[int]) -> Iterator[bytes]:
    at = 0
    for point in [*sorted(points), len(text)]:
        yield text[at:point]
        at = max(at, point)


def decoded(pieces: Iterable[bytes]) -> bytes:
    text = Base64Text()
    content = b"".join(text.feed(piece) for piece in pieces)
    text.close()
    return content


def outcome(pieces: Iterable[bytes]) -> bytes | type[BadBase64]:
    try:
        return decoded(pieces)
    except BadBase64 as error:
        return type(error)


def letter_by_letter(text: bytes) -> type[BadBase64] | None:
    """What is the matter with a text, by looking at one character after the other."""
    place, padded = 0, False
    for letter in text:
        if letter in b" \t\r\n":
            continue
        if letter not in ALPHABET + b"=":
            return NotBase64
        begins_padding = letter in b"=" and place in {2, 3}
        continues = letter in b"=" if padded else letter not in b"=" or begins_padding
        if not continues or (padded and place == 0):
            return BadPadding
        padded = padded or begins_padding
        place = (place + 1) % 4
    return BadPadding if place else None


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 1000, len(FILE)])
def test_the_file_is_the_same_however_its_text_is_cut(length: int, size: int) -> None:
    assert decoded(cut(b64encode(FILE[:length]), size)) == FILE[:length]


@pytest.mark.parametrize("size", SIZES)
def test_the_lines_of_a_mime_message_are_joined(size: int) -> None:
    wrapped = encodebytes(FILE).replace(b"\n", b"\r\n")
    assert decoded(cut(wrapped, size)) == FILE


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", [b" QUI = ", b"QU\tI=", b"\nQUI=\r\n\r\n     ", b"Q U I\n="])
def test_whitespace_is_skipped_wherever_it_stands(text: bytes, size: int) -> None:
    assert decoded(cut(text, size)) == b"AB"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", [*MISPLACED, b"QQ==\nQ", b"QQ=\n"])
def test_d_30_misplaced_padding_has_its_own_error(text: bytes, size: int) -> None:
    assert outcome(cut(text, size)) is BadPadding


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", [*FOREIGN, b"QUI=\x00", b"QUJD\x0bQUJD", b"\xc3\xa9QQ", b"QQ==\n----"])
def test_d_30_a_foreign_character_is_not_base64(text: bytes, size: int) -> None:
    assert outcome(cut(text, size)) is NotBase64


def test_the_errors_carry_the_codes_of_the_standard() -> None:
    assert (BadPadding.code, NotBase64.code) == ("incorrect-base64-padding", "invalid-base64")


def test_a_wrong_character_is_reported_before_the_text_ends() -> None:
    text = Base64Text()
    with pytest.raises(NotBase64):
        text.feed(b"QUJD" * 10 + b"?" + b"QUJD" * 10)


def test_bits_that_the_padding_leaves_unused_are_ignored() -> None:
    assert decoded([b"QR=="]) == b64decode(b"QR==", validate=True) == b"A"


def test_a_view_of_memory_is_text_as_well() -> None:
    text = Base64Text()
    first, second = memoryview(b"QUJDQUJDQ"), memoryview(b"UJD\n")
    assert text.feed(first) + text.feed(second) == b"ABC" * 3
    text.close()


def test_a_run_of_letters_is_told_from_other_text() -> None:
    assert all(is_base64(run) for run in (b"", b"Q", b"QUJDQ", b"+/+/"))
    assert not any(is_base64(run) for run in (b"QUJ\\", b'QUJDQ"', b"QUJD\n", b"\xc3\xa9", b"-_-_"))


@settings(deadline=None)
@given(st.binary(), st.lists(st.integers(0, 400)))
def test_what_was_encoded_comes_back_at_any_cut(content: bytes, points: list[int]) -> None:
    assert decoded(cut_at(b64encode(content), points)) == content


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from([b"Q", b"QUJD", b"=", b"==", b"\n", b" ", b"!", b"\xff"])), st.data())
def test_any_cut_gives_the_same_answer_as_the_standard_library(
    parts: list[bytes], data: st.DataObject
) -> None:
    text = b"".join(parts)
    points = data.draw(st.lists(st.integers(0, len(text))))
    expected = letter_by_letter(text) or b64decode(text.translate(None, b" \t\r\n"), validate=True)
    assert outcome([text]) == outcome(cut_at(text, points)) == expected


@pytest.mark.parametrize("line", [b"QUJD" * 65536, b"\r\n".join([b"QUJD" * 19] * 3361)])
def test_memory_does_not_grow_with_the_text(line: bytes) -> None:
    text, size = Base64Text(), 0
    tracemalloc.start()
    try:
        for _ in range(800):
            size += len(text.feed(line))
        text.close()
        assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert size > 140 * 1024 * 1024
