"""What every metadata store promises. A backend's test is a subclass whose fixture `store` is one opened, and
empty, with `COLLECTIONS`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dms.model.query import EVERYTHING, Equals
from dms.storage.metadata.port import (
    Collection,
    Conflict,
    Duplicate,
    Index,
    MetadataStore,
    Record,
    Transaction,
)
from tests.contracts.metadata_searches import BARE, INDEXED, SearchContract, ids, keep

COLLECTIONS = (
    Collection(
        "zaken",
        (Index(("identificatie", "bronorganisatie"), unique=True), Index(("groep.code",), unique=True)),
    ),
    Collection("statussen"),
    INDEXED,
    BARE,
)
SECONDS = 30


async def one(store: MetadataStore, collection: str, id: str) -> Record:
    """The record, which is there."""
    record = await store.get(collection, id)
    assert record is not None
    return record


def write(transaction: Transaction, act: str, record: Record) -> None:
    """Replace, remove or expect a record of `zaken`."""
    {"replace": transaction.replace, "remove": transaction.remove, "expect": transaction.expect}[act](
        "zaken", record
    )


async def count_up(store: MetadataStore, collection: str, id: str) -> None:
    """Add one to the record's `stand`, from its read again for as long as another was first."""
    while True:
        record = await one(store, collection, id)
        record["stand"] += 1
        try:
            async with store.transaction() as transaction:
                transaction.replace(collection, record)
        except Conflict:
            continue
        return


