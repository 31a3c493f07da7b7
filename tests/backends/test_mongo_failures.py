"""MongoDB servers that are gone, slow, or not what they should be."""

from __future__ import annotations

import asyncio
import errno
import gc
import struct
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import bson
import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import ConfigurationError, ExecutionTimeout, OperationFailure, PyMongoError, WTimeoutError

from dms.model.query import In
from dms.storage.failures import Unreachable, is_full
from dms.storage.metadata import mongo_patience
from dms.storage.metadata.mongo import MongoMetadataStore
from dms.storage.metadata.mongo_failures import NoReplicaSet, reaching
from dms.storage.metadata.port import Conflict
from tests.contracts.metadata import COLLECTIONS, count_up, one
from tests.contracts.metadata_searches import keep
from tests.failing_proxy import FailingProxy
from tests.stores import mongo_database, mongo_through

pytestmark = [
    pytest.mark.engines,
    # The driver does not close a socket that is refused or reset right when it connects.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
    ),
]

SHORT = 1.0
QUERY, MSG, REPLY = 2004, 2013, 1
Call = Callable[[MongoMetadataStore], Coroutine[Any, Any, Any]]
CALLS: dict[str, Call] = {
    "get": lambda store: store.get("zaken", "a"),
    "find": lambda store: store.find("zaken"),
    "count": lambda store: store.count("zaken"),
    "insert": lambda store: keep(store, "zaken", {"_id": "x"}),
    "insert of two": lambda store: keep(store, "zaken", {"_id": "x"}, {"_id": "y"}),
    "next_number": lambda store: store.next_number("a"),
    "series": lambda store: store.series(),
    "healthy": lambda store: store.healthy(),
}


@pytest.fixture(autouse=True)
def sockets_end_here() -> Iterator[None]:
    """Those that the driver left open are not found during another test."""
    yield
    gc.collect()


@pytest.fixture
def url() -> Iterator[str]:
    with mongo_database() as url:
        yield url


@pytest.fixture
def line(url: str) -> Iterator[FailingProxy]:
    """A line to the primary that fails on command."""
    with FailingProxy(url) as line:
        yield line


