"""Records as documents of MongoDB, and back, exactly."""

from __future__ import annotations

import re
from typing import Any

from bson import Timestamp

from dms.storage.metadata.mongo_query import SEQ
from dms.storage.metadata.port import Record

ESCAPED = "_escaped"
GUARD = "_guard"
_OWN = (SEQ, ESCAPED, GUARD)
# What names of fields may not hold: "$" and "." mean something there, and NUL ends them.
_SPECIAL = re.compile(r"[%$.\0]")


def new_document(record: Record) -> dict[str, Any]:
    """The document of a record that is inserted; the server fills in the empty timestamp."""
    return {**document(record, 1), SEQ: Timestamp(0, 0)}


def document(record: Record, rev: int) -> dict[str, Any]:
    """The document of a record. Names of fields that came from elsewhere, such as the keys of free JSON, are
    escaped where they would mean something."""
    if not isinstance(record["_id"], str):
        raise TypeError("_id is text")
    copy = {**record, "_rev": rev}
    if not _has_special(copy):
        return copy
    return {**_escaped(copy), ESCAPED: True}


def record(document: dict[str, Any]) -> Record:
    """The record of a document."""
    was_escaped = ESCAPED in document
    for name in _OWN:
        document.pop(name, None)
    restored: Record = _restored(document) if was_escaped else document
    return restored


def _has_special(value: Any) -> bool:
    if isinstance(value, dict):
        return any(not name or _SPECIAL.search(name) or _has_special(each) for name, each in value.items())
    return isinstance(value, list) and any(map(_has_special, value))


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {_escaped_name(name): _escaped(each) for name, each in value.items()}
    return [_escaped(each) for each in value] if isinstance(value, list) else value


def _escaped_name(name: str) -> str:
    return _SPECIAL.sub(lambda found: f"%{ord(found.group()):02x}", name) or "%"


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        return {_restored_name(name): _restored(each) for name, each in value.items()}
    return [_restored(each) for each in value] if isinstance(value, list) else value


def _restored_name(name: str) -> str:
    return "" if name == "%" else re.sub(r"%(..)", lambda found: chr(int(found.group(1), 16)), name)
