"""What kind of file the content is, by its first bytes, beside what its sender says of it.

Neither is a security check: a file can be of two kinds at once. That is what the virus scanner is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

import pylibmagic  # noqa: F401 - makes its libmagic the one that magic finds

import magic  # isort: skip

FIRST_BYTES = 8192
"""As many bytes of the content as the sniffing looks at."""
UNKNOWN = ("", "application/octet-stream", "application/x-empty", "inode/x-empty")

_ZIPPED = ("application/vnd.", "application/zip", "application/epub", "application/java")
_OLE = ("application/cdfv2", "application/x-ole-storage", "application/msword", "application/vnd.ms-")
_TEXT = ("text/", "message/", "application/json", "application/javascript", "application/x-ndjson")
_SAME = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "application/x-pdf": "application/pdf",
    "application/xml": "text/xml",
    "application/rtf": "text/rtf",
    "application/x-zip-compressed": "application/zip",
    "audio/mp3": "audio/mpeg",
    "audio/wav": "audio/x-wav",
    "application/vnd.ms-outlook": "application/cdfv2",
}


def sniffed(first_bytes: bytes) -> str:
    """The media type that these bytes look like; `application/octet-stream` if like none that is known."""
    return str(magic.from_buffer(first_bytes[:FIRST_BYTES], mime=True))


def agrees(formaat: str, sniffed: str) -> bool:
    """Whether content that looks like `sniffed` can be what `formaat` says.

    Only what clearly is something else disagrees: a docx called `application/msword`, or JSON called text, is
    what clients send. A `formaat` that is no media type says nothing.
    """
    stated, found = _essence(formaat), _essence(sniffed)
    if "/" not in stated or found in UNKNOWN or stated in UNKNOWN or stated == found:
        return True
    if found.startswith(_ZIPPED):
        return stated.startswith((*_ZIPPED, *_OLE)) or stated.endswith("+zip")
    if found.startswith(_OLE):
        return stated.startswith((*_OLE, "application/vnd."))
    if found.startswith(_TEXT):
        return stated.startswith(_TEXT) or stated.endswith(("+xml", "+json")) or stated == "text/rtf"
    if found.endswith("+xml"):
        return stated in ("text/xml", "text/plain") or stated.endswith("+xml")
    return found.partition("/")[0] == stated.partition("/")[0] and found.startswith(("audio/", "video/"))


def _essence(media_type: str) -> str:
    plain = media_type.partition(";")[0].strip().lower()
    return _SAME.get(plain, plain)


@dataclass(frozen=True, slots=True)
class Blocked:
    """What is not taken in: extensions of `bestandsnaam` (`exe`, without a dot), and media types, by what was
    stated or by what it looks like. `mismatch`: neither is what looks like something else than it says."""

    extensions: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    mismatch: bool = False

    def extension(self, name: str) -> bool:
        """Whether a file of this name is refused. Every extension counts: `factuur.exe.pdf` is one too."""
        return not self.extensions.isdisjoint(
            suffix.lstrip(".").strip().lower() for suffix in PurePath(name.strip(" .")).suffixes
        )

    def type(self, *media_types: str) -> bool:
        """Whether content of one of these types is refused."""
        return not self.types.isdisjoint(map(_essence, media_types))
