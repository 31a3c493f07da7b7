"""On which line of a JSON text the entries of its lists begin, so that people find them."""

from __future__ import annotations

import re
from bisect import bisect_right
from json import JSONDecoder

_ANY = JSONDecoder()
# The text is known to be JSON, so that what stands between two values need not be looked at.
_BETWEEN = re.compile(r"[ \t\r\n:,]*")


def lines_of_entries(text: str) -> dict[str, list[int]]:
    """By the name of each member that is a list: the line, from 1, on which each of its entries begins.

    The text is that of a JSON object.
    """
    breaks = [found.start() for found in re.finditer("\n", text)]
    places: dict[str, list[int]] = {}
    at = _next(text, text.index("{") + 1)
    while text[at] != "}":
        name, at = _ANY.raw_decode(text, at)
        at = _next(text, at)
        if text[at] == "[":
            places[name], at = _entries(text, at)
        else:
            _, at = _ANY.raw_decode(text, at)
        at = _next(text, at)
    return {name: [bisect_right(breaks, place) + 1 for place in begins] for name, begins in places.items()}


def _entries(text: str, at: int) -> tuple[list[int], int]:
    """Where each element of the list begins, and where the list ends."""
    begins: list[int] = []
    at = _next(text, at + 1)
    while text[at] != "]":
        begins.append(at)
        _, at = _ANY.raw_decode(text, at)
        at = _next(text, at)
    return begins, at + 1


def _next(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at
