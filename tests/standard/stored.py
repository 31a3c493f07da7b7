"""What lies in the stores, whatever the API says about it, and requests that no good client would send."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from typing import Any

from dms.actions.service import Dms
from dms.documenten import versions
from dms.documenten.api import DOCUMENTEN
from dms.documenten.upload.parts import DROPPED
from tests.zgw import ALL, Zgw

DOCUMENTS = "enkelvoudiginformatieobjecten"
PARTS = "bestandsdelen"
VERSIONS = versions.COLLECTION
BELONGING = tuple(each.name for each in DOCUMENTEN.resources if each.parent and each.guard)
COLLECTIONS = (DOCUMENTS, VERSIONS, PARTS, *BELONGING, "audittrail", "identificaties", DROPPED)


async def bodies(dms: Dms) -> set[str]:
    """The keys of all bodies that can be read."""
    return {entry.key async for entry in dms.content.keys()}  # noqa: SIM118 (a port, not a dictionary)


async def uploads(dms: Dms) -> set[str]:
    """The keys of all uploads that hold parts."""
    return {entry.key async for entry in dms.content.uploads()}


async def everything(dms: Dms) -> dict[str, Any]:
    """How many records each collection of documents holds, and which bodies and uploads there are."""
    counts = {name: await dms.metadata.count(name) for name in COLLECTIONS}
    return {**counts, "bodies": await bodies(dms), "uploads": await uploads(dms)}


async def figure(zgw: Zgw, name: str) -> int:
    """One of the service's own figures, as operators see them."""
    figures = (await zgw.get("/metrics")).body.decode()
    [value] = re.findall(rf"^{name} (\S+)$", figures, re.MULTILINE)
    return int(float(value))


async def until(zgw: Zgw, name: str, count: int) -> None:
    """Return once a figure is that, or fail."""
    async with asyncio.timeout(5):
        while await figure(zgw, name) != count:
            await asyncio.sleep(0.01)


async def cut(body: bytes, size: int = 2**16) -> AsyncIterator[bytes]:
    """A body in pieces of this size, as it is sent without a length known beforehand."""
    for at in range(0, len(body), size):
        yield body[at : at + size]


def head(zgw: Zgw, method: str, url: str, *headers: str, client: str = ALL) -> bytes:
    """The head of a request as it goes over the line."""
    lines = (
        f"{method} {url.removeprefix(zgw.origin)} HTTP/1.1",
        f"Host: {zgw.client.host}:{zgw.client.port}",
        f"Authorization: Bearer {zgw.token(client)}",
        "Connection: close",
        *headers,
    )
    return "\r\n".join((*lines, "", "")).encode()


async def sent_raw(zgw: Zgw, pieces: Iterable[bytes], *, hang_up: bool = False) -> bytes:
    """The answer to these bytes; or b"" after hanging up at once."""
    reader, writer = await asyncio.open_connection(zgw.client.host, zgw.client.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if hang_up:
            return b""
        answer = await reader.readuntil(b"\r\n\r\n")
        [size] = re.findall(rb"content-length: (\d+)", answer.lower()) or [b"0"]
        return answer + await reader.readexactly(int(size))
    finally:
        writer.close()
