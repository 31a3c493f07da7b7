"""Clients that work: valid sequences of calls, drawn at random, on one document after another."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tests.crash.journal import UNKNOWN, Document, Journal, Part, State, Version, whole
from tests.crash.line import Line, LineBroke, line_to, together
from tests.zgw import DOCUMENTS, Answer, document_values

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large things are, in bytes: a bestandsdeel, the smallest and the largest body in one go."""

    part: int
    smallest: int
    largest: int


SMALL = Sizes(part=4000, smallest=1, largest=20_000)
LARGE = Sizes(part=3 * MIB // 2, smallest=5 * MIB // 4, largest=3 * MIB)


async def work(origin: str, journal: Journal, type_: str, rng: Random, sizes: Sizes, *, clients: int) -> None:
    """Let clients work at the same time, until the service is gone for each of them."""
    async with line_to(origin) as line:
        author = [Author(line, journal, origin + type_, Random(rng.random()), sizes) for _ in range(clients)]
        await together(*(each.work() for each in author))


class Author:
    """One client. It writes down what it is about to do, does it, and writes down what was acknowledged."""

    def __init__(self, line: Line, journal: Journal, type_: str, rng: Random, sizes: Sizes) -> None:
        self._line = line
        self._journal = journal
        self._type = type_
        self._rng = rng
        self._sizes = sizes

    async def work(self) -> None:
        """One document after another, until the line breaks."""
        try:
            while True:
                await self._one_document()
        except LineBroke:
            return

    async def _one_document(self) -> None:
        document = await self._create()
        if document.state.waits_for:
            await self._fill(document)
            if self._chance(0.1):
                return
            await self._end_upload(document)
        if self._chance(0.7):
            await self._lock(document)
            for _ in range(self._rng.randint(1, 3)):
                await self._change(document)
            if self._chance(0.1):
                return
            await self._end_upload(document)
        if self._chance(0.5):
            await self._call(document, None, "DELETE", document.url)

    async def _create(self) -> Document:
        document = self._journal.new_document()
        sent: dict[str, Any] = {"titel": "first", "beschrijving": document.mark}
        if self._chance(0.5):
            sent["identificatie"] = document.mark
        if self._chance(0.6):
            size = self._upload_size()
            sent["bestandsomvang"] = size
            state = State((Version("first"),), lock=UNKNOWN, waits_for=size)
        else:
            state = State((Version("first", self._content_into(sent)),))
        answer = await self._call(document, state, "POST", DOCUMENTS, document_values(self._type, **sent))
        document.hear(answer.body)
        if state.lock:
            document.settle(replace(state, lock=answer["lock"]))
        return document

    async def _fill(self, document: Document) -> None:
        """Send parts, most of the time all: several at the same time, some again, some twice at once."""
        parts = [part for part in document.parts if self._chance(0.9)] or document.parts[:1]
        self._rng.shuffle(parts)
        await together(*(self._send(document, part) for part in parts))
        again = [part for part in parts if self._chance(0.4)]
        await together(*(self._send(document, part, at_once=self._rng.choice((1, 1, 2))) for part in again))

    async def _send(self, document: Document, part: Part, *, at_once: int = 1) -> None:
        contents = [self._rng.randbytes(part.size) for _ in range(at_once)]
        may_be = frozenset[bytes | None](contents)
        part.may_be |= may_be

        async def send(content: bytes) -> None:
            await self._line.send_part(part.url, content, lock, lock_first=first)
            self._journal.acknowledged += 1
            part.may_be = may_be

        lock, first = str(document.state.lock), self._chance(0.5)
        await together(*(send(content) for content in contents))

    async def _end_upload(self, document: Document) -> None:
        """Unlock. What is missing of an upload is sent first, or the upload is given up."""
        missing = [part for part in document.parts if None in part.may_be]
        if missing and len(missing) < len(document.parts) and self._chance(0.5):
            await self._call(document, document.state.unlocked(), "POST", f"{document.url}/unlock", {})
        else:
            await together(*(self._send(document, part) for part in missing))
            content = document.assembled() if document.state.waits_for else None
            after, sent = document.state.unlocked(content), {"lock": document.state.lock}
            await self._call(document, after, "POST", f"{document.url}/unlock", sent)
        document.parts = []

    async def _lock(self, document: Document) -> None:
        after = replace(document.state, lock=UNKNOWN)
        answer = await self._call(document, after, "POST", f"{document.url}/lock")
        document.settle(replace(after, lock=answer["lock"]))

    async def _change(self, document: Document) -> None:
        """A new version: of some fields, or of all; with other content, the same, none, or more to come."""
        state = document.state
        titel = f"version {len(state.versions) + 1}"
        sent: dict[str, Any] = {"titel": titel, "lock": state.lock}
        method = self._rng.choice(("PATCH", "PUT"))
        if self._chance(0.4):
            after = state.changed(titel, self._content_into(sent))
        elif self._chance(0.4):
            sent.update(inhoud=None, bestandsomvang=self._upload_size())
            after = state.changed(titel, None, waits_for=sent["bestandsomvang"])
        elif method == "PUT":
            after = state.changed(titel, None)
        else:
            after = state.changed(titel, state.versions[-1].content, waits_for=state.waits_for)
        if method == "PUT":
            sent = document_values(self._type, beschrijving=document.mark, **sent)
        answer = await self._call(document, after, method, document.url, sent)
        document.hear(answer.body)
        if after.waits_for:
            await self._fill(document)

    async def _call(
        self, document: Document, after: State | None, method: str, path: str, json: Any = None
    ) -> Answer:
        """A call that brings the document into a state."""
        document.begin(after)
        answer = await self._line.done(method, path, json=json)
        document.settle(after)
        self._journal.acknowledged += 1
        return answer

    def _content_into(self, sent: dict[str, Any]) -> Any:
        """Content for a request that carries it as base64, or none at all."""
        content = self._rng.randbytes(self._rng.randint(self._sizes.smallest, self._sizes.largest))
        if self._chance(0.1):
            content = b""
        sent.update(inhoud=b64encode(content).decode(), bestandsomvang=len(content))
        return whole(content)

    def _upload_size(self) -> int:
        parts = self._rng.randint(1, 2 if self._sizes is LARGE else 5)
        return self._sizes.part * parts - self._rng.randrange(self._sizes.part)

    def _chance(self, likely: float) -> bool:
        return self._rng.random() < likely
