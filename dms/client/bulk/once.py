"""A file becomes one document, whatever is killed when, and however often it is tried.

What makes it so at any server is its number: bronorganisatie and identificatie are unique (D-01), and a file
without an identificatie gets one that follows from its name and content. A create that is repeated is then
refused, and the document that is there already is gone on with. The Idempotency-Key, noted before the create,
spares a server that knows it the detour.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

from dms.client.failures import Failure, Refused
from dms.client.source import SourceFile
from dms.client.state import State
from dms.client.undivided import undivided
from dms.client.upload import Sending, Upload, is_whole
from dms.client.watch import Watch

INLINE = 256 * 2**10
"""Bytes up to which a file goes within the create, in one request; larger ones go in parts."""

NOT_UNIQUE = "identificatie-niet-uniek"
_PIECE = 8 * 2**20
_TELLING = ("titel", "auteur", "creatiedatum", "beschrijving", "ontvangstdatum", "verzenddatum")
_SAME_KEY = frozenset({408, 409, 425, 429, 502, 503, 504})
"""Refusals after which it may yet turn out that the request was carried out."""


class Conflict(Failure):
    """The server has another document by this number. To try again is pointless."""


class Delivered(NamedTuple):
    """A file that has become a document."""

    url: str
    identificatie: str
    sha256: str
    size: int


def number_of(name: str, sha256: str) -> str:
    """The identificatie of a file that was given none: 36 characters, the same each time it is asked."""
    return "dms-" + hashlib.sha256(f"{sha256} {name}".encode(errors="surrogateescape")).hexdigest()[:32]


async def upload_once(
    sending: Sending,
    file: Path,
    name: str,
    fields: Mapping[str, Any],
    *,
    watch: Watch,
    keep: Callable[[Delivered], Awaitable[None]],
) -> Delivered:
    """Upload a file as the one document that it is, and `keep` the receipt before anything is forgotten.

    `name` tells the file from others with the same content, and must be the same each time. Raises `Failure`,
    of which `Conflict` when the number is that of another document.
    """
    with SourceFile(file) as source:
        sha256 = await _hash(source)
        number = fields.get("identificatie") or number_of(name, sha256)
        known = {**fields, "identificatie": number}
        organisation = str(fields.get("bronorganisatie"))
        with State(sending.states, "once", sending.documents, organisation, number) as state:
            work = _Once(sending, source, state, watch)
            work.sha256, work.fields = sha256, known
            try:
                url = await work.complete(known)
            except (KeyError, TypeError, ValueError, AttributeError) as odd:
                raise Failure(f"The server does not answer as the standard says: {odd!r}.") from odd
            delivered = Delivered(url, number, sha256, source.size)
            await keep(delivered)
            state.forget()
            return delivered


async def _hash(source: SourceFile) -> str:
    digest = hashlib.sha256()

    def take(at: int) -> None:
        digest.update(source.read(at, min(_PIECE, source.size - at)))

    for at in range(0, source.size, _PIECE):
        await undivided(take, at)
    source.check()
    return digest.hexdigest()


class _Once(Upload):
    """An upload whose create can be repeated."""

    sha256 = ""
    fields: Mapping[str, Any] = MappingProxyType({})

    async def _taken_up(self) -> dict[str, Any] | None:
        """As any upload; but one that was begun with other fields begins again."""
        document = await super()._taken_up()
        if document is None or is_whole(document) or not self._differing(document):
            return document
        self._session.remark(f"{self._source.path} has other fields now: starting again.")
        await self._give_up()
        return None

    async def _created(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        key, values, again = await self._announced(fields)
        try:
            document = await self._session.call(
                "POST", self._documents, values, headers={"Idempotency-Key": key}, ok=(200, 201)
            )
        except Refused as refused:
            if NOT_UNIQUE in refused.reasons or refused.code == NOT_UNIQUE:
                return await self._there_already(fields, refused)
            if refused.status not in _SAME_KEY:  # a server that keeps answers would give this one for ever
                self._state.clear()
            raise
        self._url, self._lock = document["url"], document.get("lock") or ""
        if again:  # the answer may be an old one
            current = await self._found()
            if current is None:
                self._state.clear()
                return await self._created(fields)
            document = current
        return await self._noted(document, fields)

    async def _announced(self, fields: Mapping[str, Any]) -> tuple[str, dict[str, Any], bool]:
        """The key, what is sent under it, and whether that was sent before, perhaps."""
        note = self._state.read() or {}
        about = hashlib.sha256(
            json.dumps([fields, self.sha256, self._source.size], sort_keys=True).encode()
        ).hexdigest()
        again = note.get("about") == about and isinstance(note.get("key"), str)
        if not again:
            note = {"key": str(uuid4()), "about": about, "day": date.today().isoformat()}
            await undivided(self._state.write, note)
        values = {**fields, "bestandsomvang": self._source.size, "inhoud": await self._inline()}
        checksum = {"algoritme": "sha_256", "waarde": self.sha256, "datum": note["day"]}
        return note["key"], {"integriteit": checksum, **values}, again

    async def _inline(self) -> str | None:
        if self._source.size > INLINE:
            return None
        content = await undivided(self._source.read, 0, self._source.size)
        self._source.check()
        return base64.b64encode(content).decode()

    async def _noted(self, document: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
        if not is_whole(document):
            await undivided(self._state.write, self._note(fields))
        return dict(document)

    async def _there_already(self, fields: Mapping[str, Any], refused: Refused) -> dict[str, Any]:
        """The document by this number, if it is of this very file. Raises `Conflict` if it is not."""
        number = {name: fields[name] for name in ("identificatie", "bronorganisatie")}
        page = await self._session.call("GET", f"{self._documents}?{urlencode(number)}")
        found = [
            document
            for document in (page["results"] if isinstance(page, Mapping) else page)
            if {name: document.get(name) for name in number} == number
        ]
        if len(found) != 1:
            raise refused
        self._url = found[0]["url"]
        document = await self._session.call("GET", self._url)
        self._must_be_the_same(document, number["identificatie"])
        if not is_whole(document):
            locks = {str(part.get("lock") or "") for part in document.get("bestandsdelen") or ()}
            if len(locks) != 1 or "" in locks:
                raise Failure(
                    f"{self._url} is of this file and not complete, but the server does not show the lock to "
                    "go on with. Remove it, and try again."
                )
            (self._lock,) = locks
        return await self._noted(document, fields)

    def _must_be_the_same(self, document: Mapping[str, Any], number: str) -> None:
        size = document.get("bestandsomvang")
        checksum = document.get("integriteit") or {}
        told = str(checksum.get("waarde") or "").lower() if checksum.get("algoritme") == "sha_256" else ""
        if size != self._source.size or told not in ("", self.sha256):
            raise Conflict(
                f"Identificatie {number} is in use ({NOT_UNIQUE}) by {self._url}, which holds another file: "
                f"of {size} bytes, and {self._source.path} has {self._source.size}."
            )
        if others := self._differing(document):
            raise Conflict(
                f"Identificatie {number} is in use ({NOT_UNIQUE}) by {self._url}: the same file, with "
                f"another {', '.join(others)}. If this is another document, give it its own identificatie."
            )

    def _differing(self, document: Mapping[str, Any]) -> list[str]:
        """The fields by which people tell documents apart and that the document has otherwise than sent."""
        return [
            name
            for name in _TELLING
            if self.fields.get(name)
            and name in document
            and str(document.get(name)) != str(self.fields[name]).strip()
        ]
