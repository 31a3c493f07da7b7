"""A service with a selectielijst, and what it takes to take over archives into it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from dms.actions.catalogues.contents import Contents
from dms.actions.catalogues.export import export_catalogue
from dms.actions.catalogues.importing import Way, take_over
from dms.actions.catalogues.plan import Outcome, Plan
from dms.actions.service import Dms
from dms.model.query import Equals, Query
from dms.settings import Settings
from dms.storage.metadata.port import Record
from dms.wiring import APIS, collections, wired
from tests.catalogues import ELSEWHERE, Exported
from tests.standard.sub_types import selectielijst
from zaak_adapters.catalogi.exchange import KINDS

HERE = "https://hier.example.nl"


@dataclass
class Service:
    """A service, and the archives that it takes and gives."""

    dms: Dms
    selectielijst: dict[str, str]

    def archive(self) -> Exported:
        """An archive to fill, of a service with the same selectielijst."""
        return Exported(selectielijst=self.selectielijst)

    async def take(self, lists: Any, way: Way | None = None, *, dry_run: bool = False) -> Plan:
        """Take over these lists."""
        return await take_over(self.dms, collections(APIS), Contents.of(lists), way or Way(), dry_run=dry_run)

    async def export(self, domein: str = "UTRE") -> dict[str, list[dict[str, Any]]]:
        """All of the catalogue with this domein."""
        return dict(await export_catalogue(self.dms, await self.one("catalogussen", domein=domein), HERE))

    async def one(self, collection: str, **fields: Any) -> Record:
        """The record that has these values."""
        [(field, value), *others] = fields.items()
        query: Query = Equals(field, value)
        found = [
            each
            for each in await self.dms.metadata.find(collection, query)
            if all(each[name] == wanted for name, wanted in others)
        ]
        assert len(found) == 1, found
        return found[0]

    async def everything(self) -> dict[str, list[Record]]:
        """All records of catalogues."""
        return {kind.file: await self.dms.metadata.find(kind.collection) for kind in KINDS}


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Service]:
    """The service with these settings."""
    async with wired(settings) as service:
        yield Service(service.dms, await selectielijst(service.dms, ELSEWHERE))


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    async with opened(settings) as service:
        yield service


@pytest.fixture
async def other(settings: Settings, tmp_path: Path, engines: object) -> AsyncIterator[Service]:
    """Another service, which has nothing yet."""
    if engines is not None:
        pytest.skip("there is one database for each test")
    async with opened(replace(settings, data_dir=tmp_path / "other")) as service:
        yield service


def fate(plan: Plan, file: str, label: str) -> Outcome:
    """What becomes of a record."""
    [found] = [each for each in plan.outcomes if each.kind.file == file and each.label.startswith(label)]
    return found
