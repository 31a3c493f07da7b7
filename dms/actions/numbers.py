"""Numbers drawn ahead: while many are asked for, one question to the store serves more than one of them."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field

from dms.storage.metadata.port import MetadataStore

MOST_AHEAD = 32
"""At most so many numbers of a series are lost when the service ends."""
_SOON = 1.0
_FEW = 20
_MOST_SERIES = 100


@dataclass(slots=True)
class _Series:
    """Numbers that were drawn and not given yet; how often was drawn without a pause, and when last."""

    ahead: list[int] = field(default_factory=list)
    draws: int = 0
    at: float = 0.0


class Numbers:
    """Gives numbers of series, each once. While few are asked for they are drawn one at a time, which leaves
    no gaps; after `_FEW` within a second of each other, twice as many each time, up to `MOST_AHEAD`."""

    def __init__(self) -> None:
        self._series: OrderedDict[str, _Series] = OrderedDict()

    async def next(self, store: MetadataStore, series: str, *, floor: int = 0) -> int:
        """A number of this series above the floor, which nobody was given before."""
        known = self._series.setdefault(series, _Series())
        self._series.move_to_end(series)
        if len(self._series) > _MOST_SERIES:
            self._series.popitem(last=False)
        while known.ahead:
            number = known.ahead.pop(0)
            if number > floor:
                return number
        now = time.monotonic()
        known.draws = known.draws + 1 if now - known.at < _SOON else 0
        known.at = now
        count = min(1 << min(max(known.draws - _FEW, 0), 16), MOST_AHEAD)
        first = await store.next_number(series, floor=floor, count=count)
        known.ahead += range(first + 1, first + count)
        return first
