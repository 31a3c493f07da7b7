"""Communicatiekanaal: a way by which people reach an organisation."""

from __future__ import annotations

from typing import Annotated

from dms.model.change import Values
from dms.model.fields import OwnLink, Text
from dms.model.record import Record
from dms.model.resource import Resource
from zaak_adapters.referentielijsten.fields import OPEN, READING


class CommunicatieKanaal(Record):
    """A channel by its usual name."""

    url: OwnLink = ""
    naam: Annotated[str, Text(20, shortest=1)]
    omschrijving: Annotated[str, Text(200, shortest=1)]


def _label(record: Values) -> str:
    return str(record["naam"])


COMMUNICATIEKANALEN = Resource(
    api="referentielijsten",
    component="vrl",
    name="communicatiekanalen",
    singular="communicatiekanaal",
    summary="De kanalen waarlangs mensen een organisatie bereiken.",
    record=CommunicatieKanaal,
    label=_label,
    scopes=OPEN,
    verbs=READING,
)
