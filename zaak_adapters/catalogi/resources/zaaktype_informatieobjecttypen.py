"""Zaaktype-informatieobjecttype: which documents zaken of a type have."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from dms.model.fields import OwnLink, OwnUrl, Text
from dms.model.filters import Filter, equals, link, through
from dms.model.looked_up import Named
from dms.model.query import EVERYTHING, And, Equals, Or, Query
from dms.model.record import Record
from dms.model.resource import Resource
from zaak_adapters.catalogi import document_relations as documents
from zaak_adapters.catalogi import sub_types as sub
from zaak_adapters.catalogi.history import published_and_valid

Richting: TypeAlias = Literal["inkomend", "intern", "uitgaand"]


class ZaakTypeInformatieObjectType(Record):
    """That zaken of a type have documents of another; the latter is referred to by its name (C-50)."""

    url: OwnLink = ""
    zaaktype: sub.Zaaktype
    zaaktype_identificatie: sub.OfTheZaaktype = ""
    catalogus: sub.Catalogus = ""
    informatieobjecttype: Annotated[str, Text(1000, shortest=1), OwnUrl()]
    volgnummer: Annotated[sub.Volgnummer, Field(le=999)]
    richting: Richting
    statustype: sub.Statustype = None


_ASKED: dict[str, Query] = {
    "alles": EVERYTHING,
    "concept": Or((Equals("_concept", True), Equals(documents.OPEN, True))),
    "definitief": And((Equals("_concept", False), Equals(documents.OPEN, False))),
}
_STATUS = Filter(
    "status",
    lambda value: _ASKED[value],
    type=Literal["alles", "concept", "definitief"],
    default="definitief",
    description="C-23: beide typen gepubliceerd (definitief), een van beide nog concept, of alles.",
)


ZAAKTYPE_INFORMATIEOBJECTTYPEN = Resource(
    api="catalogi",
    component="ztc",
    name="zaaktype-informatieobjecttypen",
    singular="zaaktypeinformatieobjecttype",
    summary="De documenten die zaken van een type hebben.",
    record=ZaakTypeInformatieObjectType,
    scopes=sub.SUB_SCOPES,
    parent=sub.ZAAKTYPE,
    filters=(
        link("zaaktype"),
        through("informatieobjecttype", "informatieobjecttypen", documents.with_the_names_of),
        equals("richting", Richting),
        _STATUS,
    ),
    unique=(("zaaktype", "volgnummer"),),
    indexed=("informatieobjecttype", "statustype"),
    expands={
        **sub.EXPANDS,
        "informatieobjecttype": ("informatieobjecttypen",),
        "statustype": ("statustypen",),
    },
    named=(
        Named(
            field="informatieobjecttype",
            collection="informatieobjecttypen",
            by="omschrijving",
            where=published_and_valid,
            stand_in=lambda record: True,
        ),
    ),
    needs=(*documents.NEEDS, sub.STATUSTYPE_NEED),
    derivations=(documents.note_whether_the_type_is_a_concept,),
    stages=((), (documents.one_side_is_a_concept, sub.the_statustype_is_of_the_same_zaaktype)),
    effects=(*sub.EFFECTS, sub.the_statustype_stays, documents.one_at_a_time_with_the_type),
)
