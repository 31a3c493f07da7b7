"""A JSON object with one member too large to hold: that member as a stream, the rest as a document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

from dms.documenten.upload.base64_text import is_base64
from dms.model.json_text import Malformed, duplicate, parse_json
from dms.model.refusals import TooLarge

_QUOTE, _BACKSLASH = b'"\\'
_NO_OBJECT = "the body is not a JSON object"


@dataclass(frozen=True, slots=True)
class Split:
    """The object without the member's text: if it was `found`, an empty string stands in its place."""

    document: dict[str, Any]
    found: bool


class LargeMember:
    """Splits a JSON object, fed in pieces, into the text of one of its own members and a document.

    The text comes out unescaped, as UTF-8, and is never held. A value that is no string stays in the
    document. All else is held, up to `limit` bytes. What is wrong before the member is refused where the
    member begins, and a second member of that name at once.
    """

    def __init__(self, name: str, limit: int) -> None:
        self._outline = _Outline(name, limit)
        self._text = _StringText()
        self._inside = False
        self.found = False

    def feed(self, data: bytes) -> bytes:
        """What this piece holds of the member's text. Raises `Malformed` or `TooLarge`."""
        start = 0
        if not self._inside:
            start = self._outline.feed(data)
            if start < 0:
                return b""
            self._inside = self.found = True
        content, end = self._text.feed(data, start)
        if end >= 0:
            self._inside = False
            self._outline.feed(data, end)
        return content

    def close(self) -> Split:
        """The object without the text. Raises `Malformed` if what was fed is not one whole object."""
        document = parse_json(self._outline.text())
        if not isinstance(document, dict):
            raise Malformed(_NO_OBJECT)
        return Split(document, self.found)


# The next thing that matters. Plain strings, without escapes and whole, are one token. (Groups are not
# repeated possessively: Python before 3.11.5 matches them wrongly.)
_OWN = re.compile(rb'[^"{}\[\],]*+(?:"(?P<plain>[^"\\]*+)"|(?P<mark>["{}\[\],]))')
_NESTED = re.compile(rb'[^"{}\[\]]*+(?:"[^"\\]*+"|\[[^"{}\[\]]*+\]|(?P<mark>["{}\[\]]))')
_IN_STRING = re.compile(rb'["\\]')


def _member_not_named(name: str) -> re.Pattern[bytes]:
    """A whole member with another name and a plain value: most members are, and need no closer look."""
    return re.compile(
        rb'\s*+(?!"%b")"[^"\\]*+"\s*+:\s*+(?:"[^"\\]*+"|[^"{}\[\],]++)\s*+,' % re.escape(name.encode())
    )


