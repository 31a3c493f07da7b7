"""The history model (C-50 to C-54): types are versions that share a name, and relations follow the names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

from dms.model.change import Values
from dms.model.fields import Datum
from dms.model.filters import Filter
from dms.model.looked_up import Named, Reverse, distinct
from dms.model.query import EVERYTHING, And, Equals, IsNull, Or, Query, Range

_FOREVER = "9999-12-31"


def valid_on(day: str) -> Query:
    """C-22: the versions that are valid on a day, their last day included."""
    ends = Or((IsNull("eindeGeldigheid"), Range("eindeGeldigheid", gte=day)))
    return And((Range("beginGeldigheid", lte=day), ends))


def published_and_valid(day: str) -> Query:
    """C-52: the versions to which a relation leads."""
    return And((Equals("concept", False), valid_on(day)))


def of_published_and_valid(day: str) -> Query:
    """C-52: the same for what belongs to a version, and keeps its days and whether it is a concept."""
    return And((Equals("_concept", False), valid_on(day)))


def concept_status(field: str = "concept") -> Filter:
    """C-23: `?status=`, with the field that tells whether the type is a concept."""
    asked: dict[str, Query] = {
        "alles": EVERYTHING,
        "concept": Equals(field, True),
        "definitief": Equals(field, False),
    }
    return Filter(
        "status",
        lambda value: asked[value],
        type=Literal["alles", "concept", "definitief"],
        default="definitief",
        description="C-23: alleen gepubliceerde typen (definitief), alleen concepten, of alles.",
    )


CONCEPT_STATUS = concept_status()
DATUM_GELDIGHEID = Filter(
    "datumGeldigheid",
    valid_on,
    type=Datum,
    fields=("beginGeldigheid",),
    day=True,
    description="C-22: alleen versies die op deze datum gelden, met wat er dan bij hoort.",
)
DATUM_VAN_RELATIES = replace(
    DATUM_GELDIGHEID,
    ask=lambda day: EVERYTHING,
    description="C-52: toon van gerelateerde typen de versies die op deze datum gelden.",
)
"""For one version: it is shown as it is, with the related versions of that day."""


def first_begin_and_last_end(collection: str, name: str, key: str = "") -> tuple[Reverse, Reverse]:
    """C-21: beginObject and eindeObject, over all versions that bear the name in this record's `key`."""

    def over(
        field: str, show: Callable[[Values, Values], Any], fold: Callable[[Sequence[Any]], Any]
    ) -> Reverse:
        return Reverse(
            field=field,
            collection=collection,
            by=name,
            key=key or name,
            within="catalogus",
            show=show,
            fold=fold,
        )

    return (
        over(
            "beginObject", lambda version, _: version["beginGeldigheid"], lambda all_: min(all_, default=None)
        ),
        over("eindeObject", lambda version, _: version["eindeGeldigheid"] or _FOREVER, _last),
    )


def _last(ends: Sequence[str]) -> str | None:
    last = max(ends, default=_FOREVER)
    return None if last == _FOREVER else last


def naming_this(
    collection: str,
    by: str,
    *,
    key: str,
    elements: bool = True,
    where: Callable[[str], Query] = published_and_valid,
    **shown: str,
) -> tuple[Reverse, ...]:
    """C-54: what names this type in the same catalogue, in the order in which it begins; for each field of
    the answer, what it shows of it."""
    return tuple(
        Reverse(
            field=field,
            collection=collection,
            by=by,
            key=key,
            within="catalogus",
            elements=elements,
            where=where,
            order="beginGeldigheid",
            show=_shows(what),
            fold=distinct,
        )
        for field, what in shown.items()
    )


def in_this(
    collection: str,
    by: str,
    *,
    where: Callable[[str], Query] = lambda day: EVERYTHING,
    order: str = "_created",
    **shown: str,
) -> tuple[Reverse, ...]:
    """C-54: what belongs to this record; for each field of the answer, what it shows of it."""
    return tuple(
        Reverse(field, collection, by, _shows(what), where=where, order=order, fold=distinct)
        for field, what in shown.items()
    )


def _shows(field: str) -> Callable[[Values, Values], Any]:
    return lambda found, _: found[field]


def names_of(collection: str, by: str, field: str, *names: str, **more: Any) -> Named:
    """C-50, C-52: a list of names of types; a concept also shows types that are not published yet (QC-3)."""
    return Named(
        **{
            "field": field,
            "collection": collection,
            "by": by,
            "names": names,
            "where": published_and_valid,
            "stand_in": lambda record: record["concept"],
            "stand_ins": Equals("concept", True),
            **more,
        }
    )


def kept_of_the_zaaktype(zaaktype: Values) -> Values:
    """C-21, C-23: what all that belongs to a zaaktype keeps of it, so that it can be searched by that."""
    return {
        "catalogus": zaaktype["catalogus"],
        "zaaktypeIdentificatie": zaaktype["identificatie"],
        "beginGeldigheid": zaaktype["beginGeldigheid"],
        "eindeGeldigheid": zaaktype["eindeGeldigheid"],
        "_concept": zaaktype["concept"],
    }
