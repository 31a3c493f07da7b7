"""Records move to another metadata store in their order, until nothing differs."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from dms.actions.migrate_content import CannotMove
from dms.actions.migrate_metadata import Moved, move_records, oldest_first
from dms.model.query import OLDEST_FIRST
from dms.storage.metadata.port import Collection, Index, MetadataStore, Record
from dms.storage.metadata.sqlite import SqliteMetadataStore

COLLECTIONS = (Collection("zaken", (Index(("nummer",), unique=True),)), Collection("rollen"))
NAMES = ("zaken", "rollen")
FROM = "sqlite:source.db"


async def opened(path: Path) -> SqliteMetadataStore:
    return await SqliteMetadataStore.open(path, COLLECTIONS, durable=False)


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[SqliteMetadataStore]:
    """The store in use."""
    store = await opened(tmp_path / "source.db")
    yield store
    await store.close()


@pytest.fixture
async def target(tmp_path: Path) -> AsyncIterator[SqliteMetadataStore]:
    """An empty one."""
    store = await opened(tmp_path / "target.db")
    yield store
    await store.close()


async def move(source: MetadataStore, target: MetadataStore, *, finish: bool = False) -> Moved:
    return await move_records(source, target, NAMES, origin=FROM, finish=finish)


async def fill(store: MetadataStore, collection: str, *records: Record) -> None:
    async with store.transaction() as transaction:
        for record in records:
            transaction.insert(collection, record)


async def remove(store: MetadataStore, collection: str, *ids: str) -> None:
    async with store.transaction() as transaction:
        for id in ids:
            record = await store.get(collection, id)
            assert record is not None
            transaction.remove(collection, record)


async def change(store: MetadataStore, collection: str, id: str, **fields: object) -> None:
    record = await store.get(collection, id)
    assert record is not None
    async with store.transaction() as transaction:
        transaction.replace(collection, {**record, **fields})


async def held(store: MetadataStore, collection: str) -> list[Record]:
    """All records in their order, without their revisions."""
    found = await store.find(collection, order=OLDEST_FIRST)
    return [{name: value for name, value in record.items() if name != "_rev"} for record in found]


async def assert_the_same(one: MetadataStore, other: MetadataStore) -> None:
    for collection in NAMES:
        assert await held(one, collection) == await held(other, collection)


async def test_all_records_and_numbers_arrive_in_their_order(
    source: SqliteMetadataStore, target: SqliteMetadataStore
) -> None:
    ids = [f"{number:04}" for number in range(1300)]
    random.Random(1).shuffle(ids)
    await fill(source, "zaken", *({"_id": id, "nummer": id, "tekst": "é\0\1"} for id in ids))
    await fill(source, "rollen", {"_id": "r"})
    await change(source, "zaken", ids[3], tekst="anders")
    await source.next_number("ZAAK-2026", count=17)
    moved = await move(source, target)
    assert (moved.settled, moved.rounds) == (True, 2)
    await assert_the_same(source, target)
    for each, records in zip(moved.compared, (1300, 1), strict=True):
        assert each.source.records == each.target.records == records
        assert each.source.sha256 == each.target.sha256
    assert await target.next_number("ZAAK-2026") == 18


async def test_a_record_in_the_other_order_gives_another_hash(
    source: SqliteMetadataStore, target: SqliteMetadataStore
) -> None:
    await fill(source, "zaken", {"_id": "a"}, {"_id": "b"})
    first = (await move(source, target)).compared[0]
    await remove(source, "zaken", "a")
    await fill(source, "zaken", {"_id": "a"})
    second = (await move(source, target)).compared[0]
    assert first.source.sha256 != second.source.sha256 == second.target.sha256
    await assert_the_same(source, target)


async def test_a_later_run_writes_only_what_has_changed(
    source: SqliteMetadataStore, target: SqliteMetadataStore
) -> None:
    await fill(source, "zaken", *({"_id": f"{number:04}", "nummer": number} for number in range(1200)))
    await move(source, target)
    untouched = await target.get("zaken", "0900")
    await change(source, "zaken", "0005", tekst="anders")
    await remove(source, "zaken", "0001", "0600")
    await fill(source, "zaken", {"_id": "new", "nummer": 1})
    commits = target.commits
    moved = await move(source, target)
    assert moved.settled
    assert target.commits - commits <= 4
    await assert_the_same(source, target)
    assert await target.get("zaken", "0900") == untouched
    assert [each.records for each in (moved.compared[0].source, moved.compared[0].target)] == [1199, 1199]


async def test_records_that_went_from_the_end_of_the_source_go_from_the_target(
    source: SqliteMetadataStore, target: SqliteMetadataStore
) -> None:
    await fill(source, "zaken", *({"_id": id} for id in "abc"))
    await move(source, target)
    await remove(source, "zaken", "b", "c")
    assert (await move(source, target)).settled
    await assert_the_same(source, target)


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happened_to_the_source_the_target_comes_to_agree(
    source: SqliteMetadataStore, target: SqliteMetadataStore, seed: int
) -> None:
    chosen = random.Random(seed)
    await fill(source, "zaken", *({"_id": str(number), "nummer": number} for number in range(700)))
    for _ in range(3):
        for id in chosen.sample([each["_id"] for each in await held(source, "zaken")], 80):
            await remove(source, "zaken", id)
            if chosen.random() < 0.5:
                await fill(source, "zaken", {"_id": id, "nummer": int(id)})
        for id in chosen.sample([each["_id"] for each in await held(source, "zaken")], 20):
            await change(source, "zaken", id, tekst=chosen.random())
        assert (await move(source, target)).settled
        await assert_the_same(source, target)


async def test_records_that_swapped_a_unique_value_still_arrive(
    source: SqliteMetadataStore, target: SqliteMetadataStore
) -> None:
    await fill(source, "zaken", *({"_id": id, "nummer": id} for id in "abcd"))
    await move(source, target)
    await change(source, "zaken", "a", nummer="elsewhere")
    await change(source, "zaken", "c", nummer="a")
    await change(source, "zaken", "a", nummer="c")
    assert (await move(source, target)).settled
    await assert_the_same(source, target)


async def test_a_move_that_broke_off_goes_on_and_inserts_nothing_twice(
    source: SqliteMetadataStore, target: SqliteMetadataStore
) -> None:
    await fill(source, "zaken", *({"_id": str(number), "nummer": number} for number in range(3000)))

    def progress(collection: str, done: int, total: int) -> None:
        if done >= 1500:
            moving.cancel()

    moving = asyncio.create_task(move_records(source, target, NAMES, origin=FROM, progress=progress))
    with pytest.raises(asyncio.CancelledError):
        await moving
    assert 0 < await target.count("zaken") < 3000
    assert (await move(source, target)).settled
    await assert_the_same(source, target)


async def test_a_source_that_goes_on_changing_is_met_again_when_it_rests(
    source: SqliteMetadataStore, target: SqliteMetadataStore
) -> None:
    await fill(source, "zaken", *({"_id": str(number), "nummer": number} for number in range(2000)))
    stop = asyncio.Event()

    async def writing() -> None:
        number = 0
        while not stop.is_set():
            await remove(source, "zaken", str(number))
            await fill(source, "zaken", {"_id": f"new{number}", "nummer": number})
            await change(source, "zaken", str(1999 - number % 500), tekst=number)
            number += 1

    writer = asyncio.create_task(writing())
    online = await move_records(source, target, NAMES, origin=FROM, most_rounds=2)
    stop.set()
    await writer
    assert (online.rounds, online.settled) == (2, False)
    final = await move(source, target, finish=True)
    assert final.settled
    await assert_the_same(source, target)


async def test_a_walk_meets_every_record_that_stays_once_whatever_is_removed(
    source: SqliteMetadataStore,
) -> None:
    ids = [f"{number:05}" for number in range(2500)]
    await fill(source, "rollen", *({"_id": id} for id in ids))
    met: list[str] = []
    async for record in oldest_first(source, "rollen"):
        met.append(record["_id"])
        if len(met) == 600:
            # More than a page overlaps, all of it before the place where the walk is.
            await remove(source, "rollen", *ids[:250])
        if len(met) == 1300:
            await remove(source, "rollen", *ids[1100:1290], *ids[2000:2010])
    assert len(met) == len(set(met))
    assert set(met) >= set(ids) - set(ids[2000:2010])
    assert met == sorted(met)


async def test_a_walk_that_lost_its_place_leaves_the_rest_to_the_next_round(
    source: SqliteMetadataStore, target: SqliteMetadataStore, tmp_path: Path
) -> None:
    await fill(source, "rollen", *({"_id": f"{number:05}"} for number in range(2000)))
    heard: list[int] = []

    def progress(collection: str, done: int, total: int) -> None:
        if collection == "rollen" and done == 1500 and done not in heard:
            with closing(sqlite3.connect(tmp_path / "source.db")) as file, file:
                file.execute("DELETE FROM rollen WHERE id < '01990'")
        heard.append(done)

    moved = await move_records(source, target, NAMES, origin=FROM, progress=progress)
    assert (moved.settled, moved.rounds) == (True, 3)
    assert len(await held(target, "rollen")) == 10
    await assert_the_same(source, target)


async def test_a_finished_move_does_not_write_over_what_the_service_did_since(
    source: SqliteMetadataStore, target: SqliteMetadataStore
) -> None:
    await fill(source, "zaken", {"_id": "a"})
    await move(source, target, finish=True)
    await fill(target, "zaken", {"_id": "new in the new store"})
    with pytest.raises(CannotMove, match="was finished"):
        await move(source, target)
    assert await target.count("zaken") == 2


async def test_a_target_that_is_in_use_is_refused_and_left_alone(
    source: SqliteMetadataStore, target: SqliteMetadataStore
) -> None:
    await fill(source, "zaken", {"_id": "a"})
    await target.next_number("ZAAK-2026")
    with pytest.raises(CannotMove, match="not empty"):
        await move(source, target)
    await fill(target, "zaken", {"_id": "b"})
    with pytest.raises(CannotMove, match="not empty"):
        await move(source, target)
    assert await held(target, "zaken") == [{"_id": "b"}]


async def test_a_target_of_another_move_is_refused_and_left_alone(
    source: SqliteMetadataStore, target: SqliteMetadataStore
) -> None:
    await fill(source, "zaken", {"_id": "a"})
    await move(source, target)
    with pytest.raises(CannotMove, match="same URL as before"):
        await move_records(source, target, NAMES, origin="sqlite:another.db")


async def test_a_source_with_nothing_in_it_is_not_moved(
    source: SqliteMetadataStore, target: SqliteMetadataStore
) -> None:
    await source.next_number("_healthy")
    with pytest.raises(CannotMove, match="no records to move"):
        await move(source, target)
    assert await target.series() == {}


async def test_a_target_that_is_written_to_by_others_is_noticed(
    source: SqliteMetadataStore, target: SqliteMetadataStore, tmp_path: Path
) -> None:
    await fill(source, "zaken", *({"_id": str(number), "nummer": number} for number in range(600)))
    await move(source, target)
    await change(source, "zaken", "0", tekst="anders")

    def progress(collection: str, done: int, total: int) -> None:
        with closing(sqlite3.connect(tmp_path / "target.db")) as file, file:
            file.execute("UPDATE zaken SET rev = rev + 1 WHERE id = '0'")

    with pytest.raises(CannotMove, match="Somebody else writes to the target"):
        await move_records(source, target, NAMES, origin=FROM, progress=progress)


async def test_a_number_that_the_target_has_drawn_already_stays(
    source: SqliteMetadataStore, target: SqliteMetadataStore
) -> None:
    await fill(source, "zaken", {"_id": "a"})
    await source.next_number("ZAAK-2026", count=5)
    await move(source, target)
    await target.next_number("ZAAK-2026", count=5)
    await move(source, target)
    assert (await target.series())["ZAAK-2026"] == 10