@asynccontextmanager
async def opened(url: str, seconds: float = 5.0) -> AsyncIterator[MongoMetadataStore]:
    store = await MongoMetadataStore.open(url, COLLECTIONS, timeout=seconds)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def scripted(**hello: Any) -> AsyncIterator[str]:
    """The address of a server that says just this of itself."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.read(16):
                length, request, _, kind = struct.unpack("<iiii", head)
                await reader.readexactly(length - 16)
                body = bson.encode({"ok": 1, "minWireVersion": 0, "maxWireVersion": 17, **hello})
                told = struct.pack("<iqii", 0, 0, 0, 1) if kind == QUERY else struct.pack("<IB", 0, 0)
                answered = REPLY if kind == QUERY else MSG
                size = 16 + len(told) + len(body)
                writer.write(struct.pack("<iiii", size, 0, request, answered) + told + body)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


class TestServers:
    """What cannot serve is refused at the start, with what to do about it."""

    async def test_a_standalone_server_is_refused_with_how_to_make_it_a_set(self) -> None:
        async with scripted(isWritablePrimary=True) as address:
            with pytest.raises(NoReplicaSet, match=r"standalone.*rs\.initiate"):
                await MongoMetadataStore.open(f"mongodb://{address}/dms", COLLECTIONS, timeout=SHORT)

    async def test_a_standalone_server_that_is_called_a_set_is_refused_too(self) -> None:
        async with scripted(isWritablePrimary=True) as address:
            with pytest.raises(NoReplicaSet, match=r"replicaSet=: .*rs\.initiate"):
                url = f"mongodb://{address}/dms?replicaSet=rs0"
                await MongoMetadataStore.open(url, COLLECTIONS, timeout=SHORT)

    async def test_a_server_older_than_snapshot_reads_is_refused(self) -> None:
        async with scripted(isWritablePrimary=True, setName="rs0", maxWireVersion=9) as address:
            with pytest.raises(OSError, match=r"older than 5\.0"):
                url = f"mongodb://{address}/dms?directConnection=true"
                await MongoMetadataStore.open(url, COLLECTIONS, timeout=SHORT)

    @pytest.mark.parametrize(
        "url",
        [
            "mongodb://dms:ge/heim@host:1/dms",
            "mongodb://dms:geheim:x@host/dms",
            "mongodb://dms:geheim@x@host/dms",
            "mongodb://dms:geheim@host:heim/dms",
            "mongodb://dms:geheim@host/d m.s?w=geheim",
            "http://dms:geheim@host",
            "mongodb://",
        ],
    )
    async def test_a_wrong_url_is_refused_without_repeating_any_of_it(self, url: str) -> None:
        with pytest.raises(ValueError, match="percent-encoded") as caught:
            await MongoMetadataStore.open(url, COLLECTIONS)
        assert "heim" not in str(caught.value)
        assert caught.value.__suppress_context__

    async def test_a_wrong_password_is_told_as_such_and_not_repeated(self, url: str) -> None:
        parts = urlsplit(url)
        wrong = urlunsplit(parts._replace(netloc=f"dms:geheim@{parts.netloc.rpartition('@')[2]}"))
        with pytest.raises(OSError, match="user or password") as caught:
            await MongoMetadataStore.open(wrong, COLLECTIONS)
        assert "geheim" not in f"{caught.value} {caught.value.__cause__}"

    async def test_no_server_at_all_is_unreachable_in_the_time_given(self) -> None:
        before = time.monotonic()
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9 does not answer.*Errno 111") as caught:
            await MongoMetadataStore.open("mongodb://dms:geheim@127.0.0.1:9/dms", COLLECTIONS, timeout=SHORT)
        assert time.monotonic() - before < SHORT + 1
        assert "geheim" not in f"{caught.value} {caught.value.__cause__}"

    @pytest.mark.parametrize(
        ("error", "kind", "told"),
        [
            (OperationFailure("geheim", 14031), OSError, "no room left"),
            (OperationFailure("geheim", 13), OSError, "readWrite"),
            (
                OperationFailure("geheim", 292, {"codeName": "TooMuch"}),
                OSError,
                "OperationFailure TooMuch 292",
            ),
            (PyMongoError("geheim"), OSError, "PyMongoError"),
            (ConfigurationError("geheim"), Unreachable, "in time"),
            (ExecutionTimeout("geheim", 50), Unreachable, "in time"),
            (WTimeoutError("geheim", 64), Unreachable, "in time"),
        ],
    )
    async def test_what_the_server_refuses_is_told_without_what_records_hold(
        self, error: PyMongoError, kind: type[OSError], told: str
    ) -> None:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient("mongodb://127.0.0.1:9", connect=False)
        with pytest.raises(kind, match=told) as caught, reaching(client, None):
            raise error
        assert type(caught.value) is kind
        assert "geheim" not in str(caught.value)
        assert is_full(caught.value) == (caught.value.errno == errno.ENOSPC) == ("room" in told)
        await client.close()

    async def test_a_search_larger_than_the_server_takes_is_an_error_of_its_own(self, url: str) -> None:
        async with opened(url) as store:
            with pytest.raises(OSError, match="refused"):
                await store.find("geindexeerd", In("tekst", tuple(f"{n:0100000}" for n in range(500))))
            await store.healthy()


class TestLines:
    """Lines that break, and servers that do not answer."""

    async def test_every_call_fails_in_time_when_the_server_has_gone(self, url: str) -> None:
        with FailingProxy(url) as line:
            store = await MongoMetadataStore.open(mongo_through(line, url), COLLECTIONS, timeout=SHORT)
            await keep(store, "zaken", {"_id": "a"})
        before = time.monotonic()
        outcomes = await asyncio.gather(*(call(store) for call in CALLS.values()), return_exceptions=True)
        assert time.monotonic() - before < 3 * SHORT
        assert [type(outcome) for outcome in outcomes] == [Unreachable] * len(CALLS)
        await store.close()

    async def test_a_server_that_falls_silent_is_unhealthy_until_it_speaks(
        self, url: str, line: FailingProxy
    ) -> None:
        async with opened(mongo_through(line, url), SHORT) as store:
            await store.healthy()
            line.hold(after=0, direction="down")
            before = time.monotonic()
            with pytest.raises(Unreachable, match="does not answer in time"):
                await store.healthy()
            assert time.monotonic() - before < 2 * SHORT
            line.release()
            await store.healthy()

    @pytest.mark.parametrize("after", [0, 40, 150, 300, 450, 600, 800, 1000])
    @pytest.mark.parametrize("direction", ["up", "down"])
    async def test_a_line_that_breaks_at_any_point_loses_and_doubles_nothing(
        self, url: str, line: FailingProxy, after: int, direction: Any
    ) -> None:
        async with opened(mongo_through(line, url)) as store:
            await keep(store, "zaken", {"_id": "a", "stand": 0})
            broken = line.cut(after=after, direction=direction)
            for stand in (1, 2):
                async with store.transaction() as transaction:
                    transaction.replace("zaken", {"_id": "a", "_rev": stand, "stand": stand})
                    transaction.insert("statussen", {"_id": f"{stand}"})
                await count_up(store, "statussen", await self.with_count(store, f"teller {stand}"))
            assert broken.is_set()
            assert await store.get("zaken", "a") == {"_id": "a", "_rev": 3, "stand": 2}
            for id in ("teller 1", "teller 2"):
                assert (await one(store, "statussen", id))["stand"] == 1
            assert await store.count("statussen") == 4

    @staticmethod
    async def with_count(store: MongoMetadataStore, id: str) -> str:
        await keep(store, "statussen", {"_id": id, "stand": 0})
        return id

    @pytest.mark.parametrize("before_end", [20, 120])
    async def test_a_commit_whose_answer_is_lost_on_a_bad_line_is_done_once(
        self, url: str, line: FailingProxy, before_end: int
    ) -> None:
        async def change(store: MongoMetadataStore, stand: int) -> None:
            async with store.transaction() as transaction:
                transaction.replace("zaken", {"_id": "a", "_rev": stand, "stand": stand})
                transaction.insert("statussen", {"_id": f"{stand}"})

        async with opened(mongo_through(line, url)) as store:
            await keep(store, "zaken", {"_id": "a", "stand": 0})
            before = line.down
            await change(store, 1)
            answers = line.down - before
            first = answers - before_end  # in the answer to the commit, and then as each connects again
            broken = [line.cut(after=first + 100 * number, direction="down") for number in range(6)]
            await change(store, 2)
            assert broken[1].is_set()
            assert await store.get("zaken", "a") == {"_id": "a", "_rev": 3, "stand": 2}
            assert await store.count("statussen") == 2

    async def test_a_store_out_of_patience_says_so_and_leaves_nothing(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with opened(url) as store:
            with monkeypatch.context() as patched:
                patched.setattr(mongo_patience, "_PATIENCE", -1.0)
                for call in ("find", "count", "next_number"):
                    with pytest.raises(Unreachable):
                        await CALLS[call](store)
                with pytest.raises(Conflict):
                    await CALLS["insert"](store)
            assert await store.count("zaken") == 0
