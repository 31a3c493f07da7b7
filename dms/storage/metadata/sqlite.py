"""Metadata store in one SQLite file, which several processes may share."""

# ruff: noqa: S608 - SQL cannot bind names; those put into it here are checked, values are always bound.

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dms.model.query import EVERYTHING, NEWEST_FIRST, Order, Query
from dms.storage.metadata.port import Collection, Conflict, Duplicate, Record, Transaction
from dms.storage.metadata.sqlite_copy import copy
from dms.storage.metadata.sqlite_query import Compiler, Statement
from dms.storage.metadata.sqlite_record import decode, decode_all, encode, stored_text
from dms.storage.metadata.sqlite_schema import broken_index, connect, prepare, quoted
from dms.storage.metadata.sqlite_threads import ConnectionThreads, GroupCommit, Job, serve_each
from dms.storage.metadata.storable import storable

T = TypeVar("T")

# Transactions of more writes than this are committed by themselves.
_MOST_GROUPED = 200
_DRAW = (
    "INSERT INTO _numbers VALUES (:series, :floor + :count) ON CONFLICT(series) "
    "DO UPDATE SET last = max(last, :floor) + :count RETURNING last - :count + 1"
)


class SqliteMetadataStore:
    """Records in one file. What SQLite cannot do, such as write to a full disk, is an OSError.

    One thread writes, and commits together what waits together; others read. Reads by id have a thread to
    themselves, so that they never wait behind a slow search.
    """

    def __init__(self, collections: Sequence[Collection], connections: Sequence[sqlite3.Connection]) -> None:
        writer, by_id, *searches = connections
        self._tables = {each.name: quoted(each.name) for each in collections}
        self._compilers = {each.name: Compiler(each) for each in collections}
        self._group_commit = GroupCommit()
        self._writer = ConnectionThreads("metadata-writer", [writer], self._group_commit.serve)
        self._by_id = ConnectionThreads("metadata-by-id", [by_id], serve_each)
        self._searches = ConnectionThreads("metadata-search", searches, serve_each)
        self._closed = False

    @classmethod
    async def open(
        cls, path: Path | str, collections: Sequence[Collection], *, durable: bool = True, readers: int = 3
    ) -> SqliteMetadataStore:
        """Open the file, or make it and its folder, with all that is declared.

        `durable`: what is committed outlives a power failure, else only the end of the process. `readers`:
        threads that read, at least 2. Raises as the port says.
        """
        try:
            connections = await asyncio.to_thread(_connections, Path(path), collections, durable, readers)
        except sqlite3.Error as error:
            raise OSError(f"{path}: {error}") from error
        return cls(collections, connections)

    @property
    def commits(self) -> int:
        """How often the file was committed to: less often than transactions were, when many came at once."""
        return self._group_commit.commits

    async def get(self, collection: str, id: str) -> Record | None:
        """See the port."""
        sql = f"SELECT body FROM {self._tables[collection]} WHERE id = ?"
        return await self._ask(self._by_id, partial(_fetch, sql, stored_text(id))) if storable(id) else None

    async def find(
        self,
        collection: str,
        query: Query = EVERYTHING,
        *,
        order: Order = NEWEST_FIRST,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Record]:
        """See the port."""
        if limit is not None and limit <= 0:
            return []
        statement = self._compilers[collection].find(query, order, limit, offset)
        return await self._ask(self._searches, partial(fetch_all, statement))

    async def count(self, collection: str, query: Query = EVERYTHING) -> int:
        """See the port."""
        return await self._ask(self._searches, partial(_number, self._compilers[collection].count(query)))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """See the port."""
        transaction = _Transaction(self._tables)
        yield transaction
        if transaction.writes:
            writes = tuple(transaction.writes)
            await self._ask(self._writer, partial(_apply, writes), apart=len(writes) > _MOST_GROUPED)

    async def next_number(self, series: str, *, floor: int = 0, count: int = 1) -> int:
        """See the port."""
        if count < 1:
            raise ValueError("at least one number is drawn")
        draw = {"series": series, "floor": max(floor, 0), "count": count}
        return await self._ask(self._writer, partial(_draw, draw))

    async def series(self) -> dict[str, int]:
        """See the port."""
        return await self._ask(self._searches, _series)

    async def copy_to(self, path: Path) -> None:
        """See `CopiesItself`."""
        await self._ask(self._searches, partial(copy, path))

    async def healthy(self) -> None:
        """See the port. Draws a number, as only a real write shows that the disk takes one."""
        for readers in (self._by_id, self._searches):
            await self._ask(readers, partial(_number, Statement("SELECT count(*) FROM _counts")))
        await self.next_number("_healthy")

    async def close(self) -> None:
        """See the port. May be called again."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._stop)

    async def _ask(self, threads: ConnectionThreads, job: Job[T], *, apart: bool = False) -> T:
        if self._closed:
            raise RuntimeError("this metadata store has been closed")
        return await threads.ask(job, apart=apart)

    def _stop(self) -> None:
        # The writer goes last: the last connection of all takes what is in the WAL into the file.
        for threads in (self._by_id, self._searches, self._writer):
            threads.stop()


@dataclass(frozen=True, slots=True)
class _Write:
    """A statement that must meet a record."""

    collection: str
    sql: str
    values: tuple[Any, ...]


class _Transaction:
    """Writes, collected as the statements that will do them."""

    def __init__(self, tables: dict[str, str]) -> None:
        self._tables = tables
        self.writes: list[_Write] = []

    def insert(self, collection: str, record: Record) -> None:
        body = encode({**record, "_rev": 1})
        self._add(collection, "INSERT INTO {}(id, rev, body) VALUES (?, 1, ?)", _id(record), body)

    def replace(self, collection: str, record: Record) -> None:
        rev: int = record["_rev"]
        body = encode({**record, "_rev": rev + 1})
        sql = "UPDATE {} SET rev = ?, body = ? WHERE id = ? AND rev = ?"
        self._add(collection, sql, rev + 1, body, _id(record), rev)

    def remove(self, collection: str, record: Record) -> None:
        self._add(collection, "DELETE FROM {} WHERE id = ? AND rev = ?", _id(record), record["_rev"])

    def expect(self, collection: str, record: Record) -> None:
        self._add(collection, "SELECT 1 FROM {} WHERE id = ? AND rev = ?", _id(record), record["_rev"])

    def _add(self, collection: str, sql: str, *values: Any) -> None:
        self.writes.append(_Write(collection, sql.format(self._tables[collection]), values))


def _id(record: Record) -> str:
    if not isinstance(record["_id"], str):
        raise TypeError("_id is text")
    return stored_text(record["_id"])


def _apply(writes: Sequence[_Write], connection: sqlite3.Connection) -> None:
    for write in writes:
        try:
            cursor = connection.execute(write.sql, write.values)
        except sqlite3.IntegrityError as error:
            raise Duplicate(write.collection, broken_index(error)) from error
        # A SELECT, which only guards, has no count of rows but perhaps a row.
        if cursor.rowcount == 0 or (cursor.rowcount < 0 and not cursor.fetchall()):
            raise Conflict(f"{write.collection} {write.values[-2]}")


def _draw(draw: dict[str, Any], connection: sqlite3.Connection) -> int:
    ((first,),) = connection.execute(_DRAW, draw).fetchall()
    return int(first)


def _fetch(sql: str, id: str, connection: sqlite3.Connection) -> Record | None:
    row = connection.execute(sql, (id,)).fetchone()
    return decode(row[0]) if row else None


def _number(statement: Statement, connection: sqlite3.Connection) -> int:
    return int(connection.execute(statement.sql, statement.values).fetchone()[0])


def _series(connection: sqlite3.Connection) -> dict[str, int]:
    return {name.decode(): last for name, last in connection.execute("SELECT series, last FROM _numbers")}


def fetch_all(statement: Statement, connection: sqlite3.Connection) -> list[Record]:
    """The records whose bodies this finds.

    As one text in one row: each row takes the interpreter lock anew, which a busy event loop gives up slowly.
    """
    try:
        joined = f"SELECT group_concat(body, ',') FROM ({statement.sql})"
        bodies = connection.execute(joined, statement.values).fetchone()[0]
    except sqlite3.DataError:  # together over SQLite's limit for one value, a billion bytes
        rows = connection.execute(statement.sql, statement.values)
        return [decode(body) for (body,) in rows]
    return decode_all(bodies) if bodies else []


def _connections(
    path: Path, collections: Sequence[Collection], durable: bool, readers: int
) -> list[sqlite3.Connection]:
    """The one that writes, and those that read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as undo:
        opened = []
        for number in range(1 + max(readers, 2)):
            connection = connect(path, durable=durable, writes=number == 0)
            undo.callback(connection.close)
            if number == 0:
                prepare(connection, collections)
            opened.append(connection)
        undo.pop_all()
    return opened
