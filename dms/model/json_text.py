"""JSON text to Python values, refusing all that RFC 8259 forbids or leaves open: a body has one meaning."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from itertools import chain
from json import JSONDecoder
from typing import Any

import orjson

from dms.model.refusals import ParseError

MAX_DEPTH = 100
"""How deep arrays and objects may nest: enough for any GeoJSON, too little to run anything out of stack."""

_ECHO = 40


class Malformed(ParseError):
    """The text is not JSON with one meaning. `reason` is short, in English, and for the client to read."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"JSON parse error - {reason}")
        self.reason = reason


def duplicate(key: str) -> Malformed:
    """The refusal of a name that comes twice; at most 40 characters of it are repeated."""
    return Malformed(f"duplicate key {key[:_ECHO]!r}")


def parse_json(text: bytes) -> Any:
    """The value of a UTF-8 JSON text, a byte order mark at its start tolerated. Raises `Malformed`.

    Whole numbers keep all their digits. Refused are numbers that no double can hold, NaN and Infinity, lone
    surrogates, a name that comes twice in an object, and nesting deeper than `MAX_DEPTH`.
    """
    text = text.removeprefix(BOM_UTF8)
    try:
        # orjson judges, but its value is not the answer: it rounds long whole numbers, and of two members
        # with the same name the last one wins.
        judged = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"{error.msg} at line {error.lineno} column {error.colno}") from None
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _is_deep(judged):
        raise Malformed("nested too deeply")
    return _UNIQUE.decode(text.decode())


def _is_deep(value: Any) -> bool:
    """Whether arrays and objects nest deeper than `MAX_DEPTH`, found level by level, without recursion."""
    level: list[Any] = [[value]]
    for _ in range(MAX_DEPTH + 1):
        children = chain.from_iterable(
            parent.values() if isinstance(parent, dict) else parent for parent in level
        )
        level = [child for child in children if isinstance(child, dict | list)]
    return bool(level)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise duplicate(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return members


_UNIQUE = JSONDecoder(object_pairs_hook=_members)
