"""One process at a time: a lock that ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dms.client.failures import Failure, InUse


@contextmanager
def held(lock: Path, what: str) -> Iterator[None]:
    """Hold a lock file, which stays behind empty. Raises `InUse` if another process does, naming `what`."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise Failure(f"{lock} cannot be written: {error.strerror}.") from None
    try:
        hold(descriptor, what)
        yield
    finally:
        os.close(descriptor)


def hold(descriptor: int, what: str) -> None:
    """Lock an open file until it is closed. Raises `InUse` if another process has."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InUse(f"Another process is at work with {what}.") from None
