"""Objectinformatieobjecten over HTTP: relations that are made and removed at their source."""

from __future__ import annotations

from aiohttp import web

from dms.actions.relations import create_mirror, remove_mirror
from dms.api.reading import read_json
from dms.api.resources import ResourceHandlers, record_id


class MirrorHandlers(ResourceHandlers):
    """The handlers of objectinformatieobjecten."""

    async def create(self, request: web.Request) -> web.StreamResponse:
        """`POST /objectinformatieobjecten`, of a relation that is there at its source (drc-004)."""
        who = self.caller(request, self.resource.scopes.create)
        record = await create_mirror(self.dms, self.resource, await read_json(request), who)
        return await self.created(record, who)

    async def remove(self, request: web.Request) -> web.StreamResponse:
        """`DELETE`, of a relation that is gone at its source (D-71)."""
        who = self.caller(request, self.resource.scopes.remove, json=False)
        await remove_mirror(self.dms, self.resource, record_id(request), who)
        return web.Response(status=204)
