"""What stands in a MongoDB database survives, and follows what is declared."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from dms.model.query import AnyElement, Equals
from dms.storage.metadata.mongo import MongoMetadataStore
from dms.storage.metadata.mongo_schema import VERSION
from dms.storage.metadata.port import Collection, Duplicate, Index, NewerSchema, NotUnique, Record
from tests.contracts.metadata import COLLECTIONS
from tests.contracts.metadata_searches import keep, specimens
from tests.stores import mongo_database

pytestmark = pytest.mark.engines


@asynccontextmanager
async def opened(
    url: str, collections: Sequence[Collection] = COLLECTIONS
) -> AsyncIterator[MongoMetadataStore]:
    """A store in that database, closed afterwards."""
    store = await MongoMetadataStore.open(url, collections)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def url() -> Iterator[str]:
    with mongo_database() as url:
        yield url


@pytest.fixture
async def store(url: str) -> AsyncIterator[MongoMetadataStore]:
    async with opened(url) as store:
        yield store


@pytest.fixture
async def database(url: str) -> AsyncIterator[Any]:
    """The database, past the store."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url)
    async with client:
        yield client.get_default_database()


class TestSchema:
    """Collections and indexes, by one node or several."""

    async def test_all_that_was_committed_is_there_after_reopening(self, url: str) -> None:
        async with opened(url) as store:
            await keep(store, "geindexeerd", *specimens())
            await store.next_number("reeks", floor=41)
            before = await store.find("geindexeerd")
        async with opened(url) as store:
            assert await store.find("geindexeerd") == before
            assert await store.next_number("reeks") == 43

    async def test_indexes_declared_later_cover_what_is_there(self, url: str, database: Any) -> None:
        async with opened(url, [Collection("zaken")]) as store:
            await keep(store, "zaken", *specimens())
            before = await store.find("zaken", AnyElement("groep.lijst", "a"))
        later = (Index(("groep.lijst",), elements=True), Index(("tekst",)))
        async with opened(url, [Collection("zaken", later)]) as store:
            assert await store.find("zaken", AnyElement("groep.lijst", "a")) == before
        assert set(await database.zaken.index_information()) == {
            *("_id_", "dms_:created", "dms_groep_lijst", "dms_tekst")
        }

    async def test_only_our_own_indexes_are_dropped_when_not_declared(self, url: str, database: Any) -> None:
        declared = (Index(("a",), unique=True), Index(("c", "d")))
        async with opened(url, [Collection("zaken", declared)]) as store:
            await keep(store, "zaken", {"_id": "1", "a": 1})
        await database.zaken.create_index([("eigen", 1)], name="van_de_beheerder")
        async with opened(url, [Collection("zaken", (Index(("c", "d"), unique=True),))]) as store:
            await keep(store, "zaken", {"_id": "2", "a": 1, "c": 1, "d": 2})
            with pytest.raises(Duplicate, match=r"zaken\.c_d"):
                await keep(store, "zaken", {"_id": "3", "c": 1, "d": 2})
        assert set(await database.zaken.index_information()) == {
            *("_id_", "dms_:created", "dms_c_d", "dms_c_d:unique", "van_de_beheerder")
        }

    async def test_an_index_of_ours_that_is_another_is_made_anew(self, url: str, database: Any) -> None:
        await database.zaken.create_index([("tekst", -1)], name="dms_tekst")
        async with opened(url, [Collection("zaken", (Index(("tekst",)),))]):
            found = (await database.zaken.index_information())["dms_tekst"]
        assert [tuple(key) for key in found["key"]] == [("tekst", 1), ("_seq", -1)]

    async def test_a_unique_index_that_records_break_is_refused_at_opening(self, url: str) -> None:
        async with opened(url, [Collection("zaken")]) as store:
            await keep(store, "zaken", {"_id": "1", "a": 1}, {"_id": "2", "a": 1})
        with pytest.raises(NotUnique, match=r"zaken\.a"):
            async with opened(url, [Collection("zaken", (Index(("a",), unique=True),))]):
                pass

    async def test_nodes_that_start_at_once_do_not_trip_over_each_other(self, url: str) -> None:
        first = [Collection("zaken", (Index(("a",)), Index(("b",), unique=True)))]
        for declared in ([], first, COLLECTIONS):
            nodes = await asyncio.gather(*(MongoMetadataStore.open(url, declared) for _ in range(5)))
            for node in nodes:
                await node.healthy()
                await node.close()

    async def test_searches_go_on_while_another_node_makes_and_drops_indexes(
        self, url: str, store: MongoMetadataStore
    ) -> None:
        async def restarts() -> None:
            for number in range(6):
                indexes = (Index(("tekst",)), Index(("groep.waar",)))[number % 2 :]
                async with opened(url, [Collection("geindexeerd", indexes)]):
                    pass

        await keep(store, "geindexeerd", *specimens())
        before = await store.find("geindexeerd")
        restarting = asyncio.create_task(restarts())
        while not restarting.done():
            assert await store.find("geindexeerd") == before
            assert await store.count("geindexeerd", Equals("_id", "037")) == 1
        await restarting

    async def test_a_database_of_a_newer_program_is_refused_and_left_alone(
        self, url: str, database: Any
    ) -> None:
        async with opened(url, [Collection("zaken")]):
            pass
        await database["_schema"].update_one({"_id": "dms"}, {"$set": {"version": VERSION + 1}})
        with pytest.raises(NewerSchema, match="Start the newer program"):
            async with opened(url, [Collection("andere")]):
                pass
        assert "andere" not in await database.list_collection_names()

    @pytest.mark.parametrize(
        "collections",
        [
            [Collection("a"), Collection("a")],
            [Collection("_numbers")],
            [Collection("a", (Index(("b.c",)), Index(("b_c",))))],
        ],
    )
    async def test_names_that_would_collide_are_refused(
        self, url: str, collections: list[Collection]
    ) -> None:
        with pytest.raises(ValueError, match="name"):
            async with opened(url, collections):
                pass

    async def test_an_unknown_collection_is_a_mistake_of_ours(self, store: MongoMetadataStore) -> None:
        record: Record = {"_id": "a"}
        with pytest.raises(KeyError):
            await keep(store, "onbekend", record)
        with pytest.raises(KeyError):
            await store.find("onbekend")
