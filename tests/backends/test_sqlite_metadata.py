"""The SQLite metadata store: the contract, and what it promises about its file and its commits."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from dms.model.query import (
    BY_ID,
    EVERYTHING,
    NEWEST_FIRST,
    AnyElement,
    Equals,
    Query,
)
from dms.storage.metadata.port import Collection, Duplicate, Index, NewerSchema, NotUnique
from dms.storage.metadata.sqlite import SqliteMetadataStore, fetch_all
from dms.storage.metadata.sqlite_query import Compiler
from dms.storage.metadata.sqlite_schema import VERSION
from dms.storage.metadata.sqlite_threads import Call, Calls, ConnectionThreads, GroupCommit, Job, Mailbox
from tests.contracts.metadata import COLLECTIONS, MetadataStoreContract, count_up, one
from tests.contracts.metadata_searches import ids, keep, specimens

SECONDS = 30


@asynccontextmanager
async def opened(
    path: Path, collections: Sequence[Collection] = COLLECTIONS
) -> AsyncIterator[SqliteMetadataStore]:
    """A store on that file, closed afterwards."""
    store = await SqliteMetadataStore.open(path, collections)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "metadata.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteMetadataStore]:
    async with opened(path) as store:
        yield store


@pytest.fixture
def file(path: Path, store: SqliteMetadataStore) -> Iterator[sqlite3.Connection]:
    """A connection of our own to the file of the store."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        yield file


class TestSqliteMetadataStore(MetadataStoreContract):
    """All that the port promises."""


class TestFile:
    """What stands in the file survives, and follows what is declared."""

    async def test_all_that_was_committed_is_there_after_reopening(self, path: Path) -> None:
        async with opened(path) as store:
            await keep(store, "geindexeerd", *specimens())
            await store.next_number("reeks", floor=41)
            before = await store.find("geindexeerd")
        async with opened(path) as store:
            assert await store.find("geindexeerd") == before
            assert await store.count("geindexeerd") == len(before)
            assert await store.next_number("reeks") == 43
        assert [entry.name for entry in path.parent.iterdir()] == ["metadata.db"]

    async def test_indexes_declared_later_cover_what_is_there(self, path: Path) -> None:
        lists, codes = Index(("groep.lijst",), elements=True), Index(("tekst",))
        async with opened(path, [Collection("zaken")]) as store:
            await keep(store, "zaken", *specimens())
            queries: list[Query] = [
                AnyElement("groep.lijst", "a"),
                Equals("tekst", "a"),
                AnyElement("groep.lijst", 2.5),
            ]
            before = [await store.find("zaken", query) for query in queries]
        async with opened(path, [Collection("zaken", (lists, codes, lists))]) as store:
            assert [await store.find("zaken", query) for query in queries] == before
            await keep(store, "zaken", {"_id": "nieuw", "groep": {"lijst": ["a"]}})
            assert ids(await store.find("zaken", queries[0])) == ["nieuw", *ids(before[0])]
        with sqlite3.connect(path) as file:
            assert file.execute(
                'SELECT count(*) FROM "zaken.groep_lijst:elements" WHERE value = ?', ("b",)
            ).fetchone()

    async def test_indexes_no_longer_declared_are_dropped(self, path: Path) -> None:
        declared = (Index(("a",), unique=True), Index(("b",), elements=True), Index(("c", "d")))
        async with opened(path, [Collection("zaken", declared), Collection("andere", declared)]) as store:
            await keep(store, "zaken", {"_id": "1", "a": 1, "b": [1]})
        async with opened(path, [Collection("zaken", (Index(("c", "d"), unique=True),))]) as store:
            await keep(store, "zaken", {"_id": "2", "a": 1, "b": [1], "c": 1, "d": 2})
            with pytest.raises(Duplicate, match=r"zaken\.c_d"):
                await keep(store, "zaken", {"_id": "3", "c": 1, "d": 2})
        with sqlite3.connect(path) as file:
            names = {name for (name,) in file.execute("SELECT name FROM sqlite_schema") if "." in name}
        assert {name for name in names if name.startswith("zaken.")} == {
            *("zaken.:seq", "zaken.:inserted", "zaken.:removed", "zaken.c_d")
        }
        assert "andere.b:elements" in names

    async def test_a_unique_index_that_records_break_is_refused_at_opening(self, path: Path) -> None:
        async with opened(path, [Collection("zaken")]) as store:
            await keep(store, "zaken", {"_id": "1", "a": 1}, {"_id": "2", "a": 1})
        with pytest.raises(NotUnique, match=r"zaken\.a"):
            await SqliteMetadataStore.open(
                path, [Collection("zaken", (Index(("b",)), Index(("a",), unique=True)))]
            )
        async with opened(path, [Collection("zaken")]) as store:
            assert await store.count("zaken") == 2

    async def test_the_file_of_a_newer_program_is_refused_untouched(self, path: Path) -> None:
        async with opened(path):
            pass
        with sqlite3.connect(path) as file:
            assert file.execute("PRAGMA user_version").fetchone() == (VERSION,)
            file.execute(f"PRAGMA user_version = {VERSION + 1}")
        content = path.read_bytes()
        with pytest.raises(NewerSchema, match="Start the newer program"):
            await SqliteMetadataStore.open(path, COLLECTIONS)
        assert path.read_bytes() == content

    async def test_a_file_that_is_no_database_is_an_os_error(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_text("Dit is geen database." * 100)
        with pytest.raises(OSError, match="not a database"):
            await SqliteMetadataStore.open(path, COLLECTIONS)

    @pytest.mark.parametrize(
        "collections",
        [
            [Collection("zaken.x")],
            [Collection("za'ken")],
            [Collection("")],
            [Collection("zaken"), Collection("zaken")],
            [Collection("zaken", (Index(("a.b",)), Index(("a_b",))))],
            [Collection("zaken", (Index(("a'",)),))],
        ],
    )
    async def test_a_declaration_that_cannot_be_named_is_refused(
        self, path: Path, collections: list[Collection]
    ) -> None:
        with pytest.raises(ValueError, match=r"name|field"):
            await SqliteMetadataStore.open(path, collections)

    async def test_records_too_large_together_are_fetched_one_by_one(self, file: sqlite3.Connection) -> None:
        file.text_factory = bytes
        for number in range(3):
            body = f'{{"_id":"{number}","tekst":"{"x" * 1000}"}}'
            file.execute("INSERT INTO kaal(id, rev, body) VALUES (?, 1, ?)", (f"{number}", body))
        statement = Compiler(Collection("kaal")).find(EVERYTHING, NEWEST_FIRST, None, 0)
        together = fetch_all(statement, file)
        file.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2000)
        assert ids(together) == ["2", "1", "0"]
        assert fetch_all(statement, file) == together


