"""Content in a bucket of an S3 store (Ceph, AWS, MinIO and the like) that several nodes may share."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from dms.storage.content.port import Body, Entry, MissingBody, Region, Slot
from dms.storage.content.s3.failures import NotThere, Patience, Taken
from dms.storage.content.s3.names import UPLOAD, WHOLE, Names, new_key
from dms.storage.content.s3.parts import PartSlot
from dms.storage.content.s3.reading import read_first
from dms.storage.content.s3.sealing import Sealing
from dms.storage.content.s3.service import Place, S3Service
from dms.storage.content.s3.uploads import Uploads
from dms.storage.content.s3.whole import Writing
from dms.storage.content.threads import Threads

CONNECTIONS = 128
# A body has the key of when it was begun, and AWS says that an object of many parts was written then.
LONGEST_WRITE = timedelta(days=1)
LONGEST_UPLOAD = timedelta(days=31)


class S3ContentStore:
    """A `ContentStore` that takes `PartwiseContent`, has `PresignedReads`, `TakesBodies` and
    `KeepsUnfinished`. Make one with `open`."""

    def __init__(self, service: S3Service, names: Names, stack: AsyncExitStack) -> None:
        self._service = service
        self._names = names
        self._stack = stack
        self._threads = Threads("s3")
        self._uploads = Uploads(service, names)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        access_key: str,
        secret_key: str,
        connections: int = CONNECTIONS,
        patience: Patience | None = None,
    ) -> S3ContentStore:
        """The store at `s3://<bucket>/<prefix>?endpoint=<URL>&region=<name>`, in a bucket that exists.

        Without an endpoint it is AWS. With `&checksums=md5` the store compares large bodies too as they come:
        that is for a line without TLS, and takes as much processor time as all the rest. At most so many
        `connections` are open for bytes, and as many for all else. Raises `ValueError` for an address that is
        none, and `OSError` if the store cannot be used.
        """
        place, prefix = _read(url)
        async with AsyncExitStack() as stack:
            service = await S3Service.connected(
                place, (access_key, secret_key), patience or Patience(), connections, stack
            )
            store = cls(service, Names(prefix), stack)
            stack.push_async_callback(store._threads.close)
            await store._prove()
            store._stack = stack.pop_all()
        return store

    async def _prove(self) -> None:
        """See that an object can be made on condition that it is new, or nodes would overwrite each other."""
        await self.healthy()
        try:
            await self._service.put_new(self._names.probe, "")
        except Taken:
            return
        raise OSError(
            f"the S3 store at {self._service.place.endpoint} overwrites objects in spite of "
            "If-None-Match: it is too old for several nodes to share"
        )

    async def write(self, chunks: AsyncIterable[bytes]) -> Body:
        """Store a new body. Raises `OSError` when the store fails, and then too nothing stays."""
        key = new_key(WHOLE)
        size, sha256 = await Writing(self._service, self._threads, self._names.body(key)).write(chunks)
        return Body(key, size, sha256)

    async def read(self, key: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes [start, stop) as they come, and go on where the line broke; or raise `OSError`."""
        async with aclosing(read_first(self._service, self._names.places(key), start, stop)) as reading:
            async for chunk in reading:
                yield chunk

    async def size(self, key: str) -> int:
        """The size of a body in bytes, or `MissingBody`."""
        for name in self._names.places(key):
            with suppress(NotThere):
                return await self._service.size(name)
        raise MissingBody(f"there is no body {key}")

    async def remove(self, key: str) -> None:
        """Remove a body; one that is not there is fine."""
        with suppress(MissingBody):
            for name in self._names.places(key):
                await self._service.remove(name)

    async def put(self, body: Body, chunks: AsyncIterable[bytes]) -> None:
        """Store a body of another store under its key. Raises `WrongBytes`, or `ValueError` for no key."""
        try:
            name = self._names.moved(body.key)
        except MissingBody as error:
            raise ValueError(str(error)) from None
        await Writing(self._service, self._threads, name, body).write(chunks)

    async def keys(self, since: datetime | None = None) -> AsyncGenerator[Entry, None]:
        """All bodies that are readable; with `since`, those written from then on, and some before. One that
        took more than a day to write, or a month in parts, may then be left out."""
        whole = self._names.kind(WHOLE)
        after = "" if since is None else self._names.made_since(WHOLE, since - LONGEST_WRITE)
        async for found in self._service.listed(whole, after):
            if (key := self._names.key(found.name)) is not None:
                yield Entry(key, found.written.astimezone(UTC))
        async for found in self._service.listed(self._names.kind(UPLOAD)):
            key = self._names.key(found.name)
            if key is not None and (since is None or found.written >= since - LONGEST_UPLOAD):
                yield Entry(key, found.written.astimezone(UTC))
        async for found in self._service.listed(self._names.all_moved):
            key = self._names.key(found.name)
            if key is not None and (since is None or found.written >= since - timedelta(minutes=1)):
                yield Entry(key, found.written.astimezone(UTC))

    async def read_url(
        self,
        key: str,
        *,
        seconds: int,
        content_disposition: str | None = None,
        content_type: str | None = None,
    ) -> str:
        """An address at which a GET answers with the body for so many seconds; S3 allows a week."""
        answer = {"ResponseContentDisposition": content_disposition, "ResponseContentType": content_type}
        wanted = {name: value for name, value in answer.items() if value is not None}
        own, *moved = self._names.places(key)
        if moved and not await self._service.exists(own):
            own = moved[0]
        return await self._service.signed("get_object", {"Key": own, **wanted}, seconds)

    def new_upload(self) -> str:
        """A fresh key."""
        return new_key(UPLOAD)

    @asynccontextmanager
    async def slot(self, upload: str, number: int) -> AsyncIterator[Slot]:
        """Take the slot of one part. Nothing is asked of the store before something is written."""
        yield PartSlot(self._service, self._threads, self._names, self._uploads, upload, number)

    async def seal(self, upload: str, parts: Sequence[tuple[Region, str]]) -> Body:
        """Make the upload a readable body. It is read once for its hash; what is copied is parts that were
        sent more than once, by the store itself, and those of less than 5 MiB. Raises `ValueError` if parts
        that large follow smaller ones in a way in which they cannot be put together."""
        return await Sealing(self._service, self._threads, self._names, self._uploads, upload).seal(parts)

    async def abandon(self, upload: str) -> None:
        """Remove an upload and its parts, sealed or not; one that is not there is fine."""
        with suppress(MissingBody):
            await self._uploads.abandon(upload)

    async def uploads(self) -> AsyncGenerator[Entry, None]:
        """All uploads that are not sealed, with the time at which their last part began to come."""
        async for entry in self._uploads.entries():
            yield Entry(entry.key, entry.written.astimezone(UTC))

    async def clear_incoming(self, older_than: datetime) -> int:
        """Remove what crashed writers left and nobody wrote to since; return how many. Writers of other
        nodes may be at work, so `older_than` should lie longer back than a body takes to write."""
        return await self._uploads.clear_unfinished(older_than)

    async def healthy(self) -> None:
        """Return if objects can be written and read here, else raise an `OSError` that says what is wrong."""
        await self._service.ask("put_object", Key=self._names.probe, Body=b"")
        await self._service.size(self._names.probe)

    async def close(self) -> None:
        """Let go of all connections, and end the threads."""
        await self._stack.aclose()


def _read(url: str) -> tuple[Place, str]:
    """Where the store is, and the prefix of all its names."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    checksums = options.get("checksums", "")
    known = options.keys() <= {"endpoint", "region", "checksums"} and checksums in {"", "md5"}
    if parts.scheme != "s3" or not parts.hostname or "@" in parts.netloc or not known:
        raise ValueError(
            "a content store in S3 is given as s3://bucket/prefix?endpoint=URL&region=name, with or without "
            "&checksums=md5"
        )
    region = options.get("region", "us-east-1")
    endpoint = options.get("endpoint", f"https://s3.{region}.amazonaws.com").rstrip("/")
    where = urlsplit(endpoint)
    if where.scheme not in {"http", "https"} or not where.hostname or "@" in where.netloc:
        raise ValueError("the endpoint of an S3 store is given as https://host:port, without a user")
    prefix = parts.path.strip("/")
    return Place(endpoint, region, parts.netloc, checksums == "md5"), f"{prefix}/" if prefix else ""
