"""File bodies to another store, each under the key that it has: verified, several at once, never twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from dms.actions.bodies import is_referred_to
from dms.actions.checksum import sha256_of
from dms.documenten.rights import DOCUMENT
from dms.documenten.upload.parts import PARTS, begun_again, to_be_sent_again
from dms.documenten.versions import WITH_BODIES
from dms.model.query import Equals, IsNull
from dms.storage.content.port import Body, ContentStore, MissingBody, TakesBodies, WrongBytes
from dms.storage.metadata.port import Conflict, MetadataStore, Record, every

_WAITING = IsNull("_upload", wanted=False)


class CannotMove(Exception):
    """It cannot be done as things stand; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Needed:
    """A body that a record refers to. `whose` names the record, for people."""

    body: Body
    whose: str


@dataclass(slots=True)
class Copied:
    """How far it is. `records` were looked at, of about `total`; of their bodies `copied` moved, of `size`
    bytes together, and `there` were there already. `lacking` are those that the source does not have as
    they should be, each with a sentence, by key."""

    total: int = 0
    records: int = 0
    copied: int = 0
    size: int = 0
    there: int = 0
    lacking: dict[str, str] = field(default_factory=dict)


Progress = Callable[[Copied], None]


class Destination(ContentStore, TakesBodies, Protocol):
    """A content store into which bodies can move."""


def unwatched(copied: Copied) -> None:
    """Nobody looks."""


async def copy_bodies(
    metadata: MetadataStore,
    source: ContentStore,
    target: Destination,
    *,
    at_once: int = 4,
    progress: Progress = unwatched,
) -> Copied:
    """Copy every body that a record refers to and that the target does not have yet.

    The service may go on meanwhile: what comes after this began may or may not be copied, so that the last
    run is one without the service. Breaking off leaves nothing that is not whole. Nothing changes at the
    source. Raises `OSError` if a store cannot be used.
    """
    run = await _Run.begin(metadata, source, progress)
    on_their_way: set[str] = set()

    async def copy(needed: Needed) -> None:
        key = needed.body.key
        # Versions may share a body.
        if key in on_their_way or await is_there(target, needed.body):
            run.done.there += 1
            return
        on_their_way.add(key)
        try:
            await target.put(needed.body, run.counted(key))
        except (MissingBody, WrongBytes, ValueError) as why:
            await run.lacks(needed, why)
        else:
            run.done.copied += 1
        finally:
            on_their_way.remove(key)

    await each(needed(metadata, run.walked), copy, at_once=at_once)
    return run.done


async def read_bodies(
    metadata: MetadataStore, content: ContentStore, *, at_once: int = 4, progress: Progress = unwatched
) -> Copied:
    """Read every body that a record refers to and compare its SHA-256. `there` counts those that are right,
    and `size` what was read."""
    run = await _Run.begin(metadata, content, progress)

    async def read(needed: Needed) -> None:
        try:
            found = await sha256_of(run.counted(needed.body.key))
        except MissingBody as why:
            await run.lacks(needed, why)
            return
        if found == needed.body.sha256:
            run.done.there += 1
        else:
            await run.lacks(needed, WrongBytes(f"its hash is {found}"))

    await each(needed(metadata, run.walked), read, at_once=at_once)
    return run.done


async def needed(
    metadata: MetadataStore, walked: Callable[[int], None] = lambda records: None
) -> AsyncIterator[Needed]:
    """The bodies that documents and their earlier versions refer to, most of them once. `walked` hears how
    many records each step took."""
    for collection in WITH_BODIES:
        async for batch in every(metadata, collection):
            # Versions that share a body often stand together.
            for record in {record["_body"]: record for record in batch if record["_body"]}.values():
                body = Body(record["_body"], record["bestandsomvang"], record["_sha256"])
                url = record.get("_document") or record["url"]
                yield Needed(body, f"{url} versie {record['versie']}")
            walked(len(batch))


@dataclass(slots=True)
class _Run:
    """One walk over all bodies of a store, and what it found."""

    metadata: MetadataStore
    source: ContentStore
    progress: Progress
    done: Copied = field(default_factory=Copied)

    @classmethod
    async def begin(cls, metadata: MetadataStore, source: ContentStore, progress: Progress) -> _Run:
        run = cls(metadata, source, progress)
        for collection in WITH_BODIES:
            run.done.total += await metadata.count(collection)
        return run

    def walked(self, records: int) -> None:
        self.done.records += records
        self.progress(self.done)

    async def counted(self, key: str) -> AsyncIterator[bytes]:
        async for chunk in self.source.read(key):
            self.done.size += len(chunk)
            self.progress(self.done)
            yield chunk

    async def lacks(self, needed: Needed, why: Exception) -> None:
        key = needed.body.key
        # Of a document that was removed meanwhile, the body may go at any moment.
        if await is_referred_to(self.metadata, key):
            self.done.lacking[key] = f"{needed.whose}: {_sentence(key, why)}"


def _sentence(key: str, why: Exception) -> str:
    if isinstance(why, MissingBody):
        return f"its content {key} is missing"
    if isinstance(why, WrongBytes):
        return f"its content {key} is damaged: {why}"
    return f"its content cannot move: {why}"


async def is_there(store: ContentStore, body: Body) -> bool:
    """Whether a store has a body of that key and size."""
    try:
        return await store.size(body.key) == body.size
    except MissingBody:
        return False


async def waiting(metadata: MetadataStore) -> AsyncIterator[Record]:
    """The documents that wait for parts."""
    async for batch in every(metadata, DOCUMENT, _WAITING):
        for document in batch:
            yield document


async def forget_parts(metadata: MetadataStore, new_upload: Callable[[], str] | None = None) -> list[str]:
    """Call no part of an upload in progress complete any more, because parts do not move: all of them are to
    be sent again. Return the URLs of their documents. Their bytes stay where they are.

    `new_upload` makes the keys under which a store of another kind is to receive them.
    """
    urls = []
    async for document in waiting(metadata):
        parts = await metadata.find(PARTS, Equals("informatieobject", document["url"]))
        try:
            upload = new_upload() if new_upload else document["_upload"]
            async with metadata.transaction() as transaction:
                transaction.replace(DOCUMENT, begun_again(document, upload))
                for part in parts:
                    transaction.replace(PARTS, to_be_sent_again(part, upload))
        except Conflict:
            raise CannotMove("a part came in just now: stop the service, and run this again") from None
        urls.append(document["url"])
    return urls


async def each(
    items: AsyncIterator[Needed], act: Callable[[Needed], Awaitable[None]], *, at_once: int
) -> None:
    """Do `act` with every item, some at the same time, and no further ahead than that. The first exception
    ends it, and goes on when none is at work any more."""
    turn = asyncio.Lock()

    async def work() -> None:
        while True:
            async with turn:
                item = await anext(items, None)
            if item is None:
                return
            await act(item)

    workers = [asyncio.create_task(work()) for _ in range(at_once)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
