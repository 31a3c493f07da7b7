"""Resultaattype: how zaken of a type may end, and for how long what they leave is kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dms.model.fields import Duur, OwnLink, Plain, ReadOnly, Text, To, Url
from dms.model.filters import equals
from dms.model.record import GroupOf, Record
from dms.model.resource import Resource
from zaak_adapters.catalogi import archiving
from zaak_adapters.catalogi import sub_types as sub
from zaak_adapters.catalogi.fields import Names, References
from zaak_adapters.catalogi.history import DATUM_GELDIGHEID, names_of


class ResultaatType(Record):
    """A way to end. What it leaves out of archiving follows from its class in the selectielijst (ztc-002)."""

    url: OwnLink = ""
    zaaktype: sub.Zaaktype
    zaaktype_identificatie: sub.OfTheZaaktype = ""
    omschrijving: Annotated[str, Text(30, shortest=1)]
    resultaattypeomschrijving: Annotated[str, Url(), To("resultaattypeomschrijvingen")]
    omschrijving_generiek: Annotated[str, ReadOnly()] = ""
    selectielijstklasse: Annotated[str, Url(), To("selectielijstresultaten")]
    toelichting: Plain = ""
    archiefnominatie: archiving.Archiefnominatie = ""
    archiefactietermijn: Duur | None = None
    brondatum_archiefprocedure: Annotated[
        archiving.BrondatumArchiefprocedure | None, GroupOf(archiving.BrondatumArchiefprocedure)
    ] = None
    procesobjectaard: Annotated[str, Text(200)] | None = None
    catalogus: sub.Catalogus = ""
    begin_geldigheid: sub.Dag = None
    einde_geldigheid: sub.Dag = None
    begin_object: sub.Object = None
    einde_object: sub.Object = None
    indicatie_specifiek: bool | None = None
    procestermijn: Duur | None = None
    besluittypen: References = Field(default_factory=list)
    besluittype_omschrijving: Names = ()
    informatieobjecttypen: References = Field(default_factory=list)
    informatieobjecttype_omschrijving: Names = ()


RESULTAATTYPEN = Resource(
    api="catalogi",
    component="ztc",
    name="resultaattypen",
    singular="resultaattype",
    summary="De resultaten die zaken van een type kunnen hebben.",
    record=ResultaatType,
    scopes=sub.SUB_SCOPES,
    parent=sub.ZAAKTYPE,
    filters=(
        *sub.OF_THE_ZAAKTYPE,
        equals("zaaktype_identificatie", field="zaaktypeIdentificatie"),
        sub.renamed(DATUM_GELDIGHEID, "datum_geldigheid"),
    ),
    unique=(("zaaktype", "omschrijving"),),
    expands={
        **sub.EXPANDS,
        "resultaattypeomschrijving": ("resultaattypeomschrijvingen",),
        "selectielijstklasse": ("selectielijstresultaten",),
        "besluittypen": ("besluittypen",),
        "informatieobjecttypen": ("informatieobjecttypen",),
    },
    reverses=sub.FIRST_AND_LAST,
    named=(
        names_of(
            "besluittypen", "omschrijving", "besluittypen", "besluittypeOmschrijving", stand_in=sub.is_concept
        ),
        names_of(
            "informatieobjecttypen",
            "omschrijving",
            "informatieobjecttypen",
            "informatieobjecttypeOmschrijving",
            stand_in=sub.is_concept,
        ),
    ),
    needs=(sub.listing("zaakobjecttypen", "resultaattypen"), sub.referring("resultaten", "resultaattype")),
    derivations=(archiving.derive_from_the_selectielijst,),
    stages=(
        (archiving.what_is_destroyed_has_a_brondatum, archiving.the_brondatum_is_complete),
        (
            *sub.RULES,
            archiving.its_class_is_of_the_procestype,
            archiving.the_afleidingswijze_fits_the_procestermijn,
            sub.what_is_referred_to_stays,
        ),
    ),
    effects=sub.EFFECTS,
)
