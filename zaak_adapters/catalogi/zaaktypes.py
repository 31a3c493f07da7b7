"""The rules of a zaaktype, each by its number, beside those that all types share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from dms.model.change import Change, Values
from dms.model.problems import NON_FIELD, Problem
from dms.model.query import And, Equals, In
from dms.model.resource import Need, pointing_here

_RELATIONS = "relations with informatieobjecttypen"
_PUBLISHED = "published versions of the named "


def _named_besluittypen(change: Change) -> tuple[str, ...]:
    return tuple(change.after["besluittypen"])


def _named_informatieobjecttypen(change: Change) -> tuple[str, ...]:
    relations: list[Values] = change.related[_RELATIONS]
    return tuple(dict.fromkeys(relation["informatieobjecttype"] for relation in relations))


_NAMED = {"besluittypen": _named_besluittypen, "informatieobjecttypen": _named_informatieobjecttypen}
"""The types that a zaaktype names, by their collection."""


def _published(collection: str, names: Callable[[Change], tuple[str, ...]]) -> Need:
    """Finds the published versions of what is named, in the same catalogue."""
    return Need(
        _PUBLISHED + collection,
        collection,
        lambda change: And(
            (
                Equals("catalogus", change.after["catalogus"]),
                In("omschrijving", names(change)),
                Equals("concept", False),
            )
        ),
        when=lambda change: change.publishes and bool(names(change)),
    )


NEEDS_OF_PUBLICATION = (
    Need(
        _RELATIONS,
        "zaaktype-informatieobjecttypen",
        pointing_here("zaaktype"),
        when=lambda change: change.publishes,
    ),
    *(_published(collection, names) for collection, names in _NAMED.items()),
)
"""What ztc-012 wants to see; the relations first, as they hold names."""


def dated_by_its_begin(change: Change) -> None:
    """QC-11: versiedatum, which nobody sends any more, is when the version begins."""
    if change.new is not None:
        change.new["versiedatum"] = change.new["versiedatum"] or change.new["beginGeldigheid"]


def extension_has_a_term(change: Change) -> Iterator[Problem]:
    """C-60: a zaak that can be extended is extended by a term."""
    if change.new and change.new["verlengingMogelijk"] and not change.new["verlengingstermijn"]:
        yield Problem(NON_FIELD, "verlenging-mismatch", "Geef bij een mogelijke verlenging de termijn.")


def its_source_is_told_whole(change: Change) -> Iterator[Problem]:
    """C-61: broncatalogus and bronzaaktype come together."""
    if change.new and bool(change.new["broncatalogus"]["url"]) != bool(change.new["bronzaaktype"]["url"]):
        reason = "Geef de broncatalogus en het bronzaaktype beide, of geen van beide."
        yield Problem(NON_FIELD, "invalid-bronzaaktype-for-broncatalogus", reason)


def service_takes_time(change: Change) -> Iterator[Problem]:
    """C-62: a servicenorm is not of no time at all."""
    norm = change.sent.get("servicenorm")
    if norm and not re.search("[1-9]", norm):
        yield Problem("servicenorm", "empty-duration", "De servicenorm moet langer dan niets duren.")


def a_type_is_related_once(change: Change) -> Iterator[Problem]:
    """C-64: there is one relation between two types."""
    names = [relation["zaaktype"] for relation in (change.new or {}).get("gerelateerdeZaaktypen", ())]
    if len(set(names)) < len(names):
        yield Problem("gerelateerdeZaaktypen", "unique", "Noem elk gerelateerd zaaktype een keer.")


def what_it_names_is_published(change: Change) -> Iterator[Problem]:
    """ztc-012: a published zaaktype names no types of which there are only concepts."""
    if not change.publishes:
        return
    for collection, named in _NAMED.items():
        published = {version["omschrijving"] for version in change.related.get(_PUBLISHED + collection, ())}
        if concepts := [name for name in named(change) if name not in published]:
            reason = f"Publiceer eerst deze {collection}: {', '.join(concepts[:10])}."
            yield Problem(NON_FIELD, "concept-relation", reason)
