"""The filesystem store takes bodies from elsewhere: the contract, and what it leaves on the disk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dms.storage.content.filesystem import FilesystemContentStore
from dms.storage.content.port import WrongBytes
from tests.contracts.bodies_that_move import KEY, TakesBodiesContract, body_of
from tests.contracts.content import broken_after, whole


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FilesystemContentStore]:
    """One on an empty directory."""
    opened = await FilesystemContentStore.open(tmp_path)
    yield opened
    await opened.close()


class TestFilesystemTakesBodies(TakesBodiesContract):
    """The contract, on files."""


async def test_a_move_that_fails_leaves_no_file_behind(store: FilesystemContentStore, tmp_path: Path) -> None:
    with pytest.raises(WrongBytes):
        await store.put(body_of(b"gewoon"), whole(b"gewaan"))
    with pytest.raises(Exception, match=r"^$"):
        await store.put(body_of(b"gewoon"), broken_after(b"gew"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_move_that_fails_leaves_the_file_of_the_body_alone(
    store: FilesystemContentStore, tmp_path: Path
) -> None:
    await store.put(body_of(b"gewoon"), whole(b"gewoon"))
    before = store.path(KEY).stat()
    with pytest.raises(WrongBytes):
        await store.put(body_of(b"gewoon"), whole(b"gewaan"))
    assert store.path(KEY).stat().st_ino == before.st_ino
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [store.path(KEY)]
