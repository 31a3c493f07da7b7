"""Informatieobjecttype: what kind of document a document is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from dms.model.change import Values
from dms.model.fields import Datum, OwnLink, ReadOnly, Text, To, Url, Vertrouwelijkheidaanduiding
from dms.model.filters import contains, equals, extra, link, through
from dms.model.query import And, Equals, In, Query
from dms.model.record import Group, GroupOf, Record
from dms.model.resource import Channel, Resource
from zaak_adapters.catalogi import document_relations as documents
from zaak_adapters.catalogi import operations, rules
from zaak_adapters.catalogi.fields import Links, Names
from zaak_adapters.catalogi.history import (
    CONCEPT_STATUS,
    DATUM_GELDIGHEID,
    first_begin_and_last_end,
    naming_this,
    of_published_and_valid,
)
from zaak_adapters.catalogi.scopes import SCOPES


class OmschrijvingGeneriek(Group):
    """The generic description that a type follows (C-85)."""

    unset: ClassVar[Mapping[str, Any] | None] = {
        "informatieobjecttypeOmschrijvingGeneriek": "",
        "definitieInformatieobjecttypeOmschrijvingGeneriek": "",
        "herkomstInformatieobjecttypeOmschrijvingGeneriek": "",
        "hierarchieInformatieobjecttypeOmschrijvingGeneriek": "",
        "opmerkingInformatieobjecttypeOmschrijvingGeneriek": None,
    }

    informatieobjecttype_omschrijving_generiek: Annotated[str, Text(80, shortest=1)]
    definitie_informatieobjecttype_omschrijving_generiek: Annotated[str, Text(255, shortest=1)]
    herkomst_informatieobjecttype_omschrijving_generiek: Annotated[str, Text(12, shortest=1)]
    hierarchie_informatieobjecttype_omschrijving_generiek: Annotated[str, Text(80, shortest=1)]
    opmerking_informatieobjecttype_omschrijving_generiek: Annotated[str, Text(255)] | None = None


class InformatieObjectType(Record):
    """A version of a type; versions of one type share their `omschrijving` within a catalogue."""

    url: OwnLink = ""
    catalogus: Annotated[str, Url(), To("catalogussen", strict=True)]
    omschrijving: Annotated[str, Text(80, shortest=1)]
    vertrouwelijkheidaanduiding: Vertrouwelijkheidaanduiding
    begin_geldigheid: Datum
    einde_geldigheid: Datum | None = None
    begin_object: Annotated[Datum | None, ReadOnly(listed=True)] = None
    einde_object: Annotated[Datum | None, ReadOnly(listed=True)] = None
    concept: Annotated[bool, ReadOnly()] = True
    zaaktypen: Links = ()
    zaaktype_identificaties: Annotated[tuple[str, ...], ReadOnly(listed=True)] = ()
    besluittypen: Links = ()
    besluittype_omschrijving: Names = ()
    informatieobjectcategorie: Annotated[str, Text(80, shortest=1)]
    trefwoord: list[Annotated[str, Text(30)]] = Field(default_factory=list)
    omschrijving_generiek: Annotated[OmschrijvingGeneriek | None, GroupOf(OmschrijvingGeneriek)] = None


def _label(record: Values) -> str:
    return str(record["omschrijving"])


def _in_zaaktype(relations: list[Values]) -> Query:
    names = tuple(dict.fromkeys(relation["informatieobjecttype"] for relation in relations))
    return And((Equals("catalogus", relations[0]["catalogus"]), In("omschrijving", names)))


_OF_ZAAKTYPE = through("zaaktype", "zaaktype-informatieobjecttypen", _in_zaaktype, by="zaaktype")

INFORMATIEOBJECTTYPEN = Resource(
    api="catalogi",
    component="ztc",
    name="informatieobjecttypen",
    singular="informatieobjecttype",
    summary="Typen van documenten.",
    record=InformatieObjectType,
    label=_label,
    scopes=SCOPES,
    filters=(
        link("catalogus"),
        CONCEPT_STATUS,
        DATUM_GELDIGHEID,
        equals("omschrijving"),
        *extra(contains("omschrijving__icontains", field="omschrijving"), _OF_ZAAKTYPE),
    ),
    expands={
        "catalogus": ("catalogussen",),
        "zaaktypen": ("zaaktypen",),
        "besluittypen": ("besluittypen",),
    },
    reverses=(
        *first_begin_and_last_end("informatieobjecttypen", "omschrijving"),
        *naming_this(
            "zaaktype-informatieobjecttypen",
            "informatieobjecttype",
            key="omschrijving",
            elements=False,
            where=of_published_and_valid,
            zaaktypen="zaaktype",
            zaaktypeIdentificaties="zaaktypeIdentificatie",
        ),
        *naming_this(
            "besluittypen",
            "informatieobjecttypen",
            key="omschrijving",
            besluittypen="url",
            besluittypeOmschrijving="omschrijving",
        ),
    ),
    needs=(
        *rules.needs_of_versions("informatieobjecttypen", "omschrijving"),
        documents.NEED_OF_A_TYPE,
        rules.used_in("enkelvoudiginformatieobjecten", "informatieobjecttype"),
        rules.used_in("enkelvoudiginformatieobjectversies", "informatieobjecttype"),
    ),
    derivations=(rules.concept_until_published,),
    stages=(
        (rules.it_ends_after_it_begins,),
        (rules.a_published_type_stays_as_it_is,),
        (rules.published_versions_do_not_overlap, rules.a_type_in_use_stays),
    ),
    effects=(rules.publishing_is_one_at_a_time, documents.its_relations_know_that_it_is_published),
    channel=Channel("informatieobjecttypen", kenmerken=("catalogus",)),
    operations=(operations.publish(InformatieObjectType),),
)
