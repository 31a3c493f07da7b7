"""Besluittype: what kind of besluit a besluit is."""

from __future__ import annotations

from typing import Annotated

from dms.model.change import Values
from dms.model.fields import Datum, Duur, OwnLink, ReadOnly, Text, To, Url
from dms.model.filters import contains, equals, extra, link, through
from dms.model.query import And, AnyElement, Equals, In, Query
from dms.model.record import Record
from dms.model.resource import Channel, Resource
from zaak_adapters.catalogi import operations, rules
from zaak_adapters.catalogi.fields import Links, Names, References, Uitleg
from zaak_adapters.catalogi.history import (
    CONCEPT_STATUS,
    DATUM_GELDIGHEID,
    first_begin_and_last_end,
    names_of,
    naming_this,
    of_published_and_valid,
)
from zaak_adapters.catalogi.scopes import SCOPES


class BesluitType(Record):
    """A version of a type; versions of one type share their `omschrijving` within a catalogue (C-86)."""

    url: OwnLink = ""
    catalogus: Annotated[str, Url(), To("catalogussen", strict=True)]
    zaaktypen: Links = ()
    zaaktype_identificaties: Names = ()
    omschrijving: Annotated[str, Text(80)] = ""
    omschrijving_generiek: Annotated[str, Text(80)] = ""
    besluitcategorie: Annotated[str, Text(40)] = ""
    reactietermijn: Duur | None = None
    publicatie_indicatie: bool
    publicatietekst: Uitleg = ""
    publicatietermijn: Duur | None = None
    toelichting: Uitleg = ""
    informatieobjecttypen: References
    informatieobjecttype_omschrijvingen: Names = ()
    begin_geldigheid: Datum
    einde_geldigheid: Datum | None = None
    begin_object: Annotated[Datum | None, ReadOnly(listed=True)] = None
    einde_object: Annotated[Datum | None, ReadOnly(listed=True)] = None
    concept: Annotated[bool, ReadOnly()] = True
    resultaattypen: Links = ()
    resultaattypen_omschrijving: Names = ()
    vastgelegd_in: Names = ()


class BesluitTypePostResponse(BesluitType):
    """The answer to a create, in which the standard has one list more."""

    informatieobjecttype_omschrijving: Names = ()


def _label(record: Values) -> str:
    return str(record["omschrijving"])


def _named_by(zaaktypen: list[Values]) -> Query:
    [zaaktype] = zaaktypen
    return And(
        (Equals("catalogus", zaaktype["catalogus"]), In("omschrijving", tuple(zaaktype["besluittypen"])))
    )


def _naming(informatieobjecttypen: list[Values]) -> Query:
    [type_] = informatieobjecttypen
    named = AnyElement("informatieobjecttypen", type_["omschrijving"])
    return And((Equals("catalogus", type_["catalogus"]), named))


BESLUITTYPEN = Resource(
    api="catalogi",
    component="ztc",
    name="besluittypen",
    singular="besluittype",
    summary="Typen van besluiten.",
    record=BesluitType,
    created_record=BesluitTypePostResponse,
    label=_label,
    scopes=SCOPES,
    filters=(
        link("catalogus"),
        through("zaaktypen", "zaaktypen", _named_by),
        through("informatieobjecttypen", "informatieobjecttypen", _naming),
        CONCEPT_STATUS,
        equals("omschrijving"),
        DATUM_GELDIGHEID,
        *extra(contains("omschrijving__icontains", field="omschrijving")),
    ),
    expands={
        "catalogus": ("catalogussen",),
        "zaaktypen": ("zaaktypen",),
        "informatieobjecttypen": ("informatieobjecttypen",),
        "resultaattypen": ("resultaattypen",),
    },
    reverses=(
        *first_begin_and_last_end("besluittypen", "omschrijving"),
        *naming_this(
            "zaaktypen",
            "besluittypen",
            key="omschrijving",
            zaaktypen="url",
            zaaktypeIdentificaties="identificatie",
        ),
        *naming_this(
            "resultaattypen",
            "besluittypen",
            key="omschrijving",
            where=of_published_and_valid,
            resultaattypen="url",
            resultaattypenOmschrijving="omschrijving",
        ),
    ),
    named=(
        names_of(
            "informatieobjecttypen",
            "omschrijving",
            "informatieobjecttypen",
            "informatieobjecttypeOmschrijvingen",
            "vastgelegdIn",
            "informatieobjecttypeOmschrijving",
        ),
    ),
    needs=(
        *rules.needs_of_versions("besluittypen", "omschrijving"),
        rules.used_in("besluiten", "besluittype"),
    ),
    derivations=(rules.concept_until_published,),
    stages=(
        (rules.it_ends_after_it_begins,),
        (rules.a_published_type_stays_as_it_is,),
        (rules.published_versions_do_not_overlap, rules.a_type_in_use_stays),
    ),
    effects=(rules.publishing_is_one_at_a_time,),
    channel=Channel("besluittypen", kenmerken=("catalogus",)),
    operations=(operations.publish(BesluitType),),
)
