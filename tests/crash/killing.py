"""The embedded stores, around and inside, in a process that is killed at a named point."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from dms.documenten import versions
from dms.documenten.upload.parts import DROPPED
from dms.model.query import EVERYTHING, NEWEST_FIRST, Order, Query
from dms.storage.content.filesystem import FilesystemContentStore
from dms.storage.content.filesystem_layout import Layout
from dms.storage.content.port import Body, Entry, ReceivedPart, Region, Slot
from dms.storage.content.threads import Threads
from dms.storage.content.writing import BATCH
from dms.storage.metadata.port import Collection, MetadataStore, Record, Transaction
from dms.storage.metadata.sqlite import SqliteMetadataStore
from dms.storage.metadata.sqlite_schema import connect, prepare

DOCUMENTS = "enkelvoudiginformatieobjecten"


class Fuse:
    """Kills this process, as `kill -9` does, when its point is reached for the n-th time since it was lit.

    A service is not to die before it has told where it listens: its collector writes as soon as it starts.
    """

    def __init__(self, point: str, nth: int) -> None:
        self._point = point
        self._left = nth
        self._lit = False
        self._counting = threading.Lock()

    def light(self) -> None:
        """From here on the times count."""
        self._lit = True

    def reached(self, point: str) -> None:
        """Tell that a point was reached, from any thread. Does not return the last time."""
        if not self._lit or point != self._point:
            return
        with self._counting:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    async def halfway(self, name: str, chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """The chunks; the point is reached when more than a batch has been taken and is being written."""
        taken = 0
        async for chunk in chunks:
            yield chunk
            taken += len(chunk)
            if taken > BATCH:
                self.reached(f"{name}.halfway")


class KillingMetadata:
    """A metadata store that announces each transaction by what it means: before its commit it is `decided`,
    after that `committed`."""

    def __init__(self, store: MetadataStore, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    @classmethod
    def open(cls, path: Path, collections: Sequence[Collection], fuse: Fuse) -> KillingMetadata:
        """The SQLite store of that file, with the thread that writes under observation as well."""
        connections = [connect(path, durable=True, writes=number == 0) for number in range(4)]
        prepare(connections[0], collections)
        connections[0] = cast(sqlite3.Connection, _KillingConnection(connections[0], fuse))
        return cls(SqliteMetadataStore(collections, connections), fuse)

    async def get(self, collection: str, id: str) -> Record | None:
        return await self._store.get(collection, id)

    async def find(
        self,
        collection: str,
        query: Query = EVERYTHING,
        *,
        order: Order = NEWEST_FIRST,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Record]:
        return await self._store.find(collection, query, order=order, limit=limit, offset=offset)

    async def count(self, collection: str, query: Query = EVERYTHING) -> int:
        return await self._store.count(collection, query)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self._store.transaction() as transaction:
            noted = _NotedTransaction(transaction)
            yield noted
            self._fuse.reached(f"{noted.meaning()}.decided")
        self._fuse.reached(f"{noted.meaning()}.committed")

    async def next_number(self, series: str, *, floor: int = 0, count: int = 1) -> int:
        return await self._store.next_number(series, floor=floor, count=count)

    async def series(self) -> dict[str, int]:
        return await self._store.series()

    async def healthy(self) -> None:
        await self._store.healthy()

    async def close(self) -> None:
        await self._store.close()


class _NotedTransaction:
    """A transaction, and what it means for documents."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._writes: dict[tuple[str, str], Record] = {}

    def insert(self, collection: str, record: Record) -> None:
        self._writes["insert", collection] = record
        self._transaction.insert(collection, record)

    def replace(self, collection: str, record: Record) -> None:
        self._writes["replace", collection] = record
        self._transaction.replace(collection, record)

    def remove(self, collection: str, record: Record) -> None:
        self._writes["remove", collection] = record
        self._transaction.remove(collection, record)

    def expect(self, collection: str, record: Record) -> None:
        self._transaction.expect(collection, record)

    def meaning(self) -> str:
        """Which act this is the transaction of."""
        if created := self._writes.get(("insert", DOCUMENTS)):
            return "upload" if created["_upload"] else "create"
        if ("remove", DOCUMENTS) in self._writes:
            return "delete"
        if ("insert", versions.COLLECTION) in self._writes:
            return "update"
        part = self._writes.get(("replace", "bestandsdelen"))
        if part:
            return "part" if part["voltooid"] else "given-up"
        if changed := self._writes.get(("replace", DOCUMENTS)):
            if changed.get("_sealing"):
                return "sealing"
            return "lock" if changed["_lock"] else "unlock"
        return "forgotten" if ("remove", DROPPED) in self._writes else "other"


