"""Work that one node does for all."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from dms.actions.service import Dms
from dms.actions.turns import TURNS, in_turn, took_turn

HOUR = timedelta(hours=1)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(dms: Dms, moment: datetime) -> Dms:
    """The same service, at that moment."""
    return replace(dms, clock=lambda: moment)


async def test_of_many_nodes_at_once_one_takes_the_turn(dms: Dms) -> None:
    for moment in (NOON, NOON + HOUR):
        nodes = [at(dms, moment) for _ in range(10)]
        took = await asyncio.gather(*(took_turn(node, "vegen", HOUR) for node in nodes))
        assert sorted(took) == [False] * 9 + [True]


async def test_a_turn_comes_back_only_when_its_time_has_passed(dms: Dms) -> None:
    assert await took_turn(at(dms, NOON), "vegen", HOUR)
    assert not await took_turn(at(dms, NOON + HOUR * 0.99), "vegen", HOUR)
    assert await took_turn(at(dms, NOON + HOUR), "vegen", HOUR)
    assert await took_turn(at(dms, NOON), "dweilen", HOUR)


async def test_a_turn_is_kept_as_a_moment_like_all_others(dms: Dms) -> None:
    amsterdam = NOON.astimezone(timezone(HOUR))
    assert await took_turn(at(dms, amsterdam), "vegen", HOUR)
    [turn] = await dms.metadata.find(TURNS.name)
    assert turn["next"] == "2026-01-01T13:00:00.000000Z"


async def test_a_round_that_fails_is_followed_by_the_next(dms: Dms) -> None:
    rounds: list[int] = []
    done = asyncio.Event()

    async def sweep() -> None:
        rounds.append(len(rounds))
        if len(rounds) == 3:
            done.set()
        raise ZeroDivisionError

    running = asyncio.create_task(in_turn(dms, "vegen", timedelta(milliseconds=1), sweep))
    async with asyncio.timeout(10):
        await done.wait()
    running.cancel()
    assert rounds[:3] == [0, 1, 2]
