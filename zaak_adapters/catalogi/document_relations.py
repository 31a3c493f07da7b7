"""Which documents zaken of a type have: a relation by name, fixed once both types are published."""

from __future__ import annotations

from collections.abc import Iterator

from dms.model.change import Change, Values, Write
from dms.model.links import target
from dms.model.problems import NON_FIELD, Problem
from dms.model.query import And, Equals, Or, Query
from dms.model.resource import CHANGES, EVERY_ACT, Need
from zaak_adapters.catalogi.scopes import FORCED_REMOVE, FORCED_WRITE
from zaak_adapters.catalogi.sub_types import KEPT_AFTER

RELATIONS, TYPES = "zaaktype-informatieobjecttypen", "informatieobjecttypen"
OPEN = "_iotConcept"
"""On a relation: whether of the informatieobjecttype that it names there are concepts only."""

_NAMED, _VERSIONS = "version that a URL names", "versions of the type that is named"
_RELATED = "relations that name the type"


def _catalogus(change: Change) -> str | None:
    record = change.related.get("zaaktype") or change.old
    return record["catalogus"] if record else None


def _versions(change: Change) -> Query:
    [named] = change.related.get(_NAMED) or [None]
    name = named["omschrijving"] if named else (change.new or change.before)["informatieobjecttype"]
    return And((Equals("catalogus", str(_catalogus(change))), Equals("omschrijving", name)))


def _named_id(change: Change) -> str | None:
    link = target(change.sent.get("informatieobjecttype"))
    return link.id if link else None


NEEDS = (
    Need(
        _NAMED,
        TYPES,
        lambda change: Equals("_id", str(_named_id(change))),
        acts=KEPT_AFTER,
        when=lambda change: _named_id(change) is not None,
    ),
    Need(_VERSIONS, TYPES, _versions, acts=EVERY_ACT, when=lambda change: _catalogus(change) is not None),
)
"""What the rules want to see of the informatieobjecttype that is named, be it by a URL."""


def note_whether_the_type_is_a_concept(change: Change) -> None:
    """C-23: kept for the filter on status, which looks at both sides."""
    if change.new is not None:
        change.new[OPEN] = all(version["concept"] for version in change.related.get(_VERSIONS, ()))


def one_side_is_a_concept(change: Change) -> Iterator[Problem]:
    """ztc-010: documents come to zaken of a type, or leave them, while the zaaktype is a concept, or the
    informatieobjecttype is; unless the caller may force it. That of a name is one until a version is
    published; a URL means the version to which it leads."""
    forced = change.may(FORCED_REMOVE if change.act == "destroy" else FORCED_WRITE)
    zaaktypen_are = [record["_concept"] for record in (change.old, change.new) if record is not None]
    versions = change.related.get(_NAMED) or change.related[_VERSIONS]
    if not forced and not all(zaaktypen_are) and not all(version["concept"] for version in versions):
        reason = "Het zaaktype en het informatieobjecttype zijn allebei gepubliceerd."
        yield Problem(NON_FIELD, "non-concept-relation", reason)


def one_at_a_time_with_the_type(change: Change) -> Iterator[Write]:
    """C-23: of a relation that is made and a type that is published at once, the second sees the first."""
    if change.new is not None:
        for version in change.related[_VERSIONS]:
            yield Write("replace", TYPES, version)


def with_the_names_of(types: list[Values]) -> Query:
    """The relations with these types, whatever their version."""
    of = ((each["catalogus"], each["omschrijving"]) for each in types)
    return Or(
        tuple(And((Equals("catalogus", within), Equals("informatieobjecttype", name))) for within, name in of)
    )


NEED_OF_A_TYPE = Need(
    _RELATED,
    RELATIONS,
    lambda change: with_the_names_of([change.after]),
    acts=CHANGES,
    when=lambda change: change.publishes,
)
"""Of an informatieobjecttype that is published: the relations that name it."""


def its_relations_know_that_it_is_published(change: Change) -> Iterator[Write]:
    """C-23: a relation is no concept any more on the side of a type that is published."""
    for relation in change.related.get(_RELATED, ()):
        yield Write("replace", RELATIONS, {**relation, OPEN: False})
