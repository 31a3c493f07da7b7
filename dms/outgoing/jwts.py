"""JSON Web Tokens of the standard as clients make them (G-40)."""

from __future__ import annotations

import time

import jwt

ALGORITHM = "HS256"


def make_token(client_id: str, secret: str, *, user_id: str = "", user_representation: str = "") -> str:
    """A token that is valid from now on, for as long as a service accepts its age."""
    claims = {
        "iss": client_id,
        "iat": int(time.time()),
        "client_id": client_id,
        "user_id": user_id,
        "user_representation": user_representation,
    }
    return jwt.encode(claims, secret, algorithm=ALGORITHM)
