"""Records as JSON text that SQLite's JSON functions read exactly, and back again."""

from __future__ import annotations

import re
from typing import Any

import orjson

from dms.storage.metadata.port import Record

# json_extract ends a text at its first NUL, so that "a\0b" would pass for "a". NUL is therefore stored as two
# characters; the first of these, where it occurs itself, as two others. Texts keep their order by this.
_STORED_AS = {"\0": "\1\1", "\1": "\1\2"}
_MEANT = {stored: meant for meant, stored in _STORED_AS.items()}
_UNSAFE = re.compile("[\0\1]")
_STORED = re.compile("\1[\1\2]")
_MARK = rb"\u0001"


def stored_text(text: str) -> str:
    """The text as it stands in a stored record. Such texts compare and begin with each other as before."""
    if "\0" in text or "\1" in text:
        return _UNSAFE.sub(lambda found: _STORED_AS[found[0]], text)
    return text


def encode(record: Record) -> str:
    """The record as stored. Raises TypeError if it is no JSON: not UTF-8, an integer over 64 bits."""
    body = orjson.dumps(record)
    if rb"\u0000" in body or _MARK in body:
        body = orjson.dumps(_each_text(orjson.loads(body), stored_text))
    return body.decode()


def decode(body: bytes) -> Record:
    """The record that was stored as this."""
    record: Record = _restored(orjson.loads(body), body)
    return record


def decode_all(bodies: bytes) -> list[Record]:
    """The records that were stored as these, which are parted by commas."""
    records: list[Record] = _restored(orjson.loads(b"[" + bodies + b"]"), bodies)
    return records


def _restored(value: Any, body: bytes) -> Any:
    if _MARK not in body:
        return value
    return _each_text(value, lambda text: _STORED.sub(lambda found: _MEANT[found[0]], text))


def _each_text(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(each, change) for each in value]
    if isinstance(value, dict):
        return {key: _each_text(each, change) for key, each in value.items()}
    return value
