"""Bestandsdelen over HTTP: a form of which the file streams to its place while the rest is still to come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

from aiohttp import web

from dms.actions.upload import PartSource, upload_part
from dms.api.context import METRICS
from dms.api.json_response import json_response
from dms.api.reading import chunks
from dms.api.resources import ResourceHandlers, record_id
from dms.documenten.resources.bestandsdelen import shown_in_document
from dms.documenten.upload.part_form import PartForm
from dms.model.links import absolute
from dms.model.refusals import ParseError, UnsupportedMediaType, invalid


class PartHandlers(ResourceHandlers):
    """The handlers of bestandsdelen."""

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """`PUT /bestandsdelen/{uuid}` as a form with `inhoud` and `lock`, in any order (D-47)."""
        who = self.caller(request, self.scopes_of("upload"))
        with request.app[METRICS].uploads.track_inprogress():
            form = _form(request, self.dms.limits.request_size, self.dms.limits.json_size)
            part, document = await upload_part(self.dms, self.resource, record_id(request), form, who)
        answer = {**shown_in_document(part, document), "inhoud": ""}
        answer["url"] = absolute(answer["url"], who.origin)
        return json_response(answer)


def _form(request: web.Request, limit: int, small: int) -> PartSource:
    if request.content_type == "multipart/form-data":
        return _Form(request, limit)
    if request.content_type == "application/x-www-form-urlencoded":
        return _UrlEncoded(request, small)
    raise UnsupportedMediaType("Stuur het bestandsdeel als multipart/form-data.")


class _Form:
    """A multipart form as it comes in."""

    def __init__(self, request: web.Request, limit: int) -> None:
        self._chunks = chunks(request, limit)
        self._form = PartForm(request.headers["Content-Type"])

    async def content(self) -> AsyncIterator[bytes]:
        """The bytes of the file."""
        async for chunk in self._chunks:
            for piece in self._form.feed(chunk):
                yield piece
            if self._form.inhoud_is_text:
                raise invalid("invalid", "Stuur de inhoud als bestand, met een bestandsnaam.", "inhoud")
        self._form.close()

    @property
    def lock(self) -> str | None:
        """The lock, once it has come."""
        return self._form.lock

    @property
    def has_file(self) -> bool:
        """Whether there was a file."""
        return self._form.has_file


class _UrlEncoded:
    """A form that can hold no file: only its lock counts."""

    has_file = False

    def __init__(self, request: web.Request, limit: int) -> None:
        self._request = request
        self._limit = limit
        self.lock: str | None = None

    async def content(self) -> AsyncIterator[bytes]:
        """No bytes."""
        if (self._request.content_length or 0) > self._limit:
            raise UnsupportedMediaType("Stuur het bestandsdeel als multipart/form-data.")
        text = b"".join([chunk async for chunk in chunks(self._request, self._limit)])
        try:
            form = dict(parse_qsl(text.decode(), keep_blank_values=True))
        except UnicodeDecodeError:
            raise ParseError("Het formulier is geen UTF-8.") from None
        if "inhoud" in form:
            raise invalid("invalid", "Stuur het bestandsdeel als multipart/form-data.", "inhoud")
        self.lock = form.get("lock")
        return
        yield b""
