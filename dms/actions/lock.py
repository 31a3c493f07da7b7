"""Check-out and check-in of a document; checking in completes an upload in parts (RULES 2.2, 2.5)."""

from __future__ import annotations

from dms.actions.checksum import differs
from dms.actions.fetch import fetch
from dms.actions.receive import look_at
from dms.actions.service import Dms
from dms.actions.upload import start_over
from dms.actions.writing import apply, until_no_conflict
from dms.autorisaties.caller import Caller
from dms.documenten.operations import FORCE
from dms.documenten.rights import DOCUMENT
from dms.documenten.rules import WRONG_LOCK, kind_problems
from dms.documenten.upload.mediatype import agrees
from dms.documenten.upload.parts import DROPPED, region_of
from dms.documenten.upload.received import Received
from dms.documenten.upload.scans import first_scan, virus_found
from dms.documenten.versions import content_url
from dms.locking.lock import opens, take
from dms.model.change import Values, Write
from dms.model.problems import Problem
from dms.model.query import By, Equals
from dms.model.refusals import Invalid, invalid
from dms.model.resource import Resource
from dms.storage.content.port import MissingBody
from dms.storage.metadata.port import Conflict, Record
from dms.storage.scanning.port import Infected


def owner(caller: Caller) -> dict[str, str]:
    """Whom a lock is for, in words for people."""
    return {"applicatie": caller.application.label, "gebruiker": caller.user_representation or caller.user_id}


async def lock(dms: Dms, resource: Resource, id: str, caller: Caller, *, reden: str = "") -> str:
    """drc-009: lock a document and return the token. Two callers never both get one."""

    async def attempt() -> str:
        document = await fetch(dms, resource, id, caller, scopes=resource.operation("lock").scopes)
        if document["_lock"] is not None:
            raise invalid("existing-lock", "Het document is al vergrendeld.")
        taken = take(**owner(caller), since=dms.now(), reden=reden)
        document.update(_lock=taken, locked=True)
        async with dms.metadata.transaction() as transaction:
            transaction.replace(resource.collection, document)
        return str(taken["token"])

    return await until_no_conflict(attempt)


async def unlock(dms: Dms, resource: Resource, id: str, token: str, caller: Caller) -> None:
    """D-11, D-12: unlock a document. Holders of the force scope need no token, and force by not giving it."""
    scopes = resource.operation("unlock").scopes

    async def attempt() -> None:
        document = await fetch(dms, resource, id, caller, scopes=scopes)
        right_token = opens(document["_lock"], token)
        if not right_token and not caller.access.allows(resource, FORCE, document):
            raise Invalid([WRONG_LOCK])
        writes = await _end_of_upload(dms, document, forced=not right_token)
        document.update(_lock=None, locked=False)
        async with dms.metadata.transaction() as transaction:
            transaction.replace(resource.collection, document)
            apply(transaction, writes)

    await until_no_conflict(attempt)


async def _end_of_upload(dms: Dms, document: Record, *, forced: bool) -> list[Write]:
    """D-50, D-51: complete what is complete; the rest is refused, or given up by force.

    Changes the document, and returns what else is to be written.
    """
    upload = document["_upload"]
    if upload is None:
        return []
    parts = await _parts(dms, document)
    missing = [part["volgnummer"] for part in parts if not part["voltooid"]]
    if not missing and not document.get("_sealing"):
        await _close_to_parts(dms, document)
        parts = await _parts(dms, document)
    refusal: Invalid | None = _not_complete(missing, of=len(parts)) if missing else None
    more: list[Write] = []
    if not missing:
        came = await _sealed(dms, document, parts)
        refusal = await _refused(dms, document, came)
        if refusal is None:
            more = _completed(dms, document, came)
        elif not forced:
            await start_over(dms, document, parts)
    if refusal is not None:
        if not forced:
            raise refusal
        if len(missing) == len(parts):
            return []
        document.update(_upload=None, _sealing=False, bestandsomvang=None)
        more = [Write("insert", DROPPED, {"_id": upload})]
    return [*(Write("remove", "bestandsdelen", part) for part in parts), *more]


async def _parts(dms: Dms, document: Record) -> list[Record]:
    return await dms.metadata.find(
        "bestandsdelen", Equals("informatieobject", document["url"]), order=(By("volgnummer"),)
    )


async def _close_to_parts(dms: Dms, document: Record) -> None:
    """From here on no part is accepted, so that none is acknowledged that is not in what they become. An
    unlock that breaks off leaves it so, and the next one goes on."""
    document["_sealing"] = True
    async with dms.metadata.transaction() as transaction:
        transaction.replace(DOCUMENT, document)
    document["_rev"] += 1


async def _sealed(dms: Dms, document: Record, parts: list[Values]) -> Received:
    """The parts made into one body, which belongs to no version yet."""
    regions = [(region_of(part), part["_receipt"]) for part in parts]
    try:
        body = await dms.content.seal(document["_upload"], regions)
        return await look_at(dms, body)
    except MissingBody as missing:
        # Another unlock, or an update, took the parts after the document was read: begin again from there.
        raise Conflict(document["url"]) from missing


async def _refused(dms: Dms, document: Record, came: Received) -> Invalid | None:
    """Why this body cannot become the content of the document: what a create with it would be told."""
    assert came.body is not None
    assert came.mediatype is not None
    problems = list(kind_problems(dms.blocked, document["formaat"], came.mediatype))
    if isinstance(came.verdict, Infected):
        problems.append(virus_found(came.verdict))
    if await differs(dms.content, came.body, document["integriteit"]):
        reason = "Het bestand heeft een andere controlewaarde; upload de bestandsdelen opnieuw."
        problems.append(Problem("integriteit.waarde", "integrity-mismatch", reason))
    return Invalid(problems) if problems else None


def _completed(dms: Dms, document: Record, came: Received) -> list[Write]:
    """Make the body the content of the document."""
    assert came.body is not None
    document.update(_body=came.body.key, _sha256=came.body.sha256, _mediatype=came.mediatype)
    document.update(_upload=None, _sealing=False)
    document["_formaat_differs"] = not agrees(document["formaat"], str(came.mediatype))
    document["inhoud"] = content_url(document["url"], document)
    return list(first_scan(came, dms.clock()))


def _not_complete(missing: list[int], *, of: int) -> Invalid:
    if len(missing) == of:
        return invalid("file-size", "Er is nog geen bestandsdeel geüpload.")
    shown = ", ".join(str(number) for number in missing[:20])
    return invalid("incomplete-upload", f"Deze bestandsdelen ontbreken nog: {shown}.")
