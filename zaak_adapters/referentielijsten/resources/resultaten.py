"""Resultaat of the selectielijst: how a process may end, and how long what it leaves is kept."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from dms.model.change import Values
from dms.model.fields import Duur, OwnLink, Plain, ReadOnly, Text, To, Url
from dms.model.filters import link
from dms.model.record import Record
from dms.model.resource import Resource
from zaak_adapters.referentielijsten.fields import OPEN, READING, Getal

Waardering: TypeAlias = Literal["blijvend_bewaren", "vernietigen"]
Procestermijn: TypeAlias = Literal[
    "",
    "nihil",
    "bestaansduur_procesobject",
    "ingeschatte_bestaansduur_procesobject",
    "vast_te_leggen_datum",
    "samengevoegd_met_bewaartermijn",
]


class Resultaat(Record):
    """A result of a procestype, generic or a specific case of a generic one (R-03)."""

    url: OwnLink = ""
    proces_type: Annotated[str, Url(), To("procestypen")]
    nummer: Getal
    volledig_nummer: Annotated[str, ReadOnly()] = ""
    generiek: Annotated[bool, ReadOnly()] = True
    specifiek: Annotated[bool, ReadOnly()] = False
    naam: Annotated[str, Text(40, shortest=1)]
    omschrijving: Annotated[str, Text(150)] = ""
    herkomst: Annotated[str, Text(200)]
    waardering: Waardering
    procestermijn: Procestermijn = ""
    procestermijn_weergave: Annotated[str, ReadOnly()] = ""
    procestermijn_opmerking: Annotated[str, Text(20)] = ""
    bewaartermijn: Duur | None = None
    toelichting: Plain = ""
    algemeen_bestuur_en_inrichting_organisatie: bool = False
    bedrijfsvoering_en_personeel: bool = False
    publieke_informatie_en_registratie: bool = False
    burgerzaken: bool = False
    veiligheid: bool = False
    verkeer_en_vervoer: bool = False
    economie: bool = False
    onderwijs: bool = False
    sport_cultuur_en_recreatie: bool = False
    sociaal_domein: bool = False
    volksgezonheid_en_milieu: bool = False
    vhrosv: bool = False
    heffen_belastingen: bool = False
    alle_taakgebieden: bool = False


def _label(record: Values) -> str:
    return f"{record['volledigNummer']} {record['naam']}"


RESULTATEN = Resource(
    api="referentielijsten",
    component="vrl",
    # The Zaken API has resultaten as well.
    name="selectielijstresultaten",
    in_urls="resultaten",
    singular="resultaat",
    summary="De resultaten van de selectielijst.",
    record=Resultaat,
    label=_label,
    scopes=OPEN,
    verbs=READING,
    # QR-1: the file of the standard says the one, clients say the other.
    filters=(link("procesType"), link("proces_type", field="procesType")),
)
