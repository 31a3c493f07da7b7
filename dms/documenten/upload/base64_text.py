"""base64 text in, cut anywhere; bytes out, at the speed of memory."""

from __future__ import annotations

from binascii import Error
from string import ascii_letters, digits
from typing import ClassVar

from pybase64 import b64decode

_ALPHABET = f"{ascii_letters}{digits}+/".encode()
_EQUALS = b"="[0]
_WHITESPACE = b" \t\r\n"


class BadBase64(ValueError):
    """The text is not base64. `code` and `reason` are what the standard and a person call it (D-30)."""

    code: ClassVar[str]
    reason: ClassVar[str]


class BadPadding(BadBase64):
    """The padding is not where it should be: too little, too much, too early, or text comes after it."""

    code = "incorrect-base64-padding"
    reason = "De base64-tekst heeft onjuiste opvulling."


class NotBase64(BadBase64):
    """A character does not belong to the alphabet of RFC 4648 section 4."""

    code = "invalid-base64"
    reason = "De tekst is geen geldige base64."


class Base64Text:
    """base64 text in, cut anywhere; bytes out.

    Spaces, tabs and line ends are skipped wherever they stand, for senders that wrap their lines. The first
    thing that is wrong decides which `BadBase64` is raised, so that the cuts make no difference.
    """

    def __init__(self) -> None:
        self._start = b""  # of a group of four that goes on in the next text
        self._padded = False

    def feed(self, text: bytes | memoryview) -> bytes:
        """The bytes of all groups of four characters that are complete. Raises `BadBase64`."""
        if self._start or self._padded:
            text = b"".join((self._start, text))
        if self._padded:
            self._start = _nothing_but_whitespace(text)
            return b""
        whole = len(text) & ~3
        try:
            content = b64decode(memoryview(text)[:whole], validate=True)
        except Error:
            # Only those who wrap their lines pay for taking the line ends out.
            text = _compact(text)
            whole = len(text) & ~3
            content = _decoded(text[:whole])
        self._start = bytes(text[whole:])
        self._padded = whole > 0 and text[whole - 1] == _EQUALS
        return content

    def close(self) -> None:
        """Raises `BadBase64` if the text ends in the middle of a group of four."""
        rest = _compact(self._start)
        if self._padded:
            _nothing_but_whitespace(rest)
        elif rest:
            raise _first_fault(rest)


def largest_decoded(length: int) -> int:
    """How many bytes a text of this length can hold at the most."""
    return length // 4 * 3 + 3


def is_base64(text: bytes) -> bool:
    """Whether all characters are base64, at the speed of decoding; the length need not be whole groups."""
    whole = len(text) & ~3
    try:
        b64decode(memoryview(text)[:whole], validate=True)
    except Error:
        return False
    return not text[whole:].strip(_ALPHABET)


def _compact(text: bytes | memoryview) -> bytes:
    return bytes(text).translate(None, _WHITESPACE)


def _decoded(groups: bytes) -> bytes:
    try:
        return b64decode(groups, validate=True)
    except Error:
        raise _first_fault(groups) from None


def _nothing_but_whitespace(text: bytes | memoryview) -> bytes:
    """Nothing, if that is all that comes after the padding."""
    if beyond := _compact(text):
        raise _fault(beyond[:1])
    return b""


def _first_fault(text: bytes) -> BadBase64:
    """What is wrong with text that is neither whole nor sound: the first character that does not fit."""
    letters = len(text) - len(text.lstrip(_ALPHABET))
    padding = len(text) - letters - len(text[letters:].lstrip(b"="))
    at = letters + min(padding, {2: 2, 3: 1}.get(letters % 4, 0))
    return _fault(text[at : at + 1])


def _fault(misplaced: bytes) -> BadBase64:
    """A character of base64 in the wrong place, or the end of the text, is bad padding; others foreign."""
    return NotBase64() if misplaced.strip(_ALPHABET + b"=") else BadPadding()
