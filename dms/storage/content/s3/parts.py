"""A part on its way to the store: into its place in the multipart upload if that is safe, else beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from contextlib import suppress
from secrets import token_hex

from dms.storage.content.port import MissingBody, ReceivedPart, Region, TooLong
from dms.storage.content.s3.failures import NotThere, Unavailable
from dms.storage.content.s3.names import (
    LAST_NUMBER,
    OWN,
    SMALLEST_PART,
    Names,
    own_receipt,
    placed_receipt,
)
from dms.storage.content.s3.outgoing import Hashes, Outgoing, content_md5
from dms.storage.content.s3.service import Part, S3Service
from dms.storage.content.s3.uploads import Uploads
from dms.storage.content.threads import Threads, finished
from dms.storage.content.writing import BATCH, Batch

NOT_KEPT = "short"  # the receipt of a part that was too short
LONGEST_WAIT = 1.0  # seconds for which bytes of a slow sender may wait to be sent on


def has_place(region: Region) -> bool:
    """Whether a part can be a part of the multipart upload as it is: large enough, and so are, as far as
    its offset tells, all before it. That holds if all are of one size, and the last not larger."""
    before = region.number - 1
    each, rest = divmod(region.offset, before) if before else (region.size, region.offset)
    return rest == 0 and each >= region.size >= SMALLEST_PART and region.number <= LAST_NUMBER


class PartSlot:
    """The slot of one part."""

    def __init__(
        self, service: S3Service, threads: Threads, names: Names, uploads: Uploads, upload: str, number: int
    ) -> None:
        self._service = service
        self._threads = threads
        self._names = names
        self._uploads = uploads
        self._upload = upload
        self._number = number

    async def write(self, chunks: AsyncIterable[bytes], region: Region, *, keep: str | None) -> ReceivedPart:
        """Store a part, as `port.Slot` promises. A small one is gathered first and sent with retries; the
        bytes of a large one pass, so when the store fails after it has taken some, `OSError` is raised."""
        id = await self._uploads.begun(self._upload)
        try:
            if region.size < SMALLEST_PART:
                return await self._write_small(chunks, region, id)
            if keep is None and has_place(region) and await self._uploads.claimed(self._upload, self._number):
                place = Part(self._names.body(self._upload), id, self._number)
                return await self._write_large(chunks, region, place)
            return await self._write_beside(chunks, region, id)
        except NotThere:
            raise MissingBody(
                f"upload {self._upload} was sealed or removed while a part of it came"
            ) from None

    async def discard(self, receipt: str) -> None:
        """Remove the object of a part that has one; a part in its place is overwritten by the seal."""
        if (own := OWN.fullmatch(receipt)) and own[1].startswith(f"{self._number}-"):
            await self._service.remove(self._names.part(self._upload, own[1]))

    def _own(self) -> Part:
        return Part(self._names.part(self._upload, f"{self._number}-{token_hex(16)}"))

    async def _write_small(self, chunks: AsyncIterable[bytes], region: Region, id: str) -> ReceivedPart:
        batch = Batch()
        async for chunk in chunks:
            batch.add(chunk)
            _check_length(batch.size, region)
        hashes = Hashes(md5_too=False)
        await self._threads.run(hashes.update, batch)
        if batch.size < region.size:
            return ReceivedPart(NOT_KEPT, batch.size, hashes.sha256)
        own = self._own()
        try:
            md5 = await self._threads.run(content_md5, batch)
            await finished(asyncio.ensure_future(self._service.put(own, batch, md5)))
            await self._uploads.check(self._upload, id)
        except BaseException:
            await self._removed(own)
            raise
        return ReceivedPart(own_receipt(own.name), batch.size, hashes.sha256)

    async def _write_beside(self, chunks: AsyncIterable[bytes], region: Region, id: str) -> ReceivedPart:
        own = self._own()
        try:
            received = await self._write_large(chunks, region, own)
            await self._uploads.check(self._upload, id)
        except BaseException:
            await self._removed(own)
            raise
        return received

    async def _removed(self, own: Part) -> None:
        with suppress(OSError):
            await finished(asyncio.ensure_future(self._service.remove(own.name)))

    async def _write_large(self, chunks: AsyncIterable[bytes], region: Region, target: Part) -> ReceivedPart:
        hashes = Hashes(md5_too=self._service.place.compares)
        outgoing = await self._service.begin_put(target, region.size)
        try:
            size = await self._pour(chunks, region, outgoing, hashes)
            if size < region.size:
                return ReceivedPart(NOT_KEPT, size, hashes.sha256)
            stored = await outgoing.finish()
        finally:
            await outgoing.break_off()
        if not hashes.agree(stored):
            raise Unavailable("the S3 store took other bytes than were sent")
        if target.id:
            return ReceivedPart(placed_receipt(self._number, target.id, stored.etag), size, hashes.sha256)
        return ReceivedPart(own_receipt(target.name), size, hashes.sha256)

    async def _pour(
        self, chunks: AsyncIterable[bytes], region: Region, outgoing: Outgoing, hashes: Hashes
    ) -> int:
        """Send and hash all that comes; returns its size. The last bytes are sent when the source has ended
        well: without them the store keeps nothing."""
        batch, size, clock = Batch(), 0, asyncio.get_running_loop().time
        sent = clock()
        async for chunk in chunks:
            size += len(chunk)
            _check_length(size, region)
            batch.add(chunk)
            waits = outgoing.is_idle and clock() - sent > LONGEST_WAIT
            if size < region.size and (batch.size >= BATCH or waits):
                await outgoing.send(batch)
                await self._threads.run(hashes.update, batch)
                batch, sent = Batch(), clock()
        if batch.size:
            await outgoing.send(batch)
            await self._threads.run(hashes.update, batch)
        return size


def _check_length(size: int, region: Region) -> None:
    if size > region.size:
        raise TooLong(f"more than {region.size} bytes came")
