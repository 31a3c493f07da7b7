"""What can go wrong at an S3 store, as errors that say what to do, and how long it is worth trying again."""

from __future__ import annotations

import asyncio
import errno
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from dms.storage.failures import Unreachable

T = TypeVar("T")

PASSING = frozenset({409, 429, 500, 502, 503, 504})
PASSING_CODES = frozenset({"BadDigest", "IncompleteBody", "RequestTimeout", "SlowDown"})
FULL_CODES = frozenset({"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull"})
LONGEST_PAUSE = 5.0


class Unavailable(Unreachable):
    """The store does not answer, or not now; the same request may succeed a moment later."""


class NotThere(Exception):
    """There is no such object, or no such multipart upload."""


class OtherPart(Exception):
    """A multipart upload does not hold the parts that it was said to hold."""


class Taken(Exception):
    """There is an object under a name that should have been new."""


def failure(endpoint: str, bucket: str, act: str, status: int, code: str) -> Exception:
    """The error for an answer that is no success. It never holds a key or a signature."""
    if code == "NoSuchBucket":
        return FileNotFoundError(
            f"the S3 store at {endpoint} has no bucket {bucket}: make it, or name another"
        )
    kind = _kind(status, code)
    if kind is not None:
        return kind(f"{act}: {code}")
    said = f"the S3 store at {endpoint} answered {status} {code} to {act} in bucket {bucket}"
    if code in FULL_CODES:
        return OSError(errno.ENOSPC, f"{said}: the store has no room left, or a quota was reached")
    if status in PASSING or code in PASSING_CODES:
        return Unavailable(said)
    if status in {401, 403}:
        return PermissionError(
            f"{said}: see that the access key and secret key are right, that they may read, write, list and "
            "delete in this bucket, and that the clocks agree"
        )
    return OSError(said)


def _kind(status: int, code: str) -> type[Exception] | None:
    if code in {"InvalidPart", "InvalidPartOrder"}:
        return OtherPart
    return {404: NotThere, 412: Taken}.get(status)


def unanswered(endpoint: str, act: str, why: BaseException) -> Unavailable:
    """The error for a request that got no answer. The cause is named and not chained: its text may hold a
    signed address."""
    within = getattr(why, "kwargs", {}).get("error", why)  # botocore wraps what it does not know
    return Unavailable(f"the S3 store at {endpoint} does not answer to {act} ({type(within).__name__})")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, and for how many seconds, a request is tried before its failure is passed on."""

    attempts: int = 6
    seconds: float = 30.0


class Tries:
    """The tries of one request, with pauses that grow and differ from one client to the next."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.start_over()

    def start_over(self) -> None:
        """Count anew, because there was progress."""
        self._failed = 0
        self._end = time.monotonic() + self._patience.seconds

    async def pause(self, why: Exception) -> None:
        """Wait before the next try, or raise `why` if it has been tried enough."""
        self._failed += 1
        pause = random.uniform(0.5, 1) * min(0.1 * 2**self._failed, LONGEST_PAUSE)  # noqa: S311 - no secret
        if self._failed >= self._patience.attempts or time.monotonic() + pause > self._end:
            raise why
        await asyncio.sleep(pause)


async def persist(patience: Patience, act: Callable[[], Awaitable[T]]) -> T:
    """The result of an act that may be done again, tried while the store is unavailable."""
    tries = Tries(patience)
    while True:
        try:
            return await act()
        except Unavailable as why:
            await tries.pause(why)
