"""A store with many documents, written to it directly: over HTTP it would take most of the time of a run."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.servers import serving
from benchmarks.zgw import Zgw
from dms.model.links import own, target
from dms.settings import Settings
from dms.wiring import wired

_DOCUMENTS = "enkelvoudiginformatieobjecten"
_BATCH = 2_000


def fill(
    home: Path, documents: int, say: Callable[[str], None], *, dossiers: Mapping[str, int] | None = None
) -> None:
    """Make a store under `home` with this many documents: one that the service made, and copies of it. Only
    what is listed is copied; the holders of their numbers and the audit trail would not be looked at. So many
    of the copies belong to each of the `dossiers`, spread over the table."""
    with serving(home, durable=False) as server:
        zgw = Zgw(server).set_up()
        zgw.connection.call(zgw.creation(b"QUJD"))
        [made] = zgw.call("GET", f"/documenten/api/v1/{_DOCUMENTS}")["results"]
    found = target(
        made["url"].removeprefix(f"http://127.0.0.1:{server.port}").removeprefix("http://127.0.0.1")
    )
    assert found is not None
    asyncio.run(_copy(home, found.id, documents, say, _spread(dossiers or {}, documents)))


def _spread(dossiers: Mapping[str, int], documents: int) -> dict[int, str]:
    """The dossier of some of the numbers, a little beside those of the other dossiers."""
    return {
        1 + at + number * ((documents - 10) // size): zaak
        for at, (zaak, size) in enumerate(dossiers.items())
        for number in range(size)
    }


async def _copy(
    home: Path, id: str, documents: int, say: Callable[[str], None], dossiers: Mapping[int, str]
) -> None:
    async with wired(Settings(data_dir=home, client_id="-", client_secret="-", durable=False)) as service:
        store = service.dms.metadata
        original = await store.get(_DOCUMENTS, id)
        assert original is not None
        for start in range(1, documents, _BATCH):
            say(f"{start:,} of {documents:,} documents")
            async with store.transaction() as transaction:
                for number in range(start, min(start + _BATCH, documents)):
                    transaction.insert(_DOCUMENTS, _copied(original, number, dossiers.get(number)))


def _copied(original: dict[str, Any], number: int, dossier: str | None) -> dict[str, Any]:
    id = str(uuid.uuid4())
    url = own("documenten", _DOCUMENTS, id)
    copied = {**original, "_id": id, "url": url, "identificatie": f"COPY-{number:07d}"}
    if dossier is not None:
        copied.update(_objecten=[dossier], _objecttypen=["zaak"], _relaties=1)
    copied["inhoud"] = original["inhoud"].replace(original["url"], url)
    return copied
