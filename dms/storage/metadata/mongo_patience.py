"""How long the MongoDB store bears with others who are in its way, and with a server that changes roles."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

_PATIENCE = 15.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.1


def pauses() -> Iterator[float]:
    """Seconds to wait between tries, which grow and vary, for as long as patience lasts."""
    end, longest = time.monotonic() + _PATIENCE, _FIRST_PAUSE
    while time.monotonic() < end:
        yield random.uniform(0, longest)  # noqa: S311 - spreads those who meet
        longest = min(longest * 2, _LONGEST_PAUSE)
