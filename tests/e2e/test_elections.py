"""A primary that steps down: all that use it wait for some seconds, so no other test runs beside these."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from dms.model.query import In
from dms.storage.failures import Unreachable
from dms.storage.metadata.mongo import MongoMetadataStore
from tests.contracts.metadata import COLLECTIONS
from tests.contracts.metadata_searches import keep
from tests.failing_proxy import FailingProxy
from tests.stores import mongo_database, mongo_through

pytestmark = pytest.mark.engines

SECONDS = 30


@pytest.fixture
def url() -> Iterator[str]:
    with mongo_database() as url:
        yield url


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[MongoMetadataStore]:
    store = await MongoMetadataStore.open(url, COLLECTIONS)
    try:
        yield store
    finally:
        await store.close()


async def step_down(client: AsyncMongoClient[dict[str, Any]]) -> None:
    await client.admin.command("replSetStepDown", 2, secondaryCatchUpPeriodSecs=1, force=True)


async def test_reads_and_writes_go_on_when_the_primary_steps_down(url: str) -> None:
    stop = asyncio.Event()
    kept: list[str] = []

    async def work(name: str) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            await keep(store, "zaken", {"_id": f"{name} {number}"})
            await keep(store, "statussen", {"_id": f"{name} {number}"}, {"_id": f"{name} {number} b"})
            kept.append(f"{name} {number}")
            assert await store.get("statussen", f"{name} {number} b") is not None
            assert len(await store.find("zaken", In("_id", (kept[0], kept[-1])))) in (1, 2)
            await store.next_number(name)

    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url)
    async with client, opened(url) as store, asyncio.timeout(SECONDS):
        async with asyncio.TaskGroup() as tasks:
            for name in "abcd":
                tasks.create_task(work(name))
            await step_down(client)
            before = len(kept)
            while len(kept) < before + 20:
                await asyncio.sleep(0.01)
            stop.set()
        assert await store.count("zaken") == len(kept)
        assert await store.count("statussen") == 2 * len(kept)


async def test_a_line_that_breaks_amid_an_election_leaves_all_of_a_change_or_nothing(url: str) -> None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url)
    with FailingProxy(url) as line:
        async with client, opened(mongo_through(line, url)) as store, asyncio.timeout(SECONDS):
            done: set[str] = set()

            async def work() -> None:
                for number in itertools.count():
                    line.cut(after=number % 80 * 10, direction="up")
                    try:
                        await keep(store, "zaken", {"_id": f"{number}"}, {"_id": f"{number} b"})
                        done.add(f"{number}")
                    except Unreachable:
                        pass  # the line leads to a server that was no primary just then

            working = asyncio.create_task(work())
            await step_down(client)
            before = len(done)
            while len(done) < before + 5:
                await asyncio.sleep(0.01)
            working.cancel()
            await asyncio.wait([working])
        async with opened(url) as store:
            kept = {each["_id"] for each in await store.find("zaken")}
    assert done
    assert done <= kept
    assert kept == {id for each in kept for id in (each.removesuffix(" b"), f"{each.removesuffix(' b')} b")}
