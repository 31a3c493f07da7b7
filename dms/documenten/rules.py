"""The rules of documents, each by its number, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator

from dms.documenten.upload.mediatype import Blocked, agrees
from dms.documenten.upload.received import Received, received
from dms.locking.lock import opens
from dms.model.change import Change
from dms.model.fields import VERTROUWELIJKHEID
from dms.model.problems import NON_FIELD, Problem
from dms.storage.scanning.port import Infected

NOTHING_BLOCKED = Blocked()
DRAFTS = ("in_bewerking", "ter_vaststelling")
WRONG_LOCK = Problem(NON_FIELD, "incorrect-lock-id", "De lock is niet die van het document.")
"""D-10, D-11, D-48: a change, an unlock or a part came with another lock than the document's."""


def level_of_the_type(change: Change) -> None:
    """drc-007: without vertrouwelijkheidaanduiding a document has its type's, a new version the old one's."""
    if change.new is None:
        return
    if not change.new["vertrouwelijkheidaanduiding"]:
        source = change.old or change.related.get("informatieobjecttype") or {}
        change.new["vertrouwelijkheidaanduiding"] = source.get("vertrouwelijkheidaanduiding", "")
    change.new["_vertrouwelijkheid"] = VERTROUWELIJKHEID.get(change.new["vertrouwelijkheidaanduiding"])


def numbers_stay(change: Change) -> None:
    """D-01, QD-4: an update without identificatie keeps the number that the document has."""
    if change.old is not None and change.new is not None and not change.new["identificatie"]:
        change.new["identificatie"] = change.old["identificatie"]


def a_received_document_is_no_draft(change: Change) -> Iterator[Problem]:
    """drc-005: with an ontvangstdatum the status is neither in_bewerking nor ter_vaststelling."""
    if change.new and change.new["ontvangstdatum"] and change.new["status"] in DRAFTS:
        yield Problem("status", "invalid_for_received", "Een ontvangen document is geen concept.")


def usage_rights_are_stated_truly(change: Change) -> Iterator[Problem]:
    """drc-006: indicatieGebruiksrecht is true when there are gebruiksrechten, and only then."""
    if change.new is None:
        return
    there_are = bool(change.old and change.old["_gebruiksrechten"])
    stated = change.new["indicatieGebruiksrecht"]
    name = "indicatieGebruiksrecht"
    if stated is True and not there_are:
        yield Problem(name, "missing-gebruiksrechten", "Leg eerst gebruiksrechten vast bij dit document.")
    elif stated is not True and there_are:
        yield Problem(name, "existing-gebruiksrechten", "Het document heeft gebruiksrechten.")


def content_can_be_read(change: Change) -> Iterator[Problem]:
    """D-30: inhoud is base64 text, or null."""
    if problem := received(change).problem:
        yield problem


def the_kind_of_file_is_allowed(change: Change) -> Iterator[Problem]:
    """DMS_BLOCKED_EXTENSIONS, DMS_BLOCKED_TYPES: files of some kinds are kept out, by what is said of them.
    What was there before is not looked at again."""
    blocked = change.facts.get("blocked", NOTHING_BLOCKED)
    new, old = change.new, change.old or {}
    if new is None:
        return
    if new["bestandsnaam"] != old.get("bestandsnaam") and blocked.extension(new["bestandsnaam"]):
        yield Problem("bestandsnaam", "blocked-extension", "Bestanden met deze extensie worden geweigerd.")
    if new["formaat"] != old.get("formaat") and blocked.type(new["formaat"]):
        yield Problem("formaat", "blocked-type", "Bestanden van dit type worden geweigerd.")


def the_content_is_acceptable(change: Change) -> Iterator[Problem]:
    """D-02, DMS_BLOCKED_TYPES, DMS_REFUSE_MISMATCH, DMS_SCAN_POLICY: nothing is wrong with what came."""
    if change.new is not None:
        blocked = change.facts.get("blocked", NOTHING_BLOCKED)
        yield from content_problems(received(change), change.new["formaat"], blocked)


def content_problems(came: Received, formaat: str, blocked: Blocked) -> Iterator[Problem]:
    """What is wrong with what came, as content of a document of this formaat: its checksum, its kind, a
    virus. However it came, whole or in parts, it is judged here."""
    if came.checksum_differs:
        reason = "De inhoud heeft een andere controlewaarde: is het bestand heel overgekomen?"
        yield Problem("integriteit.waarde", "integrity-mismatch", reason)
    if came.mediatype is not None and blocked.type(came.mediatype):
        reason = f"Bestanden van het type {came.mediatype} worden geweigerd."
        yield Problem("inhoud", "blocked-type", reason)
    if came.mediatype is not None and blocked.mismatch and not agrees(formaat, came.mediatype):
        reason = f"De inhoud is {came.mediatype}; het formaat zegt iets anders."
        yield Problem("formaat", "formaat-mismatch", reason)
    if isinstance(came.verdict, Infected):
        reason = f"In de inhoud is een virus gevonden: {came.verdict.name[:200]}."
        yield Problem("inhoud", "virus-found", reason)


def size_is_that_of_the_content(change: Change) -> Iterator[Problem]:
    """D-31, D-35: bestandsomvang is the size of the content that the version gets."""
    if change.new is None:
        return
    came, new = received(change), change.new
    if came.body is not None:
        if change.act == "partial_update":
            stated = new["bestandsomvang"]
        else:
            stated = change.sent.get("bestandsomvang", came.body.size)
        size: int | None = came.body.size
    elif change.act == "partial_update" and not came.sent and change.before.get("_body"):
        stated, size = new["bestandsomvang"], change.before["bestandsomvang"]
    else:
        return
    if stated != size:
        yield Problem(NON_FIELD, "file-size", f"De bestandsomvang is niet die van de inhoud ({size} bytes).")


def a_change_has_the_lock(change: Change) -> Iterator[Problem]:
    """drc-010, D-10: a document is changed under its lock only."""
    if change.act not in ("update", "partial_update"):
        return
    lock = change.before.get("_lock")
    if lock is None:
        yield Problem(NON_FIELD, "unlocked", "Vergrendel het document voordat je het wijzigt.")
    elif "lock" not in change.sent:
        yield Problem(NON_FIELD, "missing-lock-id", "Stuur de lock mee waarmee je het document vergrendelde.")
    elif not opens(lock, change.sent["lock"]):
        yield WRONG_LOCK


def a_document_in_use_stays(change: Change) -> Iterator[Problem]:
    """drc-008: a document that a zaak, besluit or verzoek refers to is not removed."""
    if change.act == "destroy" and change.before["_objecten"]:
        yield Problem(
            NON_FIELD, "pending-relations", "Er verwijzen nog objecten naar het document; verbreek die eerst."
        )


def a_locked_document_stays(change: Change) -> Iterator[Problem]:
    """D-14: a document that is checked out is not removed."""
    if change.act == "destroy" and change.before.get("_lock"):
        yield Problem(NON_FIELD, "destroy-locked", "Het document is vergrendeld; ontgrendel het eerst.")
