"""The rules of types and catalogues, each by its number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import AfterValidator

from dms.model.change import Act, Change, Write
from dms.model.fields import refuse
from dms.model.problems import NON_FIELD, Problem
from dms.model.query import And, Equals, Query
from dms.model.resource import EVERY_ACT, Need, pointing_here
from zaak_adapters.catalogi.scopes import FORCED_REMOVE, FORCED_WRITE


def _upper_case(value: str) -> str:
    if value and not re.fullmatch("[A-Z]+", value):
        raise refuse("invalid", "Gebruik alleen hoofdletters.")
    return value


UPPER_CASE = AfterValidator(_upper_case)
"""C-01: a domein is written in capitals."""


def _ends_up_published(change: Change) -> bool:
    return change.publishes or (change.old is not None and not change.old["concept"])


_DESTROY: frozenset[Act] = frozenset({"destroy"})
_PUBLISHED_AFTER: frozenset[Act] = EVERY_ACT - _DESTROY

CATALOGUE = "catalogue of the type"
VERSIONS = "published versions of the type"
USED_IN = "uses of the type in "
"""Names of needs; the last one with a collection after it."""


def needs_of_versions(collection: str, name: str) -> tuple[Need, ...]:
    """What ztc-016 wants to see of the types in this collection, whose versions share this field."""

    def published(change: Change) -> Query:
        parts = (Equals(field, change.after[field]) for field in ("catalogus", name))
        return And((*parts, Equals("concept", False)))

    return (
        # First, for whoever publishes writes it: what was read after it has not changed when that succeeds.
        Need(
            CATALOGUE,
            "catalogussen",
            lambda change: Equals("url", change.after["catalogus"]),
            acts=_PUBLISHED_AFTER,
            when=_ends_up_published,
        ),
        Need(
            VERSIONS,
            collection,
            published,
            acts=_PUBLISHED_AFTER,
            # Without a name it is a version of nothing else.
            when=lambda change: _ends_up_published(change) and bool(change.after[name]),
        ),
    )


def used_in(collection: str, by: str) -> Need:
    """C-13: what may be of this type."""
    return Need(USED_IN + collection, collection, pointing_here(by), acts=_DESTROY, limit=1)


def concept_until_published(change: Change) -> None:
    """C-10, C-11: a type is a concept until it is published, and there is no way back."""
    if change.new is not None:
        change.new["concept"] = not _ends_up_published(change)


def it_ends_after_it_begins(change: Change) -> Iterator[Problem]:
    """C-20: eindeGeldigheid does not lie before beginGeldigheid."""
    if change.new and (change.new["eindeGeldigheid"] or "9999") < change.new["beginGeldigheid"]:
        yield Problem(NON_FIELD, "date-mismatch", "De eindeGeldigheid ligt voor de beginGeldigheid.")


def a_published_type_stays_as_it_is(change: Change) -> Iterator[Problem]:
    """ztc-009: a published type only gets an end, unless the caller may force more."""
    if change.old is None or change.old["concept"] or change.publishes:
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
    others = [version for version in change.related.get(VERSIONS, ()) if version["_id"] != change.id]
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
        for catalogus in change.related[CATALOGUE]:
            yield Write("replace", "catalogussen", catalogus)


def a_type_in_use_stays(change: Change) -> Iterator[Problem]:
    """C-13: a type is not removed while something is of that type."""
    if change.act == "destroy":
        for name, found in change.related.items():
            if found and name.startswith(USED_IN):
                reason = f"Dit type wordt gebruikt in {name.removeprefix(USED_IN)}."
                yield Problem(NON_FIELD, "pending-relations", reason)
