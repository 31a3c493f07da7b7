"""Check-out and check-in of a document; checking in completes an upload in parts (drc-009, D-11, D-50).

Neither is a change of the document: no version, no audit line (G-104), and no rules but those on content. A
part that comes while its upload is completed is kept out twice. `_sealing` on the record stops it from being
acknowledged once the parts have been read; the content store's own lock, on a file, stops its bytes from
being written into what is a body by then.
"""

from __future__ import annotations

from collections.abc import Iterable

from dms.actions.checksum import compared
from dms.actions.fetch import fetch
from dms.actions.receive import log_formaat, look_at
from dms.actions.service import Dms
from dms.actions.upload import start_over
from dms.actions.writing import apply, replace_now, until_no_conflict
from dms.autorisaties.caller import Caller
from dms.documenten.content import put_content
from dms.documenten.operations import FORCE
from dms.documenten.rights import DOCUMENT
from dms.documenten.rules import WRONG_LOCK, content_problems
from dms.documenten.upload.parts import DROPPED, PARTS, is_uploading, region_of
from dms.documenten.upload.received import Received
from dms.documenten.upload.scans import first_scan
from dms.locking.lock import opens, take
from dms.model.change import Write
from dms.model.query import By, Equals
from dms.model.refusals import Invalid, invalid
from dms.model.resource import Resource
from dms.storage.content.port import MissingBody
from dms.storage.metadata.port import Conflict, Record


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

    async def attempt() -> Record | None:
        document = await fetch(dms, resource, id, caller, scopes=scopes)
        right_token = opens(document["_lock"], token)
        if not right_token and not caller.access.allows(resource, FORCE, document):
            raise Invalid([WRONG_LOCK])
        waited = is_uploading(document)
        writes = await _end_of_upload(dms, document, forced=not right_token) if waited else ()
        document.update(_lock=None, locked=False)
        async with dms.metadata.transaction() as transaction:
            transaction.replace(resource.collection, document)
            apply(transaction, writes)
        return document if waited else None

    if ended := await until_no_conflict(attempt):
        log_formaat(ended)


async def _end_of_upload(dms: Dms, document: Record, *, forced: bool) -> Iterable[Write]:
    """D-50, D-51: complete what is complete; the rest is refused, or given up by force.

    Changes the document, and returns what else is to be written. Raises `Conflict` if something changed
    meanwhile.
    """
    parts = await _parts(dms, document)
    missing = [part["volgnummer"] for part in parts if not part["voltooid"]]
    if missing:
        if not forced:
            raise _not_complete(missing, of=len(parts))
        if len(missing) == len(parts):
            # D-51: an upload of which nothing came goes on waiting for it, though the document is unlocked.
            return ()
        return _given_up(document, parts)
    if not document.get("_sealing"):
        await _close_to_parts(dms, document)
        parts = await _parts(dms, document)
    came = await _sealed(dms, document, parts)
    problems = list(content_problems(came, document["formaat"], dms.blocked))
    if problems and not forced:
        await start_over(dms, document, parts)
        raise Invalid(problems)
    if problems:
        return _given_up(document, parts)
    put_content(document, came)
    return (*_without(parts), *first_scan(came, dms.clock()))


async def _parts(dms: Dms, document: Record) -> list[Record]:
    return await dms.metadata.find(
        PARTS, Equals("informatieobject", document["url"]), order=(By("volgnummer"),)
    )


async def _close_to_parts(dms: Dms, document: Record) -> None:
    """From here on no part is accepted, so that none is acknowledged that is not in what they become. An
    unlock that breaks off leaves it so, and the next one goes on."""
    document["_sealing"] = True
    await replace_now(dms, DOCUMENT, document)


async def _sealed(dms: Dms, document: Record, parts: list[Record]) -> Received:
    """The parts made into one body, looked at and compared, which belongs to no version yet."""
    regions = [(region_of(part), part["_receipt"]) for part in parts]
    try:
        body = await dms.content.seal(document["_upload"], regions)
        return await compared(dms.content, await look_at(dms, body), document["integriteit"])
    except MissingBody as missing:
        # Another unlock, or an update, took the parts after the document was read: begin again from there.
        raise Conflict(document["url"]) from missing


def _given_up(document: Record, parts: list[Record]) -> Iterable[Write]:
    """The document is to have no content, and waits for none."""
    upload = document["_upload"]
    document.update(_upload=None, _sealing=False, bestandsomvang=None)
    return (*_without(parts), Write("insert", DROPPED, {"_id": upload}))


def _without(parts: list[Record]) -> Iterable[Write]:
    return (Write("remove", PARTS, part) for part in parts)


def _not_complete(missing: list[int], *, of: int) -> Invalid:
    if len(missing) == of:
        return invalid("file-size", "Er is nog geen bestandsdeel geüpload.")
    shown = ", ".join(str(number) for number in missing[:20])
    return invalid("incomplete-upload", f"Deze bestandsdelen ontbreken nog: {shown}.")
