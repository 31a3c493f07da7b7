"""Searches that an index serves read no more than they give, and come in order without sorting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from dms.model.query import (
    BY_ID,
    EVERYTHING,
    NEWEST_FIRST,
    OLDEST_FIRST,
    And,
    AnyElement,
    By,
    Equals,
    In,
    Or,
    Order,
    Prefix,
    Query,
    Range,
)
from dms.storage.metadata.mongo import MongoMetadataStore
from dms.storage.metadata.mongo_query import compiled, counting, sorting
from dms.storage.metadata.port import Collection, Index
from tests.contracts.metadata_searches import keep
from tests.stores import mongo_database

pytestmark = pytest.mark.engines

INDEXES = (
    Index(("code", "bron"), unique=True),
    Index(("tekst",)),
    Index(("soort", "niveau")),
    Index(("groep.lijst",), elements=True),
)
RECORDS = [
    {
        "_id": f"{number:04}",
        "code": f"{number}",
        "bron": "x",
        "tekst": f"{number % 20}",
        "soort": f"{number % 5}",
        "niveau": number % 8,
        "groep": {"lijst": [f"{number % 20}", f"{number % 7}", "altijd"]},
    }
    for number in range(400)
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with mongo_database() as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Any]:
    store = await MongoMetadataStore.open(url, [Collection("zaken", INDEXES)])
    if not await store.count("zaken"):
        await keep(store, "zaken", *RECORDS)
    await store.close()
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url)
    async with client:
        yield client.get_default_database()


async def explained(database: Any, command: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = await database.command("explain", command, verbosity="executionStats")
    return told["stages"][0]["$cursor"] if "stages" in told else told


def stages(plan: Any) -> Iterator[str]:
    """The names of all stages of a plan."""
    if isinstance(plan, dict):
        if isinstance(plan.get("stage"), str):
            yield plan["stage"]
        for each in plan.values():
            yield from stages(each)
    elif isinstance(plan, list):
        for each in plan:
            yield from stages(each)


RIGHTS = Or(tuple(And((Equals("soort", f"{n}"), Range("niveau", lte=n))) for n in range(4)))


@pytest.mark.parametrize(
    ("query", "order", "most_read"),
    [
        (EVERYTHING, NEWEST_FIRST, 5),
        (EVERYTHING, OLDEST_FIRST, 5),
        (EVERYTHING, BY_ID, 5),
        (Range("_id", gt="0100"), BY_ID, 5),
        (Equals("tekst", "3"), NEWEST_FIRST, 5),
        (Equals("tekst", "3"), OLDEST_FIRST, 5),
        (In("tekst", ("3", "4", "5")), NEWEST_FIRST, 8),
        (Or((Equals("tekst", "3"), AnyElement("groep.lijst", "4"))), NEWEST_FIRST, 12),
        (And((Equals("soort", "3"), Equals("niveau", 3))), NEWEST_FIRST, 5),
        (And((Equals("code", "7"), Equals("bron", "x"))), NEWEST_FIRST, 5),
        (AnyElement("groep.lijst", "altijd"), NEWEST_FIRST, 5),
        (Or((AnyElement("groep.lijst", "4"), AnyElement("groep.lijst", "5"))), NEWEST_FIRST, 12),
        (EVERYTHING, (By("tekst"), By("_created", descending=True)), 5),
    ],
)
async def test_a_page_comes_from_an_index_in_order_and_reads_only_itself(
    database: Any, query: Query, order: Order, most_read: int
) -> None:
    told = await explained(
        database,
        {"find": "zaken", "filter": compiled(query), "sort": dict(sorting(order)), "limit": 5},
    )
    names = set(stages(told["queryPlanner"]["winningPlan"]))
    assert not names & {"SORT", "COLLSCAN"}
    assert told["executionStats"]["totalDocsExamined"] <= most_read


@pytest.mark.parametrize(
    "query",
    [
        Prefix("tekst", "3"),
        Range("tekst", gte="3", lt="4"),
        Range("soort", lt="1"),
        RIGHTS,
        Equals("_id", "0100"),
        Equals("code", "7"),
        AnyElement("groep.lijst", "3"),
    ],
)
async def test_a_search_reads_no_records_that_do_not_match(database: Any, query: Query) -> None:
    command = {"find": "zaken", "filter": compiled(query), "sort": dict(sorting(NEWEST_FIRST))}
    told = await explained(database, command)
    assert "COLLSCAN" not in set(stages(told["queryPlanner"]["winningPlan"]))
    found = told["executionStats"]["nReturned"]
    assert 0 < found < len(RECORDS)
    assert told["executionStats"]["totalDocsExamined"] == found


@pytest.mark.parametrize(
    "query", [EVERYTHING, Equals("tekst", "3"), Range("tekst", gte="3"), Equals("code", "7"), RIGHTS]
)
async def test_counting_reads_an_index_and_no_records(database: Any, query: Query) -> None:
    command = {"aggregate": "zaken", "pipeline": counting(query), "cursor": {}}
    told = await explained(database, command)
    assert told["executionStats"]["totalDocsExamined"] == 0
