"""Objectinformatieobject: the mirror, on the document's side, of a relation that a zaak, besluit or verzoek
has with a document (RULES 2.7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from dms.documenten.rights import DOCUMENT, OF_THE_DOCUMENT
from dms.model.change import Change, Values
from dms.model.fields import Immutable, OwnLink, Url
from dms.model.filters import link
from dms.model.problems import NON_FIELD, Problem
from dms.model.query import And, Equals, Query
from dms.model.record import Record
from dms.model.resource import Need, Parent, Resource, Scopes

ObjectType: TypeAlias = Literal["besluit", "zaak", "verzoek"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a kind of relation is kept: the `objects` it is of, the `relations` themselves, and the field by
    which one of those refers to its object."""

    objects: str
    relations: str
    field: str


SOURCES: dict[str, Source] = {
    "besluit": Source("besluiten", "besluitinformatieobjecten", "besluit"),
    "zaak": Source("zaken", "zaakinformatieobjecten", "zaak"),
    "verzoek": Source("verzoeken", "verzoekinformatieobjecten", "verzoek"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the source of a relation tells: the `problem` with its object, and whether the relation is there,
    which is None when the source cannot be asked."""

    problem: Problem | None = None
    related: bool | None = False


class ObjectInformatieObject(Record):
    """That an object has to do with a document."""

    url: OwnLink = ""
    informatieobject: Annotated[str, Url(), Immutable()]
    object: Annotated[str, Url(1000)]
    object_type: ObjectType


def _kept_on_the_document(change: Change, document: Values) -> None:
    """The document knows what refers to it, object and kind in the same place of two lists."""
    objects, kinds = list(document["_objecten"]), list(document["_objecttypen"])
    if change.act == "create":
        objects.append(change.after["object"])
        kinds.append(change.after["objectType"])
    else:
        at = objects.index(change.before["object"])
        del objects[at], kinds[at]
    document.update(_objecten=objects, _objecttypen=kinds, _relaties=len(objects))


def _told(change: Change) -> Told:
    told = change.facts.get("source")
    return told if isinstance(told, Told) else Told()


def the_object_is_there(change: Change) -> Iterator[Problem]:
    """drc-002: object is the URL of something that exists, and that is what objectType says."""
    if problem := _told(change).problem:
        yield problem


def it_mirrors_a_relation(change: Change) -> Iterator[Problem]:
    """drc-003, drc-004: a relation is mirrored once, and is there at its source first."""
    if change.act != "create":
        return
    if change.related["same"]:
        yield Problem(NON_FIELD, "unique", "Deze relatie is al vastgelegd.")
    elif (related := _told(change).related) is None:
        yield Problem(NON_FIELD, "relation-lookup-error", "De bron van de relatie is niet te bevragen.")
    elif not related:
        yield Problem(NON_FIELD, "inconsistent-relation", "De relatie bestaat niet bij haar bron.")


def it_goes_after_its_source(change: Change) -> Iterator[Problem]:
    """D-71: a mirror stays while the relation is there at its source."""
    if change.act != "destroy":
        return
    related = _told(change).related
    if related is None:
        yield Problem(NON_FIELD, "relation-lookup-error", "De bron van de relatie is niet te bevragen.")
    elif related:
        yield Problem(NON_FIELD, "remote-relation-exists", "Verwijder de relatie eerst bij haar bron.")


def _same(change: Change) -> Query:
    values = change.after
    return And((Equals("object", values["object"]), Equals("informatieobject", values["informatieobject"])))


OBJECTINFORMATIEOBJECTEN = Resource(
    api="documenten",
    component="drc",
    name="objectinformatieobjecten",
    singular="objectinformatieobject",
    summary="De relaties die zaken, besluiten en verzoeken met documenten hebben.",
    record=ObjectInformatieObject,
    scopes=Scopes.of("documenten"),
    verbs=frozenset({"list", "create", "fetch", "remove"}),
    parent=Parent("informatieobject", DOCUMENT, touch=_kept_on_the_document),
    guard=OF_THE_DOCUMENT,
    filters=(link("object"), link("informatieobject")),
    paginated=False,
    unique=(("object", "informatieobject"),),
    expands={
        "informatieobject": (DOCUMENT,),
        "object": tuple(source.objects for source in SOURCES.values()),
    },
    needs=(Need("same", "objectinformatieobjecten", _same, acts=frozenset({"create"}), limit=1),),
    stages=((the_object_is_there,), (it_mirrors_a_relation, it_goes_after_its_source)),
)
