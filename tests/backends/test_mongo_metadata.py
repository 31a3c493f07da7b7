"""The MongoDB metadata store: the contract, and what it promises about its records, nodes and schema."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from pymongo import AsyncMongoClient

from dms.model.query import (
    OLDEST_FIRST,
    Contains,
    Equals,
    In,
    Prefix,
    Query,
)
from dms.storage.metadata import mongo_patience
from dms.storage.metadata.mongo import MongoMetadataStore
from dms.storage.metadata.port import Collection, Conflict, Duplicate, MetadataStore
from tests.contracts.metadata import COLLECTIONS, MetadataStoreContract, count_up, one
from tests.contracts.metadata_searches import ids, keep, specimens
from tests.stores import mongo_database

pytestmark = pytest.mark.engines

SECONDS = 30


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
async def other(url: str, store: MongoMetadataStore) -> AsyncIterator[MongoMetadataStore]:
    """The store of another node."""
    async with opened(url) as other:
        yield other


@pytest.fixture
async def database(url: str) -> AsyncIterator[Any]:
    """The database, past the store."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url)
    async with client:
        yield client.get_default_database()


@asynccontextmanager
async def held(database: Any, collection: str, id: str) -> AsyncIterator[None]:
    """Another's transaction, which has written to this record and goes on for as long as this is open."""
    async with database.client.start_session() as session, await session.start_transaction():
        await database[collection].update_one({"_id": id}, {"$set": {"held": True}}, session=session)
        yield
        await session.abort_transaction()


class TestMongoMetadataStore(MetadataStoreContract):
    """All that the port promises."""


class TestRecords:
    """Records come back as they were, whatever they hold; what cannot be kept is refused whole."""

    async def test_any_name_of_a_field_comes_back_as_it_was(self, store: MongoMetadataStore) -> None:
        names = (
            "$where",
            "a.b",
            ".",
            "",
            "a\0b",
            "%",
            "%24",
            "$",
            "é",
            "_seq",
            "_guard",
            "_escaped",
            "__proto__",
        )
        vrij = {name: {name: [{name: number}]} for number, name in enumerate(names)}
        record = {
            "_id": "a",
            "_rev": 1,
            "tekst": "$tekst",
            "vrij": vrij,
            "_seq": 7,
            "_guard": None,
            "$x": "%",
        }
        await keep(store, "geindexeerd", record, {"_id": "b", "tekst": "anders"})
        got = await one(store, "geindexeerd", "a")
        assert got == record
        assert list(got["vrij"]) == list(names)
        async with store.transaction() as transaction:
            transaction.replace("geindexeerd", got)
            transaction.expect("geindexeerd", {**got, "_rev": 2})
        assert await store.find("geindexeerd", Equals("tekst", "$tekst")) == [{**record, "_rev": 2}]

    async def test_numbers_come_back_exactly_and_as_the_same_json(self, store: MongoMetadataStore) -> None:
        numbers = [0, -0.0, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 1.0, 0.1, 1e308, True, None]
        await keep(store, "kaal", {"_id": "a", "getallen": numbers})
        got = (await one(store, "kaal", "a"))["getallen"]
        assert [repr(each) for each in got] == [repr(each) for each in numbers]
        assert orjson.dumps(got) == orjson.dumps(numbers)

    async def test_fields_come_back_in_the_order_in_which_they_went_in(
        self, store: MongoMetadataStore
    ) -> None:
        record = {"z": 1, "_id": "a", "b": {"y": 1, "a": 2}, "a": 3}
        await keep(store, "kaal", record)
        got = await one(store, "kaal", "a")
        assert [name for name in got if name not in ("_id", "_rev")] == ["z", "b", "a"]
        assert list(got["b"]) == ["y", "a"]

    @pytest.mark.parametrize("value", [2**63, -(2**64), "a\ud800", object(), {1: 2}, {"a": [b""]}.keys()])
    async def test_what_is_no_json_is_refused_and_leaves_nothing(
        self, store: MongoMetadataStore, value: Any
    ) -> None:
        with pytest.raises(TypeError):
            async with store.transaction() as transaction:
                transaction.insert("kaal", {"_id": "a"})
                transaction.insert("kaal", {"_id": "b", "waarde": value})
        assert await store.count("kaal") == 0

    async def test_an_id_that_is_no_text_is_refused(self, store: MongoMetadataStore) -> None:
        for act in ("insert", "replace", "remove", "expect"):
            with pytest.raises(TypeError):
                async with store.transaction() as transaction:
                    getattr(transaction, act)("kaal", {"_id": {"$gt": ""}, "_rev": 1})

    async def test_a_record_over_sixteen_megabytes_is_refused_as_too_large(
        self, store: MongoMetadataStore
    ) -> None:
        await keep(store, "kaal", {"_id": "a"})
        for act in ("insert", "replace"):
            with pytest.raises(OSError, match="more than MongoDB's") as caught:
                async with store.transaction() as transaction:
                    transaction.insert("kaal", {"_id": "b"})
                    getattr(transaction, act)("kaal", {"_id": "a", "_rev": 1, "tekst": "x" * 2**24})
            assert caught.value.errno == errno.EFBIG
        assert await store.find("kaal") == [{"_id": "a", "_rev": 1}]

    async def test_a_record_just_under_the_limit_can_be_kept_and_replaced(
        self, store: MongoMetadataStore
    ) -> None:
        record = {"_id": "a", "_rev": 1, "tekst": "x" * (2**24 - 2**14 - 200)}
        await keep(store, "kaal", record)
        async with store.transaction() as transaction:
            transaction.replace("kaal", record)
            transaction.expect("kaal", {**record, "_rev": 2})
        assert await store.get("kaal", "a") == {**record, "_rev": 2}

    async def test_values_that_look_like_operators_or_paths_are_only_values(
        self, store: MongoMetadataStore
    ) -> None:
        texts = ("$tekst", "$$ROOT", "$where", "tekst", '{"$gt": ""}', "/.*/")
        await keep(store, "geindexeerd", *({"_id": text, "tekst": text} for text in texts))
        for text in texts:
            queries: tuple[Query, ...] = (Equals("tekst", text), In("tekst", (text,)), Equals("_id", text))
            for query in queries:
                assert ids(await store.find("geindexeerd", query)) == [text]
            assert text in ids(await store.find("geindexeerd", Contains("tekst", text)))
            assert text in ids(await store.find("geindexeerd", Prefix("tekst", text)))
            assert (await one(store, "geindexeerd", text))["tekst"] == text
            assert await store.next_number(text) == 1
        assert set(await store.series()) == set(texts)

    async def test_a_page_of_many_batches_is_of_one_moment(
        self, store: MongoMetadataStore, other: MongoMetadataStore
    ) -> None:
        text = "x" * 20_000
        for start in range(0, 2400, 400):
            await keep(
                store,
                "kaal",
                *({"_id": f"{n:04}", "stand": 0, "tekst": text} for n in range(start, start + 400)),
            )
        found = asyncio.create_task(store.find("kaal", order=OLDEST_FIRST))
        stand = 0
        while not found.done():
            stand += 1
            async with other.transaction() as transaction:
                for id in ("0000", "2399"):
                    transaction.replace("kaal", {"_id": id, "_rev": stand, "stand": stand})
        records = await found
        assert stand > 1
        assert len(records) == 2400
        assert records[0]["stand"] == records[-1]["stand"]


