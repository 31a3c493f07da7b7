"""Records as documents of MongoDB, and back, exactly.

Fields stand in the document as they are, not in one text beside what is indexed: every field can be asked
for, and ten megabytes of a record, twice, are more than the 16 that MongoDB takes.
"""

from __future__ import annotations

import errno
import re
from typing import Any

import bson
from bson import Timestamp
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from dms.storage.metadata.port import Record

SEQ = "_seq"
"""The field that holds the order of insertion: a timestamp of the server's, which it never gives twice."""
GUARD = "_guard"
"""The field that `expect` writes to, so that others who write the record meet it."""

_ESCAPED = "_escaped"
_OWN = (SEQ, GUARD, _ESCAPED)
# In names "$" and "." mean something to MongoDB, NUL ends them, and those of our own are not the record's.
_SPECIAL = re.compile(rf"[%$.\0]|^_(?=(?:{'|'.join(name[1:] for name in _OWN)})\Z)")
_EMPTY = "%"
_ESCAPE = re.compile("%(..)")
_MOST_BYTES = 16 * 2**20 - 2**14


def encoded(record: Record, rev: int, *, is_new: bool) -> RawBSONDocument:
    """The document of a record. If it is new, with an empty timestamp, which the server fills in.

    Raises `TypeError` if the record is no JSON: not UTF-8, an integer over 64 bits; and `OSError` if it is
    larger than MongoDB takes.
    """
    document: dict[str, Any] = {**record, "_id": record_id(record), "_rev": rev}
    if _has_special(document):
        document = {**_escaped(document), _ESCAPED: True}
    if is_new:
        document[SEQ] = Timestamp(0, 0)
    try:
        body = bson.encode(document)
    except (BSONError, OverflowError, UnicodeEncodeError, RecursionError) as error:
        raise TypeError(f"not a record of JSON: {type(error).__name__}") from None
    if len(body) > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"a record of {len(body)} bytes is more than MongoDB's {_MOST_BYTES}")
    return RawBSONDocument(body)


def record_id(record: Record) -> str:
    """Its `_id`, which is text."""
    if not isinstance(record["_id"], str):
        raise TypeError("_id is text")
    return record["_id"]


def decoded(document: dict[str, Any]) -> Record:
    """The record of a document."""
    was_escaped = _ESCAPED in document
    for name in _OWN:
        document.pop(name, None)
    restored: Record = _restored(document) if was_escaped else document
    return restored


def _has_special(value: Any) -> bool:
    if isinstance(value, dict):
        return any(not name or _SPECIAL.search(name) or _has_special(each) for name, each in value.items())
    return isinstance(value, list | tuple) and any(map(_has_special, value))


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {_escaped_name(name): _escaped(each) for name, each in value.items()}
    return [_escaped(each) for each in value] if isinstance(value, list | tuple) else value


def _escaped_name(name: str) -> str:
    return _SPECIAL.sub(lambda found: f"%{ord(found.group()):02x}", name) or _EMPTY


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        return {_restored_name(name): _restored(each) for name, each in value.items()}
    return [_restored(each) for each in value] if isinstance(value, list) else value


def _restored_name(name: str) -> str:
    return "" if name == _EMPTY else _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), name)
