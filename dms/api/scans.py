"""`GET /beheer/scans`: what the virus scanner said, for those who may do everything."""

from __future__ import annotations

from aiohttp import web

from dms.actions.scanning import MOST_SHOWN, counted, overview
from dms.api.authentication import caller
from dms.api.context import DMS
from dms.api.json_response import json_response
from dms.api.reading import must_accept_json
from dms.documenten.upload.scans import STATES
from dms.model.filters import refuse_unknown
from dms.model.links import absolute
from dms.model.problems import Problem
from dms.model.refusals import Denied, Invalid


async def scans(request: web.Request) -> web.StreamResponse:
    """How many bodies have which verdict, and the latest of one verdict (`?verdict=infected`) with their
    documents. A body has no document once that was destroyed, until the collector comes."""
    must_accept_json(request)
    who = caller(request)
    if not who.access.everything:
        raise Denied
    refuse_unknown(request.query, {"verdict"})
    verdict = request.query.get("verdict")
    if verdict is not None and verdict not in STATES:
        raise Invalid([Problem("verdict", "invalid_choice", f"Kies uit: {', '.join(STATES)}.")])
    dms = request.app[DMS]
    shown = await overview(dms, verdict) if verdict else []
    for each in shown:
        each["documenten"] = [absolute(url, who.origin) for url in each["documenten"]]
    return json_response({"aantallen": await counted(dms), "hoogstens": MOST_SHOWN, "scans": shown})


ROUTES = [web.get("/beheer/scans", scans)]
