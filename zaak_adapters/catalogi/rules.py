"""The rules of types and catalogues, each by its number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import AfterValidator

from dms.model.change import Act, Change, Write
from dms.model.fields import Datum, refuse
from dms.model.filters import Filter
from dms.model.problems import NON_FIELD, Problem
from dms.model.query import EVERYTHING, And, Equals, IsNull, Or, Query, Range
from dms.model.resource import EVERY_ACT, Need
from zaak_adapters.catalogi.scopes import FORCED_REMOVE, FORCED_WRITE


def _upper_case(value: str) -> str:
    if value and not re.fullmatch("[A-Z]+", value):
        raise refuse("invalid", "Gebruik alleen hoofdletters.")
    return value


UPPER_CASE = AfterValidator(_upper_case)
"""C-01: a domein is written in capitals."""


def valid_on(day: str) -> Query:
    """C-22: the versions that are valid on a day, their last day included."""
    ends = Or((IsNull("eindeGeldigheid"), Range("eindeGeldigheid", gte=day)))
    return And((Range("beginGeldigheid", lte=day), ends))


def published_and_valid(today: str) -> Query:
    """C-52: the versions to which a relation leads."""
    return And((Equals("concept", False), valid_on(today)))


_STATUS: dict[str, Query] = {
    "alles": EVERYTHING,
    "concept": Equals("concept", True),
    "definitief": Equals("concept", False),
}
CONCEPT_STATUS = Filter(
    "status",
    lambda value: _STATUS[value],
    type=Literal["alles", "concept", "definitief"],
    default="definitief",
    description="C-23: alleen gepubliceerde typen (definitief), alleen concepten, of alles.",
)
DATUM_GELDIGHEID = Filter(
    "datumGeldigheid",
    valid_on,
    type=Datum,
    fields=("beginGeldigheid",),
    description="C-22: alleen versies die op deze datum gelden.",
)


def _ends_up_published(change: Change) -> bool:
    return bool(change.facts.get("publish")) or (change.old is not None and not change.old["concept"])


def _same_type_published(change: Change) -> Query:
    record = change.new or change.before
    return And(
        (
            Equals("catalogus", record["catalogus"]),
            Equals("omschrijving", record["omschrijving"]),
            Equals("concept", False),
        )
    )


def _of_this_type(change: Change) -> Query:
    return Equals("informatieobjecttype", change.url)


_DESTROY: frozenset[Act] = frozenset({"destroy"})
_PUBLISHED_AFTER: frozenset[Act] = EVERY_ACT - _DESTROY
TYPE_NEEDS = (
    # First, for whoever publishes writes it: what was read after it cannot have changed when that succeeds.
    Need(
        "catalogus van het type",
        "catalogussen",
        lambda change: Equals("url", change.after["catalogus"]),
        acts=_PUBLISHED_AFTER,
        when=_ends_up_published,
    ),
    Need(
        "versies",
        "informatieobjecttypen",
        _same_type_published,
        acts=_PUBLISHED_AFTER,
        when=_ends_up_published,
    ),
    Need("documenten", "enkelvoudiginformatieobjecten", _of_this_type, acts=_DESTROY, limit=1),
    Need("oude documenten", "enkelvoudiginformatieobjectversies", _of_this_type, acts=_DESTROY, limit=1),
)


def a_new_type_is_a_concept(change: Change) -> None:
    """C-10, C-11: a type is a concept until it is published, and there is no way back."""
    if change.new is not None:
        published = bool(change.facts.get("publish")) or (
            change.old is not None and not change.old["concept"]
        )
        change.new["concept"] = not published


def it_ends_after_it_begins(change: Change) -> Iterator[Problem]:
    """C-20: eindeGeldigheid does not lie before beginGeldigheid."""
    if change.new and (change.new["eindeGeldigheid"] or "9999") < change.new["beginGeldigheid"]:
        yield Problem(NON_FIELD, "date-mismatch", "De eindeGeldigheid ligt voor de beginGeldigheid.")


def a_published_type_stays_as_it_is(change: Change) -> Iterator[Problem]:
    """ztc-009: a published type only gets an end, unless the caller may force more."""
    if change.old is None or change.old["concept"] or change.facts.get("publish"):
        return
    if change.act == "destroy":
        forced = change.may(FORCED_REMOVE)
    elif change.act == "partial_update" and set(change.sent) == {"eindeGeldigheid"}:
        return
    else:
        forced = change.may(FORCED_WRITE)
    if not forced:
        yield Problem(NON_FIELD, "non-concept-object", "Het type is gepubliceerd en ligt vast.")


def published_versions_do_not_overlap(change: Change) -> Iterator[Problem]:
    """ztc-016: no two published versions of one type are valid on the same day, their last day included."""
    if change.new is None or change.new["concept"]:
        return
    others = [version for version in change.related["versies"] if version["_id"] != change.id]
    begin, end = change.new["beginGeldigheid"], change.new["eindeGeldigheid"] or "9999-12-31"
    if any(
        begin <= (other["eindeGeldigheid"] or "9999-12-31") and other["beginGeldigheid"] <= end
        for other in others
    ):
        only_the_end = change.act == "partial_update" and set(change.sent) == {"eindeGeldigheid"}
        name = "eindeGeldigheid" if only_the_end else "beginGeldigheid"
        yield Problem(name, "overlap", "Een andere versie van dit type geldt in dezelfde periode.")


def publishing_is_one_at_a_time(change: Change) -> Iterator[Write]:
    """ztc-016: of two versions that are published at once, the second sees the first."""
    if change.new is not None and change.new["concept"] is False:
        for catalogus in change.related["catalogus van het type"]:
            yield Write("replace", "catalogussen", catalogus)


def a_type_in_use_stays(change: Change) -> Iterator[Problem]:
    """C-13: a type of which there are documents is not removed."""
    if change.act == "destroy" and (change.related["documenten"] or change.related["oude documenten"]):
        yield Problem(NON_FIELD, "pending-relations", "Er zijn documenten van dit type.")
