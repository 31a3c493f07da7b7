"""Upload a file to a Documenten API: a document, its parts in parallel, and the unlock that makes them one.

An upload that was stopped, in whatever way, is taken up where it was by the same call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dms.client.failures import Failure, FileChanged, Refused
from dms.client.part import Part, PartForm
from dms.client.session import Session
from dms.client.source import SourceFile
from dms.client.state import State
from dms.client.undivided import undivided
from dms.client.watch import Unwatched, Watch

_ROUNDS = 3
_SLOWEST_ASSEMBLY = 16 * 2**20
"""Bytes per second at which a server should put parts together when the document is unlocked."""

_SOON_ASSEMBLED = 2**30
"""Bytes that a server puts together before a person begins to wonder."""

_GONE = (404, 410)


def documents_url(server: str) -> str:
    """Where documents are made. `server` is an origin, or the root of a Documenten API elsewhere."""
    server = server.rstrip("/")
    root = server if urlsplit(server).path.rstrip("/") else f"{server}/documenten/api/v1"
    return f"{root}/enkelvoudiginformatieobjecten"


@dataclass(frozen=True, slots=True)
class Sending:
    """Where files go, and how: over this session, to this server, `parallel` parts of a file at once. What is
    needed to go on later is kept in the folder `states`."""

    session: Session
    server: str
    states: Path
    parallel: int = 4

    @property
    def documents(self) -> str:
        """The URL of the server's documents."""
        return documents_url(self.server)


async def upload(
    sending: Sending, file: Path, fields: Mapping[str, Any], *, watch: Watch | None = None
) -> str:
    """Upload a file and return the URL of its document, once the server has the whole of it.

    `fields` are those of the document, in the standard's names. The same file, server and fields find again
    what is needed to go on. Raises `Failure`.
    """
    key = _key(sending.documents, file, fields)
    with SourceFile(file) as source, State(sending.states, *key) as state:
        work = Upload(sending, source, state, watch or Unwatched())
        url = await work.complete(fields)
        state.forget()
        return url


def _key(documents: str, file: Path, fields: Mapping[str, Any]) -> tuple[str, ...]:
    # A creatiedatum is often that of the file's last change, and a file that changed must be found too.
    told = sorted((name, str(value)) for name, value in fields.items() if name != "creatiedatum")
    return "upload", documents, str(file.resolve()), repr(told)


