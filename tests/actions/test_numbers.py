"""Numbers that are drawn ahead: each given once, in order, and few lost."""

from __future__ import annotations

import asyncio

import pytest

from dms.actions import numbers as drawing
from dms.actions.numbers import MOST_AHEAD, Numbers
from dms.actions.service import Dms
from tests.standard.counted import Counted


async def test_of_many_numbers_at_once_each_is_given_to_one(dms: Dms) -> None:
    nodes = [Numbers(), Numbers()]
    given = await asyncio.gather(*(nodes[n % 2].next(dms.metadata, "BESLUIT-2026") for n in range(300)))
    assert len(set(given)) == 300


async def test_numbers_one_after_another_are_consecutive_and_asked_for_together(dms: Dms) -> None:
    store, numbers = Counted(dms.metadata), Numbers()
    assert [await numbers.next(store, "ZAAK-2026") for _ in range(400)] == list(range(1, 401))
    assert len(store.asked) < 400 / MOST_AHEAD + 30


async def test_who_asks_now_and_then_leaves_no_gap_for_others(
    dms: Dms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "_SOON", 0.0)
    one, other = Numbers(), Numbers()
    given = [await numbers.next(dms.metadata, "ZAAK-2026") for numbers in (one, other, one, other)]
    assert given == [1, 2, 3, 4]


async def test_no_number_is_given_that_the_floor_says_is_taken(dms: Dms) -> None:
    numbers = Numbers()
    for _ in range(40):  # of which the last draws more than it gives
        last = await numbers.next(dms.metadata, "ZAAK-2026")
    assert last == 40
    assert await numbers.next(dms.metadata, "ZAAK-2026", floor=500) == 501


async def test_what_is_remembered_of_series_is_bounded(dms: Dms) -> None:
    numbers = Numbers()
    for year in range(1000, 1200):
        assert await numbers.next(dms.metadata, f"DOCUMENT-{year}") == 1
    assert len(numbers._series) <= 100
    assert await numbers.next(dms.metadata, "DOCUMENT-1000") == 2
