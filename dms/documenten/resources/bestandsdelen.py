"""Bestandsdeel: a numbered part of a document's content while it is being uploaded."""

from __future__ import annotations

from typing import Annotated

from dms.documenten.upload.parts import PARTS
from dms.locking.lock import token_of
from dms.model.change import Values
from dms.model.fields import OwnLink, ReadOnly
from dms.model.links import own
from dms.model.record import Record
from dms.model.resource import Operation, Resource, Scopes


class BestandsDeel(Record):
    """A part as its document shows it. `omvang` is in bytes; `voltooid` once that many have been stored."""

    url: OwnLink = ""
    volgnummer: Annotated[int, ReadOnly()] = 1
    omvang: Annotated[int, ReadOnly()] = 0
    voltooid: Annotated[bool, ReadOnly()] = False
    lock: Annotated[str, ReadOnly()] = ""


class BestandsDeelResponse(BestandsDeel):
    """A part as its upload answers it; 1.7 also lists `inhoud`, which is deprecated since."""

    inhoud: Annotated[str, ReadOnly()] = ""


FORM = {
    "type": "object",
    "required": ["lock"],
    "properties": {
        "inhoud": {"type": "string", "format": "binary", "writeOnly": True},
        "lock": {"type": "string", "writeOnly": True, "minLength": 1},
    },
}
"""The form in which a part is sent (D-47)."""


def shown_in_document(part: Values, document: Values) -> Values:
    """D-46: the part within its document, with the document's lock."""
    return {
        "url": own("documenten", PARTS, part["_id"]),
        "volgnummer": part["volgnummer"],
        "omvang": part["omvang"],
        "voltooid": part["voltooid"],
        "lock": token_of(document.get("_lock")),
    }


BESTANDSDELEN = Resource(
    api="documenten",
    component="drc",
    name=PARTS,
    singular="bestandsdeel",
    summary="Delen van een bestand dat in delen binnenkomt.",
    record=BestandsDeelResponse,
    scopes=Scopes.of("documenten"),
    verbs=frozenset(),
    indexed=("informatieobject",),
    operations=(
        Operation(
            "upload",
            "PUT",
            "",
            scopes=("documenten.bijwerken",),
            form=FORM,
            answer=BestandsDeelResponse,
            summary="Upload een bestandsdeel.",
        ),
    ),
)
