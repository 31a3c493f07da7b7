"""Catalogus: a set of types, kept by one organisation for one domain."""

from __future__ import annotations

from typing import Annotated

from dms.model.change import Values
from dms.model.fields import RSIN, Datum, Email, OwnLink, Text
from dms.model.filters import equals, one_of
from dms.model.record import Record
from dms.model.resource import Resource
from zaak_adapters.catalogi import rules
from zaak_adapters.catalogi.fields import Links, Names
from zaak_adapters.catalogi.history import in_this, published_and_valid
from zaak_adapters.catalogi.scopes import SCOPES


class Catalogus(Record):
    """A catalogue. Its lists of types show those that are published and valid today (C-52)."""

    url: OwnLink = ""
    domein: Annotated[str, Text(5, shortest=1), rules.UPPER_CASE]
    rsin: RSIN
    contactpersoon_beheer_naam: Annotated[str, Text(40, shortest=1)]
    contactpersoon_beheer_telefoonnummer: Annotated[str, Text(20)] = ""
    contactpersoon_beheer_emailadres: Email = ""
    zaaktypen: Links = ()
    besluittypen: Links = ()
    besluittype_omschrijving: Names = ()
    informatieobjecttypen: Links = ()
    informatieobjecttype_omschrijving: Names = ()
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
    expands={name: (name,) for name in ("zaaktypen", "besluittypen", "informatieobjecttypen")},
    reverses=(
        *in_this("zaaktypen", "catalogus", where=published_and_valid, zaaktypen="url"),
        *in_this(
            "besluittypen",
            "catalogus",
            where=published_and_valid,
            besluittypen="url",
            besluittypeOmschrijving="omschrijving",
        ),
        *in_this(
            "informatieobjecttypen",
            "catalogus",
            where=published_and_valid,
            informatieobjecttypen="url",
            informatieobjecttypeOmschrijving="omschrijving",
        ),
    ),
)
