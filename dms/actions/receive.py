"""Take in a whole file as it comes: stored, looked at and scanned in one passing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import structlog

from dms.actions.service import Dms
from dms.documenten.upload.mediatype import FIRST_BYTES, sniffed
from dms.documenten.upload.received import Received
from dms.storage.content.port import Body
from dms.storage.metadata.port import Record
from dms.storage.scanning.port import Verdict

log = structlog.get_logger(part="dms.documents")


class _FirstBytes:
    """Chunks passing by, the first of them remembered."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.seen = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            if len(self.seen) < FIRST_BYTES:
                self.seen += chunk[: FIRST_BYTES - len(self.seen)]
            yield chunk


async def receive(dms: Dms, chunks: AsyncIterator[bytes], at_most: int | None) -> Received:
    """Store content of any size, and say what it is. It belongs to no document yet. `at_most` is how many
    bytes can come, if that is known: nobody waits for the verdict on what may be large."""
    first = _FirstBytes(chunks)
    scanning = dms.scanning
    if scanning is None or at_most is None or at_most > scanning.wait_up_to:
        body = await dms.content.write(first)
        return _received(dms, body, first.seen, None)
    async with scanning.scanner.beside(first) as scan:
        body = await dms.content.write(scan.chunks)
        try:
            verdict = await scan.verdict()
        except BaseException:
            await dms.content.remove(body.key)
            raise
    return _received(dms, body, first.seen, verdict)


async def look_at(dms: Dms, body: Body) -> Received:
    """The same for a body that is stored already."""
    first = b"".join([chunk async for chunk in dms.content.read(body.key, 0, FIRST_BYTES)])
    verdict: Verdict | None = None
    if dms.scanning is not None and body.size <= dms.scanning.wait_up_to:
        verdict = await dms.scanning.scanner.scan(dms.content.read(body.key), body.size)
    return _received(dms, body, first, verdict)


def log_formaat(document: Record) -> None:
    """Say so in the log if the content of a document that was written is not what its formaat says."""
    if document["_formaat_differs"]:
        log.warning(
            "formaat differs",
            document=document["url"],
            formaat=document["formaat"],
            looks_like=document["_mediatype"],
        )


def _received(dms: Dms, body: Body, first: bytes, verdict: Verdict | None) -> Received:
    return Received(
        sent=True, body=body, mediatype=sniffed(first), to_scan=dms.scanning is not None, verdict=verdict
    )
