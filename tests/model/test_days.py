"""Days of the standard are days in the Netherlands."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dms.model.days import ZONE, day_by_directive, day_of


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        ("2026-12-31T22:59:59", "2026-12-31"),
        ("2026-12-31T23:00:00", "2027-01-01"),
        ("2026-06-30T21:59:59", "2026-06-30"),
        ("2026-06-30T22:00:00", "2026-07-01"),
    ],
)
def test_a_day_begins_at_midnight_in_the_netherlands(utc: str, day: str) -> None:
    assert day_of(datetime.fromisoformat(f"{utc}+00:00")) == day


def test_a_day_is_the_same_whatever_the_offset_of_the_moment() -> None:
    assert day_of(datetime.fromisoformat("2026-12-31T18:30:00-05:00")) == "2027-01-01"


def test_a_machine_without_time_zones_finds_the_same_day_at_every_half_hour() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    while moment.year < 2029:
        assert day_by_directive(moment) == day_of(moment), moment
        moment += timedelta(minutes=30)


def test_a_machine_without_time_zones_still_tells_the_day(tmp_path: Path) -> None:
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath([str(tmp_path)])
    try:
        with pytest.raises(zoneinfo.ZoneInfoNotFoundError):
            zoneinfo.ZoneInfo(ZONE)
        assert day_of(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == "2027-01-01"
    finally:
        zoneinfo.reset_tzpath()
