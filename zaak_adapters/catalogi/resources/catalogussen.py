"""Catalogus: a set of types, kept by one organisation for one domain."""

from __future__ import annotations

from typing import Annotated

from dms.model.change import Values
from dms.model.fields import RSIN, Datum, Email, OwnLink, OwnUrl, ReadOnly, Text
from dms.model.filters import equals, one_of
from dms.model.record import Record
from dms.model.resource import Resource, Reverse
from zaak_adapters.catalogi import rules
from zaak_adapters.catalogi.scopes import SCOPES

_Links = Annotated[tuple[str, ...], ReadOnly(), OwnUrl()]
_Names = Annotated[tuple[str, ...], ReadOnly()]


class Catalogus(Record):
    """A catalogue. Its lists of types show those that are published and valid today (C-52)."""

    url: OwnLink = ""
    domein: Annotated[str, Text(5, shortest=1), rules.UPPER_CASE]
    rsin: RSIN
    contactpersoon_beheer_naam: Annotated[str, Text(40, shortest=1)]
    contactpersoon_beheer_telefoonnummer: Annotated[str, Text(20)] = ""
    contactpersoon_beheer_emailadres: Email = ""
    zaaktypen: _Links = ()
    besluittypen: _Links = ()
    besluittype_omschrijving: _Names = ()
    informatieobjecttypen: _Links = ()
    informatieobjecttype_omschrijving: _Names = ()
    naam: Annotated[str, Text(200)] | None = None
    versie: Annotated[str, Text(20)] | None = None
    begindatum_versie: Datum | None = None


def _label(record: Values) -> str:
    return f"{record['domein']} - {record['rsin']}"


CATALOGUSSEN = Resource(
    api="catalogi",
    component="ztc",
    name="catalogussen",
    singular="catalogus",
    summary="Catalogi van typen.",
    record=Catalogus,
    label=_label,
    scopes=SCOPES,
    verbs=frozenset({"list", "create", "fetch", "update", "patch"}),
    filters=(
        equals("domein"),
        one_of("domein__in", field="domein"),
        equals("rsin"),
        one_of("rsin__in", field="rsin"),
    ),
    unique=(("domein", "rsin"),),
    indexed=("url",),
    expands={
        "zaaktypen": ("zaaktypen",),
        "besluittypen": ("besluittypen",),
        "informatieobjecttypen": ("informatieobjecttypen",),
    },
    reverses=(
        Reverse(
            field="informatieobjecttypen",
            collection="informatieobjecttypen",
            by="catalogus",
            show=lambda type_, _: type_["url"],
            where=rules.published_and_valid,
        ),
        Reverse(
            field="informatieobjecttypeOmschrijving",
            collection="informatieobjecttypen",
            by="catalogus",
            show=lambda type_, _: type_["omschrijving"],
            where=rules.published_and_valid,
        ),
    ),
)
