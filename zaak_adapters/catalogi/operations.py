"""The operation that types have beside the usual ones."""

from __future__ import annotations

from dms.model.record import Record
from dms.model.resource import Operation


def publish(record: type[Record]) -> Operation:
    """C-11: `POST …/publish`, which answers the type."""
    return Operation(
        "publish",
        "POST",
        "publish",
        scopes=("catalogi.schrijven",),
        answer=record,
        summary="Publiceer het type: daarna is het geen concept meer.",
    )
