"""Resultaattypeomschrijving: what the results of zaken are called in general."""

from __future__ import annotations

from typing import Annotated

from dms.model.change import Values
from dms.model.fields import OwnLink, Text
from dms.model.record import Record
from dms.model.resource import Resource
from zaak_adapters.referentielijsten.fields import OPEN, READING


class ResultaattypeOmschrijvingGeneriek(Record):
    """A generic description, such as a resultaattype follows."""

    url: OwnLink = ""
    omschrijving: Annotated[str, Text(20, shortest=1)]
    definitie: Annotated[str, Text(255, shortest=1)]
    opmerking: Annotated[str, Text(255)] = ""


def _label(record: Values) -> str:
    return str(record["omschrijving"])


RESULTAATTYPEOMSCHRIJVINGEN = Resource(
    api="referentielijsten",
    component="vrl",
    name="resultaattypeomschrijvingen",
    singular="resultaattypeomschrijvinggeneriek",
    summary="De generieke omschrijvingen van resultaattypen.",
    record=ResultaattypeOmschrijvingGeneriek,
    label=_label,
    scopes=OPEN,
    verbs=READING,
    paginated=False,
)
