"""Versions: every change of a document makes one, and the ones before stay (D-20 to D-25)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from dms.documenten.rights import DOCUMENT
from dms.documenten.upload.parts import DROPPED
from dms.model.change import Change, Values, Write
from dms.model.fields import Moment
from dms.model.filters import Filter
from dms.model.query import Equals, Range
from dms.storage.metadata.port import Collection, Index

COLLECTION = "enkelvoudiginformatieobjectversies"
"""Versions before the latest, each under `<uuid>:<versie>`."""

VERSIONS = Collection(
    COLLECTION,
    (Index(("_document", "beginRegistratie")), Index(("_body",)), Index(("informatieobjecttype",))),
)
WITH_BODIES = (DOCUMENT, COLLECTION)
"""The collections whose records refer to bodies by `_body`; what none of them refers to is removed."""

VERSIE = Filter(
    "versie",
    lambda value: Equals("versie", value),
    type=Annotated[int, Field(ge=0, le=2**31)],
    description="Alleen deze versie.",
)
REGISTRATIE_OP = Filter(
    "registratieOp",
    lambda value: Range("beginRegistratie", lte=value),
    type=Moment,
    description="De versie die op dit moment de laatste was.",
)

WITHOUT_RELATIONS = Filter(
    "zonderRelaties",
    lambda wanted: Equals("_relaties", 0) if wanted else Range("_relaties", gt=0),
    type=bool,
    fields=("_relaties",),
    description="Documenten waarnaar geen zaak, besluit of verzoek verwijst (true), of juist wel (false).",
)

OF_THE_DOCUMENT = (
    "locked",
    "_lock",
    "_upload",
    "_sealing",
    "_objecten",
    "_objecttypen",
    "_relaties",
    "_gebruiksrechten",
)
"""Fields that belong to the document, whichever version is looked at (D-25)."""


def next_version(change: Change) -> None:
    """D-20: a create makes version 1, every update the next, from this moment on."""
    if change.new is None:
        return
    change.new["versie"] = change.old["versie"] + 1 if change.old else 1
    change.new["beginRegistratie"] = change.now
    if change.old is None:
        change.new.update(locked=False, _lock=None, _objecten=[], _objecttypen=[])
        change.new.update(_relaties=0, _gebruiksrechten=0)


def keep_the_previous(change: Change) -> Iterable[Write]:
    """D-24: the version that is replaced stays, with its content."""
    if change.old is not None and change.new is not None:
        yield Write("insert", COLLECTION, kept_version(change.url, change.old))


def kept_version(url: str, record: Values) -> Values:
    """The record of a version before the latest; the upload it waited for is not its own any more."""
    kept = {name: value for name, value in record.items() if name not in OF_THE_DOCUMENT}
    return {**kept, "_id": version_id(record["_id"], record["versie"]), "_document": url}


def version_id(document: str, version: int) -> str:
    """The id of a kept version."""
    return f"{document}:{version}"


def as_document(version: Values, document: Values) -> Values:
    """A kept version as it is shown: its own values, in the state that the document is in now."""
    shared = {name: document.get(name) for name in OF_THE_DOCUMENT}
    return {**version, **shared, "_id": document["_id"]}


def nothing_stays(change: Change) -> Iterable[Write]:
    """drc-008: with a document go all its versions and their content, for good."""
    if change.act != "destroy":
        return
    bodies = {change.before["_body"]}
    for version in change.related["versies"]:
        bodies.add(version["_body"])
        yield Write("remove", COLLECTION, version)
    for key in sorted(bodies - {None}):
        yield Write("insert", DROPPED, {"_id": key})
