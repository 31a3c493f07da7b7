"""What a catalogue consists of when it goes from one service to another: one list a resource."""

from __future__ import annotations

from dataclasses import dataclass

from dms.model.change import Values
from dms.model.resource import Resource
from zaak_adapters.catalogi.resources.besluittypen import BESLUITTYPEN
from zaak_adapters.catalogi.resources.catalogussen import CATALOGUSSEN
from zaak_adapters.catalogi.resources.informatieobjecttypen import INFORMATIEOBJECTTYPEN
from zaak_adapters.catalogi.resources.zaaktypen import ZAAKTYPEN


@dataclass(frozen=True, slots=True)
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

    def label(self, values: Values) -> str:
        """What a person calls a record."""
        parts = [str(values.get(field) or "?") for field in self.identity]
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
SUB_TYPES: tuple[Kind, ...] = ()
KINDS: tuple[Kind, ...] = (CATALOGUS, INFORMATIEOBJECTTYPE, BESLUITTYPE, ZAAKTYPE, *SUB_TYPES)
"""In an order in which each refers to those before it, but for references among zaaktypen."""