class MetadataStoreContract(SearchContract):
    """The whole contract; searches are in `SearchContract`."""

    async def test_an_inserted_record_is_there_with_revision_one(self, store: MetadataStore) -> None:
        await keep(
            store, "zaken", {"_id": "a", "_rev": 7, "titel": "é\0\1\2", "leeg": None, "diep": {"x": [1, {}]}}
        )
        wanted = {"_id": "a", "_rev": 1, "titel": "é\0\1\2", "leeg": None, "diep": {"x": [1, {}]}}
        assert await store.get("zaken", "a") == wanted
        assert await store.find("zaken") == [wanted]
        assert await store.get("statussen", "a") is None
        assert await store.count("zaken") == 1

    async def test_each_replace_adds_one_to_the_revision(self, store: MetadataStore) -> None:
        await keep(store, "zaken", {"_id": "a", "oud": 1})
        for rev in (1, 2, 3):
            async with store.transaction() as transaction:
                transaction.replace("zaken", {"_id": "a", "_rev": rev, "nieuw": rev})
        assert await store.get("zaken", "a") == {"_id": "a", "_rev": 4, "nieuw": 3}

    async def test_a_removed_record_is_gone_and_its_id_is_free(self, store: MetadataStore) -> None:
        await keep(store, "zaken", {"_id": "a"}, {"_id": "b"})
        async with store.transaction() as transaction:
            transaction.remove("zaken", await one(store, "zaken", "a"))
        assert await store.get("zaken", "a") is None
        assert ids(await store.find("zaken")) == ["b"]
        assert await store.count("zaken") == 1
        await keep(store, "zaken", {"_id": "a"})
        assert await one(store, "zaken", "a") == {"_id": "a", "_rev": 1}

    async def test_records_are_not_shared_with_the_caller(self, store: MetadataStore) -> None:
        given: Record = {"_id": "a", "lijst": [1]}
        async with store.transaction() as transaction:
            transaction.insert("zaken", given)
            given["lijst"].append(2)
        assert given == {"_id": "a", "lijst": [1, 2]}
        for _ in range(2):
            got, (found,) = await one(store, "zaken", "a"), await store.find("zaken")
            assert got == found == {"_id": "a", "_rev": 1, "lijst": [1]}
            got["lijst"].append(3)
            found["lijst"].append(4)
        async with store.transaction() as transaction:
            replacement: Record = {"_id": "a", "_rev": 1, "lijst": [5]}
            transaction.replace("zaken", replacement)
            replacement["lijst"].append(6)
        assert replacement["_rev"] == 1
        assert (await one(store, "zaken", "a"))["lijst"] == [5]

    async def test_writes_do_not_show_before_the_transaction_is_left(self, store: MetadataStore) -> None:
        await keep(store, "zaken", {"_id": "a", "stand": 1})
        async with store.transaction() as transaction:
            transaction.insert("zaken", {"_id": "b"})
            transaction.replace("zaken", {"_id": "a", "_rev": 1, "stand": 2})
            assert await store.find("zaken") == [{"_id": "a", "_rev": 1, "stand": 1}]
            assert await store.count("zaken") == 1
        assert await store.count("zaken") == 2

    async def test_an_exception_inside_a_transaction_leaves_nothing(self, store: MetadataStore) -> None:
        await keep(store, "zaken", {"_id": "a"})
        with pytest.raises(ZeroDivisionError):
            async with store.transaction() as transaction:
                transaction.insert("zaken", {"_id": "b"})
                transaction.remove("zaken", {"_id": "a", "_rev": 1})
                raise ZeroDivisionError
        assert ids(await store.find("zaken")) == ["a"]

    async def test_a_transaction_without_writes_is_no_matter(self, store: MetadataStore) -> None:
        async with store.transaction():
            pass
        assert await store.count("zaken") == 0

    async def test_writes_over_collections_land_together_in_their_order(self, store: MetadataStore) -> None:
        await keep(store, "zaken", {"_id": "a"}, {"_id": "weg"})
        async with store.transaction() as transaction:
            transaction.insert("statussen", {"_id": "s"})
            transaction.replace("statussen", {"_id": "s", "_rev": 1, "tekst": "eerst"})
            transaction.replace("statussen", {"_id": "s", "_rev": 2, "tekst": "daarna"})
            transaction.expect("statussen", {"_id": "s", "_rev": 3})
            transaction.remove("zaken", {"_id": "weg", "_rev": 1})
            transaction.insert("zaken", {"_id": "weg", "terug": True})
            transaction.expect("zaken", {"_id": "a", "_rev": 1})
        assert await one(store, "statussen", "s") == {"_id": "s", "_rev": 3, "tekst": "daarna"}
        assert await store.find("zaken") == [
            {"_id": "weg", "_rev": 1, "terug": True},
            {"_id": "a", "_rev": 1},
        ]

    @pytest.mark.parametrize("act", ["replace", "remove", "expect"])
    @pytest.mark.parametrize(("id", "rev"), [("a", 1), ("a", 3), ("nooit", 1), ("weg", 1)])
    async def test_a_stale_or_absent_record_is_a_conflict_that_leaves_nothing(
        self, store: MetadataStore, act: str, id: str, rev: int
    ) -> None:
        await keep(store, "zaken", {"_id": "a"}, {"_id": "weg"}, {"_id": "b"})
        async with store.transaction() as transaction:
            transaction.replace("zaken", {"_id": "a", "_rev": 1, "stand": "nu"})
            transaction.remove("zaken", {"_id": "weg", "_rev": 1})
        before = await store.find("zaken")
        with pytest.raises(Conflict):
            async with store.transaction() as transaction:
                transaction.insert("statussen", {"_id": "s"})
                transaction.remove("zaken", {"_id": "b", "_rev": 1})
                write(transaction, act, {"_id": id, "_rev": rev, "stand": "anders"})
        assert await store.find("zaken") == before
        assert await store.count("statussen") == 0

    async def test_what_was_expected_and_holds_lets_the_rest_commit(self, store: MetadataStore) -> None:
        await keep(store, "zaken", {"_id": "a"})
        async with store.transaction() as transaction:
            transaction.expect("zaken", {"_id": "a", "_rev": 1})
            transaction.insert("statussen", {"_id": "s", "zaak": "a"})
        assert await store.count("statussen") == 1
        assert await one(store, "zaken", "a") == {"_id": "a", "_rev": 1}

    async def test_an_id_that_exists_is_a_duplicate_that_leaves_nothing(self, store: MetadataStore) -> None:
        await keep(store, "zaken", {"_id": "a"})
        with pytest.raises(Duplicate) as caught:
            async with store.transaction() as transaction:
                transaction.insert("statussen", {"_id": "s"})
                transaction.insert("zaken", {"_id": "a", "ander": True})
        assert (caught.value.collection, caught.value.index) == ("zaken", "_id")
        assert await store.count("statussen") == 0
        assert await one(store, "zaken", "a") == {"_id": "a", "_rev": 1}

    @pytest.mark.parametrize(
        ("record", "index"),
        [
            ({"identificatie": "Z1", "bronorganisatie": "1"}, "identificatie_bronorganisatie"),
            ({"groep": {"code": "x"}}, "groep_code"),
        ],
    )
    async def test_a_broken_unique_index_is_a_duplicate_with_its_name(
        self, store: MetadataStore, record: Record, index: str
    ) -> None:
        await keep(store, "zaken", {"_id": "a", **record}, {"_id": "b"})
        for act in ("insert", "replace"):
            with pytest.raises(Duplicate) as caught:
                async with store.transaction() as transaction:
                    transaction.insert("statussen", {"_id": "s"})
                    if act == "insert":
                        transaction.insert("zaken", {"_id": "c", **record})
                    else:
                        transaction.replace("zaken", {"_id": "b", "_rev": 1, **record})
            assert (caught.value.collection, caught.value.index) == ("zaken", index)
        assert await store.find("zaken") == [{"_id": "b", "_rev": 1}, {"_id": "a", "_rev": 1, **record}]
        assert await store.count("statussen") == 0

    async def test_null_or_missing_fields_are_not_held_to_be_unique(self, store: MetadataStore) -> None:
        half: list[dict[str, Any]] = [
            {"identificatie": "Z1"},
            {"identificatie": "Z1", "bronorganisatie": None},
        ]
        await keep(
            store, "zaken", *({"_id": f"{n}", **half[n % 2], "groep": {"code": None}} for n in range(4))
        )
        await keep(store, "zaken", {"_id": "x", "identificatie": "Z1", "bronorganisatie": "1", "groep": None})
        await keep(store, "zaken", {"_id": "y", "identificatie": "Z1", "bronorganisatie": "2"})
        assert await store.count("zaken", Equals("identificatie", "Z1")) == 6

    async def test_a_unique_value_can_move_within_one_transaction(self, store: MetadataStore) -> None:
        def zaak(id: str, rev: int, code: str | None) -> Record:
            return {"_id": id, "_rev": rev, "groep": {"code": code}}

        await keep(store, "zaken", zaak("a", 1, "x"), zaak("b", 1, "y"))
        with pytest.raises(Duplicate):
            async with store.transaction() as transaction:
                transaction.insert("zaken", zaak("c", 1, "x"))
                transaction.remove("zaken", zaak("a", 1, "x"))
        async with store.transaction() as transaction:
            transaction.replace("zaken", zaak("a", 1, None))
            transaction.replace("zaken", zaak("b", 1, "x"))
            transaction.replace("zaken", zaak("a", 2, "y"))
        assert await store.find("zaken") == [zaak("b", 2, "x"), zaak("a", 3, "y")]
        async with store.transaction() as transaction:
            transaction.remove("zaken", zaak("a", 3, "y"))
            transaction.insert("zaken", zaak("c", 1, "y"))
        assert await store.find("zaken") == [zaak("c", 1, "y"), zaak("b", 2, "x")]

    async def test_fifty_commits_at_once_on_distinct_records_all_land(self, store: MetadataStore) -> None:
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
            for number in range(50):
                tasks.create_task(keep(store, "zaken", {"_id": f"{number}", "groep": {"code": number}}))
        assert sorted(ids(await store.find("zaken"))) == sorted(f"{number}" for number in range(50))
        assert await store.count("zaken") == 50

    async def test_fifty_changes_at_once_on_one_record_all_count(self, store: MetadataStore) -> None:
        await keep(store, "zaken", {"_id": "teller", "stand": 0})
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
            for _ in range(50):
                tasks.create_task(count_up(store, "zaken", "teller"))
        assert await one(store, "zaken", "teller") == {"_id": "teller", "_rev": 51, "stand": 50}

    async def test_of_transactions_for_one_unique_value_one_wins(self, store: MetadataStore) -> None:
        claims = (keep(store, "zaken", {"_id": f"{number}", "groep": {"code": "x"}}) for number in range(20))
        outcomes = await asyncio.gather(*claims, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes if outcome is not None] == [Duplicate] * 19
        assert await store.count("zaken", Equals("groep.code", "x")) == 1

    async def test_a_read_sees_the_whole_of_a_transaction_or_nothing(self, store: MetadataStore) -> None:
        await keep(store, "zaken", {"_id": "a", "stand": 0}, {"_id": "b", "stand": 0})
        torn = []

        async def change_both() -> None:
            for stand in range(1, 40):
                async with store.transaction() as transaction:
                    for id in ("a", "b"):
                        transaction.replace("zaken", {"_id": id, "_rev": stand, "stand": stand})

        change = asyncio.create_task(change_both())
        while not change.done():
            seen = [record["stand"] for record in await store.find("zaken")]
            if len(set(seen)) != 1:
                torn.append(seen)
        await change
        assert torn == []

    async def test_a_commit_is_seen_by_every_read_that_begins_after(self, store: MetadataStore) -> None:
        await keep(store, "zaken", {"_id": "a", "stand": 0})
        for stand in range(1, 30):
            async with store.transaction() as transaction:
                transaction.replace("zaken", {"_id": "a", "_rev": stand, "stand": stand})
            got, found = await one(store, "zaken", "a"), await store.find("zaken", Equals("stand", stand))
            assert (got["stand"], len(found), await store.count("zaken")) == (stand, 1, 1)

    async def test_callers_that_give_up_take_nothing_from_the_others(self, store: MetadataStore) -> None:
        calls: list[asyncio.Task[Any]] = []
        for number in range(40):
            calls += [asyncio.create_task(keep(store, "zaken", {"_id": f"{number}"}))]
            calls += [asyncio.create_task(store.find("zaken"))]
        await asyncio.sleep(0)
        for call in calls[::3]:
            call.cancel()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        given_up = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, BaseException)]
        assert given_up == list(range(0, 80, 3))
        stayed = {f"{number}" for number in range(40) if 2 * number not in given_up}
        assert stayed <= set(ids(await store.find("zaken")))

    async def test_numbers_of_a_series_count_up_from_one(self, store: MetadataStore) -> None:
        assert [await store.next_number("a") for _ in range(3)] == [1, 2, 3]
        assert await store.next_number("b") == 1

    async def test_a_floor_lifts_a_series_but_never_lowers_it(self, store: MetadataStore) -> None:
        assert await store.next_number("a", floor=10) == 11
        assert await store.next_number("a", floor=5) == 12
        assert await store.next_number("a") == 13

    async def test_several_numbers_are_drawn_as_one_run(self, store: MetadataStore) -> None:
        assert await store.next_number("a", count=5) == 1
        assert await store.next_number("a", floor=2, count=10) == 6
        assert await store.next_number("a", floor=100, count=3) == 101
        assert await store.next_number("a") == 104

    async def test_at_least_one_number_is_drawn_at_a_time(self, store: MetadataStore) -> None:
        for count in (0, -1):
            with pytest.raises(ValueError, match="at least one"):
                await store.next_number("a", count=count)
        assert await store.series() == {}

    async def test_no_number_is_drawn_twice_at_once(self, store: MetadataStore) -> None:
        first = await asyncio.gather(*(store.next_number("a", count=3) for _ in range(50)))
        assert sorted(first) == list(range(1, 151, 3))

    async def test_a_number_is_spent_even_if_its_transaction_fails(self, store: MetadataStore) -> None:
        await keep(store, "zaken", {"_id": "a"})
        with pytest.raises(Duplicate):
            async with store.transaction() as transaction:
                transaction.insert("zaken", {"_id": "a", "nummer": await store.next_number("a")})
        assert await store.next_number("a") == 2

    async def test_a_store_that_works_calls_itself_healthy(self, store: MetadataStore) -> None:
        await store.healthy()
        assert await store.count("zaken", EVERYTHING) == 0
