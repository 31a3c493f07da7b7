"""Informatieobjecttype: what kind of document a document is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from dms.model.change import Values
from dms.model.fields import Datum, OwnLink, OwnUrl, ReadOnly, Text, To, Url, Vertrouwelijkheidaanduiding
from dms.model.filters import equals, link
from dms.model.record import Group, GroupOf, Record
from dms.model.resource import Operation, Resource
from zaak_adapters.catalogi import rules
from zaak_adapters.catalogi.scopes import SCOPES

_Links = Annotated[tuple[str, ...], ReadOnly(), OwnUrl()]
_Names = Annotated[tuple[str, ...], ReadOnly()]


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
    zaaktypen: _Links = ()
    zaaktype_identificaties: Annotated[tuple[str, ...], ReadOnly(listed=True)] = ()
    besluittypen: _Links = ()
    besluittype_omschrijving: _Names = ()
    informatieobjectcategorie: Annotated[str, Text(80, shortest=1)]
    trefwoord: list[Annotated[str, Text(30)]] = Field(default_factory=list)
    omschrijving_generiek: Annotated[OmschrijvingGeneriek | None, GroupOf(OmschrijvingGeneriek)] = None


def _label(record: Values) -> str:
    return str(record["omschrijving"])


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
        rules.CONCEPT_STATUS,
        rules.DATUM_GELDIGHEID,
        equals("omschrijving"),
    ),
    indexed=("catalogus",),
    expands={
        "catalogus": ("catalogussen",),
        "zaaktypen": ("zaaktypen",),
        "besluittypen": ("besluittypen",),
    },
    needs=rules.TYPE_NEEDS,
    derivations=(rules.a_new_type_is_a_concept,),
    stages=(
        (rules.it_ends_after_it_begins,),
        (rules.a_published_type_stays_as_it_is,),
        (rules.published_versions_do_not_overlap, rules.a_type_in_use_stays),
    ),
    effects=(rules.publishing_is_one_at_a_time,),
    channel="informatieobjecttypen",
    kenmerken=("catalogus",),
    operations=(
        Operation(
            "publish",
            "POST",
            "publish",
            scopes=("catalogi.schrijven",),
            answer=InformatieObjectType,
            summary="Publiceer het type: daarna is het geen concept meer.",
        ),
    ),
)