class _KillingConnection:
    """The connection that writes, under the store's own hands."""

    def __init__(self, connection: sqlite3.Connection, fuse: Fuse) -> None:
        self._connection = connection
        self._fuse = fuse

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        if sql == "COMMIT":
            self._fuse.reached("transaction.written")
        cursor = self._connection.execute(sql, values)
        if sql == "COMMIT":
            self._fuse.reached("transaction.committed")
        elif sql.startswith(("INSERT", "UPDATE", "DELETE")):
            self._fuse.reached("transaction.halfway")
        return cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class KillingContent:
    """A content store on files that announces how far each body and each part has come."""

    def __init__(self, store: FilesystemContentStore, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    @classmethod
    def open(cls, root: Path, fuse: Fuse) -> KillingContent:
        """The store under that root, with its files under observation as well."""
        layout = _KillingLayout(root, fuse)
        layout.prepare()
        return cls(FilesystemContentStore(layout, Threads("content")), fuse)

    async def write(self, chunks: AsyncIterable[bytes]) -> Body:
        body = await self._store.write(self._fuse.halfway("body", chunks))
        self._fuse.reached("body.stored")
        return body

    def read(self, key: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        return self._store.read(key, start, stop)

    async def size(self, key: str) -> int:
        return await self._store.size(key)

    async def remove(self, key: str) -> None:
        await self._store.remove(key)
        self._fuse.reached("body.removed")

    def keys(self, since: datetime | None = None) -> AsyncGenerator[Entry, None]:
        return self._store.keys(since)

    def path(self, key: str) -> Path:
        return self._store.path(key)

    def new_upload(self) -> str:
        return self._store.new_upload()

    def slot(self, upload: str, number: int) -> AbstractAsyncContextManager[Slot]:
        return self._slot(upload, number)

    @asynccontextmanager
    async def _slot(self, upload: str, number: int) -> AsyncIterator[Slot]:
        async with self._store.slot(upload, number) as slot:
            yield _KillingSlot(slot, self._fuse)

    async def seal(self, upload: str, parts: Sequence[tuple[Region, str]]) -> Body:
        body = await self._store.seal(upload, parts)
        self._fuse.reached("seal.done")
        return body

    async def abandon(self, upload: str) -> None:
        await self._store.abandon(upload)

    def uploads(self) -> AsyncGenerator[Entry, None]:
        return self._store.uploads()

    async def clear_incoming(self, older_than: datetime) -> int:
        return await self._store.clear_incoming(older_than)

    async def healthy(self) -> None:
        await self._store.healthy()

    async def close(self) -> None:
        await self._store.close()


class _KillingSlot:
    """A slot; a part that comes over one that was received is announced as `resent`."""

    def __init__(self, slot: Slot, fuse: Fuse) -> None:
        self._slot = slot
        self._fuse = fuse

    async def write(self, chunks: AsyncIterable[bytes], region: Region, *, keep: str | None) -> ReceivedPart:
        name = "part" if keep is None else "resent"
        came = await self._slot.write(self._fuse.halfway(name, chunks), region, keep=keep)
        self._fuse.reached(f"{name}.written")
        return came

    async def discard(self, receipt: str) -> None:
        await self._slot.discard(receipt)


class _KillingLayout(Layout):
    """Files that become bodies: of one body from `incoming/`, or of an upload that is sealed."""

    def __init__(self, root: Path, fuse: Fuse) -> None:
        super().__init__(root, durable=True)
        self._fuse = fuse

    def place(self, file: str, key: str) -> None:
        name = "body" if Path(file).parent == self.incoming else "seal"
        self._fuse.reached(f"{name}.synced")
        super().place(file, key)
        self._fuse.reached(f"{name}.placed")

    def drop(self, directory: Path) -> None:
        super().drop(directory)
        self._fuse.reached("upload.dropped")
