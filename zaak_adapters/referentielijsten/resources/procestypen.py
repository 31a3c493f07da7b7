"""Procestype: a kind of process of the selectielijst, to which a zaaktype refers."""

from __future__ import annotations

from typing import Annotated

from dms.model.change import Values
from dms.model.fields import OwnLink, Plain, Text
from dms.model.filters import equals
from dms.model.record import Record
from dms.model.resource import Resource
from zaak_adapters.referentielijsten.fields import OPEN, READING, Getal


class ProcesType(Record):
    """A process of the selectielijst of a year."""

    url: OwnLink = ""
    nummer: Getal
    jaar: Getal
    naam: Annotated[str, Text(100, shortest=1)]
    omschrijving: Annotated[str, Text(300, shortest=1)]
    toelichting: Plain
    procesobject: Annotated[str, Text(80)]


def _label(record: Values) -> str:
    return f"{record['nummer']} {record['naam']} ({record['jaar']})"


PROCESTYPEN = Resource(
    api="referentielijsten",
    component="vrl",
    name="procestypen",
    singular="procestype",
    summary="De procestypen van de selectielijst.",
    record=ProcesType,
    label=_label,
    scopes=OPEN,
    verbs=READING,
    filters=(equals("jaar", Getal),),
    paginated=False,
)
