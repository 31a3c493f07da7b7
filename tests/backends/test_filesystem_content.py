"""Files under a directory keep the promises of a content store, and a few of their own."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from dms.storage.content.filesystem import FilesystemContentStore, check_room
from dms.storage.content.port import ContentStore, LocalFiles, MissingBody, PartwiseContent, Region
from dms.storage.content.threads import Threads
from dms.storage.content.writing import Batch, pour
from tests.backends.filesystem import HOUR, dies_at, files, interfere, no_file_larger_than, open_files
from tests.contracts.content import (
    MIB,
    ContentStoreContract,
    Interrupted,
    PartwiseContentContract,
    body_of,
    broken_after,
    collect,
    cut,
    found,
    is_missing,
    pattern,
    send_all,
    whole,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "content"


@pytest.fixture
async def store(root: Path) -> AsyncIterator[FilesystemContentStore]:
    store = await FilesystemContentStore.open(root)
    yield store
    await store.close()


@pytest.fixture
async def other_store(root: Path) -> AsyncIterator[FilesystemContentStore]:
    store = await FilesystemContentStore.open(root)
    yield store
    await store.close()


class TestFilesystemContentStore(ContentStoreContract, PartwiseContentContract):
    pass


class TestFilesystemContentStoreThatDoesNotWaitForTheDisk(ContentStoreContract, PartwiseContentContract):
    @pytest.fixture
    async def store(self, root: Path) -> AsyncIterator[FilesystemContentStore]:
        store = await FilesystemContentStore.open(root, durable=False)
        yield store
        await store.close()

    @pytest.fixture
    async def other_store(self, store: FilesystemContentStore) -> FilesystemContentStore:
        return store


async def test_the_store_has_all_the_abilities_that_its_ports_name(store: FilesystemContentStore) -> None:
    abilities: tuple[ContentStore, PartwiseContent, LocalFiles] = (store, store, store)
    assert isinstance(abilities[0], LocalFiles)


async def test_the_path_of_a_body_serves_its_bytes(store: FilesystemContentStore) -> None:
    body = await store.write(whole(b"bytes"))
    assert store.path(body.key).read_bytes() == b"bytes"


@pytest.mark.parametrize(
    "key",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "2026/01/02/03/../../../../../../etc/passwd",
        "2026/01/02/03/" + "a" * 32 + "/",
        "2026/01/02/03/" + "a" * 32 + "\n",
        "2026/01/02/03/" + "A" * 32,
        "2026/01/02/03/" + "a" * 31,
        "2026/01/02/03",
        "\u0662026/01/02/03/" + "a" * 32,
        "\0",
        ".",
    ],
)
async def test_a_key_that_leads_elsewhere_is_missing(store: FilesystemContentStore, key: str) -> None:
    assert await is_missing(store, key)
    with pytest.raises(MissingBody):
        store.path(key)
    with pytest.raises(MissingBody):
        async with store.slot(key, 1):
            raise AssertionError
    with pytest.raises(MissingBody):
        await store.seal(key, [(Region(1, 0, 1), "in-place")])
    await store.remove(key)
    await store.abandon(key)


async def test_a_root_that_cannot_be_made_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        await FilesystemContentStore.open(tmp_path / "file" / "content")


async def test_a_broken_write_leaves_no_file_behind(store: FilesystemContentStore, root: Path) -> None:
    with pytest.raises(Interrupted):
        await store.write(broken_after(*[chunk async for chunk in cut(pattern(3 * MIB), 100_000)]))
    assert files(root) == []


async def test_buffers_that_their_sender_overwrites_are_copied_in_time(store: FilesystemContentStore) -> None:
    data = pattern(3 * MIB, 3)

    async def reused() -> AsyncIterator[bytes]:
        buffer = bytearray(100_000)
        for start in range(0, len(data), len(buffer)):
            piece = data[start : start + len(buffer)]
            buffer[: len(piece)] = piece
            yield memoryview(buffer)[: len(piece)]  # type: ignore[misc]  # more than the port asks for

    body = await store.write(reused())
    assert body == body_of(body.key, data)


@pytest.mark.parametrize("limit", [0, 1000, MIB + MIB // 2, 3 * MIB - 1])
async def test_a_disk_that_is_full_refuses_a_body_and_nothing_stays(
    store: FilesystemContentStore, root: Path, limit: int
) -> None:
    with no_file_larger_than(limit), pytest.raises(OSError, match="too large"):
        await store.write(cut(pattern(3 * MIB), 100_000))
    assert files(root) == []


async def test_a_body_that_lost_bytes_is_an_error_and_not_a_short_body(store: FilesystemContentStore) -> None:
    body = await store.write(whole(pattern(4 * MIB)))
    reading = store.read(body.key)
    await anext(reading)
    os.truncate(store.path(body.key), 3 * MIB - 1)
    with pytest.raises(OSError, match="ends at"):
        await collect(reading)


async def test_a_reader_that_stops_early_closes_its_file(store: FilesystemContentStore) -> None:
    body = await store.write(whole(pattern(4 * MIB)))
    before = open_files()
    reading = store.read(body.key)
    await anext(reading)
    await reading.aclose()
    assert open_files() == before


async def test_a_reader_that_is_cancelled_closes_its_file(store: FilesystemContentStore) -> None:
    body = await store.write(whole(pattern(40 * MIB)))
    before = open_files()
    reading = asyncio.create_task(collect(store.read(body.key)))
    for _ in range(3):
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert open_files() == before


async def test_a_listing_skips_what_is_removed_meanwhile(store: FilesystemContentStore, root: Path) -> None:
    upload = store.new_upload()
    await send_all(store, upload, b"one", 3)
    body = await store.write(whole(b"x"))
    hours = (root / "uploads" / upload).parent, store.path(body.key).parent
    for hour, listing in zip(hours, (store.uploads, store.keys), strict=True):
        interfere("os.scandir", str(hour), partial(hour.rename, root / "moved"))
        assert await found(listing()) == {}
        (root / "moved").rename(hour)
    assert set(await found(store.uploads())) == {upload}
    assert set(await found(store.keys())) == {body.key}


async def test_keys_since_a_later_moment_are_none(store: FilesystemContentStore) -> None:
    await store.write(whole(b"x"))
    assert await found(store.keys(datetime.now(UTC) + HOUR)) == {}


async def test_other_files_in_the_directories_are_not_listed(
    store: FilesystemContentStore, root: Path
) -> None:
    body = await store.write(whole(b"x"))
    upload = store.new_upload()
    await send_all(store, upload, b"one", 3)
    store.path(body.key).with_name("note.txt").write_bytes(b"")
    (root / "bodies" / "lost+found").mkdir()
    store.path(body.key).with_name("e" * 32).mkdir()
    (root / "uploads" / upload).with_name("notes").mkdir()
    assert set(await found(store.keys())) == {body.key}
    assert set(await found(store.uploads())) == {upload}


async def test_empty_directories_may_be_tidied_up_while_the_store_is_open(
    store: FilesystemContentStore, root: Path
) -> None:
    body = await store.write(whole(b"x"))
    upload = store.new_upload()
    await send_all(store, upload, b"one", 3)
    await store.remove(body.key)
    await store.abandon(upload)
    for top in (root / "bodies", root / "uploads"):
        for directory in sorted(top.rglob("*"), reverse=True):
            directory.rmdir()
    assert (await store.write(whole(b"again"))).size == 5
    parts = await send_all(store, upload, b"one", 3)
    assert await store.seal(upload, parts) == body_of(upload, b"one")


async def test_a_write_that_was_killed_leaves_only_what_is_cleared_by_age(
    store: FilesystemContentStore, root: Path
) -> None:
    await dies_at("os.rename", root, "store.write(whole(b'never acknowledged'))")
    assert await found(store.keys()) == {}
    [left] = files(root)
    assert await store.clear_incoming(datetime.now(UTC) - HOUR) == 0
    assert files(root) == [left]
    assert await store.clear_incoming(datetime.now(UTC) + HOUR) == 1
    assert files(root) == []


async def test_a_root_that_has_vanished_is_unhealthy_and_says_what_to_do(
    store: FilesystemContentStore, root: Path
) -> None:
    root.rename(root.with_name("elsewhere"))
    with pytest.raises(OSError, match="see that the volume is mounted") as refused:
        await store.healthy()
    assert refused.value.errno == errno.ENOENT


async def test_a_disk_that_takes_no_bytes_is_unhealthy_and_no_probe_stays(
    store: FilesystemContentStore, root: Path
) -> None:
    with no_file_larger_than(0), pytest.raises(OSError, match="cannot write files under"):
        await store.healthy()
    assert files(root) == []


@pytest.mark.parametrize(
    ("blocks", "inodes", "inodes_left", "wrong"),
    [(0, 9, 9, "is full"), (9, 9, 0, "no inodes left"), (9, 0, 0, None), (9, 9, 9, None)],
)
def test_a_volume_without_room_is_told_apart(
    tmp_path: Path, blocks: int, inodes: int, inodes_left: int, wrong: str | None
) -> None:
    volume = os.statvfs_result((4096, 4096, 9, 9, blocks, inodes, inodes, inodes_left, 0, 255))
    if wrong is None:
        check_room(volume, tmp_path)
    else:
        with pytest.raises(OSError, match=wrong):
            check_room(volume, tmp_path)


async def test_closing_waits_for_what_is_being_written(root: Path) -> None:
    store = await FilesystemContentStore.open(root)
    writing = asyncio.create_task(store.write(whole(b"last words")))
    while not files(root):
        await asyncio.sleep(0)
    await store.close()
    body = await writing
    assert files(root) == [f"bodies/{body.key}"]


async def test_the_event_loop_stays_free_while_a_large_body_is_written(store: FilesystemContentStore) -> None:
    longest, chunk = 0.0, pattern(256 * 1024)

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - before - 0.005)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(1024):
            yield chunk

    watching = asyncio.create_task(watch())
    body = await store.write(chunks())
    watching.cancel()
    assert body.size == 256 * MIB
    assert 0 < longest < 0.2


class SlowDisk:
    """A sink that is stuck until it is told to go on."""

    def __init__(self) -> None:
        self.goes_on = Event()

    def write(self, batch: Batch) -> None:
        self.goes_on.wait()

    def finish(self, batch: Batch) -> str:
        return "all of it"


async def test_a_sender_waits_for_a_disk_that_is_slow() -> None:
    threads, disk, sent = Threads("slow"), SlowDisk(), 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(64):
            sent += MIB // 4
            yield b"x" * (MIB // 4)

    pouring = asyncio.create_task(pour(threads, chunks(), disk))
    for _ in range(100):
        await asyncio.sleep(0)
    assert sent == 2 * MIB
    disk.goes_on.set()
    assert await pouring == "all of it"
    assert sent == 16 * MIB
    await threads.close()


async def test_a_write_that_fails_does_not_end_before_what_it_started_on_the_disk() -> None:
    threads, disk = Threads("slow"), SlowDisk()
    pouring = asyncio.create_task(pour(threads, broken_after(pattern(MIB)), disk))
    for turn in range(100):
        await asyncio.sleep(0)
        if turn % 25 == 24:
            pouring.cancel()
    assert not pouring.done()
    disk.goes_on.set()
    with pytest.raises(Interrupted):
        await pouring
    await threads.close()


def test_a_million_single_bytes_are_one_buffer() -> None:
    batch = Batch()
    for number in range(MIB):
        batch.add(bytes([number % 256]))
    assert (batch.size, [len(buffer) for buffer in batch.buffers]) == (MIB, [MIB])
