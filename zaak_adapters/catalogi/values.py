"""How values of eigenschappen are written: days and instants as digits (ztc-015)."""

from __future__ import annotations

from datetime import datetime


def is_day(text: str) -> bool:
    """Whether it is a calendar day as JJJJMMDD."""
    return _reads(text, 8, "%Y%m%d")


def is_instant(text: str) -> bool:
    """Whether it is a moment as JJJJMMDDuummss."""
    return _reads(text, 14, "%Y%m%d%H%M%S")


def _reads(text: str, digits: int, form: str) -> bool:
    if not (len(text) == digits and text.isascii() and text.isdigit()):
        return False
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True