class TestNodes:
    """Several nodes on one database."""

    async def test_records_of_two_nodes_stand_in_the_order_of_their_commits(
        self, store: MongoMetadataStore, other: MongoMetadataStore
    ) -> None:
        for number in range(20):
            await keep(
                (store, other)[number % 2],
                "kaal",
                {"_id": f"{2 * number:02}"},
                {"_id": f"{2 * number + 1:02}"},
            )
        assert ids(await other.find("kaal", order=OLDEST_FIRST)) == [f"{number:02}" for number in range(40)]

    async def test_no_two_records_have_the_same_place_in_the_order(
        self, store: MongoMetadataStore, other: MongoMetadataStore, database: Any
    ) -> None:
        async with asyncio.TaskGroup() as tasks:
            for number in range(40):
                records = ({"_id": f"{number}-{each}"} for each in range(10))
                tasks.create_task(keep((store, other)[number % 2], "kaal", *records))
        assert len(await database.kaal.distinct("_seq")) == 400

    async def test_of_transactions_over_two_nodes_for_one_unique_value_one_wins(
        self, store: MongoMetadataStore, other: MongoMetadataStore
    ) -> None:
        async def claim(node: MongoMetadataStore, number: int) -> None:
            await keep(node, "zaken", {"_id": f"{number}-a"}, {"_id": f"{number}-b", "groep": {"code": "x"}})

        async with asyncio.timeout(SECONDS):
            claims = (claim((store, other)[number % 2], number) for number in range(20))
            outcomes = await asyncio.gather(*claims, return_exceptions=True)
        lost = [outcome for outcome in outcomes if outcome is not None]
        assert [(type(each), str(each)) for each in lost] == [(Duplicate, "zaken.groep_code")] * 19
        assert await store.count("zaken") == 2

    async def test_an_insert_waits_for_the_other_that_holds_its_unique_value(
        self, store: MongoMetadataStore, database: Any
    ) -> None:
        async with database.client.start_session() as session:
            async with await session.start_transaction():
                theirs = {"_id": "hun", "groep": {"code": "x"}}
                await database.zaken.insert_one(theirs, session=session)
                ours = asyncio.create_task(
                    keep(store, "zaken", {"_id": "a"}, {"_id": "b", "groep": {"code": "x"}})
                )
                await asyncio.wait([ours], timeout=0.1)
                assert not ours.done()
            with pytest.raises(Duplicate, match=r"zaken\.groep_code"):
                await ours
        assert await store.count("zaken") == 1

    async def test_changes_of_two_nodes_on_the_same_records_all_count(
        self, store: MongoMetadataStore, other: MongoMetadataStore
    ) -> None:
        await keep(store, "zaken", {"_id": "teller", "stand": 0})
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
            for number in range(20):
                tasks.create_task(count_up((store, other)[number % 2], "zaken", "teller"))
        assert (await one(other, "zaken", "teller"))["stand"] == 20

    async def test_a_record_that_is_expected_cannot_change_before_the_commit(
        self, store: MongoMetadataStore, other: MongoMetadataStore
    ) -> None:
        async def guarded(number: int) -> None:
            zaak = await one(store, "zaken", "zaak")
            if zaak["open"]:
                async with store.transaction() as transaction:
                    transaction.expect("zaken", zaak)
                    transaction.insert("statussen", {"_id": f"{number}"})

        await keep(store, "zaken", {"_id": "zaak", "open": True})
        tasks = [asyncio.create_task(guarded(number)) for number in range(20)]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        async with other.transaction() as transaction:
            transaction.replace("zaken", {"_id": "zaak", "_rev": 1, "open": False})
        closed_with = await other.count("statussen")
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} <= {type(None), Conflict}
        assert await other.count("statussen") == closed_with

    async def test_numbers_drawn_by_two_nodes_at_once_are_all_different(
        self, store: MongoMetadataStore, other: MongoMetadataStore
    ) -> None:
        drawn = await asyncio.gather(*((store, other)[n % 2].next_number("a") for n in range(60)))
        assert sorted(drawn) == list(range(1, 61))
        assert await other.next_number("a", floor=2**40, count=2) == 2**40 + 1
        assert await store.series() == {"a": 2**40 + 2}


