"""Zaaktype: what kind of zaak a zaak is, and all that zaken of that kind share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from dms.model.change import Change, Values
from dms.model.fields import (
    Datum,
    Duur,
    OwnLink,
    OwnUrl,
    ReadOnly,
    Text,
    To,
    Url,
    Vertrouwelijkheidaanduiding,
)
from dms.model.filters import all_in_list, equals, link
from dms.model.record import Group, GroupOf, Record
from dms.model.resource import Operation, Resource
from zaak_adapters.catalogi import rules
from zaak_adapters.catalogi.scopes import SCOPES

_Links = Annotated[tuple[str, ...], ReadOnly(), OwnUrl()]
_Names = Annotated[tuple[str, ...], ReadOnly()]
_LONG = 100_000


class ReferentieProces(Group):
    """The process that zaken of this type follow."""

    naam: Annotated[str, Text(80, shortest=1)]
    link: Annotated[str, Url(200, blank=True)] = ""


class BronCatalogus(Group):
    """The catalogue from which the type was taken over."""

    unset: ClassVar[Mapping[str, Any] | None] = {"url": "", "domein": "", "rsin": ""}

    url: Annotated[str, Url(200)]
    domein: Annotated[str, Text(5, shortest=1)]
    rsin: Annotated[str, Text(9, shortest=1)]


class BronZaaktype(Group):
    """The type from which this one was taken over."""

    unset: ClassVar[Mapping[str, Any] | None] = {"url": "", "identificatie": "", "omschrijving": ""}

    url: Annotated[str, Url(200)]
    identificatie: Annotated[str, Text(50, shortest=1)]
    omschrijving: Annotated[str, Text(80, shortest=1)]


class ZaakTypenRelatie(Record):
    """How zaken of another type relate to zaken of this one."""

    zaaktype: Annotated[str, Text(200, shortest=1), OwnUrl()]
    zaaktype_identificatie: Annotated[str, ReadOnly()] = ""
    aard_relatie: Literal["vervolg", "bijdrage", "onderwerp"]
    toelichting: Annotated[str, Text(255)] = ""


class ZaakType(Record):
    """A version of a type; versions of one type share their `identificatie` within a catalogue."""

    url: OwnLink = ""
    identificatie: Annotated[str, Text(50, shortest=1)]
    omschrijving: Annotated[str, Text(80, shortest=1)]
    omschrijving_generiek: Annotated[str, Text(80)] = ""
    vertrouwelijkheidaanduiding: Vertrouwelijkheidaanduiding
    doel: Annotated[str, Text(_LONG, shortest=1)]
    aanleiding: Annotated[str, Text(_LONG, shortest=1)]
    toelichting: Annotated[str, Text(_LONG)] = ""
    indicatie_intern_of_extern: Literal["intern", "extern"]
    handeling_initiator: Annotated[str, Text(20, shortest=1)]
    onderwerp: Annotated[str, Text(80, shortest=1)]
    handeling_behandelaar: Annotated[str, Text(20, shortest=1)]
    doorlooptijd: Duur
    servicenorm: Duur | None = None
    opschorting_en_aanhouding_mogelijk: bool
    verlenging_mogelijk: bool
    verlengingstermijn: Duur | None = None
    trefwoorden: list[Annotated[str, Text(30)]] = Field(default_factory=list)
    publicatie_indicatie: bool
    publicatietekst: Annotated[str, Text(_LONG)] = ""
    verantwoordingsrelatie: list[Annotated[str, Text(40)]] = Field(default_factory=list)
    producten_of_diensten: list[Annotated[str, Url()]]
    selectielijst_procestype: Annotated[str, Url(200, blank=True), To("procestypen")] = ""
    referentieproces: ReferentieProces
    verantwoordelijke: Annotated[str, Text(50, shortest=1)]
    zaakobjecttypen: _Links = ()
    broncatalogus: Annotated[BronCatalogus | None, GroupOf(BronCatalogus)] = None
    bronzaaktype: Annotated[BronZaaktype | None, GroupOf(BronZaaktype)] = None
    catalogus: Annotated[str, Url(), To("catalogussen", strict=True)]
    statustypen: _Links = ()
    resultaattypen: _Links = ()
    resultaattype_omschrijving: _Names = ()
    eigenschappen: _Links = ()
    informatieobjecttypen: _Links = ()
    informatieobjecttype_omschrijving: _Names = ()
    roltypen: _Links = ()
    besluittypen: Annotated[list[Annotated[str, Text(1000, shortest=1)]], OwnUrl()]
    besluittype_omschrijving: _Names = ()
    deelzaaktypen: Annotated[list[Annotated[str, Text(1000, shortest=1)]], OwnUrl()] = Field(
        default_factory=list
    )
    deelzaaktype_identificaties: Annotated[tuple[str, ...], ReadOnly(listed=True)] = ()
    gerelateerde_zaaktypen: list[ZaakTypenRelatie]
    begin_geldigheid: Datum
    einde_geldigheid: Datum | None = None
    begin_object: Annotated[Datum | None, ReadOnly(listed=True)] = None
    einde_object: Annotated[Datum | None, ReadOnly(listed=True)] = None
    versiedatum: Datum | None = None
    concept: Annotated[bool, ReadOnly()] = True


def _label(record: Values) -> str:
    return f"{record['identificatie']} - {record['omschrijving']}"[:200]


def _dated_by_its_begin(change: Change) -> None:
    if change.new is not None:
        change.new["versiedatum"] = change.new["versiedatum"] or change.new["beginGeldigheid"]


ZAAKTYPEN = Resource(
    api="catalogi",
    component="ztc",
    name="zaaktypen",
    singular="zaaktype",
    summary="Typen van zaken.",
    record=ZaakType,
    label=_label,
    scopes=SCOPES,
    filters=(
        link("catalogus"),
        equals("identificatie"),
        all_in_list("trefwoorden"),
        rules.CONCEPT_STATUS,
        rules.DATUM_GELDIGHEID,
    ),
    indexed=("catalogus",),
    expands={"catalogus": ("catalogussen",)},
    derivations=(rules.a_new_type_is_a_concept, _dated_by_its_begin),
    stages=((rules.it_ends_after_it_begins,), (rules.a_published_type_stays_as_it_is,)),
    channel="zaaktypen",
    kenmerken=("catalogus",),
    operations=(
        Operation(
            "publish",
            "POST",
            "publish",
            scopes=("catalogi.schrijven",),
            answer=ZaakType,
            summary="Publiceer het type: daarna is het geen concept meer.",
        ),
    ),
)
