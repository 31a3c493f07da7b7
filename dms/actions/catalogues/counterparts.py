"""What is there already of what an archive holds: by UUID, or by what makes a record what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from dms.actions.catalogues.contents import Item
from dms.actions.service import Dms
from dms.model.change import Values
from dms.model.query import And, By, Equals
from dms.storage.metadata.port import Record
from zaak_adapters.catalogi.exchange import Kind

Choices: TypeAlias = Mapping[tuple[str, str], str]
"""Types of which the one here is used: by collection and name the name here; the name "" is any, and the
name here "" is the same name."""


class Elsewhere(Exception):
    """The UUID of a record is that of one that belongs to something else."""


class NothingToChoose(Exception):
    """There is no type here with the name that was chosen."""


class Counterparts:
    """Finds of each record of an archive the one here. No record here is that of two."""

    def __init__(self, dms: Dms, *, by_uuid: bool) -> None:
        self._dms = dms
        self._by_uuid = by_uuid
        self._taken: set[tuple[str, str]] = set()

    async def find(self, item: Item, checked: Values, above: str) -> Record | None:
        """The record here, within the record with the URL `above`, of what has these checked values. Raises
        `Elsewhere`."""
        kind = item.kind
        record = await self._dms.metadata.get(kind.collection, item.id) if self._by_uuid else None
        if record is not None and kind.within and record[kind.within] != above:
            raise Elsewhere
        if record is None:
            same = [Equals(field, checked[field]) for field in kind.identity]
            if kind.within:
                same.append(Equals(kind.within, above))
            found = await self._dms.metadata.find(kind.collection, And(tuple(same)), order=(By("_created"),))
            record = next((each for each in found if not self.is_taken(kind, each)), None)
        if record is not None:
            self.take(kind, record)
        return record

    def take(self, kind: Kind, record: Record) -> None:
        """Note whose counterpart it is."""
        self._taken.add((kind.collection, record["_id"]))

    def is_taken(self, kind: Kind, record: Record) -> bool:
        """Whether it is the counterpart of something already."""
        return (kind.collection, record["_id"]) in self._taken

    async def chosen(self, item: Item, choices: Choices, catalogue: str) -> Record | None:
        """The type in the catalogue here that was chosen in the place of one of the archive: the version with
        the same first day, else of those that are published, else of all, the one that began last. Raises
        `NothingToChoose`."""
        kind, name = item.kind, item.values.get(item.kind.name) if item.kind.name else None
        if not isinstance(name, str):
            return None
        here = choices.get((kind.collection, name), choices.get((kind.collection, "")))
        if here is None:
            return None
        same = And((Equals("catalogus", catalogue), Equals(kind.name, here or name)))
        versions = await self._dms.metadata.find(kind.collection, same, order=(By("beginGeldigheid"),))
        if not versions:
            raise NothingToChoose(here or name)
        begins = [each for each in versions if each["beginGeldigheid"] == item.values.get("beginGeldigheid")]
        published = [each for each in versions if not each["concept"]]
        return (begins or published or versions)[-1]
