"""Gebruiksrechten: under which conditions a document may be used, from when until when (RULES 2.6)."""

from __future__ import annotations

from typing import Annotated

from dms.documenten.rights import CHANNEL, DOCUMENT, OF_THE_DOCUMENT
from dms.model.change import Change, Values
from dms.model.fields import Immutable, Moment, OwnLink, Text, Url
from dms.model.filters import between, link
from dms.model.record import Record
from dms.model.resource import Parent, Resource, Scopes


class Gebruiksrechten(Record):
    """The conditions that hold for a document between two moments."""

    url: OwnLink = ""
    informatieobject: Annotated[str, Url(), Immutable()]
    startdatum: Moment
    einddatum: Moment | None = None
    omschrijving_voorwaarden: Annotated[str, Text(100_000, shortest=1)]


def _stated_on_the_document(change: Change, document: Values) -> None:
    """drc-006: with a first gebruiksrecht indicatieGebruiksrecht becomes true, without the last one null; the
    latest version changes in place, lock or not."""
    document["_gebruiksrechten"] += 1 if change.act == "create" else -1
    document["indicatieGebruiksrecht"] = True if document["_gebruiksrechten"] else None


def _label(record: Values) -> str:
    return f"({record['informatieobject']}) {record['omschrijvingVoorwaarden']}"


_BOUNDS = ("lt", "lte", "gt", "gte")

GEBRUIKSRECHTEN = Resource(
    api="documenten",
    component="drc",
    name="gebruiksrechten",
    singular="gebruiksrechten",
    summary="De voorwaarden waaronder een document gebruikt mag worden.",
    record=Gebruiksrechten,
    label=_label,
    scopes=Scopes.of("documenten"),
    parent=Parent("informatieobject", DOCUMENT, touch=_stated_on_the_document),
    guard=OF_THE_DOCUMENT,
    filters=(
        link("informatieobject"),
        *between("startdatum", Moment, *_BOUNDS),
        *between("einddatum", Moment, *_BOUNDS),
    ),
    paginated=False,
    expands={"informatieobject": (DOCUMENT,)},
    channel=CHANNEL,
    audited=True,
)
