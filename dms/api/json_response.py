"""Answers in JSON, with the ETag of what they hold (G-85 to G-88)."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from aiohttp import web

JSON = "application/json"


def json_response(document: Any, *, status: int = 200, location: str = "") -> web.Response:
    """An answer that holds this document."""
    response = web.Response(body=orjson.dumps(document), status=status, content_type=JSON)
    if location:
        response.headers["Location"] = location
    return response


def tagged_response(request: web.Request, document: Any) -> web.Response:
    """The same with a strong ETag, or 304 when the client has it already."""
    body = orjson.dumps(document)
    etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
    if has_already(request, etag):
        response = web.Response(status=304)
    else:
        response = web.Response(body=body, content_type=JSON)
    response.headers["ETag"] = f'"{etag}"'
    return response


def has_already(request: web.Request, etag: str) -> bool:
    """G-86: whether `If-None-Match` names this ETag, among others or by `*`."""
    given = request.if_none_match
    return given is not None and any(tag.value in ("*", etag) for tag in given)
