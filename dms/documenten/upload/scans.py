"""What the virus scanner said of each body, as records beside the documents.

A verdict belongs to a body, not to a version: versions share bodies, and a later scan changes one record.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from dms.documenten.upload.received import Received, received
from dms.model.change import Change, Values, Write
from dms.model.fields import moment_text
from dms.storage.metadata.port import Collection, Index
from dms.storage.scanning.port import Clean, Infected, Unscanned, Verdict

SCANS = "scans"
"""Collection of verdicts, each under the key of its body."""
VERDICTS = Collection(SCANS, (Index(("verdict",)), Index(("_next",))))

PENDING, CLEAN, INFECTED, UNSCANNED = "pending", "clean", "infected", "unscanned"
STATES = (PENDING, CLEAN, INFECTED, UNSCANNED)
PASSING = frozenset({"unavailable", "timeout", "error"})
"""Reasons for want of a verdict that may be over soon: these are scanned again by themselves."""
_LONGEST_PAUSE = 900


def scan_record(key: str, size: int, verdict: Verdict | None, now: datetime, tries: int = 0) -> Values:
    """What is kept of a verdict; None is one that is still to come. `_next` is when to scan (again)."""
    state, reason, next_ = UNSCANNED, "", None
    match verdict:
        case None:
            state, next_ = PENDING, now
        case Clean():
            state = CLEAN
        case Infected(name):
            state, reason = INFECTED, name
        case Unscanned(why):
            reason = why
            if why in PASSING:
                next_ = now + timedelta(seconds=min(5 * 2 ** min(tries, 10), _LONGEST_PAUSE))
    return {
        "_id": key,
        "verdict": state,
        "reason": reason[:200],
        "omvang": size,
        "sinds": moment_text(now),
        "_tries": tries,
        "_next": moment_text(next_) if next_ else None,
    }


def scan_of_the_content(change: Change) -> Iterable[Write]:
    """With new content goes what the scanner said of it, or that it is still to be scanned."""
    return first_scan(received(change), datetime.fromisoformat(change.now)) if change.new is not None else ()


def first_scan(came: Received, now: datetime) -> Iterable[Write]:
    """What is kept of the scan of content that came, if it is scanned at all."""
    if came.body is not None and came.to_scan:
        yield Write("insert", SCANS, scan_record(came.body.key, came.body.size, came.verdict, now))
