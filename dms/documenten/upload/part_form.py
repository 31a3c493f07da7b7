"""The form that carries one bestandsdeel (D-47): its file as a stream, its lock before or after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from dms.model.refusals import ParseError

MAX_FIELDS = 16
MAX_LOCK = 1024
MAX_HEADER = 4096
MAX_PREAMBLE = 1024
MAX_ASIDE = 1024 * 1024
"""How many bytes may come in fields that are not used, and after the form."""

_BOUNDARY = re.compile(rb"[ -~]{0,199}[!-~]")
# RFC 7578 forbids it, yet some senders name their file in no other way.
_EXTENDED_FILENAME = re.compile(rb"filename\*=[^';]*'[^';]*'([^;\s]+)", re.IGNORECASE)
_PLAIN_ENCODINGS = (b"7bit", b"8bit", b"binary")


class BadForm(ParseError):
    """The body is no form with one file and one lock. `reason` is short, and for the client to read."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Multipart form parse error - {reason}")
        self.reason = reason


class PartForm:
    """A multipart/form-data body, cut anywhere: the bytes of the file `inhoud` come out, `lock` is kept.

    `lock` is None until it has arrived whole. Other fields are skipped. As in Django, `inhoud` is a file only
    if it has a filename; otherwise `inhoud_is_text`, and its bytes are skipped. Memory does not grow with
    the form. Raises `BadForm` for a content type that is not multipart/form-data with a usable boundary.
    """

    def __init__(self, content_type: str) -> None:
        boundary = _boundary(content_type)
        self.lock: str | None = None
        self.filename: str | None = None
        self.has_file = False
        self.inhoud_is_text = False
        self._delimiter = b"\r\n--" + boundary
        self._preamble: bytes | None = b"\r\n"  # a boundary on the first line begins a line too
        self._pieces: list[bytes] = []
        self._lock = bytearray()
        self._has_lock = False
        self._fields = 0
        self._aside = 0
        self._ended = False
        self._headers = _Headers()
        self._take: Callable[[bytes], None] = self._skip
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_field,
                "on_header_field": self._headers.add_name,
                "on_header_value": self._headers.add_value,
                "on_header_end": self._headers.end_line,
                "on_headers_finished": self._open_field,
                "on_part_data": self._add_to_field,
                "on_part_end": self._end_field,
                "on_end": self._end,
            },
            max_header_size=MAX_HEADER,
        )

    def feed(self, data: bytes) -> list[bytes]:
        """The bytes of the file in this piece of the body. Raises `BadForm`."""
        if self._ended:
            self._skip(data)
            return []
        if self._preamble is not None:
            data = self._after_preamble(self._preamble + data)
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise BadForm(str(error)) from None
        pieces = self._pieces.copy()
        self._pieces.clear()
        return pieces

    def close(self) -> None:
        """Raises `BadForm` if the form has not ended."""
        if not self._ended:
            raise BadForm("the closing boundary is missing")

    def _after_preamble(self, data: bytes) -> bytes:
        # The parser would skip line ends only, and not in the same way wherever they are cut.
        at = data.find(self._delimiter)
        passed = at if at >= 0 else len(data) - len(self._delimiter)
        if passed > MAX_PREAMBLE:
            raise BadForm("the first boundary is missing")
        self._preamble = data if at < 0 else None
        return data[at + 2 :] if at >= 0 else b""

    def _begin_field(self) -> None:
        self._fields += 1
        if self._fields > MAX_FIELDS:
            raise BadForm("too many fields")
        self._headers.clear()

    def _open_field(self) -> None:
        disposition = self._headers.get(b"content-disposition")
        name = parse_options_header(disposition)[1].get(b"name")
        if name == b"inhoud":
            self._open_inhoud(_filename(disposition))
        elif name == b"lock":
            self._open_lock()
        else:
            self._take = self._skip

    def _open_inhoud(self, filename: str) -> None:
        if self.has_file or self.inhoud_is_text:
            raise BadForm("a second field 'inhoud'")
        if self._headers.get(b"content-transfer-encoding").strip().lower() not in (b"", *_PLAIN_ENCODINGS):
            raise BadForm("the field 'inhoud' has a content-transfer-encoding")
        self.filename = filename or None
        self.has_file = bool(filename)
        self.inhoud_is_text = not filename
        self._take = self._pieces.append if filename else self._skip

    def _open_lock(self) -> None:
        if self._has_lock:
            raise BadForm("a second field 'lock'")
        self._has_lock = True
        self._take = self._add_to_lock

    def _add_to_field(self, data: bytes, start: int, stop: int) -> None:
        self._take(data[start:stop])

    def _add_to_lock(self, data: bytes) -> None:
        self._lock += data
        if len(self._lock) > MAX_LOCK:
            raise BadForm("the lock is too long")

    def _skip(self, data: bytes) -> None:
        self._aside += len(data)
        if self._aside > MAX_ASIDE:
            raise BadForm("too much beside the fields 'inhoud' and 'lock'")

    def _end_field(self) -> None:
        if self._take == self._add_to_lock:
            try:
                self.lock = self._lock.decode()
            except UnicodeDecodeError:
                raise BadForm("the lock is not UTF-8") from None

    def _end(self) -> None:
        self._ended = True


class _Headers:
    """The headers of one field, which the parser hands over in pieces."""

    def __init__(self) -> None:
        self._name = bytearray()
        self._value = bytearray()
        self._values: dict[bytes, bytes] = {}

    def clear(self) -> None:
        self._values.clear()

    def get(self, name: bytes) -> bytes:
        return self._values.get(name, b"")

    def add_name(self, data: bytes, start: int, stop: int) -> None:
        self._name += data[start:stop]

    def add_value(self, data: bytes, start: int, stop: int) -> None:
        self._value += data[start:stop]

    def end_line(self) -> None:
        name = bytes(self._name).lower()
        if name in self._values:
            raise BadForm("a header comes twice")
        self._values[name] = bytes(self._value)
        self._name.clear()
        self._value.clear()


def _boundary(content_type: str) -> bytes:
    try:
        kind, options = parse_options_header(content_type)
    except UnicodeEncodeError:
        raise BadForm("the content type is not ASCII") from None
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not _BOUNDARY.fullmatch(boundary):
        raise BadForm("the content type is not multipart/form-data with a boundary")
    return boundary


def _filename(disposition: bytes) -> str:
    """The filename in a Content-Disposition, or nothing."""
    plain = parse_options_header(disposition)[1].get(b"filename", b"")
    extended = _EXTENDED_FILENAME.search(disposition)
    if extended and not plain:
        return unquote(extended[1].decode("latin-1"))
    return plain.decode(errors="replace")
