"""Download the content of a document: resumed after every break, checked, and named only when whole."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import aiohttp

from dms.client.failures import Damaged, Failure
from dms.client.incoming import Incoming
from dms.client.names import safe_name
from dms.client.session import Session
from dms.client.state import State
from dms.client.undivided import undivided
from dms.client.watch import Unwatched, Watch

_DIGEST = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


async def download(
    session: Session,
    url: str,
    *,
    states: Path,
    to: Path | None = None,
    versie: int | None = None,
    force: bool = False,
    watch: Watch | None = None,
) -> Path:
    """Download a document's content, the latest version or the one asked for, and return where it is.

    `to` is a file or a folder; without a file the name is the bestandsnaam. A file that is there already
    stays, unless by `force`. A download that was stopped goes on where it was. Raises `Failure`.
    """
    url = _document_url(url, versie)
    document = await session.call("GET", url)
    content = document.get("inhoud") if isinstance(document, Mapping) else None
    if not content:
        why = " yet: its upload is not finished" if document and document.get("bestandsdelen") else ""
        raise Failure(f"{url} has no content{why}.")
    target = _target(to, document, url)
    _must_be_free(target, force=force)
    with State(states, "download", str(target)) as state:
        note = state.read() or {}
        _must_be_ours(target, note, force=force)
        with Incoming(target) as incoming:
            work = _Download(session, content, document.get("bestandsomvang"), incoming, state)
            return await work.run(note, force=force, watch=watch or Unwatched())


def _document_url(url: str, versie: int | None) -> str:
    """The document's URL, with its version; the URL of its content will do as well."""
    parts = urlsplit(url)
    if versie is None and (asked := parse_qs(parts.query).get("versie")):
        versie = int(asked[0]) if asked[0].isdigit() else None
    path = parts.path.removesuffix("/").removesuffix("/download")
    return urlunsplit((parts.scheme, parts.netloc, path, f"versie={versie}" if versie else "", ""))


def _target(to: Path | None, document: Mapping[str, Any], url: str) -> Path:
    if to is not None and not to.is_dir():
        return to.absolute()
    name = safe_name(document.get("bestandsnaam") or "", otherwise=urlsplit(url).path.rpartition("/")[2])
    return ((to or Path()) / name).absolute()


def _must_be_free(target: Path, *, force: bool) -> None:
    if target.exists() and not force:
        raise Failure(f"{target} exists already; give another name, or replace it with --force.")
    if not target.parent.is_dir():
        raise Failure(f"{target.parent} is not a folder.")


def _must_be_ours(target: Path, note: Mapping[str, Any], *, force: bool) -> None:
    part = target.with_name(f"{target.name}.part")
    if part.exists() and not note and not force:
        raise Failure(f"{part} is in the way, and not of a download that was stopped here.")


class _Download:
    """One download, from wherever it stands."""

    def __init__(
        self, session: Session, content: str, size: int | None, incoming: Incoming, state: State
    ) -> None:
        self._session = session
        self._content = content
        self._size = size
        self._incoming = incoming
        self._state = state
        self._etag = ""
        self._digest: bytes | None = None

    async def run(self, note: Mapping[str, Any], *, force: bool, watch: Watch) -> Path:
        self._watch = watch
        await self._take_up(note)
        taken_up = self._incoming.size > 0
        watch.begins(self._size or 0, self._incoming.size)
        await self._fetch()
        if taken_up and not self._is_right():
            self._session.remark("What an earlier run left does not fit the rest: starting again.")
            await self._restart()
            await self._fetch()
        if not self._is_right():
            self._incoming.remove()
            self._state.forget()
            raise Damaged(
                f"What arrived from {self._content} is not what the server says it has. "
                "Nothing of it was kept: try again."
            )
        await undivided(self._incoming.keep, force=force)
        self._state.forget()
        return self._incoming.target

    def _is_right(self) -> bool:
        if self._size is not None and self._incoming.size != self._size:
            return False
        return self._digest is None or self._incoming.sha256 == self._digest

    async def _take_up(self, note: Mapping[str, Any]) -> None:
        """Go on with what an earlier run left, if it is of this very content and the server can tell."""
        if note.get("url") == self._content and note.get("etag"):
            await undivided(self._incoming.go_on)
            self._etag = note["etag"]
            self._digest = _bytes(note.get("sha256"))
        else:
            await undivided(self._incoming.start_again)

    async def _restart(self) -> None:
        lost = self._incoming.size
        await undivided(self._incoming.start_again)
        self._watch.moved(-lost)

    async def _fetch(self) -> None:
        await self._session.persist(self._attempt, gained=lambda: self._incoming.size)

    async def _attempt(self) -> None:
        """Ask for what is not there yet, and add it."""
        if self._etag and self._incoming.size == self._size:
            return
        # Encoded bytes could not be counted, and not be asked for by their place.
        headers = {"Accept-Encoding": "identity"}
        if self._incoming.size and self._etag:
            headers |= {"Range": f"bytes={self._incoming.size}-", "If-Range": self._etag}
        async with (
            self._session.moving() as alive,
            self._session.request("GET", self._content, headers=headers, ok=(200, 206, 416)) as response,
        ):
            await self._line_up(response)
            async for piece in response.content.iter_any():
                await undivided(self._incoming.write, piece)
                self._watch.moved(len(piece))
                alive()

    async def _line_up(self, response: aiohttp.ClientResponse) -> None:
        """See to it that what comes now belongs where the file ends. Raises `ClientPayloadError`, upon which
        the whole is asked for, if it cannot be."""
        if response.status == 200:
            await self._restart()
            etag = response.headers.get("ETag", "")
            self._etag = "" if etag.startswith("W/") else etag
            self._digest = _digest(response.headers.get("Repr-Digest", ""))
            await undivided(self._state.write, self._note())
            return
        place = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if response.status == 416 or place is None or int(place[1]) != self._incoming.size:
            self._etag = ""
            await self._restart()
            raise aiohttp.ClientPayloadError("the server has no more of what came before")

    def _note(self) -> dict[str, Any]:
        return {
            "url": self._content,
            "etag": self._etag,
            "sha256": None if self._digest is None else self._digest.hex(),
            "file": str(self._incoming.target),
        }


def _digest(repr_digest: str) -> bytes | None:
    """The SHA-256 in a Repr-Digest (RFC 9530), if it holds one."""
    found = _DIGEST.search(repr_digest)
    try:
        return base64.b64decode(found[1], validate=True) if found else None
    except binascii.Error:
        return None


def _bytes(text: Any) -> bytes | None:
    return bytes.fromhex(text) if isinstance(text, str) else None
