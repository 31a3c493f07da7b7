"""What a client knows of its documents: what was acknowledged, and what was in doubt when the line broke."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias
from urllib.parse import urlsplit

Content: TypeAlias = tuple[frozenset[bytes], ...]
"""Bytes in pieces, each with what it may be: more than one thing if it was sent twice at the same time."""

UNKNOWN = "unknown"
"""A lock that was taken, of which the token was not heard."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version; its content is None if it has none, or none yet."""

    titel: str
    content: Content | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class State:
    """A document as it is stored. `waits_for` is the size of the file that is to come in parts."""

    versions: tuple[Version, ...]
    lock: str | None = None
    waits_for: int | None = None

    def changed(self, titel: str, content: Content | None, *, waits_for: int | None = None) -> State:
        """The state with one version more."""
        return replace(self, versions=(*self.versions, Version(titel, content)), waits_for=waits_for)

    def unlocked(self, content: Content | None = None) -> State:
        """The state without its lock; `content` is what the parts have become."""
        last = self.versions[-1] if content is None else replace(self.versions[-1], content=content)
        return State((*self.versions[:-1], last))

    def fits(self, shown: dict[str, Any]) -> bool:
        """Whether this is what the service shows."""
        last = self.versions[-1]
        size = self.waits_for if last.content is None else content_size(last.content)
        return (
            shown["versie"] == len(self.versions)
            and shown["titel"] == last.titel
            and shown["locked"] == (self.lock is not None)
            and bool(shown["bestandsdelen"]) == bool(self.waits_for)
            and shown["bestandsomvang"] == size
            and (shown["inhoud"] is None) == (last.content is None)
        )


@dataclass(slots=True)
class Part:
    """A bestandsdeel, and what it may hold: None if it may not have come."""

    url: str
    size: int
    may_be: frozenset[bytes | None] = field(default=frozenset({None}), repr=False)


@dataclass(slots=True)
class Document:
    """A document of ours. `beschrijving` is its mark, by which it is found if its URL was not heard.

    `may_be` holds the states that it may be in, None if it may not be there; `parts` are those of the
    upload that was heard of last. `destroyed` is what was deleted. `content` is set once it is verified.
    """

    mark: str
    url: str = ""
    identificatie: str = ""
    may_be: tuple[State | None, ...] = (None,)
    parts: list[Part] = field(default_factory=list)
    destroyed: State | None = None
    content: bytes | None = field(default=None, repr=False)

    @property
    def state(self) -> State:
        """The state that it is in for certain."""
        [state] = self.may_be
        assert state is not None
        return state

    def begin(self, after: State | None) -> None:
        """A call was sent: from now on its outcome is in doubt."""
        [before] = self.may_be
        self.may_be = (before, after)

    def settle(self, state: State | None) -> None:
        """The call was acknowledged: there is no doubt any more."""
        if state is None:
            self.destroyed = self.may_be[0] or self.destroyed
        self.may_be = (state,)

    def hear(self, shown: dict[str, Any]) -> None:
        """Learn from an answer where the document and its parts are."""
        self.url, self.identificatie = path_of(shown["url"]), shown["identificatie"]
        self.parts = [Part(path_of(part["url"]), part["omvang"]) for part in shown["bestandsdelen"]]

    def assembled(self) -> Content:
        """What the parts become together."""
        return tuple(frozenset(piece for piece in part.may_be if piece is not None) for part in self.parts)


@dataclass(slots=True)
class Journal:
    """All documents of the clients of one round, and how many of their calls were acknowledged."""

    documents: list[Document] = field(default_factory=list)
    acknowledged: int = 0

    def new_document(self) -> Document:
        """A document that was not sent yet."""
        document = Document(f"document {len(self.documents) + 1}")
        self.documents.append(document)
        return document

    def uploads_may_be_given_up(self) -> None:
        """A collector for which everything was old enough has been at work."""
        for document in self.documents:
            for part in document.parts:
                part.may_be |= {None}


def path_of(url: str) -> str:
    """The path of a URL: the origin changes with each start of the service."""
    return urlsplit(url).path


def whole(content: bytes) -> Content:
    """Content that came in one piece."""
    return (frozenset({content}),)


def content_size(content: Content) -> int:
    """Its size in bytes; the alternatives of a piece are equally long."""
    return sum(len(next(iter(piece))) for piece in content)


def is_content(found: bytes, content: Content) -> bool:
    """Whether these bytes are the content, each piece one of what it may be."""
    at = 0
    for piece in content:
        size = len(next(iter(piece)))
        if found[at : at + size] not in piece:
            return False
        at += size
    return at == len(found)
