"""Eigenschap: something that is to be known of zaken of a type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from dms.model.change import Change
from dms.model.fields import OwnLink, Text
from dms.model.problems import Problem
from dms.model.record import Group, Record
from dms.model.resource import Resource
from zaak_adapters.catalogi import sub_types as sub
from zaak_adapters.catalogi.values import is_day, is_instant


class EigenschapSpecificatie(Group):
    """What its values look like."""

    groep: Annotated[str, Text(32)] = ""
    formaat: Literal["tekst", "getal", "datum", "datum_tijd"]
    lengte: Annotated[str, Text(14, shortest=1)]
    kardinaliteit: Annotated[str, Text(3, shortest=1)]
    waardenverzameling: list[Annotated[str, Text(100)]] = Field(default_factory=list)


class Eigenschap(Record):
    """A property by its name, with what its values look like."""

    url: OwnLink = ""
    naam: Annotated[str, Text(20, shortest=1)]
    catalogus: sub.Catalogus = ""
    definitie: Annotated[str, Text(255, shortest=1)]
    specificatie: EigenschapSpecificatie
    toelichting: Annotated[str, Text(1000)] = ""
    zaaktype: sub.Zaaktype
    zaaktype_identificatie: sub.OfTheZaaktype = ""
    statustype: sub.Statustype = None
    begin_geldigheid: sub.Dag = None
    einde_geldigheid: sub.Dag = None
    begin_object: sub.Object = None
    einde_object: sub.Object = None


_NUMBER = re.compile(r"\d{1,10}(,\d{1,10})?", re.ASCII)


def the_specification_fits_its_format(change: Change) -> Iterator[Problem]:
    """ztc-015: the length is one that the format can have, and so are the values of days and instants."""
    if change.new is None:
        return
    given = change.new["specificatie"]
    length, values = given["lengte"], given["waardenverzameling"]
    fits = {
        "datum": length == "8" and all(map(is_day, values)),
        "datum_tijd": length == "14" and all(map(is_instant, values)),
        "tekst": length.isascii() and length.isdigit() and int(length) <= 255,
        "getal": _NUMBER.fullmatch(length) is not None,
    }
    if not fits[given["formaat"]]:
        reason = f"De lengte of de waardenverzameling past niet bij het formaat {given['formaat']}."
        yield Problem("specificatie", "invalid", reason)


EIGENSCHAPPEN = Resource(
    api="catalogi",
    component="ztc",
    name="eigenschappen",
    singular="eigenschap",
    summary="De eigenschappen die zaken van een type hebben.",
    record=Eigenschap,
    scopes=sub.SUB_SCOPES,
    parent=sub.ZAAKTYPE,
    filters=sub.OF_THE_ZAAKTYPE,
    unique=(("zaaktype", "naam"),),
    indexed=("statustype",),
    expands={**sub.EXPANDS, "statustype": ("statustypen",)},
    reverses=sub.FIRST_AND_LAST,
    needs=(sub.STATUSTYPE_NEED, sub.referring("zaakeigenschappen", "eigenschap")),
    stages=(
        (the_specification_fits_its_format,),
        (*sub.RULES, sub.the_statustype_is_of_the_same_zaaktype, sub.what_is_referred_to_stays),
    ),
    effects=(*sub.EFFECTS, sub.the_statustype_stays),
)
