"""Roltype: a part that people and organisations play in zaken of a type."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from dms.model.fields import OwnLink, Text
from dms.model.filters import equals, extra
from dms.model.record import Record
from dms.model.resource import Resource
from zaak_adapters.catalogi import sub_types as sub

OmschrijvingGeneriek: TypeAlias = Literal[
    "adviseur",
    "behandelaar",
    "belanghebbende",
    "beslisser",
    "initiator",
    "klantcontacter",
    "zaakcoordinator",
    "mede_initiator",
]


class RolType(Record):
    """A part, with the generic one that it is a case of (C-82)."""

    url: OwnLink = ""
    zaaktype: sub.Zaaktype
    zaaktype_identificatie: sub.OfTheZaaktype = ""
    omschrijving: Annotated[str, Text(100, shortest=1)]
    omschrijving_generiek: OmschrijvingGeneriek
    catalogus: sub.Catalogus = ""
    begin_geldigheid: sub.Dag = None
    einde_geldigheid: sub.Dag = None
    begin_object: sub.Object = None
    einde_object: sub.Object = None


ROLTYPEN = Resource(
    api="catalogi",
    component="ztc",
    name="roltypen",
    singular="roltype",
    summary="De rollen die betrokkenen bij zaken van een type hebben.",
    record=RolType,
    scopes=sub.SUB_SCOPES,
    parent=sub.ZAAKTYPE,
    filters=(
        *sub.OF_THE_ZAAKTYPE,
        equals("omschrijvingGeneriek", OmschrijvingGeneriek),
        *extra(equals("omschrijving")),
    ),
    unique=(("zaaktype", "omschrijving"),),
    expands=sub.EXPANDS,
    reverses=sub.FIRST_AND_LAST,
    needs=(sub.referring("rollen", "roltype"),),
    stages=((), (*sub.RULES, sub.what_is_referred_to_stays)),
    effects=sub.EFFECTS,
)
