"""What a catalogue consists of when it goes from one service to another: one list a resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dms.model.resource import Resource
from zaak_adapters.catalogi.resources.besluittypen import BESLUITTYPEN
from zaak_adapters.catalogi.resources.catalogussen import CATALOGUSSEN
from zaak_adapters.catalogi.resources.eigenschappen import EIGENSCHAPPEN
from zaak_adapters.catalogi.resources.informatieobjecttypen import INFORMATIEOBJECTTYPEN
from zaak_adapters.catalogi.resources.resultaattypen import RESULTAATTYPEN
from zaak_adapters.catalogi.resources.roltypen import ROLTYPEN
from zaak_adapters.catalogi.resources.statustypen import STATUSTYPEN
from zaak_adapters.catalogi.resources.zaakobjecttypen import ZAAKOBJECTTYPEN
from zaak_adapters.catalogi.resources.zaaktype_informatieobjecttypen import ZAAKTYPE_INFORMATIEOBJECTTYPEN
from zaak_adapters.catalogi.resources.zaaktypen import ZAAKTYPEN


@dataclass(frozen=True, eq=False)
class Kind:
    """A list in an archive: the name of its file, as Open Zaak has it, and what tells its records apart.

    Within the catalogue, or the zaaktype, that the field `within` refers to, a record is known by its
    `identity`. Versions of one type have their `name` in common.
    """

    file: str
    resource: Resource
    identity: tuple[str, ...]
    within: str = ""
    name: str = ""

    @property
    def collection(self) -> str:
        """Where its records are kept."""
        return self.resource.collection

    @property
    def is_sub_type(self) -> bool:
        """Whether its records belong to one version of a zaaktype."""
        return self.within == "zaaktype"

    @property
    def is_published(self) -> bool:
        """Whether its records are concepts until they are published."""
        return "concept" in self.resource.shape.answered

    @cached_property
    def writable(self) -> tuple[str, ...]:
        """The fields that make a record what it is: those that clients write, without those that follow from
        its zaaktype."""
        shape, parent = self.resource.shape, self.resource.parent
        fields = set(shape.answered) - shape.read_only
        if parent is not None:
            fields -= parent.keeps(dict.fromkeys(ZAAKTYPEN.shape.answered)).keys()
        return tuple(name for name in shape.answered if name in fields)

    @cached_property
    def later(self) -> frozenset[str]:
        """Fields with names of its own kind: which of those there are is known when all of them are there."""
        return frozenset(
            named.field
            for named in self.resource.named
            if named.written and named.collection == self.collection
        )

    def label(self, values: Mapping[str, Any]) -> str:
        """What a person calls a record."""
        parts = [str(values.get(field) or "?")[:80] for field in self.identity]
        return f"{parts[0]} ({', '.join(parts[1:])})" if len(parts) > 1 else parts[0]


CATALOGUS = Kind("Catalogus", CATALOGUSSEN, ("domein", "rsin"))
INFORMATIEOBJECTTYPE = Kind(
    "InformatieObjectType",
    INFORMATIEOBJECTTYPEN,
    ("omschrijving", "beginGeldigheid"),
    within="catalogus",
    name="omschrijving",
)
BESLUITTYPE = Kind(
    "BesluitType", BESLUITTYPEN, ("omschrijving", "beginGeldigheid"), within="catalogus", name="omschrijving"
)
ZAAKTYPE = Kind(
    "ZaakType", ZAAKTYPEN, ("identificatie", "beginGeldigheid"), within="catalogus", name="identificatie"
)
SUB_TYPES: tuple[Kind, ...] = tuple(
    Kind(file, resource, identity, within="zaaktype")
    for file, resource, identity in (
        ("StatusType", STATUSTYPEN, ("volgnummer",)),
        ("Eigenschap", EIGENSCHAPPEN, ("naam",)),
        ("RolType", ROLTYPEN, ("omschrijving",)),
        ("ResultaatType", RESULTAATTYPEN, ("omschrijving",)),
        ("ZaakObjectType", ZAAKOBJECTTYPEN, ("relatieOmschrijving", "objecttype")),
        ("ZaakTypeInformatieObjectType", ZAAKTYPE_INFORMATIEOBJECTTYPEN, ("volgnummer",)),
    )
)
KINDS: tuple[Kind, ...] = (CATALOGUS, INFORMATIEOBJECTTYPE, BESLUITTYPE, ZAAKTYPE, *SUB_TYPES)
"""In an order in which each refers to those before it, but for references among zaaktypen."""
BY_COLLECTION = {kind.collection: kind for kind in KINDS}
FILES = tuple(kind.file for kind in KINDS)
