"""Documents as they ought to be: what changes, parts and unlocking make of them, in few lines."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from tests.standard.documents import WRONG_LOCK
from tests.zgw import Answer, document_values

PART = 4
ABSENT: Any = "absent"
OTHER = "van een ander"
"""A lock that is nobody's."""

Refused = tuple[int, str, str]


def refused(code: str, name: str = "nonFieldErrors") -> Refused:
    """A refusal as `tests.zgw.refusal` tells it."""
    return (400, code, name)


@dataclass(eq=False)
class Body:
    """Content that versions may share."""

    content: bytes


@dataclass
class Version:
    """What a version shows: its title, its content, its size, which it may have without content, what it
    states of gebruiksrechten, and when it began."""

    titel: str
    body: Body | None
    size: int | None
    stated: bool | None = None
    began: str = ""


@dataclass(frozen=True)
class Change:
    """A POST, PUT or PATCH: what it sends, each perhaps not at all."""

    partial: bool
    titel: str
    inhoud: Any = ABSENT
    size: Any = ABSENT
    stated: Any = ABSENT
    lock: Any = ABSENT

    def sent(self, type_: str) -> dict[str, Any]:
        """The body of the request."""
        inhoud = base64.b64encode(self.inhoud).decode() if isinstance(self.inhoud, bytes) else self.inhoud
        fields = {
            "titel": self.titel,
            "inhoud": inhoud,
            "bestandsomvang": self.size,
            "indicatieGebruiksrecht": self.stated,
            "lock": self.lock,
        }
        given = {name: value for name, value in fields.items() if value is not ABSENT}
        return given if self.partial else {**document_values(type_), **given}

    def states(self, old: Version | None) -> bool | None:
        """What the version that comes of this is to state of gebruiksrechten (drc-006)."""
        if self.stated is not ABSENT:
            return bool(self.stated) if self.stated is not None else None
        return old.stated if self.partial and old else None

    def version(self, old: Version | None) -> Version | None:
        """The version that comes of this, or None if content and size differ (D-31 to D-36)."""
        inhoud, size = self.inhoud, self.size
        if self.partial and old is not None:
            inhoud = old.body if inhoud is ABSENT else inhoud
            size = old.size if size is ABSENT else size
        if inhoud is ABSENT or inhoud is None:
            size = None if size is ABSENT else size
            return Version(self.titel, Body(b"") if size == 0 else None, size, self.states(old))
        body = inhoud if isinstance(inhoud, Body) else Body(inhoud)
        size = len(body.content) if size is ABSENT else size
        return Version(self.titel, body, size, self.states(old)) if size == len(body.content) else None


@dataclass
class Document:
    """A document. `parts` is None unless it waits for them, and those that came are bytes; `urls` are theirs,
    and `stale` those of earlier ones. `usage` are the URLs of its gebruiksrechten, `trail` the acts in its
    audit trail."""

    url: str
    versions: list[Version]
    lock: str | None = None
    parts: list[bytes | None] | None = None
    urls: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    usage: list[str] = field(default_factory=list)
    trail: list[str] = field(default_factory=lambda: ["create"])

    @property
    def latest(self) -> Version:
        """The version that changes are made to."""
        return self.versions[-1]

    @property
    def came(self) -> list[bytes]:
        """The parts that came."""
        return [part for part in self.parts or () if part is not None]

    def size_of(self, number: int) -> int:
        """The size that a part must have (D-45)."""
        return min(PART, (self.latest.size or 0) - number * PART)

    def refuses(self, change: Change) -> Refused | None:
        """Why a PUT or PATCH is refused: fields first, then content, then the lock (D-10)."""
        if not change.partial and change.lock is ABSENT:
            return refused("required", "lock")
        if (change.states(self.latest) is True) != bool(self.usage):
            code = "existing-gebruiksrechten" if self.usage else "missing-gebruiksrechten"
            return refused(code, "indicatieGebruiksrecht")
        if change.version(self.latest) is None:
            return refused("file-size")
        if self.lock is None:
            return refused("unlocked")
        if change.lock is ABSENT:
            return refused("missing-lock-id")
        return None if change.lock == self.lock else WRONG_LOCK

    def become(self, version: Version, answer: Answer) -> None:
        """A version more, with the parts of the answer to come, if it waits for any (D-52)."""
        self.versions.append(version)
        version.began = answer["beginRegistratie"]
        self.stale += self.urls
        self.urls = [part["url"] for part in answer["bestandsdelen"]]
        waits = version.body is None and bool(version.size)
        self.parts = [None] * -(-(version.size or 0) // PART) if waits else None

    def refuses_unlock(self, lock: str | None, *, forceful: bool) -> Refused | None:
        """Why an unlock is refused; whoever has the lock does not force (D-11, D-50, QD-9)."""
        if self.lock is None or lock != self.lock:
            return None if forceful else WRONG_LOCK
        if len(self.came) < len(self.parts or ()):
            return refused("incomplete-upload" if self.came else "file-size")
        return None

    def unlock(self) -> None:
        """All parts are the content, some are given up, and for none of them goes on waiting (D-50, D-51)."""
        self.lock = None
        if not self.came:
            return
        whole = len(self.came) == len(self.parts or ())
        self.latest.body = Body(b"".join(self.came)) if whole else None
        self.latest.size = self.latest.size if whole else None
        self.stale, self.urls, self.parts = [*self.stale, *self.urls], [], None
