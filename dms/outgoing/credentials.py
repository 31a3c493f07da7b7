"""Credentials: what goes along with a request to a service, and to that service only."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from dms.model.json_text import parse_json
from dms.model.refusals import ParseError
from dms.outgoing.connection import Connection
from dms.outgoing.jwts import make_token
from dms.outgoing.origins import Origin, address
from dms.outgoing.port import NotThere
from dms.outgoing.services import ApiKey, OAuth2, Zgw

_EARLY = 30.0
"""Seconds before its end at which a token is no longer used."""
_LONGEST = 3600.0
_UNSAID = 60.0
_LONGEST_TOKEN = 16 * 2**10


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: float


class Credentials:
    """The headers for each origin. Tokens that were fetched are kept until shortly before they expire."""

    def __init__(self, connection: Connection, now: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._now = now
        self._auth = {service.origin: service.auth for service in connection.known.services}
        self._tokens: dict[Origin, _Token] = {}
        self._fetching = {origin: asyncio.Lock() for origin in self._auth}

    async def headers(self, origin: Origin, deadline: float) -> Mapping[str, str]:
        """What to send along to this origin. Raises `NotThere` if a token cannot be had by the deadline."""
        auth = self._auth.get(origin)
        match auth:
            case Zgw():
                id = auth.client_id
                token = make_token(id, auth.secret, user_id=id, user_representation=id)
                return {"Authorization": f"Bearer {token}"}
            case ApiKey():
                return {auth.header: auth.secret}
            case OAuth2():
                return {"Authorization": f"Bearer {await self._token(origin, auth, deadline)}"}
        return {}

    def refused(self, origin: Origin) -> None:
        """The origin would not have them: a token that was kept may have been withdrawn."""
        self._tokens.pop(origin, None)

    async def _token(self, origin: Origin, auth: OAuth2, deadline: float) -> str:
        fetching = self._fetching[origin]
        try:
            async with asyncio.timeout_at(deadline):
                await fetching.acquire()
        except TimeoutError:
            raise NotThere(f"no token for {origin} came in time") from None
        try:
            token = self._tokens.get(origin)
            if token is None or token.until <= self._now():
                token = self._tokens[origin] = await self._fetched(auth, deadline)
            return token.text
        finally:
            fetching.release()

    async def _fetched(self, auth: OAuth2, deadline: float) -> _Token:
        url = address(auth.token_url)
        asked = {"grant_type": "client_credentials", **({"scope": auth.scope} if auth.scope else {})}
        pair = f"{quote_plus(auth.client_id)}:{quote_plus(auth.secret)}"
        answer = await self._connection.exchange(
            "POST",
            url,
            deadline=deadline,
            headers={
                "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            body=urlencode(asked).encode(),
        )
        text, seconds = _read(answer.body) if answer.status == 200 else ("", 0)
        if not text:
            raise NotThere(f"{Origin.of(url)} gave no token (status {answer.status})")
        return _Token(text, self._now() + max(0.0, min(seconds, _LONGEST) - _EARLY))


def _read(body: bytes) -> tuple[str, float]:
    """The token and the seconds that it holds; an empty text if the answer has none to send on."""
    try:
        answer: Any = parse_json(body)
    except ParseError:
        return "", 0
    text = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(text, str) or len(text) > _LONGEST_TOKEN or not (text.isascii() and text.isprintable()):
        return "", 0
    seconds = answer.get("expires_in")
    said = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return text, float(min(seconds, _LONGEST)) if said else _UNSAID
