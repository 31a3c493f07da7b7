"""`kill -9` at named points and at random moments: nothing is wrong afterwards, and nothing is lost."""

from __future__ import annotations

import os
from functools import partial

import pytest

from tests.crash.points import POINTS, Point
from tests.crash.rounds import Ground, die_at, die_at_a_random_moment, repeated

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "100"))
AT_EACH_POINT = pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)


@AT_EACH_POINT
async def test_nothing_is_lost_when_the_service_dies_at(point: Point, ground: Ground) -> None:
    await die_at(ground, point, 0, soon=True)


async def test_nothing_is_lost_when_the_service_dies_at_a_random_moment(ground: Ground) -> None:
    await die_at_a_random_moment(ground, 0)


@pytest.mark.crash
@AT_EACH_POINT
async def test_nothing_is_ever_lost_when_the_service_dies_at(point: Point, ground: Ground) -> None:
    await repeated(partial(die_at, ground, point), ROUNDS)


@pytest.mark.crash
async def test_nothing_is_ever_lost_when_the_service_dies_at_random_moments(ground: Ground) -> None:
    await repeated(partial(die_at_a_random_moment, ground), ROUNDS)
