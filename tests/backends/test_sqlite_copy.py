"""Copies of a SQLite store while it is written to, and the numbers that it has drawn."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dms.storage.metadata.port import Collection, CopiesItself
from dms.storage.metadata.sqlite import SqliteMetadataStore
from tests.backends.filesystem import no_file_larger_than

COLLECTIONS = (Collection("zaken"), Collection("rollen"))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteMetadataStore]:
    """An empty one."""
    opened = await SqliteMetadataStore.open(tmp_path / "metadata.db", COLLECTIONS)
    yield opened
    await opened.close()


async def test_the_last_number_of_every_series_is_told(store: SqliteMetadataStore) -> None:
    assert await store.series() == {}
    await store.next_number("DOCUMENT-2026", count=3)
    await store.next_number("ZAAK-é", floor=41)
    assert await store.series() == {"DOCUMENT-2026": 3, "ZAAK-é": 42}


async def test_a_copy_made_while_writing_holds_whole_transactions_only(
    store: SqliteMetadataStore, tmp_path: Path
) -> None:
    assert isinstance(store, CopiesItself)
    stop, begun = asyncio.Event(), asyncio.Event()

    async def writing() -> None:
        number = 0
        while not stop.is_set():
            async with store.transaction() as transaction:
                transaction.insert("zaken", {"_id": str(number), "tekst": "x" * 2000})
                transaction.insert("rollen", {"_id": str(number)})
            number += 1
            if number == 50:
                begun.set()

    writer = asyncio.create_task(writing())
    await begun.wait()
    for number in range(5):
        await store.copy_to(tmp_path / f"copy{number}.db")
    stop.set()
    await writer
    for number in range(5):
        copied = await SqliteMetadataStore.open(tmp_path / f"copy{number}.db", COLLECTIONS)
        records, others = await copied.count("zaken"), len(await copied.find("rollen"))
        await copied.close()
        assert records == others >= 50


async def test_a_copy_can_be_read_by_its_owner_only(store: SqliteMetadataStore, tmp_path: Path) -> None:
    await store.copy_to(tmp_path / "copy.db")
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("copy.db*")] == ["copy.db"]


async def test_a_copy_does_not_write_over_a_file(store: SqliteMetadataStore, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep me")
    with pytest.raises(FileExistsError):
        await store.copy_to(tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "keep me"


async def test_a_copy_that_the_disk_refuses_leaves_nothing(
    store: SqliteMetadataStore, tmp_path: Path
) -> None:
    with no_file_larger_than(8192), pytest.raises(OSError, match="SQLite"):
        await store.copy_to(tmp_path / "copy.db")
    assert list(tmp_path.glob("copy.db*")) == []


async def test_a_copy_for_which_there_is_no_place_leaves_nothing(
    store: SqliteMetadataStore, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        await store.copy_to(tmp_path / "nowhere" / "copy.db")
    assert not (tmp_path / "nowhere").exists()
