"""What belongs to one version of a zaaktype: found by it, open to change while that is a concept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from dms.model.change import Act, Change, Effect, Rule, Values, Write
from dms.model.fields import Datum, OwnUrl, ReadOnly, To, Url, no_truth_value
from dms.model.filters import Filter, equals, link
from dms.model.links import target
from dms.model.problems import NON_FIELD, Problem
from dms.model.query import And, AnyElement, Equals, In, Query
from dms.model.resource import EVERY_ACT, Need, Parent
from zaak_adapters.catalogi.history import (
    DATUM_GELDIGHEID,
    concept_status,
    first_begin_and_last_end,
    kept_of_the_zaaktype,
)
from zaak_adapters.catalogi.scopes import FORCED_REMOVE, FORCED_WRITE, SCOPES

Zaaktype: TypeAlias = Annotated[str, Url(), To("zaaktypen", strict=True)]
Statustype: TypeAlias = Annotated[Annotated[str, Url()] | None, OwnUrl(), To("statustypen", strict=True)]
OfTheZaaktype: TypeAlias = Annotated[str, ReadOnly()]
Catalogus: TypeAlias = Annotated[
    str, OwnUrl(), ReadOnly(listed=True), Field(json_schema_extra={"format": "uri"})
]
Dag: TypeAlias = Datum | None
"""C-21: what is sent is compared with the zaaktype's, and the zaaktype's is kept."""
Object: TypeAlias = Annotated[Datum | None, ReadOnly(listed=True)]
Links: TypeAlias = Annotated[tuple[str, ...], ReadOnly(listed=True), OwnUrl()]
Volgnummer: TypeAlias = Annotated[int, BeforeValidator(no_truth_value), Field(ge=1)]
"""A whole number from 1."""

SUB_SCOPES = replace(SCOPES, create=("catalogi.schrijven", FORCED_WRITE))
ZAAKTYPE = Parent("zaaktype", "zaaktypen", keeps=kept_of_the_zaaktype)
STATUS = concept_status("_concept")
OF_THE_ZAAKTYPE = (link("zaaktype"), equals("zaaktypeIdentificatie"), STATUS, DATUM_GELDIGHEID)
"""C-22, C-23: what belongs to a zaaktype is found by its days, and by whether it is a concept."""
EXPANDS = {"zaaktype": ("zaaktypen",), "catalogus": ("catalogussen",)}
FIRST_AND_LAST = first_begin_and_last_end("zaaktypen", "identificatie", "zaaktypeIdentificatie")
"""C-21: beginObject and eindeObject are those of the zaaktype."""


def renamed(known: Filter, name: str) -> Filter:
    """The same filter under another spelling."""
    return replace(known, name=name)


def is_concept(record: Values) -> bool:
    """Whether its zaaktype is a concept."""
    return bool(record["_concept"])


_DESTROY: frozenset[Act] = frozenset({"destroy"})
KEPT_AFTER: frozenset[Act] = EVERY_ACT - _DESTROY


def only_of_a_concept(change: Change) -> Iterator[Problem]:
    """ztc-010: what belongs to a published zaaktype stays as it is, and nothing comes to it, unless the
    caller may force it."""
    records = [record for record in (change.old, change.new) if record is not None]
    forced = change.may(FORCED_REMOVE if change.act == "destroy" else FORCED_WRITE)
    if not forced and not all(record["_concept"] for record in records):
        yield Problem(NON_FIELD, "non-concept-zaaktype", "Het zaaktype is gepubliceerd en ligt vast.")


def its_days_are_those_of_the_zaaktype(change: Change) -> Iterator[Problem]:
    """C-20, C-21: days that are sent are in order, and the first is that of the zaaktype; they may be left
    out."""
    if change.new is None:
        return
    begin, end = change.sent.get("beginGeldigheid"), change.sent.get("eindeGeldigheid")
    if end and end < (begin or change.new["beginGeldigheid"]):
        yield Problem(NON_FIELD, "date-mismatch", "De eindeGeldigheid ligt voor de beginGeldigheid.")
    if begin and begin != change.new["beginGeldigheid"]:
        yield Problem("beginGeldigheid", "invalid", "De beginGeldigheid is die van het zaaktype.")


def one_at_a_time(change: Change) -> Iterator[Write]:
    """ztc-010: a change within a zaaktype writes it, so that of a change and a publication at once, or of two
    changes, the second sees the first. (Whatever comes or goes writes its main object already.)"""
    if change.act in ("update", "partial_update"):
        yield Write("replace", ZAAKTYPE.resource, change.related["zaaktype"])


RULES: tuple[Rule, ...] = (only_of_a_concept, its_days_are_those_of_the_zaaktype)
"""Those of all that belongs to a zaaktype."""
EFFECTS: tuple[Effect, ...] = (one_at_a_time,)
"""The same."""

_STATUSTYPE = "statustype that stays referred to"
_LISTED = "listed among "


def _statustype_id(change: Change) -> str | None:
    link = target(change.after.get("statustype"))
    return link.id if link is not None else None


STATUSTYPE_NEED = Need(
    _STATUSTYPE,
    "statustypen",
    lambda change: Equals("_id", _statustype_id(change) or ""),
    acts=KEPT_AFTER,
    when=lambda change: "statustype" not in change.sent and _statustype_id(change) is not None,
    limit=1,
)
"""Finds the statustype that a change does not name again; one that is named is found as any reference is."""


def _statustype(change: Change) -> Values | None:
    [kept] = change.related.get(_STATUSTYPE) or [None]
    found: Values | None = change.related.get("statustype", kept)
    return found


def the_statustype_is_of_the_same_zaaktype(change: Change) -> Iterator[Problem]:
    """C-81, C-84: a statustype that is referred to belongs to the same zaaktype."""
    statustype = _statustype(change)
    if statustype is not None and statustype["zaaktype"] != change.after["zaaktype"]:
        yield _of_another_zaaktype("statustype")


def _of_another_zaaktype(field: str) -> Problem:
    return Problem(NON_FIELD, "relations-incorrect-zaaktype", f"{field}: dit hoort bij een ander zaaktype.")


def the_statustype_stays(change: Change) -> Iterator[Write]:
    """G-124: what is referred to is written too, so that it does not go, or move, at the same time."""
    if (statustype := _statustype(change)) is not None:
        yield Write("replace", "statustypen", statustype)


def list_need(field: str, of: Callable[[Change], list[str]] | None = None) -> Need:
    """Finds what the references in a list lead to; the field that holds it is named after what it refers to.
    `of` tells which they are, where they are not all in that field yet."""
    listed = of or (lambda change: list(change.after[field]))
    return Need(
        _LISTED + field,
        field,
        lambda change: In("_id", tuple(link.id for url in listed(change) if (link := target(url)))),
        acts=KEPT_AFTER,
        when=lambda change: bool(listed(change)),
    )


def all_of_the_same_zaaktype(field: str) -> Rule:
    """The rule that a list of references leads to what belongs to the same zaaktype."""

    def rule(change: Change) -> Iterator[Problem]:
        """C-83, G-121: each reference of the list is that of one of the same zaaktype."""
        found = {record["url"]: record for record in change.related.get(_LISTED + field, ())}
        for number, url in enumerate((change.new or {}).get(field, ())):
            link = target(url)
            if link is None:
                yield Problem(
                    f"{field}.{number}", "no_match", f"Deze URL is niet die van een van de {field}."
                )
            elif link.resource != field:
                reason = f"Deze URL is er een van {link.resource}, niet van {field}."
                yield Problem(f"{field}.{number}", "incorrect_match", reason)
            elif url not in found:
                yield Problem(f"{field}.{number}", "does_not_exist", f"Er is geen {field} met deze URL.")
            elif found[url]["zaaktype"] != change.after["zaaktype"]:
                yield _of_another_zaaktype(field)

    return rule


def all_of_these_stay(change: Change) -> Iterator[Write]:
    """G-124: the same for what lists refer to."""
    for name, records in change.related.items():
        if name.startswith(_LISTED):
            for record in records:
                yield Write("replace", name.removeprefix(_LISTED), record)


_REFERRING = "references to this in "


def referring(collection: str, field: str) -> Need:
    """Finds whether one of a collection refers to what is removed, or moved to another zaaktype."""
    return _referring(collection, lambda change: Equals(field, change.url))


def listing(collection: str, field: str) -> Need:
    """The same for one of the zaaktype that refers to it in a list."""
    return _referring(
        collection,
        lambda change: And((Equals("zaaktype", change.before["zaaktype"]), AnyElement(field, change.url))),
    )


def _referring(collection: str, query: Callable[[Change], Query]) -> Need:
    return Need(
        _REFERRING + collection,
        collection,
        query,
        when=lambda change: change.new is None or change.new["zaaktype"] != change.before["zaaktype"],
        limit=1,
    )


def what_is_referred_to_stays(change: Change) -> Iterator[Problem]:
    """C-13, G-124: what something refers to is not removed, and not moved to another zaaktype."""
    names = sorted(
        name.removeprefix(_REFERRING)
        for name, found in change.related.items()
        if name.startswith(_REFERRING) and found
    )
    if names:
        yield Problem(NON_FIELD, "pending-relations", f"Hiernaar verwijst nog iets: {', '.join(names)}.")
