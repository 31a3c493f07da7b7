"""Refusals as problem+json: the one place where an error becomes an answer (G-30, G-31)."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
from aiohttp import web

from dms.model.refusals import Invalid, RangeNotSatisfiable, Refusal, Unavailable

PROBLEM_JSON = "application/problem+json"


def problem(refusal: Refusal, origin: str) -> dict[str, Any]:
    """The document that tells a client what is wrong; `instance` is unique, and in the log."""
    document: dict[str, Any] = {
        "type": f"{origin}/ref/fouten/{_listed(refusal).__name__}/",
        "code": refusal.code,
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "instance": f"urn:uuid:{uuid.uuid4()}",
    }
    if isinstance(refusal, Invalid):
        document["invalidParams"] = [
            {"name": found.name, "code": found.code, "reason": found.reason} for found in refusal.problems
        ]
    return document


def _listed(refusal: Refusal) -> type[Refusal]:
    """Its kind in the catalogue of refusals, of which every one has a page; others are kinds of those."""
    return next(kind for kind in type(refusal).__mro__ if kind.__module__ == Refusal.__module__)


def problem_response(refusal: Refusal, document: dict[str, Any]) -> web.Response:
    """The answer with this problem."""
    response = web.Response(status=refusal.status, body=orjson.dumps(document), content_type=PROBLEM_JSON)
    if isinstance(refusal, RangeNotSatisfiable):
        response.headers["Content-Range"] = f"bytes */{refusal.size}"
    if isinstance(refusal, Unavailable):
        response.headers["Retry-After"] = "5"
    return response
