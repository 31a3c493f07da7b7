"""Documents over HTTP: content that streams in and out, locks, versions and numbers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from aiohttp import web

from dms.actions.answers import shown
from dms.actions.documents import change_document, create_document, received_nothing, throw_away
from dms.actions.fetch import fetch_version
from dms.actions.lock import lock, unlock
from dms.actions.numbering import reserve_numbers
from dms.actions.overviews import copies, history, lock_of, locked_documents, shown_lock
from dms.actions.receive import receive
from dms.actions.scanning import must_be_cleared
from dms.api.context import METRICS
from dms.api.download import send
from dms.api.json_response import json_response
from dms.api.reading import chunks, must_be_json, read_json
from dms.api.resources import (
    ResourceHandlers,
    checked_request,
    page_number,
    paged,
    record_id,
)
from dms.documenten.operations import DocumentNummerReserveren
from dms.documenten.resources.enkelvoudiginformatieobjecten import (
    LockRequest,
    UnlockEnkelvoudigInformatieObject,
)
from dms.documenten.upload.base64_text import BadBase64, Base64Text, largest_decoded
from dms.documenten.upload.json_members import LargeMember
from dms.documenten.upload.received import Received
from dms.locking.lock import token_of
from dms.model.filters import refuse_unknown
from dms.model.record import Shape
from dms.model.refusals import ParseError, invalid


class DocumentHandlers(ResourceHandlers):
    """The handlers of enkelvoudiginformatieobjecten."""

    async def create(self, request: web.Request) -> web.StreamResponse:
        """`POST /enkelvoudiginformatieobjecten`, its `inhoud` streamed to storage."""
        who = self.caller(request, self.resource.scopes.create)
        sent, came = await self._receive(request)
        record = await create_document(self.dms, self.resource, sent, came, who)
        return await self.created(record, who, lock=token_of(record["_lock"]))

    async def _change(self, request: web.Request, *, partial: bool) -> web.StreamResponse:
        who = self.caller(request, self.resource.scopes.update)
        id = record_id(request)
        sent, came = await self._receive(request)
        record = await change_document(self.dms, self.resource, id, sent, came, who, partial=partial)
        return await self.answered(record, who)

    async def _receive(self, request: web.Request) -> tuple[Mapping[str, Any], Received]:
        """The fields and the content of a request, the content stored as it came."""
        must_be_json(request)
        limits = self.dms.limits
        member = LargeMember("inhoud", limits.json_size)
        source = _Content(chunks(request, limits.request_size), member)
        async with aclosing(source.decoded()) as content:
            first = await anext(content, None)
            came = None if first is None else await self._stored(request, _rejoined(first, content))
        try:
            split = member.close()
        except ParseError:
            if came is not None:
                await throw_away(self.dms, came)
            raise
        if came is not None:
            return split.document, came
        sent = "inhoud" in split.document
        return split.document, received_nothing(split.document, member=sent)

    async def _stored(self, request: web.Request, content: AsyncIterator[bytes]) -> Received:
        length = request.content_length
        with request.app[METRICS].uploads.track_inprogress():
            return await receive(self.dms, content, None if length is None else largest_decoded(length))

    async def download(self, request: web.Request) -> web.StreamResponse:
        """`GET` and `HEAD` of the content: 200, 206, 204 when there is none (D-38, QD-6)."""
        who = self.caller(request, self.scopes_of("download"), json=False)
        version = self.asked_version(request, who).query
        record = await fetch_version(self.dms, self.resource, record_id(request), who, version=version)
        if record["_body"] is None:
            return web.Response(status=204)
        await must_be_cleared(self.dms, record["_body"])
        return await send(request, self.dms.content, record)

    async def lock(self, request: web.Request) -> web.StreamResponse:
        """`POST …/lock`, with `{}` or no body at all; beside the standard, with the reason."""
        who = self.caller(request, self.scopes_of("lock"))
        sent = await read_json(request, may_be_empty=True)
        reden = checked_request(Shape.of(LockRequest), sent)["reden"] if self.resource.extras else ""
        token = await lock(self.dms, self.resource, record_id(request), who, reden=reden)
        return json_response({"lock": token})

    async def unlock(self, request: web.Request) -> web.StreamResponse:
        """`POST …/unlock`: 204 without a body."""
        who = self.caller(request, self.scopes_of("unlock"))
        sent = await read_json(request, may_be_empty=True)
        token = checked_request(Shape.of(UnlockEnkelvoudigInformatieObject), sent)["lock"]
        await unlock(self.dms, self.resource, record_id(request), token, who)
        return web.Response(status=204)

    async def versies(self, request: web.Request) -> web.StreamResponse:
        """`GET …/{uuid}/versies`: a page of versions, the newest first."""
        who, id = self.caller(request, self.scopes_of("versies")), record_id(request)
        page = await history(self.dms, self.resource, id, who, **self._paging(request))
        return paged(request, who, page, await shown(self.dms, self.resource, page.records, who))

    async def duplicaten(self, request: web.Request) -> web.StreamResponse:
        """`GET …/{uuid}/duplicaten`: a page of documents with the same content."""
        who, id = self.caller(request, self.scopes_of("duplicaten")), record_id(request)
        page = await copies(self.dms, self.resource, id, who, **self._paging(request))
        return paged(request, who, page, await shown(self.dms, self.resource, page.records, who))

    async def vergrendeling(self, request: web.Request) -> web.StreamResponse:
        """`GET …/{uuid}/vergrendeling`: who has the document locked."""
        who = self.caller(request, self.scopes_of("vergrendeling"))
        refuse_unknown(request.query, ())
        return json_response(shown_lock(await lock_of(self.dms, self.resource, record_id(request), who), who))

    async def vergrendelingen(self, request: web.Request) -> web.StreamResponse:
        """`GET /vergrendelingen`: a page of locks, newest document first."""
        who = self.caller(request, self.scopes_of("vergrendelingen"))
        page = await locked_documents(self.dms, self.resource, who, **self._paging(request))
        return paged(request, who, page, [shown_lock(document, who) for document in page.records])

    def _paging(self, request: web.Request) -> dict[str, int]:
        refuse_unknown(request.query, {"page", "pageSize"})
        return {"page": page_number(request), "size": self.page_size(request)}

    async def reserve_numbers(self, request: web.Request) -> web.StreamResponse:
        """`POST /documentnummer_reserveren`: one number, or for more than one a list (D-100)."""
        self.caller(request, self.scopes_of("reserve_numbers"))
        asked = checked_request(Shape.of(DocumentNummerReserveren), await read_json(request))
        numbers = await reserve_numbers(self.dms, self.resource, asked["bronorganisatie"], asked["aantal"])
        answers = [{"identificatie": number} for number in numbers]
        return json_response(answers[0] if asked["aantal"] == 1 else answers, status=201)


class _Content:
    """The content within a JSON request: decoded while it comes, the rest gathered by the splitter."""

    def __init__(self, source: AsyncIterator[bytes], member: LargeMember) -> None:
        self._source = source
        self._member = member

    async def decoded(self) -> AsyncGenerator[bytes, None]:
        """The bytes of `inhoud`; at least one, perhaps empty, piece when the member was there as text."""
        text, yielded = Base64Text(), False
        try:
            async for chunk in self._source:
                piece = self._member.feed(chunk)
                if piece or (self._member.found and not yielded):
                    yielded = True
                    yield text.feed(piece)
            text.close()
        except BadBase64 as error:
            raise invalid(error.code, error.reason, "inhoud") from None


async def _rejoined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
