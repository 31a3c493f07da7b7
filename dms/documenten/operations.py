"""What the service offers on documents beside the standard: versions, copies, locks and numbers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from dms.model.fields import RSIN, Moment, OwnLink, OwnUrl, ReadOnly, no_truth_value
from dms.model.record import Record
from dms.model.resource import Operation

MOST_NUMBERS = 1_000
FORCE = ("documenten.geforceerd-unlock",)
"""The scope of who may unlock without the token (D-12), and sees who holds what."""


class DocumentNummerReserveren(Record):
    """For whom numbers are reserved, and how many (D-100)."""

    bronorganisatie: RSIN
    aantal: Annotated[int, BeforeValidator(no_truth_value), Field(ge=1, le=MOST_NUMBERS)] = 1


class GereserveerdDocumentNummer(Record):
    """A number that is never issued to another document."""

    identificatie: Annotated[str, ReadOnly()] = ""


class Vergrendeling(Record):
    """Who has a document locked, since when, and why if that was told."""

    informatieobject: Annotated[OwnLink, OwnUrl()] = ""
    identificatie: Annotated[str, ReadOnly()] = ""
    applicatie: Annotated[str, ReadOnly()] = ""
    gebruiker: Annotated[str, ReadOnly()] = ""
    sinds: Annotated[Moment, ReadOnly()] = ""
    reden: Annotated[str, ReadOnly()] = ""


EXTRA = (
    Operation(
        "versies",
        "GET",
        "versies",
        scopes=("documenten.lezen",),
        paginated=True,
        experimental=True,
        summary="Alle versies van het document, de nieuwste eerst.",
    ),
    Operation(
        "duplicaten",
        "GET",
        "duplicaten",
        scopes=("documenten.lezen",),
        paginated=True,
        experimental=True,
        summary="Andere documenten met precies dezelfde inhoud.",
    ),
    Operation(
        "vergrendeling",
        "GET",
        "vergrendeling",
        scopes=FORCE,
        answer=Vergrendeling,
        experimental=True,
        summary="Wie het document vergrendeld heeft, sinds wanneer en waarom.",
    ),
    Operation(
        "vergrendelingen",
        "GET",
        "vergrendelingen",
        of="api",
        scopes=FORCE,
        answer=Vergrendeling,
        paginated=True,
        experimental=True,
        summary="Alle vergrendelde documenten.",
    ),
    Operation(
        "reserve_numbers",
        "POST",
        "documentnummer_reserveren",
        of="api",
        scopes=("documenten.aanmaken",),
        status=201,
        request=DocumentNummerReserveren,
        answer=GereserveerdDocumentNummer,
        several=True,
        experimental=True,
        summary="Reserveer nummers voor documenten die nog komen.",
    ),
)
