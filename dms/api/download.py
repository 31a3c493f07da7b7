"""Downloads: whole or a range, sent by the kernel where the body is a local file."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from typing import IO
from urllib.parse import quote

import structlog
from aiohttp import web

from dms.api.context import DMS, METRICS
from dms.api.json_response import has_already
from dms.model.refusals import RangeNotSatisfiable
from dms.storage.content.port import ContentStore, LocalFiles, MissingBody, PresignedReads
from dms.storage.metadata.port import Record

log = structlog.get_logger(part="dms.download")
_SMALLEST_SLICE, _LARGEST_SLICE = 256 * 2**10, 4 * 2**20
_QUICK = 0.1


async def send(request: web.Request, content: ContentStore, record: Record) -> web.StreamResponse:
    """Answer with the content of a version: 200, 206, 304 or 416."""
    size, etag = record["bestandsomvang"], record["_sha256"]
    headers = _headers(record)
    if has_already(request, etag):
        return web.Response(status=304, headers={"ETag": headers["ETag"]})
    seconds = request.app[DMS].limits.download_redirect
    if seconds > 0 and request.method == "GET" and isinstance(content, PresignedReads):
        return await _redirect(content, record, headers, int(seconds))
    asked = _asked_range(request, size, etag)
    start, stop = asked or (0, size)
    response = web.StreamResponse(status=206 if asked else 200, headers=headers)
    if asked:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    response.content_length = stop - start
    response.content_type = "application/octet-stream"
    if request.method == "HEAD" or start == stop:
        await response.prepare(request)
        return response
    with request.app[METRICS].downloads.track_inprogress():
        if isinstance(content, LocalFiles):
            file = await asyncio.to_thread(content.path(record["_body"]).open, "rb")
            with file:
                await _send_file(request, response, file, start, stop)
        else:
            await _send_chunks(request, response, content, record["_body"], start, stop)
    request.app[METRICS].sent.inc(stop - start)
    return response


async def _redirect(
    content: PresignedReads, record: Record, headers: dict[str, str], seconds: int
) -> web.Response:
    """Send the client to the store, which knows ranges too; the address is good for a while only, and is not
    to be kept by anyone."""
    address = await content.read_url(
        record["_body"],
        seconds=max(1, seconds),
        content_disposition=headers["Content-Disposition"],
        content_type="application/octet-stream",
    )
    return web.Response(status=307, headers={"Location": address, "Cache-Control": "no-store"})


def _headers(record: Record) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(record["_sha256"])).decode()
    return {
        "ETag": f'"{record["_sha256"]}"',
        "Accept-Ranges": "bytes",
        "Repr-Digest": f"sha-256=:{digest}:",
        "Content-Disposition": content_disposition(record["bestandsnaam"]),
    }


def content_disposition(name: str) -> str:
    """The real name of the file (RFC 6266, 8187). No more than a name: what leads to other folders, breaks
    the header, or cannot be printed is left out."""
    last = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(character for character in last if character.isprintable()).strip(" .")
    if not clean:
        return "attachment"
    plain = "".join(c if c.isascii() and c not in '"\\%;' else "_" for c in clean)
    header = f'attachment; filename="{plain}"'
    if plain != clean:
        header += f"; filename*=UTF-8''{quote(clean, safe='')}"
    return header


def _asked_range(request: web.Request, size: int, etag: str) -> tuple[int, int] | None:
    """The bytes [start, stop) that are asked for: None unless there is one range that can be read, and
    `If-Range` names this very body. Several ranges are answered with the whole, which is allowed."""
    condition = request.headers.get("If-Range")
    given = request.headers.get("Range")
    if given is None or (condition is not None and condition.strip() != f'"{etag}"'):
        return None
    unit, _, ranges = given.partition("=")
    first, dash, last = (part.strip() for part in ranges.partition("-"))
    digits = all(part.isascii() and part.isdigit() and len(part) < 20 for part in (first, last) if part)
    if unit.strip() != "bytes" or not dash or not digits or not (first or last):
        return None
    if first == "":
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None
    if start >= size or start >= stop:
        raise RangeNotSatisfiable(size)
    return start, stop


async def _send_file(
    request: web.Request, response: web.StreamResponse, file: IO[bytes], start: int, stop: int
) -> None:
    """Let the kernel send the file, slice by slice: each slice must be on its way within the idle time, and
    slices grow for as long as the client is quick."""
    writer = await response.prepare(request)
    assert writer is not None
    writer.send_headers()
    loop, idle = asyncio.get_running_loop(), request.app[DMS].limits.idle_time
    size = _SMALLEST_SLICE
    while start < stop:
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("The client went away.")
        began = loop.time()
        count = min(size, stop - start)
        try:
            async with asyncio.timeout(idle):
                await loop.sendfile(transport, file, start, count)
        except TimeoutError:
            _give_up(request)
            raise ConnectionResetError("The client stopped reading.") from None
        start += count
        quick = loop.time() - began < _QUICK
        size = min(size * 2, _LARGEST_SLICE) if quick else max(size // 2, _SMALLEST_SLICE)
    await response.write_eof()


async def _send_chunks(
    request: web.Request, response: web.StreamResponse, content: ContentStore, key: str, start: int, stop: int
) -> None:
    idle = request.app[DMS].limits.idle_time
    chunks = content.read(key, start, stop)
    first = await anext(chunks)
    await response.prepare(request)
    try:
        async with asyncio.timeout(idle):
            await response.write(first)
        async for chunk in chunks:
            async with asyncio.timeout(idle):
                await response.write(chunk)
    except TimeoutError:
        _give_up(request)
        raise ConnectionResetError("The client stopped reading.") from None
    except (OSError, MissingBody) as error:
        # What was sent cannot be taken back; a connection that breaks tells the client that it is not all.
        log.error("download broke off", key=key, error=str(error) or type(error).__name__)  # noqa: TRY400
        _give_up(request)
        raise ConnectionResetError("The store stopped sending.") from None
    await response.write_eof()


def _give_up(request: web.Request) -> None:
    """Close the connection at once: what it still holds would wait for the client for ever."""
    with contextlib.suppress(AttributeError):
        request.transport.abort()  # type: ignore[union-attr]
