"""A create that is sent again with the same Idempotency-Key answers what the first one answered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import orjson

from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.documenten import versions
from dms.documenten.rights import DOCUMENT
from dms.documenten.upload.received import Received
from dms.locking.lock import token_of
from dms.model.change import Change, Write
from dms.model.fields import moment_text
from dms.model.query import Range
from dms.model.refusals import KeyReused
from dms.model.resource import Resource
from dms.storage.metadata.port import Collection, Index, Record

CREATED_ONCE = Collection("created_once", (Index(("until",)),))
"""What was created under a key: `request` (its fingerprint), `record` (the id), `lock` (the token that the
answer held, or ""), and `until` when this is remembered. Nothing of the record: that may be destroyed."""


def _id(resource: Resource, caller: Caller) -> str:
    """Keys are a client's own, and each resource has its own."""
    asked = orjson.dumps([caller.application.id, resource.name, caller.idempotency_key])
    return hashlib.sha256(asked).hexdigest()


def _fingerprint(sent: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """What was asked: the fields, and the content, which may be large and is known by its hash."""
    came = facts.get("content")
    body = came.body.sha256 if isinstance(came, Received) and came.body is not None else None
    # Not by orjson, which refuses whole numbers of more than 64 bits; clients may send those in fields that
    # are ignored.
    asked = json.dumps({**sent, "inhoud": body}, sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()


async def created_before(
    dms: Dms, resource: Resource, sent: Mapping[str, Any], caller: Caller, facts: Mapping[str, Any]
) -> Record | None:
    """What this caller created under its key, or None. Raises `KeyReused` if it asked for something else."""
    if not caller.idempotency_key:
        return None
    found = await dms.metadata.get(CREATED_ONCE.name, _id(resource, caller))
    if found is None:
        return None
    if found["request"] != _fingerprint(sent, facts):
        raise KeyReused("Deze Idempotency-Key is al gebruikt voor een andere aanvraag.")
    record = await dms.metadata.get(resource.collection, found["record"])
    if record is None:
        raise KeyReused("Wat met deze Idempotency-Key gemaakt is, is intussen verwijderd.")
    return await _as_it_was(dms, record, found["lock"]) if resource.name == DOCUMENT else record


async def _as_it_was(dms: Dms, record: Record, lock: str) -> Record:
    """The first version of a document. Its lock is shown as long as it is the one that was answered."""
    first = record
    if record["versie"] > 1:
        kept = await dms.metadata.get(versions.COLLECTION, versions.version_id(record["_id"], 1))
        first = versions.as_document(kept, record) if kept else record
    return first if token_of(first.get("_lock")) == lock else {**first, "_lock": None}


def remembered(
    dms: Dms,
    resource: Resource,
    change: Change,
    sent: Mapping[str, Any],
    caller: Caller,
) -> Iterable[Write]:
    """The write that remembers a create, in the transaction of the create."""
    if caller.idempotency_key:
        until = moment_text(dms.clock() + timedelta(seconds=dms.limits.idempotency_age))
        yield Write(
            "insert",
            CREATED_ONCE.name,
            {
                "_id": _id(resource, caller),
                "request": _fingerprint(sent, change.facts),
                "until": until,
                "record": change.id,
                "lock": token_of(change.after.get("_lock")),
            },
        )


async def forget_created(dms: Dms, *, most: int = 1_000) -> None:
    """Forget what has been remembered for long enough, at most so many at a time."""
    old = await dms.metadata.find(CREATED_ONCE.name, Range("until", lt=dms.now()), limit=most)
    async with dms.metadata.transaction() as transaction:
        for each in old:
            transaction.remove(CREATED_ONCE.name, each)
