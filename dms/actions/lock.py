"""Check-out and check-in of a document; checking in completes an upload in parts (RULES 2.2, 2.5)."""

from __future__ import annotations

from dms.actions.checksum import differs
from dms.actions.fetch import fetch
from dms.actions.service import Dms
from dms.actions.writing import apply, until_no_conflict
from dms.autorisaties.caller import Caller
from dms.documenten.upload.parts import DROPPED, region_of
from dms.documenten.versions import content_url
from dms.locking.lock import opens, take
from dms.model.change import Values, Write
from dms.model.query import By, Equals
from dms.model.refusals import Invalid, invalid
from dms.model.resource import Resource
from dms.storage.content.port import MissingBody
from dms.storage.metadata.port import Conflict, Record

LOCK = ("documenten.lock",)
FORCE = ("documenten.geforceerd-unlock",)


def owner(caller: Caller) -> dict[str, str]:
    """Whom a lock is for, in words for people."""
    return {"applicatie": caller.application.label, "gebruiker": caller.user_representation or caller.user_id}


async def lock(dms: Dms, resource: Resource, id: str, caller: Caller) -> str:
    """drc-009: lock a document and return the token. Two callers never both get one."""

    async def attempt() -> str:
        document = await fetch(dms, resource, id, caller, scopes=LOCK)
        if document["_lock"] is not None:
            raise invalid("existing-lock", "Het document is al vergrendeld.")
        taken = take(**owner(caller), since=dms.now())
        document.update(_lock=taken, locked=True)
        async with dms.metadata.transaction() as transaction:
            transaction.replace(resource.collection, document)
        return str(taken["token"])

    return await until_no_conflict(attempt)


async def unlock(dms: Dms, resource: Resource, id: str, token: str, caller: Caller) -> None:
    """D-11, D-12: unlock a document. Holders of the force scope need no token, and force by not giving it."""

    async def attempt() -> None:
        document = await fetch(dms, resource, id, caller, scopes=LOCK + FORCE)
        right_token = opens(document["_lock"], token)
        if not right_token and not caller.access.allows(resource, FORCE, document):
            raise invalid("incorrect-lock-id", "De lock is niet die van het document.")
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
    parts = await dms.metadata.find(
        "bestandsdelen", Equals("informatieobject", document["url"]), order=(By("volgnummer"),)
    )
    missing = [part["volgnummer"] for part in parts if not part["voltooid"]]
    if not missing and await _sealed(dms, document, parts):
        given_up = []
    elif not forced:
        raise _not_complete(missing, of=len(parts))
    elif len(missing) == len(parts):
        return []
    else:
        document.update(_upload=None, bestandsomvang=None)
        given_up = [Write("insert", DROPPED, {"_id": upload})]
    return [*(Write("remove", "bestandsdelen", part) for part in parts), *given_up]


async def _sealed(dms: Dms, document: Record, parts: list[Values]) -> bool:
    """Make the parts the content of the document, unless their checksum is another than was stated."""
    regions = [(region_of(part), part["_receipt"]) for part in parts]
    try:
        body = await dms.content.seal(document["_upload"], regions)
    except MissingBody as missing:
        # Another unlock, or an update, took the parts after the document was read: begin again from there.
        raise Conflict(document["url"]) from missing
    if await differs(dms.content, body, document["integriteit"]):
        return False
    document.update(_body=body.key, _sha256=body.sha256, _upload=None)
    document["inhoud"] = content_url(document["url"], document)
    return True


def _not_complete(missing: list[int], *, of: int) -> Invalid:
    if not missing:
        reason = "Het bestand heeft een andere controlewaarde; upload de bestandsdelen opnieuw."
        return invalid("integrity-mismatch", reason, "integriteit.waarde")
    if len(missing) == of:
        return invalid("file-size", "Er is nog geen bestandsdeel geüpload.")
    shown = ", ".join(str(number) for number in missing[:20])
    return invalid("incomplete-upload", f"Deze bestandsdelen ontbreken nog: {shown}.")
