"""Zaaktype: what kind of zaak a zaak is, and all that zaken of that kind share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, WithJsonSchema

from dms.model.change import Values
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
from dms.model.filters import all_in_list, contains, equals, extra, link
from dms.model.query import EVERYTHING
from dms.model.record import Group, GroupOf, Record
from dms.model.resource import Channel, Resource
from zaak_adapters.catalogi import operations, rules, zaaktypes
from zaak_adapters.catalogi.fields import Links, Names, References, Uitleg
from zaak_adapters.catalogi.history import (
    CONCEPT_STATUS,
    DATUM_GELDIGHEID,
    DATUM_VAN_RELATIES,
    first_begin_and_last_end,
    in_this,
    names_of,
)
from zaak_adapters.catalogi.scopes import SCOPES


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


_URL_OR_GONE = {
    "type": "string",
    "maxLength": 200,
    "description": "URL of identificatie van het zaaktype; in een antwoord leeg als dat er niet meer is.",
}


class ZaakTypenRelatie(Record):
    """How zaken of another type relate to zaken of this one."""

    zaaktype: Annotated[str, Text(200, shortest=1), OwnUrl(), WithJsonSchema(_URL_OR_GONE)]
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
    doel: Annotated[str, Text(100_000, shortest=1)]
    aanleiding: Annotated[str, Text(100_000, shortest=1)]
    toelichting: Uitleg = ""
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
    publicatietekst: Uitleg = ""
    verantwoordingsrelatie: list[Annotated[str, Text(40)]] = Field(default_factory=list)
    producten_of_diensten: Annotated[list[Annotated[str, Url()]], OwnUrl()]
    selectielijst_procestype: Annotated[str, Url(200, blank=True), To("procestypen")] = ""
    referentieproces: ReferentieProces
    verantwoordelijke: Annotated[str, Text(50, shortest=1)]
    zaakobjecttypen: Links = ()
    broncatalogus: Annotated[BronCatalogus | None, GroupOf(BronCatalogus)] = None
    bronzaaktype: Annotated[BronZaaktype | None, GroupOf(BronZaaktype)] = None
    catalogus: Annotated[str, Url(), To("catalogussen", strict=True)]
    statustypen: Links = ()
    resultaattypen: Links = ()
    resultaattype_omschrijving: Names = ()
    eigenschappen: Links = ()
    informatieobjecttypen: Links = ()
    informatieobjecttype_omschrijving: Names = ()
    roltypen: Links = ()
    besluittypen: References
    besluittype_omschrijving: Names = ()
    deelzaaktypen: References = Field(default_factory=list)
    deelzaaktype_identificaties: Annotated[tuple[str, ...], ReadOnly(listed=True)] = ()
    gerelateerde_zaaktypen: Annotated[list[ZaakTypenRelatie], Field(max_length=1000)]
    begin_geldigheid: Datum
    einde_geldigheid: Datum | None = None
    begin_object: Annotated[Datum | None, ReadOnly(listed=True)] = None
    einde_object: Annotated[Datum | None, ReadOnly(listed=True)] = None
    versiedatum: Datum | None = None
    concept: Annotated[bool, ReadOnly()] = True


def _label(record: Values) -> str:
    return f"{record['identificatie']} - {record['omschrijving']}"


_LISTS = (
    "statustypen",
    "resultaattypen",
    "eigenschappen",
    "roltypen",
    "zaakobjecttypen",
    "informatieobjecttypen",
    "besluittypen",
)

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
        CONCEPT_STATUS,
        DATUM_GELDIGHEID,
        *extra(
            contains("identificatie__icontains", field="identificatie"),
            contains("omschrijving__icontains", field="omschrijving"),
        ),
    ),
    reading=(DATUM_VAN_RELATIES,),
    expands={
        **{name: (name,) for name in _LISTS},
        "catalogus": ("catalogussen",),
        "deelzaaktypen": ("zaaktypen",),
        "gerelateerdeZaaktypen": ("zaaktypen",),
    },
    expands_by={"gerelateerdeZaaktypen": "zaaktype"},
    reverses=(
        *first_begin_and_last_end("zaaktypen", "identificatie"),
        *in_this("statustypen", "zaaktype", order="volgnummer", statustypen="url"),
        *in_this(
            "resultaattypen", "zaaktype", resultaattypen="url", resultaattypeOmschrijving="omschrijving"
        ),
        *in_this("eigenschappen", "zaaktype", eigenschappen="url"),
        *in_this("roltypen", "zaaktype", roltypen="url"),
        *in_this("zaakobjecttypen", "zaaktype", zaakobjecttypen="url"),
        *in_this(
            "zaaktype-informatieobjecttypen",
            "zaaktype",
            order="volgnummer",
            informatieobjecttypeOmschrijving="informatieobjecttype",
        ),
    ),
    named=(
        names_of(
            "informatieobjecttypen",
            "omschrijving",
            "informatieobjecttypen",
            "informatieobjecttypeOmschrijving",
            written=False,
        ),
        names_of("besluittypen", "omschrijving", "besluittypen", "besluittypeOmschrijving"),
        names_of(
            "zaaktypen",
            "identificatie",
            "deelzaaktypen",
            "deelzaaktypeIdentificaties",
            misplaced="deelzaaktypen",
        ),
        names_of(
            "zaaktypen",
            "identificatie",
            "gerelateerdeZaaktypen",
            "zaaktypeIdentificatie",
            member="zaaktype",
            stand_in=lambda zaaktype: True,
            stand_ins=EVERYTHING,
        ),
    ),
    needs=(
        *rules.needs_of_versions("zaaktypen", "identificatie"),
        *zaaktypes.NEEDS_OF_PUBLICATION,
        rules.used_in("zaken", "zaaktype"),
    ),
    derivations=(rules.concept_until_published, zaaktypes.dated_by_its_begin),
    stages=(
        (
            rules.it_ends_after_it_begins,
            zaaktypes.extension_has_a_term,
            zaaktypes.its_source_is_told_whole,
            zaaktypes.service_takes_time,
            zaaktypes.a_type_is_related_once,
        ),
        (rules.a_published_type_stays_as_it_is,),
        (
            rules.published_versions_do_not_overlap,
            rules.a_type_in_use_stays,
            zaaktypes.what_it_names_is_published,
        ),
    ),
    effects=(rules.publishing_is_one_at_a_time,),
    channel=Channel("zaaktypen", kenmerken=("catalogus",)),
    operations=(operations.publish(ZaakType),),
)
