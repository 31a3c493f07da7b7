"""The rules of documents, each by its number, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator

from dms.documenten.upload.mediatype import Blocked, agrees
from dms.documenten.upload.received import received
from dms.locking.lock import opens
from dms.model.change import Change
from dms.model.fields import VERTROUWELIJKHEID
from dms.model.problems import NON_FIELD, Problem

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


def content_matches_its_checksum(change: Change) -> Iterator[Problem]:
    """D-02: where the algorithm is known, the checksum in integriteit is that of the content."""
    if change.facts.get("checksum_differs"):
        yield Problem(
            "integriteit.waarde",
            "integrity-mismatch",
            "De inhoud heeft een andere controlewaarde: is het bestand heel overgekomen?",
        )


def the_file_is_of_an_allowed_kind(change: Change) -> Iterator[Problem]:
    """DMS_BLOCKED_EXTENSIONS, DMS_BLOCKED_TYPES, DMS_REFUSE_MISMATCH: files of some kinds are kept out. What
    was there before is not looked at again."""
    blocked = change.facts.get("blocked", NOTHING_BLOCKED)
    new, old, came = change.new, change.old or {}, received(change)
    if new is None:
        return
    if new["bestandsnaam"] != old.get("bestandsnaam") and blocked.extension(new["bestandsnaam"]):
        yield Problem("bestandsnaam", "blocked-extension", "Bestanden met deze extensie worden geweigerd.")
    if new["formaat"] != old.get("formaat") and blocked.type(new["formaat"]):
        yield Problem("formaat", "blocked-type", "Bestanden van dit type worden geweigerd.")
    if came.mediatype is not None:
        yield from kind_problems(blocked, new["formaat"], came.mediatype)


def kind_problems(blocked: Blocked, formaat: str, mediatype: str) -> Iterator[Problem]:
    """What is wrong with content that looks like `mediatype`."""
    if blocked.type(mediatype):
        yield Problem("inhoud", "blocked-type", f"Bestanden van het type {mediatype} worden geweigerd.")
    if blocked.mismatch and not agrees(formaat, mediatype):
        reason = f"De inhoud is {mediatype}; het formaat zegt iets anders."
        yield Problem("formaat", "formaat-mismatch", reason)


def formaat_beside_the_content(change: Change) -> None:
    """Whether the content clearly is something else than its formaat says: a warning beside the record."""
    if change.new is not None:
        looks_like = change.new.get("_mediatype")
        change.new["_formaat_differs"] = not agrees(change.new["formaat"], looks_like or "")


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