class TestCommits:
    """Transactions that meet others, and callers that leave."""

    async def test_a_transaction_waits_for_another_and_then_commits(
        self, store: MongoMetadataStore, database: Any
    ) -> None:
        await keep(store, "zaken", {"_id": "a"})
        async with held(database, "zaken", "a"):
            change = asyncio.create_task(self.change_both(store))
            await asyncio.wait([change], timeout=0.1)
            assert not change.done()
        await change
        assert await store.count("statussen") == 1

    async def test_a_transaction_that_meets_others_too_long_is_a_conflict(
        self, store: MongoMetadataStore, database: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mongo_patience, "_PATIENCE", 0.2)
        await keep(store, "zaken", {"_id": "a"})
        async with held(database, "zaken", "a"):
            with pytest.raises(Conflict, match="kept changing"):
                await self.change_both(store)
        assert await store.count("statussen") == 0

    async def test_what_its_caller_gave_up_is_done_wholly_before_closing(
        self, url: str, database: Any
    ) -> None:
        async with opened(url) as store:
            await keep(store, "zaken", {"_id": "a"})
            async with held(database, "zaken", "a"):
                change = asyncio.create_task(self.change_both(store))
                await asyncio.wait([change], timeout=0.1)
                change.cancel()
                await asyncio.wait([change])
                closing = asyncio.create_task(store.close())
                await asyncio.wait([closing], timeout=0.1)
                assert not closing.done()
            await closing
        async with opened(url) as store:
            assert await one(store, "zaken", "a") == {"_id": "a", "_rev": 2, "nieuw": True}
            assert await store.count("statussen") == 1

    @staticmethod
    async def change_both(store: MetadataStore) -> None:
        async with store.transaction() as transaction:
            transaction.insert("statussen", {"_id": "s"})
            transaction.replace("zaken", {"_id": "a", "_rev": 1, "nieuw": True})

    async def test_many_searches_that_are_given_up_leave_room_for_others(
        self, store: MongoMetadataStore
    ) -> None:
        await keep(store, "kaal", *specimens())
        for _ in range(5):
            calls = [asyncio.create_task(store.find("kaal")) for _ in range(50)]
            await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        async with asyncio.timeout(SECONDS):
            found = await asyncio.gather(*(store.find("kaal") for _ in range(150)))
        assert {len(each) for each in found} == {len(specimens())}

    @pytest.mark.parametrize(
        ("acts", "outcome"), [("replace insert", Conflict), ("insert replace", Duplicate)]
    )
    async def test_of_two_things_wrong_the_first_is_told(
        self, store: MongoMetadataStore, acts: str, outcome: type[Exception]
    ) -> None:
        await keep(store, "kaal", {"_id": "a"})
        with pytest.raises(outcome):
            async with store.transaction() as transaction:
                for act in acts.split():
                    getattr(transaction, act)("kaal", {"_id": "a", "_rev": 9})
        assert await store.find("kaal") == [{"_id": "a", "_rev": 1}]

    async def test_a_store_that_was_closed_says_so_and_may_be_closed_again(self, url: str) -> None:
        async with opened(url) as store:
            await store.close()
            with pytest.raises(RuntimeError, match="closed"):
                await store.get("zaken", "a")
            with pytest.raises(RuntimeError, match="closed"):
                await keep(store, "zaken", {"_id": "a"})
