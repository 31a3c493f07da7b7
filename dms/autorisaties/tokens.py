"""JSON Web Tokens of the standard: checked (G-40 to G-43)."""

from __future__ import annotations

import math
import time
from typing import Any, NamedTuple

import jwt

from dms.autorisaties.applications import Applications, Client
from dms.model.refusals import Denied, TokenRefused
from dms.outgoing.jwts import ALGORITHM

LONGEST_TOKEN = 8_192
MOST_REMEMBERED = 1_000


class Claims(NamedTuple):
    """What a token says, once it holds."""

    client: Client
    user_id: str
    user_representation: str


class _Held(NamedTuple):
    """A token that held, and the time until which it does."""

    claims: Claims
    until: float


class Tokens:
    """Checks tokens. `expiry` and `leeway` are in seconds: a token is too old at `iat + expiry + leeway`."""

    def __init__(self, applications: Applications, *, expiry: int = 3600, leeway: int = 0) -> None:
        self._applications = applications
        self._age = expiry + leeway
        self._leeway = leeway
        self._jwt = jwt.PyJWT(options={"enforce_minimum_key_length": False})
        self._held: dict[str, _Held] = {}

    def check(self, authorization: str) -> Claims:
        """The claims of an `Authorization` header. Raises `Denied`, or `TokenRefused` with the JWT's code."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Denied("Stuur een JWT mee: Authorization: Bearer <token>.")
        token = token.strip()
        return self._remembered(token) or self._checked(token)

    def _remembered(self, token: str) -> Claims | None:
        """The claims of a token that held before, for as long as it goes on to hold: clients send the same
        one with every request, and a signature costs more than the rest of a small answer."""
        held = self._held.get(token)
        if held is None or held.until <= time.time():
            return None
        same = self._applications.client(held.claims.client.id) is held.claims.client
        return held.claims if same else None

    def _checked(self, token: str) -> Claims:
        client = self._client(token)
        claims = self._verified(token, client)
        issued = claims.get("iat")
        if issued is None:
            raise TokenRefused("jwt-missing-iat-claim", "De JWT noemt geen iat (moment van uitgifte).")
        if not _is_number(issued):
            raise TokenRefused("jwt-invalidissuedaterror", "De iat van de JWT is geen getal.")
        if issued <= time.time() - self._age:
            raise TokenRefused("jwt-expired", "De JWT is verlopen: maak een nieuwe.")
        found = Claims(client, _text(claims, "user_id"), _text(claims, "user_representation"))
        until = min(issued + self._age, claims.get("exp", math.inf) + self._leeway)
        if len(self._held) >= MOST_REMEMBERED:
            del self._held[next(iter(self._held))]
        self._held[token] = _Held(found, until)
        return found

    def _client(self, token: str) -> Client:
        if len(token) > LONGEST_TOKEN:
            raise TokenRefused("jwt-decode-error", "De JWT is te lang.")
        try:
            unverified = self._jwt.decode(token, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise TokenRefused("jwt-decode-error", "De JWT is niet te lezen.") from None
        client_id = unverified.get("client_id")
        if not client_id:
            raise TokenRefused("missing-client-identifier", "De JWT noemt geen client_id.")
        client = self._applications.client(client_id) if isinstance(client_id, str) else None
        if client is None or not client.secret:
            raise TokenRefused("invalid-client-identifier", "Deze client_id is hier niet bekend.")
        return client

    def _verified(self, token: str, client: Client) -> dict[str, Any]:
        try:
            return self._jwt.decode(
                token,
                client.secret,
                algorithms=[ALGORITHM],
                leeway=self._leeway,
                options={"verify_aud": False, "verify_iat": False, "verify_sub": False, "verify_jti": False},
            )
        except jwt.InvalidSignatureError:
            raise TokenRefused(
                "invalid-jwt-signature", "De handtekening van de JWT klopt niet: is het secret juist?"
            ) from None
        except jwt.DecodeError:
            raise TokenRefused("jwt-decode-error", "De JWT is niet te lezen.") from None
        except jwt.PyJWTError as error:
            code = f"jwt-{type(error).__name__.lower()}"
            raise TokenRefused(code, "De JWT wordt niet geaccepteerd.") from None


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _text(claims: dict[str, Any], name: str) -> str:
    """A claim as text that can be kept: JSON may hold half a surrogate pair, which UTF-8 cannot."""
    value = claims.get(name)
    return value[:255].encode(errors="replace").decode() if isinstance(value, str) else ""