class Upload:
    """One upload, from wherever it stands. What it notes in its state is for the caller to forget."""

    def __init__(self, sending: Sending, source: SourceFile, state: State, watch: Watch) -> None:
        self._session = sending.session
        self._documents = sending.documents
        self._source = source
        self._state = state
        self._parallel = sending.parallel
        self._watch = watch
        self._url = self._lock = ""

    async def complete(self, fields: Mapping[str, Any]) -> str:
        """Return the URL of the document once the server has the whole of it. Raises `Failure`."""
        document = await self._taken_up() or await self._created(fields)
        self._watch.begins(self._source.size, _done(document, self._source.size))
        try:
            if not is_whole(document):
                document = await self._completed(document)
        except FileChanged:
            await self._give_up()
            raise
        if document.get("bestandsomvang") != self._source.size:
            size = document.get("bestandsomvang")
            raise Failure(
                f"{self._url} has {size} bytes, and {self._source.path} {self._source.size}: look into it."
            )
        return self._url

    async def _created(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        values = {**fields, "bestandsomvang": self._source.size, "inhoud": None}
        document = await self._session.call("POST", self._documents, values, ok=(201,), repeatable=False)
        self._url, self._lock = document["url"], document.get("lock") or ""
        if not is_whole(document):
            await undivided(self._state.write, self._note(fields))
        return dict(document)

    def _note(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "url": self._url,
            "lock": self._lock,
            "file": str(self._source.path.resolve()),
            "size": self._source.size,
            "mtime": self._source.mtime,
            "documents": self._documents,
            "informatieobjecttype": fields.get("informatieobjecttype"),
        }

    async def _taken_up(self) -> dict[str, Any] | None:
        """The document of an upload that was stopped, if it can go on; otherwise there is nothing left of it
        that could be in the way."""
        note = self._state.read()
        if note is None or "url" not in note:
            return None
        self._url, self._lock = note["url"], note["lock"]
        if (note["size"], note["mtime"]) != (self._source.size, self._source.mtime):
            self._session.remark(f"{self._source.path} changed since its upload was stopped: starting again.")
            await self._give_up()
            return None
        document = await self._found()
        if document is None or not (is_whole(document) or self._is_ours(document)):
            self._session.remark("The upload that was stopped is no longer at the server: starting again.")
            self._state.clear()
            return None
        self._session.remark(f"Going on with {self._url}.")
        return document

    async def _found(self) -> dict[str, Any] | None:
        try:
            return dict(await self._session.call("GET", self._url))
        except Refused as refused:
            if refused.status in _GONE:
                return None
            raise

    def _is_ours(self, document: Mapping[str, Any]) -> bool:
        """Whether it still waits for the parts of this file. Some versions of the standard do not show the
        lock with a part."""
        parts = document.get("bestandsdelen") or ()
        ours = all(part.get("lock") in (self._lock, "", None) for part in parts)
        return bool(parts) and ours and sum(part["omvang"] for part in parts) == self._source.size

    async def _completed(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Send what is missing, unlock, and look: an answer that got lost may hide a success, and a server
        may find out only now that it misses a part."""
        for _ in range(_ROUNDS):
            await self._send(part for part in _parts(document, self._source.size) if not part.complete)
            self._source.check()
            refusal = await self._unlocked()
            document = await self._session.call("GET", self._url)
            if is_whole(document):
                return dict(document)
            if refusal is None or all(part["voltooid"] for part in document.get("bestandsdelen") or ()):
                break
        raise refusal or Failure(f"{self._url} has no content, although all its parts were sent.")

    async def _unlocked(self) -> Refused | None:
        if self._source.size > _SOON_ASSEMBLED:
            self._session.remark("All parts have arrived; waiting for the server to put them together.")
        within = self._session.patience.answer + self._source.size / _SLOWEST_ASSEMBLY
        try:
            body = {"lock": self._lock}
            await self._session.call("POST", f"{self._url}/unlock", body, ok=(200, 204), within=within)
        except Refused as refused:
            return refused
        return None

    async def _send(self, parts: Iterable[Part]) -> None:
        queue = iter(parts)

        async def sender() -> None:
            for part in queue:
                await self._session.persist(partial(self._sent, part))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._parallel):
                    group.create_task(sender())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def _sent(self, part: Part) -> None:
        """One attempt at a part."""
        self._source.check()
        async with self._session.moving() as alive:

            def moved(count: int) -> None:
                self._watch.moved(count)
                alive(self._session.patience.answer if form.sent == part.size else None)

            form = PartForm(self._source, part, self._lock, moved)
            try:
                async with self._session.request("PUT", part.url, payload=form) as response:
                    await response.read()
            except BaseException:
                form.undo()
                if form.failure is not None:
                    raise form.failure from None
                raise

    async def _give_up(self) -> None:
        """Remove the unfinished document, so that nothing half stays behind; say so if it may not be done."""
        try:
            document = await self._found()
            if document is not None and document.get("bestandsdelen"):
                nothing = {"inhoud": None, "bestandsomvang": None, "lock": self._lock}
                await self._session.call("PATCH", self._url, nothing)
                await self._session.call("POST", f"{self._url}/unlock", {"lock": self._lock}, ok=(200, 204))
                await self._session.call("DELETE", self._url, ok=(204, *_GONE))
        except Refused as refused:
            self._session.remark(f"The unfinished document {self._url} is still there: {refused}")
        self._state.clear()


def is_whole(document: Mapping[str, Any]) -> bool:
    """Whether the server has all of its content."""
    return bool(document.get("inhoud")) and not document.get("bestandsdelen")


def _done(document: Mapping[str, Any], size: int) -> int:
    if is_whole(document):
        return size
    return sum(part.size for part in _parts(document, size) if part.complete)


def _parts(document: Mapping[str, Any], size: int) -> list[Part]:
    """The parts in order, each with its place in the file. Raises `Failure` if they are not the file's."""
    parts, offset = [], 0
    for part in sorted(document.get("bestandsdelen") or (), key=lambda part: int(part["volgnummer"])):
        parts.append(Part(part["url"], offset, part["omvang"], bool(part["voltooid"])))
        offset += part["omvang"]
    if offset != size:
        raise Failure(f"The server made parts of {offset} bytes together for a file of {size} bytes.")
    return parts
