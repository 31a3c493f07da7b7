"""From parts to a body: completed where they lie, and copied or joined where they lie beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from dms.storage.content.port import Body, MissingBody, Region
from dms.storage.content.s3 import multipart
from dms.storage.content.s3.failures import NotThere, OtherPart
from dms.storage.content.s3.multipart import Numbered
from dms.storage.content.s3.names import OWN, PLACED, SMALLEST_PART, Names, short
from dms.storage.content.s3.outgoing import content_md5
from dms.storage.content.s3.reading import read
from dms.storage.content.s3.service import Part, S3Service
from dms.storage.content.s3.uploads import Uploads
from dms.storage.content.threads import Threads
from dms.storage.content.writing import Batch, pour

TIMES_OVERWRITTEN = 3


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes of a region are: in their place, with an ETag, or in an object."""

    region: Region
    etag: str = ""
    name: str = ""


class Sealing:
    """Sealing one upload. It may be done again after a crash anywhere, and at several nodes at once: all
    write the same bytes to the same parts of one multipart upload, which can be completed once."""

    def __init__(
        self, service: S3Service, threads: Threads, names: Names, uploads: Uploads, upload: str
    ) -> None:
        self._service = service
        self._threads = threads
        self._names = names
        self._uploads = uploads
        self._upload = upload
        self._body = names.body(upload)

    async def seal(self, parts: Sequence[tuple[Region, str]]) -> Body:
        """Make the body, and say what it is. Raises `MissingBody`."""
        id = await self._uploads.id(self._upload)
        try:
            if id is None:
                raise MissingBody(f"there is no upload {self._upload}")  # noqa: TRY301 - or was it sealed?
            await self._complete(id, parts)
        except (MissingBody, NotThere) as why:
            # Either it was sealed before, perhaps this very moment, or it cannot be.
            if not await self._service.exists(self._body):
                raise MissingBody(f"upload {self._upload} cannot be sealed: {why}") from None
        body = await self._described()
        await self._uploads.clear(self._upload)
        return body

    async def _complete(self, id: str, parts: Sequence[tuple[Region, str]]) -> None:
        sources = self._sources(id, parts)
        await self._check(sources)
        for _ in range(TIMES_OVERWRITTEN):
            try:
                numbered = await _Assembly(self._service, self._threads, self._body, id).of(sources)
                await multipart.complete(self._service, self._body, id, numbered)
            except OtherPart:
                # An attempt that had been given up has just ended, over a part that was copied into place.
                continue
            size = await self._service.size(self._body)
            if size != sum(region.size for region, _ in parts):
                raise OSError(f"the S3 store made a body of {size} bytes of parts that have another sum")
            return
        raise MissingBody("one of its parts is not what its receipt says")

    def _sources(self, id: str, parts: Sequence[tuple[Region, str]]) -> list[Source]:
        sources, end = [], 0
        for number, (region, receipt) in enumerate(parts, 1):
            if (region.number, region.offset) != (number, end):
                raise MissingBody(f"part {number} is missing")
            end += region.size
            own, placed = OWN.fullmatch(receipt), PLACED.fullmatch(receipt)
            if own is not None and own[1].startswith(f"{number}-"):
                sources.append(Source(region, name=self._names.part(self._upload, own[1])))
            elif placed is not None and (int(placed[1]), placed[2]) == (number, short(id)):
                sources.append(Source(region, etag=placed[3]))
            else:
                raise MissingBody(f"part {number} has a receipt of something else")
        if not sources:
            raise MissingBody("there are no parts")
        return sources

    async def _check(self, sources: Sequence[Source]) -> None:
        """Raise `MissingBody` if a part that has an object is not there; the others are checked as all are
        put together."""
        if any(source.name for source in sources):
            own = self._names.part(self._upload, "")
            sizes = {found.name: found.size async for found in self._service.listed(own)}
            for source in sources:
                if source.name and sizes.get(source.name) != source.region.size:
                    raise MissingBody(f"part {source.region.number} is not there")

    async def _described(self) -> Body:
        hashing = _Hashing()
        await pour(self._threads, read(self._service, self._body, 0, None), hashing)
        return Body(self._upload, hashing.size, hashing.sha256)


class _Hashing:
    """A sink that keeps nothing but a size and a hash."""

    def __init__(self) -> None:
        self.size = 0
        self.sha256 = ""
        self._hash = sha256()

    def write(self, batch: Batch) -> None:
        for buffer in batch.buffers:
            self._hash.update(buffer)
        self.size += batch.size

    def finish(self, batch: Batch) -> None:
        self.write(batch)
        self.sha256 = self._hash.hexdigest()


class _Assembly:
    """The parts of the multipart upload, in order. What is too small to be one is held until it is not."""

    def __init__(self, service: S3Service, threads: Threads, body: str, id: str) -> None:
        self._service = service
        self._threads = threads
        self._body = body
        self._id = id
        self._parts: list[Numbered] = []
        self._held = Batch()

    async def of(self, sources: Sequence[Source]) -> list[Numbered]:
        """See that all bytes are in their places. Raises `NotThere` or `MissingBody` if one is gone, and
        `ValueError` if a small part comes just before one that was placed."""
        for source in sources:
            if source.etag:
                if self._held.size:
                    raise ValueError(
                        f"part {source.region.number} was placed as if those before it were all of its size"
                    )
                self._parts.append((source.region.number, source.etag))
            elif not self._held.size and source.region.size >= SMALLEST_PART:
                await self._copy(source, 0, 0)
            elif source.region.size >= 2 * SMALLEST_PART:
                await self._hold(source, SMALLEST_PART)
                await self._put()
                await self._copy(source, SMALLEST_PART, source.region.size)
            else:
                await self._hold(source, source.region.size)
                if self._held.size >= SMALLEST_PART:
                    await self._put()
        if self._held.size or not self._parts:
            await self._put()
        return self._parts

    def _next(self) -> int:
        return self._parts[-1][0] + 1 if self._parts else 1

    async def _copy(self, source: Source, start: int, stop: int) -> None:
        part = await multipart.copy_part(
            self._service, source.name, self._body, self._id, self._next(), start, stop
        )
        self._parts.append(part)

    async def _hold(self, source: Source, stop: int) -> None:
        async for chunk in read(self._service, source.name, 0, stop):
            self._held.add(chunk)

    async def _put(self) -> None:
        held, self._held = self._held, Batch()
        number = self._next()
        md5 = await self._threads.run(content_md5, held)
        etag = await self._service.put(Part(self._body, self._id, number), held, md5)
        self._parts.append((number, etag))
