"""Notices encrypted zip archives in a stream, however it is cut, and touches no socket."""

from __future__ import annotations

import struct

_MARK = b"PK\x03\x04"
_HEADER = struct.Struct("<4s5H3I2H")  # APPNOTE 4.3.7, the local file header
_ENCRYPTED = 0x0001
_NEWEST_VERSION = 63
_METHODS = frozenset({0, 1, 6, 8, 9, 12, 14, 93, 95, 96, 97, 98, 99})


class EncryptedZip:
    """`found` once an encrypted member of a zip went by.

    Looks for local file headers anywhere, for a zip may follow other data (self-extracting archives) and may
    lie uncompressed in another. One that lies compressed in another archive goes unnoticed, as do encrypted
    PDF, Office, 7z and rar files: telling those takes a parser, and clamd's AlertEncrypted has it.
    """

    def __init__(self) -> None:
        self.found = False
        self._tail = b""

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes."""
        if self.found:
            return
        data = self._tail + chunk
        at = data.find(_MARK)
        while 0 <= at <= len(data) - _HEADER.size:
            if _is_encrypted(data, at):
                self.found = True
                return
            at = data.find(_MARK, at + 1)
        self._tail = data[at:] if at >= 0 else data[-len(_MARK) + 1 :]


def _is_encrypted(data: bytes, at: int) -> bool:
    """The other fields are looked at because four bytes turn up by chance in every few GiB."""
    _, version, flags, method, _, _, _, _, _, name, _ = _HEADER.unpack_from(data, at)
    plausible = version & 0xFF <= _NEWEST_VERSION and method in _METHODS and name > 0
    return plausible and bool(flags & _ENCRYPTED)
