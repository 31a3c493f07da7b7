"""What handlers find on the application and on the request, behind typed keys."""

from __future__ import annotations

from aiohttp import web

from dms.actions.service import Dms
from dms.api.metrics import Metrics
from dms.autorisaties.tokens import Tokens

DMS: web.AppKey[Dms] = web.AppKey("dms", Dms)
TOKENS: web.AppKey[Tokens] = web.AppKey("tokens", Tokens)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
PUBLIC_URL: web.AppKey[str] = web.AppKey("public_url", str)
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)
CLIENT_ID: web.RequestKey[str] = web.RequestKey("client_id", str)
