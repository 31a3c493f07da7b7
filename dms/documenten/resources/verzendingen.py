"""Verzending: that a document was sent to, or received from, someone, and at which address (RULES 2.8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from dms.documenten.rights import CHANNEL, DOCUMENT, OF_THE_DOCUMENT
from dms.model.change import Change, Values
from dms.model.fields import Datum, Email, Immutable, OwnLink, Text, Url, no_truth_value, refuse
from dms.model.filters import equals, link
from dms.model.problems import NON_FIELD, Problem
from dms.model.record import Group, GroupOf, Record
from dms.model.resource import Parent, Resource, Scopes

_POSTCODE = re.compile(r"[1-9]\d{3}[A-Za-z]{2}", re.ASCII)


def _postcode(value: str) -> str:
    if value and not _POSTCODE.fullmatch(value):
        raise refuse("invalid", "Gebruik een postcode in de vorm 1234AB.")
    return value


class BinnenlandsCorrespondentieadres(Group):
    """An address in the Netherlands."""

    huisletter: Annotated[str, Text(1)] = ""
    huisnummer: Annotated[int, BeforeValidator(no_truth_value), Field(ge=1, le=99_999)]
    huisnummer_toevoeging: Annotated[str, Text(4)] = ""
    naam_openbare_ruimte: Annotated[str, Text(80, shortest=1)]
    postcode: Annotated[str, Text(6), AfterValidator(_postcode)] = ""
    woonplaatsnaam: Annotated[str, Text(80, shortest=1)]


class BuitenlandsCorrespondentieadres(Group):
    """An address abroad."""

    adres_buitenland1: Annotated[str, Text(35, shortest=1)]
    adres_buitenland2: Annotated[str, Text(35)] = ""
    adres_buitenland3: Annotated[str, Text(35)] = ""
    land_postadres: Annotated[str, Url(200)]


class CorrespondentiePostadres(Group):
    """A PO box, or a freepost number."""

    post_bus_of_antwoordnummer: Annotated[int, BeforeValidator(no_truth_value), Field(ge=1, le=9999)]
    postadres_postcode: Annotated[str, Text(6, shortest=1), AfterValidator(_postcode)]
    postadres_type: Literal["antwoordnummer", "postbusnummer"]
    woonplaatsnaam: Annotated[str, Text(80, shortest=1)]


class Verzending(Record):
    """One sending of a document, with the one address that was used."""

    url: OwnLink = ""
    betrokkene: Annotated[str, Url(200)]
    informatieobject: Annotated[str, Url(), Immutable()]
    aard_relatie: Literal["afzender", "geadresseerde"]
    toelichting: Annotated[str, Text(200)] = ""
    ontvangstdatum: Datum | None = None
    verzenddatum: Datum | None = None
    contact_persoon: Annotated[str, Url(1000)]
    contactpersoonnaam: Annotated[str, Text(40)] = ""
    binnenlands_correspondentieadres: Annotated[
        BinnenlandsCorrespondentieadres | None, GroupOf(BinnenlandsCorrespondentieadres)
    ] = None
    buitenlands_correspondentieadres: Annotated[
        BuitenlandsCorrespondentieadres | None, GroupOf(BuitenlandsCorrespondentieadres)
    ] = None
    correspondentie_postadres: Annotated[
        CorrespondentiePostadres | None, GroupOf(CorrespondentiePostadres)
    ] = None
    faxnummer: Annotated[str, Text(15)] | None = None
    emailadres: Annotated[Email, Text(100)] | None = None
    mijn_overheid: bool = False
    telefoonnummer: Annotated[str, Text(15)] | None = None


ADDRESSES = (
    "binnenlandsCorrespondentieadres",
    "buitenlandsCorrespondentieadres",
    "correspondentiePostadres",
    "faxnummer",
    "emailadres",
    "mijnOverheid",
    "telefoonnummer",
)


def it_has_one_address(change: Change) -> Iterator[Problem]:
    """D-81, QD-7: exactly one of the seven forms of address is given; an empty one is none."""
    if change.new is not None and sum(bool(change.new[name]) for name in ADDRESSES) != 1:
        reason = f"Geef precies een adres op: {', '.join(ADDRESSES)}."
        yield Problem(NON_FIELD, "invalid-address", reason)


def _label(record: Values) -> str:
    return f"{record['aardRelatie']}: {record['contactpersoonnaam'] or record['betrokkene']}"


VERZENDINGEN = Resource(
    api="documenten",
    component="drc",
    name="verzendingen",
    singular="verzending",
    summary="Het verzenden en ontvangen van documenten.",
    record=Verzending,
    label=_label,
    scopes=Scopes.of("documenten"),
    parent=Parent("informatieobject", DOCUMENT),
    guard=OF_THE_DOCUMENT,
    filters=(
        equals("aardRelatie", Literal["afzender", "geadresseerde"]),
        link("informatieobject"),
        link("betrokkene"),
    ),
    expands={"betrokkene": (), "informatieobject": (DOCUMENT,), "contactPersoon": ()},
    stages=((), (it_has_one_address,)),
    channel=CHANNEL,
    audited=True,
)
