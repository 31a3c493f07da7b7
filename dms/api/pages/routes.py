"""Where the pages are (G-45: open to all): `/`, the root of each API, `/ref/fouten/`; and their files."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Sequence

import orjson
from aiohttp import web

from dms.api import openapi
from dms.api.json_response import JSON
from dms.api.middleware import Handler
from dms.api.pages.reference import reference
from dms.api.pages.rendering import Content, Templates, assets
from dms.api.reading import JSON_TYPES, accepted_types
from dms.model import refusals
from dms.model.links import root
from dms.model.refusals import NotAcceptable, NotFound, Refusal
from dms.model.resource import Api

KINDS: dict[str, type[Refusal]] = {
    name: kind for name, kind in inspect.getmembers(refusals, inspect.isclass) if issubclass(kind, Refusal)
}
"""Every class of error that has a page (G-30), by its name."""

_HTML = {"text/html", "application/xhtml+xml"}
_ANYTHING = {"", "*/*", "text/*"}


def routes(apis: Sequence[Api]) -> Iterable[web.RouteDef]:
    """The pages of these APIs. A GET brings its HEAD (G-87)."""
    pages = Pages(apis)
    yield web.get("/", pages.index)
    yield web.get("/ref/fouten/", pages.errors)
    yield web.get("/ref/fouten/{name}/", pages.error)
    yield web.get("/ref/pagina/{name}", pages.asset)
    for api in apis:
        yield web.get(root(api.name), _to_the_folder)
        yield web.get(f"{root(api.name)}/", pages.of(api))


class Pages:
    """Each page is made when it is first asked for, beside the event loop, and kept: it is the same for
    everyone. A name that a client made up is not found before anything is made or kept for it."""

    def __init__(self, apis: Sequence[Api]) -> None:
        self._apis = apis
        self._assets = assets()
        self._templates = Templates(self._assets)
        self._made: dict[tuple[str, str], Content] = {}

    async def index(self, request: web.Request) -> web.StreamResponse:
        """`GET /`: what is served here."""
        page = await self._kept("page", "index", self._index)
        return page.answer(request)

    async def errors(self, request: web.Request) -> web.StreamResponse:
        """`GET /ref/fouten/`: every class of error."""
        page = await self._kept("page", "errors", self._errors)
        return page.answer(request)

    async def error(self, request: web.Request) -> web.StreamResponse:
        """`GET /ref/fouten/{class}/`: what the `type` of a problem refers to (G-30)."""
        kind = KINDS.get(request.match_info["name"])
        if kind is None:
            raise NotFound
        page = await self._kept("error", kind.__name__, lambda: self._error(kind))
        return page.answer(request)

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """`GET /ref/pagina/{name}`: a file that the pages refer to."""
        found = self._assets.get(request.match_info["name"])
        if found is None:
            raise NotFound
        return found.answer(request)

    def of(self, api: Api) -> Handler:
        """`GET` at the root of an API: its document, to read for people and as JSON for programs (G-02)."""

        async def document(request: web.Request) -> web.StreamResponse:
            if _wants_json(request):
                content = await self._kept("json", api.name, lambda: _as_json(api))
            else:
                content = await self._kept("api", api.name, lambda: self._reference(api))
            response = content.answer(request)
            response.headers["Vary"] = "Accept"
            return response

        return document

    def _index(self) -> Content:
        apis = [(api, f"{root(api.name)[1:]}/") for api in self._apis]
        return self._templates.page("index.html", depth=0, apis=apis)

    def _errors(self) -> Content:
        kinds = sorted(KINDS.values(), key=lambda kind: (kind.status, kind.__name__))
        return self._templates.page("errors.html", depth=2, kinds=kinds)

    def _error(self, kind: type[Refusal]) -> Content:
        code = vars(kind).get("code", "")
        return self._templates.page("error.html", depth=3, kind=kind, code=code)

    def _reference(self, api: Api) -> Content:
        shown = reference(openapi.document(api))
        return self._templates.page("reference.html", depth=3, reference=shown)

    async def _kept(self, sort: str, name: str, make: Callable[[], Content]) -> Content:
        found = self._made.get((sort, name))
        if found is None:
            found = self._made[sort, name] = await asyncio.to_thread(make)
        return found


def _as_json(api: Api) -> Content:
    return Content(orjson.dumps(openapi.document(api)), JSON)


async def _to_the_folder(request: web.Request) -> web.StreamResponse:
    """To the same URL with a slash, from where the links of the page lead; relative, for any proxy."""
    return web.Response(status=308, headers={"Location": f"{request.path.rpartition('/')[2]}/"})


def _wants_json(request: web.Request) -> bool:
    """Who names neither gets the page. Raises `NotAcceptable` when neither will do."""
    types = accepted_types(request)
    if not types.isdisjoint(_HTML):
        return False
    if not types.isdisjoint({"application/*", *JSON_TYPES}):
        return True
    if types.isdisjoint(_ANYTHING):
        raise NotAcceptable("Vraag om text/html of application/json.")
    return False
