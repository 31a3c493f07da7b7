"""A lock: a value on the record that it holds; whoever changes the record with its token is the one.

It is taken and let go by replacing the record at the revision that was read, so two can never both win.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any, TypeAlias

Lock: TypeAlias = dict[str, Any]
"""`token`, and for people: the `applicatie` and `gebruiker` that took it, `sinds` when (UTC), and the `reden`
that was told, or ""."""


def take(*, applicatie: str, gebruiker: str, since: str, reden: str = "") -> Lock:
    """A new lock with a fresh token of 128 bits in 32 hexadecimal digits."""
    return {
        "token": secrets.token_hex(16),
        "applicatie": applicatie,
        "gebruiker": gebruiker,
        "sinds": since,
        "reden": reden,
    }


def opens(lock: Lock | None, token: object) -> bool:
    """Whether this token is the lock's, compared in constant time."""
    if lock is None or not isinstance(token, str) or not token:
        return False
    return hmac.compare_digest(lock["token"].encode(), token.encode("utf-8", "surrogatepass"))


def token_of(lock: Lock | None) -> str:
    """The token, or the empty text when there is no lock (D-06)."""
    return lock["token"] if lock else ""
