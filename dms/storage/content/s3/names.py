"""Which object holds what: the tree under the prefix, and the keys, which tell when they were made."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_hex

from dms.storage.content.port import MissingBody

KEY = re.compile(r"(whole|upload)/([0-9a-f]{32})")
FOREIGN_KEY = re.compile(r"(?=.{1,200}\Z)[0-9A-Za-z-]+(/[0-9A-Za-z-]+)*")
WHOLE = "whole"
UPLOAD = "upload"
OWN = re.compile(r"own:([0-9]+-[0-9a-f]{32})")
PLACED = re.compile(r"placed:([0-9]+):([0-9a-f]{16}):(\S+)")
DIGITS_OF_TIME = 12
SMALLEST_PART = 5 * 1024 * 1024  # of the S3 protocol, for every part but the last
LAST_NUMBER = 10_000


def new_key(kind: str) -> str:
    """A fresh key, in the order of time."""
    return f"{kind}/{_time_digits(time.time())}{token_hex(10)}"


def _time_digits(seconds: float) -> str:
    return f"{max(int(seconds * 1000), 0):0{DIGITS_OF_TIME}x}"


class Names:
    """The names of objects.

    bodies/whole/<time and random>     a body that came in one piece
    bodies/upload/<time and random>    a body that came in parts
    bodies/moved/<key>                 a body that came from another store, under the key it had there
    uploads/<time and random>/id       the id of the multipart upload that becomes bodies/upload/<the same>
    uploads/<…>/claims/<number>        somebody has begun to write that part in its place
    uploads/<…>/parts/<number>-<hex>   a part that has an object of its own
    probe                              written to see whether one can write
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.uploads = f"{prefix}uploads/"
        self.bodies = f"{prefix}bodies/"
        self.all_moved = f"{self.bodies}moved/"
        self.probe = f"{prefix}probe"

    def body(self, key: str) -> str:
        """Where a body lies or will lie. Raises `MissingBody` for what cannot be a key."""
        if KEY.fullmatch(key) is None:
            raise MissingBody(f"{key[:80]!r} is not a key of this store")
        return self.bodies + key

    def moved(self, key: str) -> str:
        """Where a body lies that came from another store. Raises `MissingBody` for what cannot be a key."""
        if FOREIGN_KEY.fullmatch(key) is None:
            raise MissingBody(f"{key[:80]!r} is not a key")
        return self.all_moved + key

    def places(self, key: str) -> list[str]:
        """Where to look for a body, in this order. Raises `MissingBody` for what cannot be a key."""
        return [*([self.body(key)] if KEY.fullmatch(key) else []), self.moved(key)]

    def key(self, name: str) -> str | None:
        """The key of a body by its name, or None if it is something else."""
        if name.startswith(self.all_moved):
            return name.removeprefix(self.all_moved)
        key = name.removeprefix(self.bodies)
        return key if KEY.fullmatch(key) else None

    def kind(self, kind: str) -> str:
        """What the names of all bodies of a kind begin with."""
        return f"{self.bodies}{kind}/"

    def made_since(self, kind: str, since: datetime) -> str:
        """The name that comes before those of all bodies of a kind that were begun since then."""
        return self.kind(kind) + _time_digits(since.astimezone(UTC).timestamp())

    def upload(self, key: str) -> str:
        """What the names of all that belongs to an upload begin with. Raises `MissingBody`."""
        found = KEY.fullmatch(key)
        if found is None or found[1] != UPLOAD:
            raise MissingBody(f"{key[:80]!r} is not an upload of this store")
        return f"{self.uploads}{found[2]}/"

    def is_upload(self, key: str) -> bool:
        """Whether a key is that of an upload, and not of a body that came in one piece."""
        return key.startswith(f"{UPLOAD}/")

    def upload_key(self, name: str) -> str | None:
        """The upload that an object belongs to."""
        key = f"{UPLOAD}/{name.removeprefix(self.uploads).partition('/')[0]}"
        return key if KEY.fullmatch(key) else None

    def marker(self, key: str) -> str:
        """Where the id of an upload is."""
        return self.upload(key) + "id"

    def claim(self, key: str, number: int) -> str:
        """What whoever writes a part in its place must have made."""
        return f"{self.upload(key)}claims/{number}"

    def part(self, key: str, own: str) -> str:
        """Where a part lies that has an object of its own."""
        return f"{self.upload(key)}parts/{own}"


def short(id: str) -> str:
    """What stands in a receipt for the id of an upload, which may be long."""
    return sha256(id.encode()).hexdigest()[:16]


def placed_receipt(number: int, id: str, etag: str) -> str:
    """The receipt of a part that lies in its place."""
    return f"placed:{number}:{short(id)}:{etag}"


def own_receipt(name: str) -> str:
    """The receipt of a part with an object of its own."""
    return f"own:{name.rpartition('/')[2]}"
