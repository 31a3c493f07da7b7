"""What becomes of each record of an archive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from zaak_adapters.catalogi.exchange import Kind

Fate: TypeAlias = Literal[
    "new", "changed", "same", "left", "chosen", "removed", "only here", "refused", "passed"
]
"""A record is made; is there and changes, is as it should be, or is left as it is in spite of differences;
another is used instead; is not in the archive and goes, or stays; cannot be taken over; belongs to one that
is not, and is not looked at."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that has another value here than in the archive."""

    field: str
    here: Any
    there: Any


@dataclass(slots=True)
class Outcome:
    """What becomes of one record, and why. `above` is the URL of what it belongs to, in the archive."""

    kind: Kind
    label: str
    place: str
    url: str
    above: str
    fate: Fate
    why: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    published: bool = False

    def refuse(self, why: str) -> None:
        """It cannot be taken over after all."""
        self.fate = "refused"
        self.why.append(why)


@dataclass(slots=True)
class Plan:
    """What becomes of everything, in the order of the archive."""

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def refused(self) -> list[Outcome]:
        """What cannot be taken over; nothing is, as long as there is any."""
        return [each for each in self.outcomes if each.fate == "refused"]

    @property
    def changes(self) -> bool:
        """Whether anything would be written."""
        return any(each.fate in ("new", "changed", "removed") or each.published for each in self.outcomes)

    def counts(self) -> Counter[Fate]:
        """How many records have each fate."""
        return Counter(each.fate for each in self.outcomes)

    def of(self, kind: Kind) -> Iterator[Outcome]:
        """What becomes of the records of one kind."""
        return (each for each in self.outcomes if each.kind is kind)
