"""What operators look at: liveness, readiness, figures."""

from __future__ import annotations

import asyncio

import structlog
from aiohttp import web

from dms.actions.scanning import counted
from dms.api.context import DMS, METRICS
from dms.api.json_response import json_response
from dms.documenten.rights import DOCUMENT
from dms.model.query import Equals, IsNull

log = structlog.get_logger(part="dms.operations")
STOPPING: web.AppKey[asyncio.Event] = web.AppKey("stopping", asyncio.Event)
_PATIENCE = 5.0


async def live(request: web.Request) -> web.StreamResponse:
    """`GET /healthz/live`: the process answers."""
    return json_response({"status": "ok"})


async def ready(request: web.Request) -> web.StreamResponse:
    """`GET /healthz/ready`: 200 when both stores can read and write, else 503 and which cannot.

    A scanner that fails is told too, but no reason to be taken out of service: what cannot be scanned is
    accepted, and kept back.
    """
    dms = request.app[DMS]
    checks = {"metadata": dms.metadata.healthy, "content": dms.content.healthy}
    if dms.scanning is not None:
        checks["scanner"] = dms.scanning.scanner.healthy
    answers = await asyncio.gather(
        *(asyncio.wait_for(check(), _PATIENCE) for check in checks.values()), return_exceptions=True
    )
    found: dict[str, str] = {}
    for name, answer in zip(checks, answers, strict=True):
        found[name] = "ok" if answer is None else "failing"
        if answer is not None:
            log.error("not ready", store=name, error=str(answer) or type(answer).__name__)
    if request.app[STOPPING].is_set():
        found["service"] = "stopping"
    healthy = {state for part, state in found.items() if part != "scanner"} == {"ok"}
    return json_response({"status": "ok" if healthy else "failing", **found}, status=200 if healthy else 503)


async def metrics(request: web.Request) -> web.StreamResponse:
    """`GET /metrics`, in the text form of Prometheus."""
    dms, figures = request.app[DMS], request.app[METRICS]
    locked, waiting, scanned = await asyncio.gather(
        dms.metadata.count(DOCUMENT, Equals("locked", True)),
        dms.metadata.count(DOCUMENT, IsNull("_upload", wanted=False)),
        counted(dms),
    )
    figures.locked.set(locked)
    figures.waiting.set(waiting)
    for verdict, bodies in scanned.items():
        figures.bodies.labels(verdict).set(bodies)
    return web.Response(body=figures.text(), headers={"Content-Type": "text/plain; version=0.0.4"})


ROUTES = [
    web.get("/healthz/live", live),
    web.get("/healthz/ready", ready),
    web.get("/metrics", metrics),
]
