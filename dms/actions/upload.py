"""Take in one part of an upload: its bytes stream to their place in the whole, and then its record says so.

That is no change of the document: no rules, no version, no audit line (G-104).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from dms.actions.fetch import fetch
from dms.actions.service import Dms
from dms.actions.writing import until_no_conflict
from dms.autorisaties.caller import Caller
from dms.documenten.rights import DOCUMENT
from dms.documenten.rules import WRONG_LOCK
from dms.documenten.upload.parts import DROPPED, PARTS, begun_again, region_of, to_be_sent_again
from dms.locking.lock import opens
from dms.model.links import target
from dms.model.problems import Problem
from dms.model.refusals import Invalid, NotFound, Refusal, invalid
from dms.model.resource import Resource
from dms.storage.content.port import MissingBody, ReceivedPart, Slot, TooLong
from dms.storage.metadata.port import Record


class PartSource(Protocol):
    """A part as it comes in: first its bytes, then what else the form held."""

    def content(self) -> AsyncIterator[bytes]:
        """The bytes of the file; the whole form has been read when this ends."""

    @property
    def lock(self) -> str | None:
        """The lock, once it has come; it may come after the file."""

    @property
    def has_file(self) -> bool:
        """Whether there was a file, once the form has been read."""


async def upload_part(
    dms: Dms, resource: Resource, id: str, source: PartSource, caller: Caller
) -> tuple[Record, Record]:
    """D-47: store a part, and return it with its document. It replaces the part that was there, if it is
    right; a form without a file is judged like any other, and changes nothing.

    Raises `Invalid` for a wrong size or lock; then a part that was received before is still there.
    """
    part, document = await _awaited(dms, resource, id, caller)
    async with dms.content.slot(part["_upload"], part["volgnummer"]) as slot:
        # Again, for inside the slot it is certain which part is there to be kept.
        part, document = await _awaited(dms, resource, id, caller)
        written = await _written(slot, part, document, source)
        not_needed: str | None = written.receipt
        try:
            _must_be_right(source, part, document, written)
            if source.has_file:
                part, document, not_needed = await _recorded(dms, resource, id, written, source, caller)
        except Refusal:
            await slot.discard(written.receipt)
            raise
        if not_needed:
            await slot.discard(not_needed)
        return part, document


async def _awaited(dms: Dms, resource: Resource, id: str, caller: Caller) -> tuple[Record, Record]:
    """The part and its document, on which the caller's rights are (G-52) and which waits for it."""
    scopes = resource.operation("upload").scopes
    part = await fetch(dms, resource, id, caller, scopes=scopes)
    parent = target(part["informatieobject"])
    assert parent is not None
    document = await fetch(dms, dms.resource(parent.resource), parent.id, caller, scopes=scopes)
    if document["_upload"] != part["_upload"] or document.get("_sealing"):
        raise NotFound("De upload is intussen afgerond of vervangen.")
    return part, document


async def _written(slot: Slot, part: Record, document: Record, source: PartSource) -> ReceivedPart:
    """What came, on stable storage; it does not count yet."""
    chunks = _until_a_wrong_lock(source, document)
    try:
        return await slot.write(chunks, region_of(part), keep=part["_receipt"])
    except TooLong:
        raise invalid("file-size", _wrong_size(part)) from None
    except MissingBody:
        raise NotFound("De upload is intussen afgerond of vervangen.") from None


async def _until_a_wrong_lock(source: PartSource, document: Record) -> AsyncIterator[bytes]:
    """The bytes of the file, refused at once when a wrong lock came before them."""
    async for chunk in source.content():
        if source.lock and not opens(document["_lock"], source.lock):
            raise Invalid([WRONG_LOCK])
        yield chunk


def _must_be_right(source: PartSource, part: Record, document: Record, written: ReceivedPart) -> None:
    """D-48: first the fields, then what they say together."""
    problems = []
    if not source.lock:
        code = "required" if source.lock is None else "blank"
        problems.append(Problem("lock", code, "Stuur de lock van het document mee."))
    if source.has_file and written.size == 0:
        problems.append(Problem("inhoud", "empty", "Het bestandsdeel is leeg."))
    if problems:
        raise Invalid(problems)
    if not opens(document["_lock"], source.lock):
        raise Invalid([WRONG_LOCK])
    if source.has_file and written.size != part["omvang"]:
        raise invalid("file-size", _wrong_size(part))


def _wrong_size(part: Record) -> str:
    return f"Dit bestandsdeel moet {part['omvang']} bytes groot zijn."


async def _recorded(
    dms: Dms, resource: Resource, id: str, written: ReceivedPart, source: PartSource, caller: Caller
) -> tuple[Record, Record, str | None]:
    """D-49: from here on the part counts. Returns it, its document, and the receipt that it replaced."""

    async def attempt() -> tuple[Record, Record, str | None]:
        part, document = await _awaited(dms, resource, id, caller)
        _must_be_right(source, part, document, written)
        replaced: str | None = part["_receipt"]
        part.update(voltooid=True, _receipt=written.receipt, _sha256=written.sha256)
        async with dms.metadata.transaction() as transaction:
            transaction.replace(resource.collection, part)
            # An unlock that began meanwhile has read which parts there are.
            transaction.expect(DOCUMENT, document)
        return part, document, replaced

    return await until_no_conflict(attempt)


async def start_over(dms: Dms, document: Record, parts: Sequence[Record]) -> None:
    """Drop what was received of an upload; its document goes on waiting for all parts. Under a new key, as
    what was put together once cannot be taken apart. Raises `Conflict` if something changed meanwhile."""
    dropped, upload = document["_upload"], dms.content.new_upload()
    async with dms.metadata.transaction() as transaction:
        transaction.replace(DOCUMENT, begun_again(document, upload))
        transaction.insert(DROPPED, {"_id": dropped})
        for part in parts:
            transaction.replace(PARTS, to_be_sent_again(part, upload))
    await dms.content.abandon(dropped)
