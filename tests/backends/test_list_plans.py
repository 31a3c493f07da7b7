"""The lists that clients ask for most, for a caller with rights on many types, are served by an index."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from dms.autorisaties.access import Access, Grant
from dms.documenten.api import DOCUMENTEN
from dms.model.query import EVERYTHING, NEWEST_FIRST, AnyElement, By, Equals, Query, both
from dms.storage.metadata.mongo import MongoMetadataStore
from dms.storage.metadata.mongo_query import compiled, sorting
from dms.storage.metadata.sqlite_query import Compiler
from dms.storage.metadata.sqlite_schema import connect, prepare
from dms.wiring import collections
from tests.backends.test_mongo_plans import explained, stages
from tests.backends.test_sqlite_plans import planned, sorts
from tests.contracts.metadata_searches import keep
from tests.stores import mongo_database

COLLECTIONS = {each.name: each for each in collections((DOCUMENTEN,))}
RESOURCES = {each.name: each for each in DOCUMENTEN.resources}
DOCUMENTS = "enkelvoudiginformatieobjecten"
BELONGING = tuple(each.name for each in DOCUMENTEN.resources if each.parent and each.guard)


def asked(name: str, query: Query, grants: int) -> Query:
    """The query, as a caller with grants on so many types asks it, each up to a level."""
    scopes = frozenset({"documenten.lezen"})
    access = Access(grants=tuple(Grant("drc", scopes, f"/{n}", n % 7 + 1) for n in range(grants)))
    return both(access.restriction(RESOURCES[name], RESOURCES[name].scopes.read), query)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path: Path = tmp_path_factory.mktemp("plans") / "metadata.db"
    with closing(connect(path, durable=False, writes=True)) as file:
        prepare(file, list(COLLECTIONS.values()))
        yield file


@pytest.mark.parametrize("grants", [1, 8, 100, 300])
@pytest.mark.parametrize(
    ("name", "query", "step"),
    [
        (DOCUMENTS, AnyElement("_objecten", "x"), "SEARCH _0 USING PRIMARY KEY (value=?)"),
        *(
            (name, Equals("informatieobject", "x"), f"SEARCH {name} USING INDEX {name}.informatieobject")
            for name in BELONGING
        ),
    ],
)
def test_what_belongs_to_one_object_is_found_by_it_whatever_the_rights(
    file: sqlite3.Connection, name: str, query: Query, step: str, grants: int
) -> None:
    compiler, wanted = Compiler(COLLECTIONS[name]), asked(name, query, grants)
    plan = planned(file, compiler.find(wanted, NEWEST_FIRST, 100, 0))
    assert next(each for each in plan if each.startswith("SEARCH")).startswith(step)
    assert not sorts(plan)
    assert planned(file, compiler.count(wanted))[0].startswith(step)


@pytest.mark.parametrize("grants", [1, 8, 100])
@pytest.mark.parametrize("name", [DOCUMENTS, *BELONGING])
def test_lists_come_newest_first_from_an_index_for_each_type_that_is_granted(
    file: sqlite3.Connection, name: str, grants: int
) -> None:
    guard = RESOURCES[name].guard
    assert guard is not None
    plan = planned(
        file, Compiler(COLLECTIONS[name]).find(asked(name, EVERYTHING, grants), NEWEST_FIRST, 9, 0)
    )
    assert plan.count(f"SEARCH {name} USING INDEX {name}.{guard.type} (<expr>=?)") == grants
    assert not sorts(plan)


@pytest.mark.parametrize("descending", [False, True])
def test_lists_in_another_order_come_from_the_index_on_it(file: sqlite3.Connection, descending: bool) -> None:
    ordering = RESOURCES[DOCUMENTS].ordering
    assert ordering is not None
    for field in ordering.fields.values():
        order = (By(field, descending=descending),)
        plan = planned(file, Compiler(COLLECTIONS[DOCUMENTS]).find(EVERYTHING, order, 100, 0))
        assert f"SCAN {DOCUMENTS} USING INDEX {DOCUMENTS}.{field}" in plan
        assert not sorts(plan)


DOCUMENTS_IN_STORE = 600


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with mongo_database() as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Any]:
    store = await MongoMetadataStore.open(url, list(COLLECTIONS.values()))
    if not await store.count(DOCUMENTS):
        for name in (DOCUMENTS, *BELONGING):
            guard = RESOURCES[name].guard
            assert guard is not None
            records = [
                {
                    "_id": f"{number}",
                    guard.type: f"/{number % 100}",
                    str(guard.level): 1,
                    "_objecten": [f"/zaken/{number % 60}"],
                    "informatieobject": f"/documenten/{number % 60}",
                    "object": f"/zaken/{number}",
                }
                for number in range(DOCUMENTS_IN_STORE)
            ]
            await keep(store, name, *records)
    await store.close()
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url)
    async with client:
        yield client.get_default_database()


@pytest.mark.engines
@pytest.mark.parametrize("grants", [1, 8, 100, 300])
@pytest.mark.parametrize(
    ("name", "query"),
    [
        (DOCUMENTS, AnyElement("_objecten", "/zaken/3")),
        *((name, Equals("informatieobject", "/documenten/3")) for name in BELONGING),
    ],
)
async def test_mongodb_finds_what_belongs_to_one_object_by_it_whatever_the_rights(
    database: Any, name: str, query: Query, grants: int
) -> None:
    command = {
        "find": name,
        "filter": compiled(asked(name, query, grants)),
        "sort": dict(sorting(NEWEST_FIRST)),
        "limit": 100,
    }
    told = await explained(database, command)
    assert "COLLSCAN" not in set(stages(told["queryPlanner"]["winningPlan"]))
    assert told["executionStats"]["totalDocsExamined"] <= DOCUMENTS_IN_STORE // 60


@pytest.mark.engines
@pytest.mark.parametrize("grants", [1, 8, 100])
@pytest.mark.parametrize("name", [DOCUMENTS, *BELONGING])
async def test_mongodb_lists_read_about_a_page_and_do_not_sort_all_that_is_granted(
    database: Any, name: str, grants: int
) -> None:
    command = {
        "find": name,
        "filter": compiled(asked(name, EVERYTHING, grants)),
        "sort": dict(sorting(NEWEST_FIRST)),
        "limit": 5,
    }
    told = await explained(database, command)
    names = set(stages(told["queryPlanner"]["winningPlan"]))
    assert not names & {"SORT", "COLLSCAN"}
    assert told["executionStats"]["totalDocsExamined"] <= grants + 5
