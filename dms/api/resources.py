"""The usual operations of any resource over HTTP: list, create, fetch, update, patch, remove, audit trail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from dms.actions import audit
from dms.actions.answers import shown
from dms.actions.change import change, publish
from dms.actions.create import create
from dms.actions.expansion import expansion
from dms.actions.fetch import fetch_version
from dms.actions.readable import must_hold
from dms.actions.remove import remove
from dms.actions.search import Page, query_asked, search
from dms.actions.service import Dms
from dms.api.authentication import caller, origin
from dms.api.json_response import json_response, tagged_response
from dms.api.reading import must_accept_json, read_json
from dms.autorisaties.caller import Caller
from dms.model.filters import Asked, asked, refuse_unknown
from dms.model.links import UUID
from dms.model.query import NEWEST_FIRST
from dms.model.record import Shape
from dms.model.refusals import NotFound, invalid
from dms.model.resource import ANYONE, LARGEST_PAGE, AnyOf, Resource
from dms.storage.metadata.port import Record

_UUID = re.compile(UUID)


class ResourceHandlers:
    """The handlers of one resource."""

    def __init__(self, dms: Dms, resource: Resource) -> None:
        self.dms = dms
        self.resource = resource

    async def list(self, request: web.Request) -> web.StreamResponse:
        """`GET /resource`: a page (G-60), or all as a plain array (G-61)."""
        who = self.caller(request, self.resource.scopes.read)
        known = {parameter.name for parameter in self.resource.filters}
        known |= {"expand"} if self.resource.expands else set()
        refuse_unknown(request.query, known | self.paging)
        given = asked(self.resource.filters, request.query, who.origin)
        return await self.answer_page(request, who, given, expand=request.query.get("expand"))

    async def zoek(self, request: web.Request) -> web.StreamResponse:
        """`POST /resource/_zoek`: the same page, for criteria in a body (G-80, G-82). They are the filters of
        the list, and a few more; `expand` may come along as a text, as a list, or as a parameter (QG-5)."""
        who = self.caller(request, self.resource.scopes.read)
        refuse_unknown(request.query, {"expand"} | self.paging)
        sent = await read_json(request)
        known = (*self.resource.filters, *(self.resource.criteria or ()))
        given = {found.name: sent[found.name] for found in known if sent.get(found.name) is not None}
        if not given:
            raise invalid("empty_search_body", "Noem ten minste een criterium om op te zoeken.")
        criteria = asked(known, given, who.origin)
        return await self.answer_page(request, who, criteria, expand=_paths(sent, request))

    @property
    def paging(self) -> set[str]:
        """The parameters by which a page is chosen."""
        known = {"page"} if self.resource.paginated else set()
        known |= {"pageSize"} if self.resource.paginated and self.resource.extras else set()
        return known | ({"ordering"} if self.resource.ordering else set())

    async def answer_page(
        self, request: web.Request, who: Caller, given: Asked, *, expand: str | None
    ) -> web.StreamResponse:
        """The answer of a list: what is asked for, as far as the caller may read it."""
        tree = expansion(self.dms, self.resource, expand)
        order = self.resource.ordering and request.query.get("ordering")
        page = await search(
            self.dms,
            self.resource,
            await query_asked(self.dms, given, who),
            who,
            page=page_number(request),
            size=self.page_size(request) if self.resource.paginated else self.dms.limits.longest_list,
            order=self.resource.ordering.read(order) if self.resource.ordering and order else NEWEST_FIRST,
        )
        if not self.resource.paginated and page.has_next:
            reason = (
                f"Dit zijn er {page.total}, meer dan in een lijst passen: beperk de vraag met een filter."
            )
            raise invalid("too-many-results", reason)
        answers = await shown(self.dms, self.resource, page.records, who, expand=tree, day=given.day)
        return paged(request, who, page, answers) if self.resource.paginated else json_response(answers)

    async def create(self, request: web.Request) -> web.StreamResponse:
        """`POST /resource`."""
        who = self.caller(request, self.resource.scopes.create)
        record = await create(self.dms, self.resource, await read_json(request), who, {})
        return await self.created(record, who)

    async def created(self, record: Record, who: Caller, **extra: Any) -> web.StreamResponse:
        """G-18: 201, with the URL of what was made."""
        [answer] = await shown(self.dms, self.resource, [record], who, shape=self.resource.created)
        answer.update(extra)
        return json_response(answer, status=201, location=answer["url"])

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """`GET` and `HEAD` of a record, with its ETag."""
        who = self.caller(request, self.resource.scopes.read)
        expandable = {"expand"} if self.resource.expands else set()
        refuse_unknown(request.query, {p.name for p in self.resource.reading} | expandable)
        expand = expansion(self.dms, self.resource, request.query.get("expand"))
        given = self.asked_version(request, who)
        record = await fetch_version(self.dms, self.resource, record_id(request), who, version=given.query)
        [answer] = await shown(self.dms, self.resource, [record], who, expand=expand, day=given.day)
        return tagged_response(request, answer)

    def asked_version(self, request: web.Request, who: Caller) -> Asked:
        """What the reading parameters ask for, EVERYTHING when there are none."""
        return asked(self.resource.reading, request.query, who.origin)

    async def update(self, request: web.Request) -> web.StreamResponse:
        """`PUT` of a record."""
        return await self._change(request, partial=False)

    async def patch(self, request: web.Request) -> web.StreamResponse:
        """`PATCH` of a record."""
        return await self._change(request, partial=True)

    async def _change(self, request: web.Request, *, partial: bool) -> web.StreamResponse:
        who = self.caller(request, self.resource.scopes.update)
        id, sent = record_id(request), await read_json(request)
        record = await change(self.dms, self.resource, id, sent, who, facts={}, partial=partial)
        return await self.answered(record, who)

    async def answered(self, record: Record, who: Caller) -> web.StreamResponse:
        """200, with the record."""
        [answer] = await shown(self.dms, self.resource, [record], who)
        return json_response(answer)

    async def remove(self, request: web.Request) -> web.StreamResponse:
        """`DELETE` of a record: 204 without a body."""
        who = self.caller(request, self.resource.scopes.remove, json=False)
        await remove(self.dms, self.resource, record_id(request), who)
        return web.Response(status=204)

    async def publish(self, request: web.Request) -> web.StreamResponse:
        """`POST …/publish`, with a body or without."""
        who = self.caller(request, self.scopes_of("publish"))
        id = record_id(request)
        await read_json(request, may_be_empty=True)
        return await self.answered(await publish(self.dms, self.resource, id, who), who)

    async def audit_trail(self, request: web.Request) -> web.StreamResponse:
        """`GET …/audittrail`: a plain array, oldest first (G-61, G-62)."""
        who = self.caller(request, audit.SCOPE)
        refuse_unknown(request.query, ())
        return json_response(await audit.trail(self.dms, self.resource, record_id(request), who))

    async def audit_line(self, request: web.Request) -> web.StreamResponse:
        """`GET …/audittrail/{uuid}`."""
        who = self.caller(request, audit.SCOPE)
        refuse_unknown(request.query, ())
        line_id = record_id(request, "line")
        return json_response(await audit.line(self.dms, self.resource, record_id(request), line_id, who))

    def page_size(self, request: web.Request) -> int:
        """G-60: `pageSize`, as far as a page may hold; where it is not given, the usual number of records."""
        text = request.query.get("pageSize")
        if text is None:
            return min(self.dms.limits.page_size, LARGEST_PAGE)
        if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
            raise invalid("invalid", "Gebruik een getal vanaf 1.", "pageSize")
        return min(int(text), LARGEST_PAGE)

    def scopes_of(self, operation: str) -> AnyOf:
        """The scopes that an operation of the resource asks for."""
        return self.resource.operation(operation).scopes

    def caller(self, request: web.Request, scopes: AnyOf, *, json: bool = True) -> Caller:
        """G-33: who asks, refused before the body is read if none of the scopes is held at all. What is open
        to anyone asks for no token, and looks at none (G-45)."""
        who = Caller.unknown(origin(request)) if scopes == ANYONE else caller(request)
        must_hold(self.resource, who, scopes)
        if json:
            must_accept_json(request)
        return who


def record_id(request: web.Request, name: str = "uuid") -> str:
    """G-06: the id in the path; what is no UUID is not found."""
    id = request.match_info[name].lower()
    if not _UUID.fullmatch(id):
        raise NotFound
    return id


def page_number(request: web.Request) -> int:
    """G-60: `page`, from 1."""
    text = request.query.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise NotFound("Deze pagina bestaat niet.")
    return int(text)


def paged(request: web.Request, who: Caller, page: Page, answers: Sequence[Any]) -> web.StreamResponse:
    """G-60: a page, with the URLs of the ones before and after it."""

    def url(number: int) -> str:
        return who.origin + str(request.rel_url.update_query(page=str(number)))

    return json_response(
        {
            "count": page.total,
            "next": url(page.number + 1) if page.has_next else None,
            "previous": url(page.number - 1) if page.number > 1 else None,
            "results": answers,
        }
    )


def _paths(sent: Mapping[str, Any], request: web.Request) -> str | None:
    given = sent.get("expand")
    if given is None:
        return request.query.get("expand")
    paths = given if isinstance(given, list) else [given]
    if not all(isinstance(path, str) for path in paths):
        raise invalid("invalid", "Noem paden, als tekst met komma's of als lijst.", "expand")
    return ",".join(paths)


def checked_request(shape: Shape, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an operation's request, all problems at once."""
    return shape.check(sent).all