class TestSharing:
    """Several stores, processes and event loops on one file."""

    async def test_two_stores_on_one_file_act_as_one(self, path: Path, store: SqliteMetadataStore) -> None:
        await keep(store, "zaken", {"_id": "teller", "stand": 0})
        async with opened(path) as other, asyncio.timeout(SECONDS):
            async with asyncio.TaskGroup() as tasks:
                for number in range(40):
                    tasks.create_task(count_up((store, other)[number % 2], "zaken", "teller"))
            numbers = await asyncio.gather(*((store, other)[n % 2].next_number("reeks") for n in range(40)))
            assert sorted(numbers) == list(range(1, 41))
            for each in (store, other):
                assert await one(each, "zaken", "teller") == {"_id": "teller", "_rev": 41, "stand": 40}
                assert await each.count("zaken") == 1

    async def test_stores_that_open_a_new_file_at_once_all_open(self, path: Path) -> None:
        async with asyncio.timeout(SECONDS):
            stores = await asyncio.gather(*(SqliteMetadataStore.open(path, COLLECTIONS) for _ in range(6)))
        for number, each in enumerate(stores):
            await keep(each, "zaken", {"_id": f"{number}"})
        assert {await each.count("zaken") for each in stores} == {6}
        await asyncio.gather(*(each.close() for each in stores))

    def test_one_store_serves_one_event_loop_after_another(self, path: Path) -> None:
        store = asyncio.run(SqliteMetadataStore.open(path, COLLECTIONS))
        locked = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

        async def leave_unanswered() -> None:
            locked.execute("BEGIN IMMEDIATE")
            call = asyncio.create_task(keep(store, "zaken", {"_id": "a"}))
            await asyncio.sleep(0)
            assert not call.done()

        asyncio.run(leave_unanswered())
        locked.execute("COMMIT")

        async def go_on() -> list[str]:
            await keep(store, "zaken", {"_id": "b"})
            found = ids(await store.find("zaken", order=BY_ID))
            await store.close()
            return found

        assert asyncio.run(go_on()) == ["a", "b"]

    async def test_every_acknowledged_record_survives_the_kill_of_its_process(self, path: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", ENDLESS_WRITER, str(path), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            acknowledged = [await process.stdout.readline() for _ in range(300)]
            process.send_signal(signal.SIGKILL)
            acknowledged += [line async for line in process.stdout if line.endswith(b"\n")]
            assert await process.wait() == -signal.SIGKILL
        wanted = {line.decode().strip() for line in acknowledged}
        assert len(wanted) >= 300
        async with opened(path, [Collection("zaken")]) as store:
            there = set(ids(await store.find("zaken")))
            assert wanted <= there
            assert await store.count("zaken") == len(there)
            # Eight writers had at most one commit each whose answer was not printed yet.
            assert len(there - wanted) <= 8


ENDLESS_WRITER = """
import asyncio, sys
from dms.storage.metadata.port import Collection
from dms.storage.metadata.sqlite import SqliteMetadataStore

async def write(store, name):
    number = 0
    while True:
        async with store.transaction() as transaction:
            transaction.insert("zaken", {"_id": f"{name}-{number}"})
        print(f"{name}-{number}", flush=True)
        number += 1

async def main():
    store = await SqliteMetadataStore.open(sys.argv[1], [Collection("zaken")])
    await asyncio.gather(*(write(store, name) for name in range(8)))

asyncio.run(main())
"""


class TestGroupCommit:
    """What waits together is committed together, and fails apart."""

    async def test_transactions_that_wait_together_share_a_commit(
        self, store: SqliteMetadataStore, file: sqlite3.Connection
    ) -> None:
        before = store.commits
        file.execute("BEGIN IMMEDIATE")
        calls = [asyncio.create_task(keep(store, "zaken", {"_id": f"{number}"})) for number in range(100)]
        await asyncio.sleep(0)
        file.execute("COMMIT")
        await asyncio.gather(*calls)
        assert 1 <= store.commits - before <= 3
        assert await store.count("zaken") == 100

    async def test_a_transaction_of_many_writes_is_kept_apart(
        self, store: SqliteMetadataStore, file: sqlite3.Connection
    ) -> None:
        before = store.commits
        file.execute("BEGIN IMMEDIATE")
        many = [{"_id": f"m{number}"} for number in range(1000)]
        first = asyncio.create_task(keep(store, "zaken", {"_id": "1"}))
        later = asyncio.create_task(keep(store, "zaken", *many))
        last = asyncio.create_task(keep(store, "zaken", {"_id": "2"}))
        await asyncio.sleep(0)
        file.execute("COMMIT")
        await asyncio.gather(first, later, last)
        assert store.commits - before == 3
        assert await store.count("zaken") == 1002

    async def test_a_transaction_that_fails_leaves_its_group_alone(
        self, store: SqliteMetadataStore, file: sqlite3.Connection
    ) -> None:
        file.execute("BEGIN IMMEDIATE")
        unique = [{"_id": f"{number}", "groep": {"code": number // 2}} for number in range(20)]
        calls = [
            asyncio.create_task(keep(store, "zaken", {"_id": f"s{n}"}, each)) for n, each in enumerate(unique)
        ]
        await asyncio.sleep(0)
        file.execute("COMMIT")
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [type(None), Duplicate] * 10
        assert await store.count("zaken") == 20

    async def test_a_commit_that_fails_fails_the_whole_group(self) -> None:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("CREATE TABLE t(x PRIMARY KEY, y REFERENCES t(x) DEFERRABLE INITIALLY DEFERRED)")

        def insert(x: int, y: int) -> Job[int]:
            return lambda each: each.execute("INSERT INTO t VALUES (?, ?)", (x, y)).rowcount

        threads = ConnectionThreads("group", [connection], GroupCommit().serve)
        outcomes = await self.together(threads, insert(1, 1), insert(2, 9), insert(1, 1), insert(3, 3))
        assert [str(outcome) for outcome in outcomes] == ["SQLite: FOREIGN KEY constraint failed"] * 4
        assert await self.together(threads, insert(1, 1), insert(2, 1)) == [1, 1]
        assert await threads.ask(lambda each: each.execute("SELECT * FROM t").fetchall()) == [(1, 1), (2, 1)]
        await asyncio.to_thread(threads.stop)

    async def test_a_group_larger_than_allowed_takes_several_commits(self) -> None:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        commits = GroupCommit(most=4)
        threads = ConnectionThreads("group", [connection], commits.serve)
        seen = await self.together(threads, *[lambda each: commits.commits] * 12)
        assert seen == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]
        await asyncio.to_thread(threads.stop)

    async def test_what_waits_at_the_end_is_still_committed(self) -> None:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        commits, calls = GroupCommit(), Calls()
        loop = asyncio.get_running_loop()
        waiting = [Call(lambda each: each.in_transaction, loop, Mailbox(loop)) for _ in range(3)]
        for call in (*waiting, None):
            calls.put(call)
        commits.serve(connection, calls)
        connection.close()
        assert await asyncio.gather(*(call.future for call in waiting)) == [True] * 3
        assert commits.commits == 1

    async def test_a_long_job_is_committed_by_itself_and_without_a_savepoint(self) -> None:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        commits, calls = GroupCommit(), Calls()
        loop, done = asyncio.get_running_loop(), list[str]()
        connection.set_trace_callback(done.append)
        waiting = [
            Call(lambda each: each.execute("SELECT 1").fetchall(), loop, Mailbox(loop), apart=number == 2)
            for number in range(5)
        ]
        for call in (*waiting, None):
            calls.put(call)
        commits.serve(connection, calls)
        connection.close()
        assert await asyncio.gather(*(call.future for call in waiting)) == [[(1,)]] * 5
        in_a_group = ["BEGIN IMMEDIATE", *["SAVEPOINT one", "SELECT 1", "RELEASE one"] * 2, "COMMIT"]
        assert done == [*in_a_group, "BEGIN IMMEDIATE", "SELECT 1", "COMMIT", *in_a_group]

    async def together(self, threads: ConnectionThreads, *jobs: Job[Any]) -> list[Any]:
        """The outcomes of these jobs, which all wait while the thread is held up by another."""
        begun, proceed = threading.Event(), threading.Event()

        def hold_up(_: sqlite3.Connection) -> bool:
            begun.set()
            return proceed.wait(SECONDS)

        held_up = asyncio.create_task(threads.ask(hold_up))
        await asyncio.to_thread(begun.wait, SECONDS)
        calls = [asyncio.create_task(threads.ask(job)) for job in jobs]
        await asyncio.sleep(0)
        proceed.set()
        assert await held_up
        return await asyncio.gather(*calls, return_exceptions=True)

    async def test_a_full_disk_fails_the_group_and_not_the_thread(self, tmp_path: Path) -> None:
        connection = sqlite3.connect(tmp_path / "full.db", isolation_level=None, check_same_thread=False)
        connection.execute("CREATE TABLE t(x)")
        connection.execute("PRAGMA max_page_count = 8")
        threads = ConnectionThreads("group", [connection], GroupCommit().serve)
        with pytest.raises(OSError, match="disk is full"):
            await threads.ask(lambda each: each.execute("INSERT INTO t VALUES (zeroblob(100000))"))
        await threads.ask(lambda each: each.execute("INSERT INTO t VALUES (1)").rowcount)
        assert await threads.ask(lambda each: each.execute("SELECT x FROM t").fetchall()) == [(1,)]
        await asyncio.to_thread(threads.stop)

    async def test_a_group_that_cannot_begin_fails_whole(self, path: Path, file: sqlite3.Connection) -> None:
        impatient = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        threads = ConnectionThreads("group", [impatient], GroupCommit().serve)
        file.execute("BEGIN IMMEDIATE")
        with pytest.raises(OSError, match="locked"):
            await threads.ask(lambda each: each.execute("DELETE FROM zaken").rowcount)
        file.execute("COMMIT")
        assert await threads.ask(lambda each: each.execute("DELETE FROM zaken").rowcount) == 0
        await asyncio.to_thread(threads.stop)


class TestClosing:
    """An orderly end, and what is refused."""

    async def test_closing_finishes_the_commits_under_way(self, path: Path) -> None:
        store = await SqliteMetadataStore.open(path, COLLECTIONS)
        calls = [asyncio.create_task(keep(store, "zaken", {"_id": f"{number}"})) for number in range(20)]
        await asyncio.sleep(0)
        await store.close()
        await asyncio.gather(*calls)
        async with opened(path) as again:
            assert await again.count("zaken") == 20

    async def test_a_closed_store_refuses_calls_and_closes_again(self, store: SqliteMetadataStore) -> None:
        await store.close()
        await store.close()
        for call in (
            store.get("zaken", "a"),
            store.find("zaken"),
            keep(store, "zaken", {"_id": "a"}),
            store.healthy(),
        ):
            with pytest.raises(RuntimeError, match="has been closed"):
                await call

    @pytest.mark.parametrize("table", ["_numbers", "_counts"])
    async def test_a_store_that_cannot_write_or_read_says_so(
        self, store: SqliteMetadataStore, file: sqlite3.Connection, table: str
    ) -> None:
        file.execute(f"DROP TABLE {table}")
        with pytest.raises(OSError, match=f"no such table: {table}"):
            await store.healthy()

    async def test_what_is_no_record_is_refused_when_it_is_given(self, store: SqliteMetadataStore) -> None:
        async with store.transaction() as transaction:
            for record in ({"_id": 1}, {"_id": "a", "groot": 2**64}, {"_id": "a", "half": "\ud800"}):
                with pytest.raises(TypeError):
                    transaction.insert("zaken", record)
        assert await store.count("zaken") == 0
