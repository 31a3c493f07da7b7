"""Names of files that come from a server, made safe to use in a folder here."""

from __future__ import annotations

_LONGEST = 255 - len(".part")
"""Bytes that file systems take, with room for the suffix of a file that is still coming in."""

_LONGEST_SUFFIX = 20
_FORBIDDEN = frozenset('<>:"|?*')


def safe_name(name: str, otherwise: str) -> str:
    """A name that is no path, hides nothing, and fits: of its last part what can be printed; `otherwise` if
    that is nothing."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(character for character in last if character.isprintable() and character not in _FORBIDDEN)
    return _fitted(kept.strip(" .").lstrip("-")) or otherwise


def _fitted(name: str) -> str:
    """The name cut to what fits, its suffix kept."""
    raw = name.encode(errors="ignore")
    if len(raw) <= _LONGEST:
        return raw.decode()
    stem, dot, suffix = name.rpartition(".")
    end = f"{dot}{suffix}".encode(errors="ignore") if stem and len(suffix) <= _LONGEST_SUFFIX else b""
    return raw[: _LONGEST - len(end)].decode(errors="ignore") + end.decode()
