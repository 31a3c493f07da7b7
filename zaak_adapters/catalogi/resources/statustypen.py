"""Statustype: a state through which zaken of a type go."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dms.model.fields import Duur, OwnLink, ReadOnly, Text
from dms.model.looked_up import Reverse
from dms.model.record import Record
from dms.model.resource import Resource
from zaak_adapters.catalogi import sub_types as sub
from zaak_adapters.catalogi.history import in_this


class CheckListItem(Record):
    """Something to look at before a state is reached."""

    itemnaam: Annotated[str, Text(30, shortest=1)]
    toelichting: Annotated[str, Text(1000)] | None = None
    vraagstelling: Annotated[str, Text(255, shortest=1)]
    verplicht: bool = False


class StatusType(Record):
    """A state; the one with the highest volgnummer of its zaaktype is the last (C-80)."""

    url: OwnLink = ""
    omschrijving: Annotated[str, Text(80, shortest=1)]
    omschrijving_generiek: Annotated[str, Text(80)] = ""
    statustekst: Annotated[str, Text(1000)] = ""
    zaaktype: sub.Zaaktype
    catalogus: sub.Catalogus = ""
    zaaktype_identificatie: sub.OfTheZaaktype = ""
    volgnummer: Annotated[sub.Volgnummer, Field(le=9999)]
    is_eindstatus: Annotated[bool, ReadOnly()] = False
    informeren: bool = False
    doorlooptijd: Duur | None = None
    toelichting: Annotated[str, Text(1000)] | None = None
    checklistitem_statustype: list[CheckListItem] = Field(default_factory=list)
    eigenschappen: sub.Links = ()
    begin_geldigheid: sub.Dag = None
    einde_geldigheid: sub.Dag = None
    begin_object: sub.Object = None
    einde_object: sub.Object = None


STATUSTYPEN = Resource(
    api="catalogi",
    component="ztc",
    name="statustypen",
    singular="statustype",
    summary="De statussen die zaken van een type krijgen.",
    record=StatusType,
    scopes=sub.SUB_SCOPES,
    parent=sub.ZAAKTYPE,
    filters=sub.OF_THE_ZAAKTYPE,
    unique=(("zaaktype", "volgnummer"),),
    expands={**sub.EXPANDS, "eigenschappen": ("eigenschappen",)},
    reverses=(
        *sub.FIRST_AND_LAST,
        *in_this("eigenschappen", "statustype", eigenschappen="url"),
        Reverse(
            field="isEindstatus",
            collection="statustypen",
            by="zaaktype",
            key="zaaktype",
            show=lambda found, record: found["volgnummer"] <= record["volgnummer"],
            fold=all,
        ),
    ),
    needs=(
        sub.referring("eigenschappen", "statustype"),
        sub.referring("zaaktype-informatieobjecttypen", "statustype"),
        sub.listing("zaakobjecttypen", "statustypen"),
        sub.referring("statussen", "statustype"),
    ),
    stages=((), (*sub.RULES, sub.what_is_referred_to_stays)),
    effects=sub.EFFECTS,
)
