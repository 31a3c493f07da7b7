"""Request bodies, read with a bound in size and in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from dms.api.context import DMS, METRICS
from dms.model.json_text import parse_json
from dms.model.refusals import NotAcceptable, ParseError, TooLarge, TooSlow, UnsupportedMediaType

JSON_TYPES = ("application/json", "application/problem+json")


async def chunks(request: web.Request, limit: int) -> AsyncIterator[bytes]:
    """The body as it comes. Raises `TooLarge` over `limit` bytes and `TooSlow` when nothing comes for the
    idle time."""
    if (request.content_length or 0) > limit:
        raise TooLarge(f"De aanvraag mag ten hoogste {limit} bytes groot zijn.")
    idle, counter, total = request.app[DMS].limits.idle_time, request.app[METRICS].received, 0
    while True:
        chunk = request.content.read_nowait()  # what is there already needs no clock
        if not chunk and not request.content.at_eof():
            try:
                async with asyncio.timeout(idle):
                    chunk = await request.content.readany()
            except TimeoutError:
                raise TooSlow(f"Er kwam {idle:g} seconden lang niets meer binnen.") from None
        if not chunk:
            return
        total += len(chunk)
        counter.inc(len(chunk))
        if total > limit:
            raise TooLarge(f"De aanvraag mag ten hoogste {limit} bytes groot zijn.")
        yield chunk


def must_be_json(request: web.Request) -> None:
    """G-11: a body has the media type of JSON."""
    if request.content_type not in JSON_TYPES:
        raise UnsupportedMediaType("Stuur de aanvraag als application/json.")


def accepted_types(request: web.Request) -> set[str]:
    """The media types in `Accept`, without their weights; `*/*` if there is no such header."""
    accepted = ",".join(request.headers.getall("Accept", ["*/*"]))
    return {part.partition(";")[0].strip().lower() for part in accepted.split(",")}


def must_accept_json(request: web.Request) -> None:
    """G-11: the client takes JSON for an answer."""
    if accepted_types(request).isdisjoint({"", "*/*", "application/*", *JSON_TYPES}):
        raise NotAcceptable("Antwoorden zijn application/json.")


async def read_json(request: web.Request, *, may_be_empty: bool = False) -> dict[str, Any]:
    """The JSON object in the body. Where the standard asks for an empty body, none at all is fine as well,
    whatever its media type says."""
    if not may_be_empty:
        must_be_json(request)
    limit = request.app[DMS].limits.json_size
    text = b"".join([chunk async for chunk in chunks(request, limit)])
    if may_be_empty and not text.strip():
        return {}
    must_be_json(request)
    return json_object(text)


def json_object(text: bytes) -> dict[str, Any]:
    """G-11: an object, in JSON that can be read in one way only."""
    document = parse_json(text)
    if not isinstance(document, dict):
        raise ParseError("De JSON moet een object zijn.")
    return document
