"""Circuit: a host that just did not answer in time is not waited for again right away."""

from __future__ import annotations

from collections.abc import Callable

from dms.outgoing.origins import Origin
from dms.outgoing.port import NotThere

REST = 5.0
"""Seconds in which a host that was too slow is not asked."""


class Circuit:
    """Per origin: open until it rests no more; then one may try, and the others wait for what comes of it."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until: dict[Origin, float] = {}

    def enter(self, origin: Origin) -> None:
        """Raises `NotThere` at once while the origin rests."""
        until = self._until.get(origin)
        if until is None:
            return
        if self._now() < until:
            raise NotThere(f"{origin} was too slow a moment ago")
        self._until[origin] = self._now() + REST

    def answered(self, origin: Origin) -> None:
        """It said something, if only no."""
        self._until.pop(origin, None)

    def too_slow(self, origin: Origin) -> None:
        """It did not, within the time."""
        self._until[origin] = self._now() + REST