class _Outline:
    """The object around the member: its depth and its keys. Whether it is JSON is for `parse_json` to say."""

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._other = _member_not_named(name)
        self._limit = limit
        self._text = bytearray()
        self._at = 0  # how far the text was looked at; one beyond its end if an escape goes on
        self._depth = 0
        self._string: int | None = None  # where the string begins that `_at` is in
        self._awaits_key = False
        self._seen = False
        self._named = False  # the last key is the member's, and its value has not begun

    def feed(self, data: bytes, start: int = 0) -> int:
        """Take the data from `start` on. Where in it the member's text begins, or -1."""
        before = len(self._text) - start
        stop = self._limit - before
        self._text += data[start:stop]
        if self._reaches_member():
            del self._text[self._at :]
            return self._at - before
        if stop < len(data):
            raise TooLarge
        return -1

    def text(self) -> bytes:
        """All that was taken."""
        return bytes(self._text)

    def _reaches_member(self) -> bool:
        while self._string is None or self._leaves_string(self._string):
            token = self._next_token()
            if token is None:
                self._at = len(self._text)
                return False
            self._at = token.end()
            mark = token["mark"]
            if mark and mark != b'"':
                self._structure(mark)
            elif self._named:
                self._enter_member(self._at if mark else token.start("plain"))
                return True
            elif mark:
                self._string = self._at
            elif self._awaits_key:
                self._key(token["plain"])
        return False

    def _next_token(self) -> re.Match[bytes] | None:
        if self._depth > 1:
            return _NESTED.match(self._text, self._at)
        while self._awaits_key and (other := self._other.match(self._text, self._at)):
            self._at = other.end()
        return _OWN.match(self._text, self._at)

    def _structure(self, mark: bytes) -> None:
        self._named = False
        if mark in b"{[":
            if self._depth == 0 and mark == b"[":
                raise Malformed(_NO_OBJECT)
            self._depth += 1
        elif mark in b"}]":
            self._depth -= 1
        self._awaits_key = self._depth == 1 and mark in b"{,"

    def _leaves_string(self, begin: int) -> bool:
        while found := _IN_STRING.search(self._text, self._at):
            if found[0][0] == _QUOTE:
                self._at = found.end()
                self._string = None
                if self._awaits_key:
                    self._key(bytes(self._text[begin : found.start()]))
                return True
            self._at = found.start() + 2
        self._at = max(self._at, len(self._text))
        return False

    def _key(self, raw: bytes) -> None:
        self._awaits_key = False
        if _unescaped(raw).decode() != self._name:
            return
        if self._seen:
            raise duplicate(self._name)
        self._seen = self._named = True

    def _enter_member(self, begin: int) -> None:
        """All before the member must be sound: nobody should send gigabytes to hear of a missing comma."""
        parse_json(bytes(self._text[:begin]) + b'"}')
        self._at = self._string = begin
        self._named = False


# An escape, a pair of surrogates, or a character of UTF-8, that may go on in the next text.
_UNFINISHED = re.compile(
    rb"(?:\\u[dD][89abAB][0-9a-fA-F]{2})?(?:\\(?:u[0-9a-fA-F]{0,3})?)?\Z|[\xc0-\xff][\x80-\xbf]{0,2}\Z"
)
_LONGEST_UNFINISHED = len(rb"\ud83d\ude0")


class _StringText:
    """The inside of a JSON string, cut anywhere, without its escapes."""

    def __init__(self) -> None:
        self._held = b""  # an escape or a character that goes on in the next piece

    def feed(self, data: bytes, start: int) -> tuple[bytes, int]:
        """What the data holds of the string from `start` on, and where its closing quote is, or -1."""
        before = len(self._held) - start
        text = self._held + data[start:]
        if is_base64(text):  # ten times faster to find out than whether there are quotes, escapes or controls
            return text, -1
        end = _closing_quote(text)
        stop = len(text) - _unfinished(text) if end < 0 else end
        self._held = text[stop:] if end < 0 else b""
        return _unescaped(text[:stop]), -1 if end < 0 else end - before


def _closing_quote(text: bytes) -> int:
    end = text.find(b'"')
    if end > 0 and text[end - 1] == _BACKSLASH:
        # Whether the quote is escaped depends on how many backslashes stand before it: hide all pairs.
        return text.replace(rb"\\", b"__").replace(rb"\"", b"__").find(b'"')
    return end


def _unfinished(text: bytes) -> int:
    """How many bytes at the end to keep for later, because they may mean something else then."""
    # From behind a byte that is no backslash on, pairs of backslashes can be told from escapes.
    start = len(text[:-_LONGEST_UNFINISHED].rstrip(b"\\"))
    tail = text[start:].replace(rb"\\", b"__")[-_LONGEST_UNFINISHED:]
    return len(tail) - len(_UNFINISHED.sub(b"", tail, count=1))


def _unescaped(text: bytes) -> bytes:
    if is_base64(text):
        return text
    try:
        plain: str = orjson.loads(b'"%b"' % text)
    except orjson.JSONDecodeError as error:
        raise Malformed(error.msg) from None
    return plain.encode()
