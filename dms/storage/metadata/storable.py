"""Which values a record can hold. A search may ask for others too: they equal nothing, in every store."""

from __future__ import annotations

import math

from dms.model.query import Scalar


def storable(value: Scalar) -> bool:
    """Whether a record can hold this value at all; if not, it equals nothing."""
    if isinstance(value, str):
        return is_text_of_unicode(value)
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def is_text_of_unicode(value: Scalar) -> bool:
    """Whether this is no text that UTF-8 cannot write, such as one with half a surrogate pair."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return False
    return True


def as_float(value: int) -> float:
    """An integer beyond 64 bits as a bound: no number that is stored is lost by it."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def first_beyond(text: str) -> str | None:
    """The first text after all that begin with this one, in the order of code points; None if none is."""
    stem = text.rstrip("\U0010ffff")
    if not stem:
        return None
    # Between these two lie the halves of surrogate pairs, of which no text is made.
    following = 0xE000 if stem[-1] == "\ud7ff" else ord(stem[-1]) + 1
    return stem[:-1] + chr(following)
