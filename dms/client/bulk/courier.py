"""A courier brings files to a server, one document each, and writes a receipt for each."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from dms.client.bulk.course import Course
from dms.client.bulk.fields import WrongFields
from dms.client.bulk.once import Conflict, Delivered, upload_once
from dms.client.bulk.receipts import FAILED, OK, Receipt, Receipts
from dms.client.failures import Failure, Refused, Unreachable
from dms.client.undivided import undivided
from dms.client.upload import Sending

_OF_NO_USE = frozenset({401, 404, 405, 407})
"""Refusals of a server that is another one, or does not know the caller: the next file fares no better."""

_TOKEN = re.compile("jwt|client-identifier|not_authenticated")
"""Within the codes of a 403 that is about the caller's token (G-41)."""

_PASSING = frozenset({403, 408, 409, 423, 425, 429})
"""Refusals that someone elsewhere, or time, may lift."""


class Item(NamedTuple):
    """A file to bring. `identificatie` is the one that it was given, empty for none."""

    bestand: str
    file: Path
    size: int
    fields: Mapping[str, Any]
    fingerprint: str

    @property
    def identificatie(self) -> str:
        """The one that it was given, empty for none."""
        return str(self.fields.get("identificatie") or "")


@dataclass
class Tally:
    """How many files became a document, failed, or had become a document before."""

    ok: int = 0
    failed: int = 0
    skipped: int = 0


def fingerprint(changed: int, asked: object) -> str:
    """Tells a file, by when it changed (in nanoseconds), and what is asked with it."""
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()
    return f"{changed}/{digest[:16]}"


def is_pointless(failure: BaseException) -> bool:
    """Whether the very same would fail again, whenever it is tried."""
    if isinstance(failure, Refused):
        return 400 <= failure.status < 500 and failure.status not in _OF_NO_USE | _PASSING
    return isinstance(failure, Conflict | WrongFields)


class Unusable(Failure):
    """What many files have in common cannot be used."""


def is_of_all(failure: BaseException) -> bool:
    """Whether the failure is not of this file: the next one would fail likewise."""
    if isinstance(failure, Refused):
        return failure.status in _OF_NO_USE or _TOKEN.search(failure.code) is not None
    return isinstance(failure, Unreachable | Unusable)


class Courier:
    """Brings files to one server, with receipts in one file."""

    def __init__(self, sending: Sending, receipts: Receipts, course: Course) -> None:
        self._sending = sending
        self.receipts = receipts
        self.course = course
        self.tally = Tally()

    def was_here(self, item: Item) -> bool:
        """Whether the file, as it is now, became a document before."""
        return self.receipts.succeeded(item.bestand, item.identificatie, item.size, item.fingerprint)

    def skip(self, item: Item) -> None:
        """Leave a file that was here."""
        self.tally.skipped += 1
        self.course.skips(item.bestand, item.size)

    async def bring(self, item: Item) -> Failure | None:
        """Make a document of a file and write the receipt; return why not, if not, without a receipt."""
        watch = self.course.opens(item.bestand, item.size)
        failure: Failure | None = None
        words: str | None = "stopped"
        try:
            await upload_once(
                self._sending,
                item.file,
                item.bestand,
                item.fields,
                watch=watch,
                keep=partial(self._keep, item),
            )
        except Failure as failed:
            failure, words = failed, str(failed)
        except OSError as failed:
            failure = Failure(f"{item.file} cannot be read: {failed.strerror or failed}.")
            words = str(failure)
        else:
            words = None
            self.tally.ok += 1
        finally:
            self.course.closes(item.bestand, watch, words)
        return failure

    async def refuse(self, item: Item, failure: Failure) -> None:
        """Write the receipt of a file that failed."""
        self.tally.failed += 1
        receipt = Receipt(
            item.bestand, FAILED, "", item.identificatie, "", item.size, str(failure), item.fingerprint
        )
        await undivided(self.receipts.append, receipt)

    async def _keep(self, item: Item, delivered: Delivered) -> None:
        url, number, sha256, size = delivered
        receipt = Receipt(item.bestand, OK, url, number, sha256, size, "", item.fingerprint)
        await undivided(self.receipts.append, receipt)
