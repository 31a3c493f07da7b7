"""What came as `inhoud` with a request, before anything was decided about it."""

from __future__ import annotations

from dataclasses import dataclass

from dms.model.change import Change
from dms.model.problems import Problem
from dms.storage.content.port import Body
from dms.storage.scanning.port import Verdict


@dataclass(frozen=True, slots=True)
class Received:
    """`sent`: the member was there, if only as null. `body`: it held content, which has been stored.
    `problem`: it could not be read; what came of it was thrown away. `mediatype`: what the content looks
    like. `checksum_differs`: it has another checksum than was stated. `to_scan`: its verdict is kept, and
    `verdict` is that, or None while it is still to come."""

    sent: bool = False
    body: Body | None = None
    problem: Problem | None = None
    mediatype: str | None = None
    checksum_differs: bool = False
    to_scan: bool = False
    verdict: Verdict | None = None


def received(change: Change) -> Received:
    """What came as `inhoud` with this change."""
    content = change.facts.get("content")
    return content if isinstance(content, Received) else Received()
