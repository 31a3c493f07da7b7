"""The store in front of another: the contract, with everything staged and with half of it below, and what
becomes of the other store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dms.model.query import EVERYTHING, OLDEST_FIRST, Equals, In
from dms.storage.metadata.port import Conflict, Duplicate, MetadataStore, Record, Transaction
from dms.storage.metadata.sqlite import SqliteMetadataStore
from dms.storage.metadata.staged import StagedMetadataStore
from tests.contracts.metadata import COLLECTIONS, MetadataStoreContract, one
from tests.contracts.metadata_searches import SearchContract, ids, keep


@pytest.fixture
async def below(tmp_path: Path) -> AsyncIterator[SqliteMetadataStore]:
    """The other store."""
    store = await SqliteMetadataStore.open(tmp_path / "metadata.db", COLLECTIONS, durable=False)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def staged(below: SqliteMetadataStore) -> StagedMetadataStore:
    """A store that stages in front of it."""
    return StagedMetadataStore(below, COLLECTIONS)


class TestEverythingStaged(MetadataStoreContract):
    """All that the port promises, while the other store stays empty."""

    @pytest.fixture
    def store(self, staged: StagedMetadataStore) -> StagedMetadataStore:
        return staged


class HalfOfItBelow(StagedMetadataStore):
    """Lets half of the records that come first through to the other store."""

    def __init__(self, store: MetadataStore) -> None:
        super().__init__(store, COLLECTIONS)
        self._below = store
        self._first = True
        self._committing = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        first, self._first = self._first, False
        begun = super().transaction()
        transaction = await begun.__aenter__()
        try:
            yield transaction
        except BaseException as error:
            await begun.__aexit__(type(error), error, error.__traceback__)
            raise
        async with self._committing:
            # What moves below is nowhere for a moment, in which no other may commit.
            await begun.__aexit__(None, None, None)
            if first and all(each.old is None for each in self.staged()):
                await self._move_half()

    async def _move_half(self) -> None:
        inserted = [each for each in self.staged() if each.new is not None]
        await self.close()
        half = (len(inserted) + 1) // 2
        async with self._below.transaction() as transaction, super().transaction() as staging:
            for number, each in enumerate(inserted):
                assert each.new is not None
                (transaction if number < half else staging).insert(each.collection, each.new)


class TestHalfOfItBelow(MetadataStoreContract):
    """The same, while half of the records are below, and are replaced and removed from there."""

    @pytest.fixture
    def store(self, below: SqliteMetadataStore) -> HalfOfItBelow:
        return HalfOfItBelow(below)


class TestHalfOfItHeld(SearchContract):
    """Searches while what is below is held in memory."""

    @pytest.fixture
    def store(self, below: SqliteMetadataStore) -> HeldInMemory:
        return HeldInMemory(below)


class HeldInMemory(HalfOfItBelow):
    """Reads the other store whole when the first records have come."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        first = self._first
        async with super().transaction() as transaction:
            yield transaction
        if first:
            await self.hold([each.name for each in COLLECTIONS])


