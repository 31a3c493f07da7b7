"""Around every request: an id, a log line, figures, and refusals turned into problem+json."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog
from aiohttp import ClientError, web
from aiohttp.hdrs import METH_ALL
from aiohttp.http_exceptions import HttpProcessingError

from dms.api.authentication import origin
from dms.api.context import CLIENT_ID, DMS, METRICS, REQUEST_ID
from dms.api.problem_json import problem, problem_response
from dms.model.refusals import (
    MethodNotAllowed,
    NotFound,
    ParseError,
    Refusal,
    StoreFull,
    TooLarge,
    Unavailable,
)
from dms.storage.failures import Unreachable, is_full

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(part="dms.request")
_OUR_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BY_STATUS: dict[int, type[Refusal]] = {404: NotFound, 405: MethodNotAllowed, 413: TooLarge}


@web.middleware
async def observed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, answer refusals, and write down how it went. No query, header or body is
    logged: they may hold secrets and BSNs."""
    given = request.headers.get("X-Request-ID", "")
    request[REQUEST_ID] = given if _OUR_ID.fullmatch(given) else uuid.uuid4().hex
    began = time.perf_counter()
    facts: dict[str, object] = {}
    try:
        response = await _answered(request, handler, facts)
    except BaseException as error:
        facts.setdefault("error", type(error).__name__)
        _write_down(request, 499, began, facts)
        raise
    _write_down(request, response.status, began, facts)
    return response


async def _answered(  # noqa: PLR0911 - one way out for each kind of end
    request: web.Request, handler: Handler, facts: dict[str, object]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        return _refuse(request, refusal, facts)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kind = _BY_STATUS.get(error.status, ParseError)
        response = _refuse(request, kind(), facts)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except Unreachable as error:
        return _failed(request, error, Unavailable(), facts)
    except (ClientError, HttpProcessingError, web.RequestPayloadError, ConnectionError) as error:
        facts["error"] = type(error).__name__
        return _refuse(request, ParseError("De aanvraag brak af voordat zij heel was."), facts)
    except Exception as error:
        if isinstance(error, OSError) and is_full(error):
            return _failed(request, error, StoreFull(), facts)
        log.exception("failed", request_id=request[REQUEST_ID], path=request.path)
        return _refuse(request, Refusal("Er ging iets mis; meld de instance bij de beheerder."), facts)


def _failed(request: web.Request, error: OSError, refusal: Refusal, facts: dict[str, object]) -> web.Response:
    """A store failed in a way that is known: operators read how, clients what to do."""
    log.error("store failed", request_id=request[REQUEST_ID], code=refusal.code, error=str(error))
    return _refuse(request, refusal, facts)


def _refuse(request: web.Request, refusal: Refusal, facts: dict[str, object]) -> web.Response:
    try:
        site = origin(request)
    except Refusal:
        site = ""
    document = problem(refusal, site)
    facts.update(code=refusal.code, instance=document["instance"])
    if "invalidParams" in document:
        facts["params"] = [f"{found['code']} @ {found['name']}" for found in document["invalidParams"]][:20]
    return problem_response(refusal, document)


def _write_down(request: web.Request, status: int, began: float, facts: dict[str, object]) -> None:
    seconds = time.perf_counter() - began
    api, resource = _place(request)
    method = request.method if request.method in METH_ALL else "other"
    metrics = request.app[METRICS]
    metrics.requests.labels(api, resource, method, status).inc()
    metrics.seconds.labels(api, resource, method).observe(seconds)
    log.info(
        "answered",
        request_id=request[REQUEST_ID],
        method=request.method,
        path=request.path[:200],
        status=status,
        ms=round(seconds * 1000, 1),
        client=request.get(CLIENT_ID, ""),
        **facts,
    )


def _place(request: web.Request) -> tuple[str, str]:
    """API and resource of the route that was matched; never text of the client."""
    resource = request.match_info.route.resource
    parts = resource.canonical.split("/") if resource is not None else []
    return (parts[1], parts[4]) if len(parts) > 4 and parts[2] == "api" else ("", "")


async def stamp(request: web.Request, response: web.StreamResponse) -> None:
    """G-20: the version of the API on every answer, and the id by which the log knows the request."""
    response.headers["X-Request-ID"] = request.get(REQUEST_ID, "")
    response.headers["X-Content-Type-Options"] = "nosniff"
    name = request.path.split("/", 2)[1]
    for api in request.app[DMS].apis:
        if api.name == name:
            response.headers["API-version"] = api.version
