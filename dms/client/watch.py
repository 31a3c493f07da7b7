"""What a transfer tells to whoever watches it."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """Sees bytes move. It is called often, within the event loop, so it must be quick."""

    def begins(self, size: int, done: int) -> None:
        """A transfer of `size` bytes begins, of which `done` are there already."""

    def moved(self, count: int) -> None:
        """So many bytes moved; fewer than none when they were lost and must move again."""


class Unwatched:
    """Nobody looks."""

    def begins(self, size: int, done: int) -> None:
        """Not seen."""

    def moved(self, count: int) -> None:
        """Not seen."""
