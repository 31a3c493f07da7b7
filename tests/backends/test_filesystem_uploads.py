"""Parts in files keep what was received, whoever hangs, dies, comes late or runs out of disk."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from dms.storage.content.filesystem import FilesystemContentStore
from dms.storage.content.filesystem_layout import Layout
from dms.storage.content.filesystem_sealing import Sealing
from dms.storage.content.port import MissingBody, Region
from tests.backends.filesystem import (
    HOUR,
    dies_at,
    files,
    interfere,
    no_file_larger_than,
    open_files,
    renewed,
)
from tests.contracts.content import (
    MIB,
    Sender,
    body_of,
    collect,
    found,
    is_missing,
    pattern,
    regions,
    send,
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


async def test_a_receipt_that_leads_elsewhere_is_missing(store: FilesystemContentStore, root: Path) -> None:
    upload = store.new_upload()
    [(region, _)] = await send_all(store, upload, b"x", 1)
    (root / "secret").write_bytes(b"s")
    for receipt in ("../../../../../../secret", str(root / "secret"), "sealing", ""):
        with pytest.raises(MissingBody):
            await store.seal(upload, [(region, receipt)])


async def test_a_disk_that_is_full_refuses_a_part_and_what_was_there_stays(
    store: FilesystemContentStore, root: Path
) -> None:
    upload, data = store.new_upload(), pattern(4000)
    parts = await send_all(store, upload, data, 1000, 3000)
    before = files(root)
    second = parts[1][0]
    with no_file_larger_than(2000):
        with pytest.raises(OSError, match="too large"):
            await send(store, upload, second, whole(pattern(3000, 1)), keep=parts[1][1])
        with pytest.raises(OSError, match="too large"):
            await send(store, upload, Region(3, 4000, 10), whole(b"0123456789"))
    assert [name for name in files(root) if not name.endswith("3.lock")] == before
    assert await store.seal(upload, parts) == body_of(upload, data)


async def test_a_disk_that_is_full_refuses_a_seal_that_copies_and_the_upload_stays(
    store: FilesystemContentStore, root: Path
) -> None:
    upload, region = store.new_upload(), Region(1, 0, 4000)
    first = await send(store, upload, region, whole(pattern(4000)))
    resent = await send(store, upload, region, whole(pattern(4000, 1)), keep=first.receipt)
    with no_file_larger_than(2000), pytest.raises(OSError, match="too large"):
        await store.seal(upload, [(region, resent.receipt)])
    assert await found(store.keys()) == {}
    body = await store.seal(upload, [(region, resent.receipt)])
    assert body == body_of(upload, pattern(4000, 1))


async def test_slots_and_seals_close_what_they_open(store: FilesystemContentStore) -> None:
    before = open_files()
    upload = store.new_upload()
    parts = await send_all(store, upload, b"onetwo", 3, 3)
    await send(store, upload, parts[0][0], whole(b"ONE"), keep=parts[0][1])
    async with store.slot(upload, 1), store.slot(upload, 1):
        pass
    with pytest.raises(MissingBody):
        await store.seal(upload, parts[1:])
    await store.seal(upload, parts)
    await store.seal(upload, parts)
    assert open_files() == before


async def test_a_slot_whose_directory_is_removed_while_it_is_taken_is_taken_in_the_next(
    store: FilesystemContentStore, other_store: FilesystemContentStore, root: Path
) -> None:
    upload = store.new_upload()
    directory = root / "uploads" / upload
    for opened in ("/1.lock", "/body"):
        await send_all(store, upload, b"gone", 4)
        interfere("open", opened, partial(shutil.rmtree, directory))
        parts = await send_all(store, upload, b"one", 3)
        assert parts[0][1] == "in-place"
    interfere("open", "/body", partial(renewed, directory))
    async with store.slot(upload, 1) as slot, other_store.slot(upload, 1) as other:
        mine = await slot.write(whole(b"one"), parts[0][0], keep=None)
        theirs = await other.write(whole(b"ONE"), parts[0][0], keep=None)
    assert (mine.receipt == "in-place", theirs.receipt == "in-place") == (True, False)
    assert await store.seal(upload, [(parts[0][0], mine.receipt)]) == body_of(upload, b"one")


async def test_a_slot_that_is_taken_while_a_seal_ends_writes_nothing_in_place(
    store: FilesystemContentStore, other_store: FilesystemContentStore
) -> None:
    upload = store.new_upload()
    parts = await send_all(store, upload, b"one", 3)
    interfere("open", "/1.lock", lambda: asyncio.run(other_store.seal(upload, parts)))
    late = await send(store, upload, parts[0][0], whole(b"ONE"))
    assert late.receipt != "in-place"
    assert await store.seal(upload, parts) == body_of(upload, b"one")


async def test_a_seal_waits_when_its_lock_was_removed_as_it_took_it(
    store: FilesystemContentStore, root: Path
) -> None:
    upload = store.new_upload()
    parts = await send_all(store, upload, b"one", 3)
    steps = Sealing(Layout(root, durable=True), upload, parts).steps()
    interfere("fcntl.flock", "", (root / "uploads" / upload / "sealing").unlink)
    assert next(steps) > 0
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value == body_of(upload, b"one")


async def test_a_part_whose_directory_is_removed_as_it_begins_makes_another(
    store: FilesystemContentStore, root: Path
) -> None:
    upload = store.new_upload()
    parts = await send_all(store, upload, b"one", 3)
    await store.seal(upload, parts)
    interfere("open", "/1-", partial(shutil.rmtree, root / "uploads" / upload))
    late = await send(store, upload, parts[0][0], whole(b"ONE"))
    assert await store.seal(upload, [(parts[0][0], late.receipt)]) == body_of(upload, b"ONE")


async def test_an_upload_survives_that_its_store_is_closed_and_opened(root: Path) -> None:
    data, parts, upload = pattern(9), [], ""
    for number, region in enumerate(regions(3, 3, 3)):
        store = await FilesystemContentStore.open(root)
        upload = upload or store.new_upload()
        part = await send(store, upload, region, whole(data[3 * number :][:3]))
        parts.append((region, part.receipt))
        await store.close()
    store = await FilesystemContentStore.open(root)
    assert set(await found(store.uploads())) == {upload}
    assert await store.seal(upload, parts) == body_of(upload, data)
    await store.close()


async def test_parts_written_once_are_sealed_without_a_copy(
    store: FilesystemContentStore, root: Path
) -> None:
    upload = store.new_upload()
    parts = await send_all(store, upload, pattern(30), 10, 10, 10)
    written = (root / "uploads" / upload / "body").stat().st_ino
    await store.seal(upload, parts)
    assert store.path(upload).stat().st_ino == written
    assert files(root) == [f"bodies/{upload}"]


async def test_a_sealed_upload_leaves_nothing_of_its_resent_parts(
    store: FilesystemContentStore, root: Path
) -> None:
    upload = store.new_upload()
    parts = await send_all(store, upload, b"onetwo", 3, 3)
    again = await send(store, upload, parts[0][0], whole(b"ONE"), keep=parts[0][1])
    await store.seal(upload, [(parts[0][0], again.receipt), parts[1]])
    assert files(root) == [f"bodies/{upload}"]


async def test_bytes_beyond_the_last_part_are_not_in_the_body(store: FilesystemContentStore) -> None:
    upload = store.new_upload()
    parts = await send_all(store, upload, b"onetwo", 3, 3)
    assert await store.seal(upload, parts[:1]) == body_of(upload, b"one")
    assert await collect(store.read(upload)) == b"one"


async def test_a_sealed_upload_is_not_sealed_again_from_fewer_parts(store: FilesystemContentStore) -> None:
    upload = store.new_upload()
    parts = await send_all(store, upload, b"onetwo", 3, 3)
    await store.seal(upload, parts)
    with pytest.raises(MissingBody):
        await store.seal(upload, parts[:1])


async def test_a_part_resent_after_an_unfinished_seal_is_in_the_next_one(
    store: FilesystemContentStore, other_store: FilesystemContentStore, root: Path
) -> None:
    upload = store.new_upload()
    first, second = await send_all(store, upload, b"onetwo", 3, 3)
    await store.seal(upload, [first, second])
    reading = store.read(upload)
    late = await send(other_store, upload, first[0], whole(b"ONE"), keep=first[1])
    later = await send(store, upload, second[0], whole(b"TWO"))
    assert await found(store.uploads()) == {}
    parts = [(first[0], late.receipt), (second[0], later.receipt)]
    assert await store.seal(upload, parts) == body_of(upload, b"ONETWO")
    assert await store.seal(upload, parts) == body_of(upload, b"ONETWO")
    assert await collect(reading) == b"ONETWO"
    assert files(root) == [f"bodies/{upload}"]


async def test_a_reader_of_a_sealed_body_never_sees_parts_that_came_later(
    store: FilesystemContentStore,
) -> None:
    upload, data = store.new_upload(), pattern(3 * MIB)
    [(region, receipt)] = await send_all(store, upload, data, 3 * MIB)
    await store.seal(upload, [(region, receipt)])
    reading = store.read(upload)
    got = await anext(reading)
    late = await send(store, upload, region, whole(pattern(3 * MIB, 1)), keep=receipt)
    await store.seal(upload, [(region, late.receipt)])
    assert got + await collect(reading) == data


async def test_a_seal_works_around_a_part_that_hangs_and_then_leaves_nothing_of_it(
    store: FilesystemContentStore, other_store: FilesystemContentStore, root: Path
) -> None:
    upload, hanging = store.new_upload(), Sender(b"ha", b"ng")
    first, second = regions(4, 4)
    rest = await send(store, upload, second, whole(b"rest"))
    attempt = asyncio.create_task(send(store, upload, first, hanging.chunks()))
    await hanging.waits.wait()
    again = await send(other_store, upload, first, whole(b"good"))
    body = await other_store.seal(upload, [(first, again.receipt), (second, rest.receipt)])
    assert body == body_of(upload, b"goodrest")
    hanging.goes_on.set()
    with pytest.raises(MissingBody):
        await attempt
    assert files(root) == [f"bodies/{upload}"]


@pytest.mark.parametrize("keep", [None, "in-place"])
async def test_a_part_that_comes_while_its_upload_is_abandoned_is_not_acknowledged(
    store: FilesystemContentStore, root: Path, keep: str | None
) -> None:
    upload, sender = store.new_upload(), Sender(pattern(2 * MIB), b"end")
    attempt = asyncio.create_task(send(store, upload, Region(1, 0, 3 * MIB), sender.chunks(), keep=keep))
    await sender.waits.wait()
    while not any((root / path).stat().st_size == 2 * MIB for path in files(root)):
        await asyncio.sleep(0)
    await store.abandon(upload)
    assert files(root) == []
    sender.goes_on.set()
    with pytest.raises(MissingBody):
        await attempt
    assert files(root) == []


async def test_two_writes_in_one_slot_at_once_do_not_mix(store: FilesystemContentStore) -> None:
    upload, slow = store.new_upload(), Sender(b"slo", b"w")
    [region] = regions(4)
    async with store.slot(upload, 1) as slot:
        first = asyncio.create_task(slot.write(slow.chunks(), region, keep=None))
        await slow.waits.wait()
        fast = await slot.write(whole(b"fast"), region, keep=None)
        slow.goes_on.set()
        await first
    assert await store.seal(upload, [(region, fast.receipt)]) == body_of(upload, b"fast")


async def test_a_part_that_comes_during_a_seal_goes_beside_and_is_in_the_next_one(
    store: FilesystemContentStore, root: Path
) -> None:
    upload, [region] = store.new_upload(), regions(3)
    directory = root / "uploads" / upload
    directory.mkdir(parents=True)
    with (directory / "sealing").open("wb") as seal:
        fcntl.flock(seal, fcntl.LOCK_EX)
        part = await send(store, upload, region, whole(b"one"))
    assert part.receipt != "in-place"
    assert await store.seal(upload, [(region, part.receipt)]) == body_of(upload, b"one")


@pytest.mark.parametrize("turns", [3, 10])
async def test_a_seal_that_is_cancelled_can_be_done_again(
    store: FilesystemContentStore, root: Path, turns: int
) -> None:
    upload, data = store.new_upload(), pattern(20 * MIB)
    region, last = regions(20 * MIB, 3)
    first = await send(store, upload, region, whole(data))
    again = await send(store, upload, region, whole(data[::-1]), keep=first.receipt)
    parts = [(region, again.receipt), (last, (await send(store, upload, last, whole(b"end"))).receipt)]
    sealing = asyncio.create_task(store.seal(upload, parts))
    for _ in range(turns):
        await asyncio.sleep(0)
    sealing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sealing
    assert await is_missing(store, upload)
    assert await store.seal(upload, parts) == body_of(upload, data[::-1] + b"end")
    assert files(root) == [f"bodies/{upload}"]


@pytest.mark.parametrize("event", ["os.rename", "os.remove", "os.rmdir"])
@pytest.mark.parametrize("resent", [False, True])
async def test_a_seal_that_was_killed_can_be_done_again(
    store: FilesystemContentStore, root: Path, event: str, resent: bool
) -> None:
    upload, data = store.new_upload(), pattern(2 * MIB)
    parts = await send_all(store, upload, data, MIB, MIB)
    if resent:
        again = await send(store, upload, parts[0][0], whole(pattern(MIB, 1)), keep=parts[0][1])
        parts[0] = (parts[0][0], again.receipt)
        data = pattern(MIB, 1) + data[MIB:]
    await dies_at(event, root, f"store.seal({upload!r}, {parts!r})")
    assert await is_missing(store, upload) == (event == "os.rename")
    assert await store.seal(upload, parts) == body_of(upload, data)
    assert await collect(store.read(upload)) == data
    assert files(root) == [f"bodies/{upload}"]


async def test_a_part_that_was_killed_can_be_sent_again_in_its_place(
    store: FilesystemContentStore, root: Path
) -> None:
    upload, [region, last] = store.new_upload(), regions(4 * MIB, 3)
    kept = await send(store, upload, last, whole(b"end"))
    await dies_at("halfway", root, f"send(store, {upload!r}, {region!r}, half(pattern(3 * MIB, 1)))")
    assert (root / "uploads" / upload / "body").read_bytes().startswith(pattern(1000, 1))
    part = await send(store, upload, region, whole(pattern(4 * MIB)))
    assert part.receipt == "in-place"
    body = await store.seal(upload, [(region, part.receipt), (last, kept.receipt)])
    assert body == body_of(upload, pattern(4 * MIB) + b"end")


async def test_clearing_removes_parts_that_came_too_late_for_their_body(
    store: FilesystemContentStore, root: Path
) -> None:
    upload, unsealed = store.new_upload(), store.new_upload()
    parts = await send_all(store, upload, b"one", 3)
    await send_all(store, unsealed, b"one", 3)
    await store.seal(upload, parts)
    await send(store, upload, parts[0][0], whole(b"ONE"))
    (root / "incoming" / "half-removed").mkdir()
    assert await store.clear_incoming(datetime.now(UTC) - HOUR) == 0
    assert await store.clear_incoming(datetime.now(UTC) + HOUR) == 2
    assert set(await found(store.uploads())) == {unsealed}
    assert await collect(store.read(upload)) == b"one"
    assert not (root / "uploads" / upload).exists()


async def test_a_removed_body_takes_parts_that_came_too_late_along(
    store: FilesystemContentStore, root: Path
) -> None:
    upload = store.new_upload()
    parts = await send_all(store, upload, b"one", 3)
    await store.seal(upload, parts)
    await send(store, upload, parts[0][0], whole(b"ONE"))
    await store.remove(upload)
    assert files(root) == []


async def test_removing_a_key_does_not_touch_an_upload_that_is_not_sealed(
    store: FilesystemContentStore,
) -> None:
    upload = store.new_upload()
    parts = await send_all(store, upload, b"one", 3)
    await store.remove(upload)
    assert await store.seal(upload, parts) == body_of(upload, b"one")
