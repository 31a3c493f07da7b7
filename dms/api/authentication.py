"""From the request's token to the caller (G-40 to G-43)."""

from __future__ import annotations

import re

from aiohttp import web

from dms.api.context import CLIENT_ID, PUBLIC_URL, TOKENS
from dms.autorisaties.caller import Caller
from dms.model.refusals import Denied, ParseError

LONGEST_KEY = 255
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")


def origin(request: web.Request) -> str:
    """Scheme and host of the URLs handed out: as configured, else as the client called us (G-04)."""
    configured = request.app[PUBLIC_URL]
    if configured:
        return configured
    if not _HOST.fullmatch(request.host):
        raise ParseError("De Host-header is geen naam van een host.")
    return f"{request.scheme}://{request.host}"


def caller(request: web.Request) -> Caller:
    """Who asks. Raises `Denied` or `TokenRefused`, always with status 403."""
    claims = request.app[TOKENS].check(request.headers.get("Authorization", ""))
    request[CLIENT_ID] = claims.client.id
    if claims.client.application is None:
        raise Denied("Voor deze client is nog geen applicatie vastgelegd.")
    return Caller(
        application=claims.client.application,
        user_id=claims.user_id,
        user_representation=claims.user_representation,
        origin=origin(request),
        toelichting=_header_text(request, "X-Audit-Toelichting")[:1000],
        idempotency_key=_idempotency_key(request),
    )


def _idempotency_key(request: web.Request) -> str:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise ParseError(f"Een Idempotency-Key is ASCII-tekst van ten hoogste {LONGEST_KEY} tekens.")
    return key


def _header_text(request: web.Request, name: str) -> str:
    """A header as text that can be kept. What is no UTF-8, which aiohttp leaves as halves of surrogate
    pairs, is Latin-1."""
    raw = request.headers.get(name, "").encode(errors="surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
