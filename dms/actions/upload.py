"""Take in content: a part of an upload, streamed to where it belongs (D-47 to D-49)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from dms.actions.fetch import fetch
from dms.actions.service import Dms
from dms.actions.writing import until_no_conflict
from dms.autorisaties.caller import Caller
from dms.documenten.upload.parts import DROPPED, PARTS, begun_again, region_of, to_be_sent_again
from dms.locking.lock import opens
from dms.model.links import target
from dms.model.problems import Problem
from dms.model.refusals import Invalid, NotFound, Refusal, invalid
from dms.model.resource import AnyOf, Resource
from dms.storage.content.port import MissingBody, ReceivedPart, TooLong
from dms.storage.metadata.port import Record

_DOCUMENTS = "enkelvoudiginformatieobjecten"


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
    """Store a part, and return it with its document. It replaces the part that was there, if it is right.

    Raises `Invalid` for a wrong size or lock; then a part that was received before is still there.
    """
    part, document = await _part(dms, resource, id, caller)
    async with dms.content.slot(part["_upload"], part["volgnummer"]) as slot:
        part, document = await _part(dms, resource, id, caller)
        try:
            came = await slot.write(_checked(source, document), region_of(part), keep=part["_receipt"])
        except TooLong:
            raise invalid("file-size", _wrong_size(part)) from None
        except MissingBody:
            raise NotFound("De upload is intussen afgerond of vervangen.") from None
        try:
            _check(source, part, document, came)
            if source.has_file:
                part, document, replaced = await _keep(dms, resource, id, came, source, caller)
            else:
                replaced = came.receipt
        except Refusal:
            await slot.discard(came.receipt)
            raise
        if replaced:
            await slot.discard(replaced)
        return part, document


async def _part(dms: Dms, resource: Resource, id: str, caller: Caller) -> tuple[Record, Record]:
    """The part and its document, on which the caller's rights are (G-52)."""
    scopes: AnyOf = resource.operations[0].scopes
    if not caller.access.holds(resource.component, scopes):
        await fetch(dms, resource, id, caller, scopes=scopes)
    part = await dms.metadata.get(resource.collection, id)
    parent = target(part["informatieobject"]) if part else None
    if part is None or parent is None:
        raise NotFound
    document = await fetch(dms, dms.resource(parent.resource), parent.id, caller, scopes=scopes)
    if document["_upload"] != part["_upload"] or document.get("_sealing"):
        raise NotFound("De upload is intussen afgerond of vervangen.")
    return part, document


async def _checked(source: PartSource, document: Record) -> AsyncIterator[bytes]:
    """The content, refused at once when a wrong lock came before it."""
    async for chunk in source.content():
        if source.lock and not opens(document["_lock"], source.lock):
            raise invalid("incorrect-lock-id", "De lock is niet die van het document.")
        yield chunk


def _check(source: PartSource, part: Record, document: Record, came: ReceivedPart) -> None:
    """D-48: first the fields, then what they say together."""
    problems = []
    if not source.lock:
        code = "required" if source.lock is None else "blank"
        problems.append(Problem("lock", code, "Stuur de lock van het document mee."))
    if source.has_file and came.size == 0:
        problems.append(Problem("inhoud", "empty", "Het bestandsdeel is leeg."))
    if problems:
        raise Invalid(problems)
    if not opens(document["_lock"], source.lock):
        raise invalid("incorrect-lock-id", "De lock is niet die van het document.")
    if source.has_file and came.size != part["omvang"]:
        raise invalid("file-size", _wrong_size(part))


def _wrong_size(part: Record) -> str:
    return f"Dit bestandsdeel moet {part['omvang']} bytes groot zijn."


async def _keep(
    dms: Dms, resource: Resource, id: str, came: ReceivedPart, source: PartSource, caller: Caller
) -> tuple[Record, Record, str | None]:
    """Record that the part has come; returns it, its document, and the receipt that it replaced."""

    async def attempt() -> tuple[Record, Record, str | None]:
        part, document = await _part(dms, resource, id, caller)
        _check(source, part, document, came)
        replaced: str | None = part["_receipt"]
        part.update(voltooid=True, _receipt=came.receipt, _sha256=came.sha256)
        async with dms.metadata.transaction() as transaction:
            transaction.replace(resource.collection, part)
            # An unlock that began meanwhile has read which parts there are.
            transaction.expect(_DOCUMENTS, document)
        return part, document, replaced

    return await until_no_conflict(attempt)


async def start_over(dms: Dms, document: Record, parts: Sequence[Record]) -> None:
    """Drop what was received of an upload; its document goes on waiting for all parts. Under a new key, as
    what was put together once cannot be taken apart. Raises `Conflict` if something changed meanwhile."""
    dropped, upload = document["_upload"], dms.content.new_upload()
    async with dms.metadata.transaction() as transaction:
        transaction.replace(_DOCUMENTS, begun_again(document, upload))
        transaction.insert(DROPPED, {"_id": dropped})
        for part in parts:
            transaction.replace(PARTS, to_be_sent_again(part, upload))
    await dms.content.abandon(dropped)