class TestOneTransaction:
    """What the other store sees of it."""

    async def test_nothing_is_below_before_the_commit_and_everything_after(
        self, staged: StagedMetadataStore, below: SqliteMetadataStore
    ) -> None:
        await keep(below, "zaken", {"_id": "a", "stand": 0}, {"_id": "weg"})
        async with staged.transaction() as transaction:
            transaction.insert("zaken", {"_id": "b"})
            transaction.replace("zaken", {"_id": "a", "_rev": 1, "stand": 1})
        async with staged.transaction() as transaction:
            transaction.replace("zaken", {"_id": "a", "_rev": 2, "stand": 2})
            transaction.remove("zaken", {"_id": "weg", "_rev": 1})
            transaction.replace("zaken", {"_id": "b", "_rev": 1, "stand": 3})
        assert await below.find("zaken", order=OLDEST_FIRST) == [
            {"_id": "a", "_rev": 1, "stand": 0},
            {"_id": "weg", "_rev": 1},
        ]
        commits = below.commits
        await staged.commit()
        assert below.commits == commits + 1
        wanted = [{"_id": "a", "_rev": 2, "stand": 2}, {"_id": "b", "_rev": 1, "stand": 3}]
        found = await below.find("zaken", order=OLDEST_FIRST)
        assert found == [wanted[0], {**wanted[1], "_rev": 2}] or found == wanted
        assert await staged.find("zaken", order=OLDEST_FIRST) == found
        assert list(staged.staged()) == []

    async def test_what_came_and_went_again_is_never_written(
        self, staged: StagedMetadataStore, below: SqliteMetadataStore
    ) -> None:
        await keep(staged, "zaken", {"_id": "a"})
        async with staged.transaction() as transaction:
            transaction.remove("zaken", {"_id": "a", "_rev": 1})
        assert list(staged.staged()) == []
        await staged.commit()
        assert await below.count("zaken") == 0

    async def test_a_record_that_changed_below_is_a_conflict_and_nothing_is_written(
        self, staged: StagedMetadataStore, below: SqliteMetadataStore
    ) -> None:
        await keep(below, "zaken", {"_id": "a"})
        async with staged.transaction() as transaction:
            transaction.replace("zaken", {"_id": "a", "_rev": 1, "stand": 1})
            transaction.insert("zaken", {"_id": "b"})
        await _touch(below, "a")
        with pytest.raises(Conflict):
            await staged.commit()
        assert ids(await below.find("zaken")) == ["a"]

    async def test_an_expectation_is_held_until_the_commit(
        self, staged: StagedMetadataStore, below: SqliteMetadataStore
    ) -> None:
        await keep(below, "zaken", {"_id": "a"})
        async with staged.transaction() as transaction:
            transaction.expect("zaken", {"_id": "a", "_rev": 1})
            transaction.insert("zaken", {"_id": "b"})
        await _touch(below, "a")
        with pytest.raises(Conflict):
            await staged.commit()

    async def test_an_expected_record_that_is_then_replaced_is_written_once(
        self, staged: StagedMetadataStore, below: SqliteMetadataStore
    ) -> None:
        await keep(below, "zaken", {"_id": "a"})
        for act in ("expect", "replace"):
            async with staged.transaction() as transaction:
                getattr(transaction, act)("zaken", {"_id": "a", "_rev": 1, "stand": act})
        await staged.commit()
        assert await one(below, "zaken", "a") == {"_id": "a", "_rev": 2, "stand": "replace"}

    async def test_a_unique_value_below_is_a_duplicate_until_its_record_lets_go_of_it(
        self, staged: StagedMetadataStore, below: SqliteMetadataStore
    ) -> None:
        new: Record = {"_id": "b", "groep": {"code": "x"}}
        await keep(below, "zaken", {"_id": "a", "groep": {"code": "x"}})
        with pytest.raises(Duplicate, match=r"zaken\.groep_code"):
            await keep(staged, "zaken", new)
        async with staged.transaction() as transaction:
            transaction.remove("zaken", {"_id": "a", "_rev": 1})
            transaction.insert("zaken", new)
        await staged.commit()
        assert ids(await below.find("zaken")) == ["b"]

    async def test_a_unique_value_that_another_took_meanwhile_is_a_duplicate_on_commit(
        self, staged: StagedMetadataStore, below: SqliteMetadataStore
    ) -> None:
        await keep(staged, "zaken", {"_id": "b", "groep": {"code": "x"}})
        await keep(below, "zaken", {"_id": "a", "groep": {"code": "x"}})
        with pytest.raises(Duplicate):
            await staged.commit()

    async def test_a_record_that_was_removed_and_came_again_is_another_one(
        self, staged: StagedMetadataStore, below: SqliteMetadataStore
    ) -> None:
        await keep(below, "zaken", {"_id": "a", "oud": True}, {"_id": "b"})
        async with staged.transaction() as transaction:
            transaction.remove("zaken", {"_id": "a", "_rev": 1})
            transaction.insert("zaken", {"_id": "a", "oud": False})
        assert ids(await staged.find("zaken")) == ["a", "b"]
        assert [(each.old is None, each.new is None) for each in staged.staged()] == [
            (False, True),
            (True, False),
        ]
        await staged.commit()
        assert await below.find("zaken") == [{"_id": "a", "_rev": 1, "oud": False}, {"_id": "b", "_rev": 1}]

    async def test_values_that_are_no_scalars_are_left_to_the_store_below(
        self, staged: StagedMetadataStore
    ) -> None:
        await keep(staged, "zaken", {"_id": "a", "groep": {"code": [1]}}, {"_id": "b", "groep": {"code": {}}})
        assert await staged.count("zaken", In("groep.code", (1,))) == 0

    async def test_an_id_that_is_no_text_or_a_value_that_is_no_json_stages_nothing(
        self, staged: StagedMetadataStore
    ) -> None:
        for bad in ({"_id": 1}, {"_id": "b", "waarde": object()}):
            with pytest.raises(TypeError):
                await keep(staged, "zaken", {"_id": "a"}, bad)
        assert await staged.count("zaken", EVERYTHING) == 0

    async def test_a_collection_that_is_held_is_as_it_was_until_the_commit(
        self, staged: StagedMetadataStore, below: SqliteMetadataStore
    ) -> None:
        await keep(below, "zaken", {"_id": "a"}, {"_id": "b"})
        await keep(below, "statussen", {"_id": "s"})
        await staged.hold(["zaken", "statussen"], most=2)
        await staged.hold(["zaken"], most=1)
        await keep(below, "zaken", {"_id": "c"})
        assert ids(await staged.find("zaken", order=OLDEST_FIRST)) == ["a", "b"]
        assert await staged.get("zaken", "c") is None
        await staged.commit()
        assert await staged.count("zaken") == 3

    async def test_what_is_closed_forgets_and_leaves_the_other_store_open(
        self, staged: StagedMetadataStore, below: SqliteMetadataStore
    ) -> None:
        await keep(staged, "zaken", {"_id": "a", "stand": 1})
        await staged.close()
        assert await staged.count("zaken", Equals("stand", 1)) == 0
        await keep(below, "zaken", {"_id": "a"})

    async def test_series_are_those_of_the_other_store(
        self, staged: StagedMetadataStore, below: SqliteMetadataStore
    ) -> None:
        assert await staged.next_number("a") == 1
        assert await staged.series() == await below.series() == {"a": 1}


async def _touch(store: MetadataStore, id: str) -> None:
    async with store.transaction() as transaction:
        transaction.replace("zaken", await one(store, "zaken", id))
