"""The HTTP application: routes read from the resources, and what stands around them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from aiohttp import web

from dms.actions.service import Dms
from dms.api import openapi, scans
from dms.api.context import DMS, METRICS, PUBLIC_URL, TOKENS
from dms.api.documents import DocumentHandlers
from dms.api.metrics import Metrics
from dms.api.middleware import Handler, observed, stamp
from dms.api.mirrors import MirrorHandlers
from dms.api.operations import ROUTES, STOPPING
from dms.api.pages.routes import routes as pages
from dms.api.parts import PartHandlers
from dms.api.resources import ResourceHandlers
from dms.autorisaties.tokens import Tokens
from dms.documenten.rights import DOCUMENT
from dms.documenten.upload.parts import PARTS
from dms.model.links import root
from dms.model.resource import Api, Resource

HANDLERS: dict[str, type[ResourceHandlers]] = {
    DOCUMENT: DocumentHandlers,
    PARTS: PartHandlers,
    "objectinformatieobjecten": MirrorHandlers,
}
"""Resources whose operations go beyond the usual ones."""


def application(
    dms: Dms, tokens: Tokens, *, public_url: str = "", shared_figures: Path | None = None
) -> web.Application:
    """The service as an aiohttp application; the stores are opened and closed by whoever calls."""
    app = web.Application(middlewares=[observed], client_max_size=dms.limits.json_size)
    app[DMS], app[TOKENS], app[METRICS], app[PUBLIC_URL] = dms, tokens, Metrics(shared_figures), public_url
    app[STOPPING] = asyncio.Event()
    app.on_response_prepare.append(stamp)
    app.add_routes([*ROUTES, *scans.ROUTES, *pages(dms.apis)])
    for api in dms.apis:
        app.add_routes(openapi.routes(api))
        for resource in api.resources:
            app.add_routes(list(routes(dms, api, resource)))
    return app


def routes(dms: Dms, api: Api, resource: Resource) -> Iterable[web.RouteDef]:
    """The routes of a resource, from its verbs, operations and audit trail. A GET brings its HEAD (G-87)."""
    handlers = HANDLERS.get(resource.name, ResourceHandlers)(dms, resource)
    all_of_them = f"{root(api.name)}/{resource.path}"
    one = all_of_them + "/{uuid}"
    usual: dict[str, tuple[str, str, Handler]] = {
        "list": ("GET", all_of_them, handlers.list),
        "create": ("POST", all_of_them, handlers.create),
        "fetch": ("GET", one, handlers.fetch),
        "update": ("PUT", one, handlers.update),
        "patch": ("PATCH", one, handlers.patch),
        "remove": ("DELETE", one, handlers.remove),
    }
    # Before the rest, as `_zoek` could be taken for an id.
    if resource.criteria is not None:
        yield web.route("POST", f"{all_of_them}/_zoek", handlers.zoek)
    for verb, (method, path, handler) in usual.items():
        if verb in resource.verbs:
            yield web.route(method, path, handler)
    paths = {"record": one, "resource": all_of_them, "api": root(api.name)}
    for operation in resource.operations:
        suffix = f"/{operation.suffix}" if operation.suffix else ""
        yield web.route(operation.method, paths[operation.of] + suffix, getattr(handlers, operation.name))
    if resource.has_trail:
        yield web.route("GET", f"{one}/audittrail", handlers.audit_trail)
        yield web.route("GET", f"{one}/audittrail/{{line}}", handlers.audit_line)
