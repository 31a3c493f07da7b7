"""Days of the standard: days in the Netherlands, wherever the machine stands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ZONE = "Europe/Amsterdam"


def day_of(moment: datetime) -> str:
    """The day in the Netherlands at a moment, as it is stored: YYYY-MM-DD."""
    try:
        return moment.astimezone(ZoneInfo(ZONE)).date().isoformat()
    except ZoneInfoNotFoundError:
        return day_by_directive(moment)


def day_by_directive(moment: datetime) -> str:
    """The same on a machine that knows no time zones: by Directive 2000/84/EC, which sets summer time from
    the last Sunday of March, 01:00 UTC, until that of October."""
    utc = moment.astimezone(UTC)
    is_summer = _last_sunday(utc.year, 3) <= utc < _last_sunday(utc.year, 10)
    return (utc + timedelta(hours=2 if is_summer else 1)).date().isoformat()


def _last_sunday(year: int, month: int) -> datetime:
    """Of a month with 31 days, at 01:00 UTC."""
    return datetime(year, month, 31 - date(year, month, 31).isoweekday() % 7, 1, tzinfo=UTC)
