"""The baseline where there is no nginx: aiohttp that copies a body to a file and sends a file, no more."""

from __future__ import annotations

import sys
from pathlib import Path

from aiohttp import web

from benchmarks.servers import PING


async def put(request: web.Request) -> web.Response:
    """Keep the body, without a hash or a look at it."""
    with _path(request).open("wb") as file:
        while chunk := await request.content.readany():
            file.write(chunk)
    return web.Response(status=201)


async def get(request: web.Request) -> web.StreamResponse:
    """Send the file by the kernel."""
    return web.FileResponse(_path(request))


async def ping(request: web.Request) -> web.Response:
    """Answer."""
    return web.json_response({"status": "ok"})


def _path(request: web.Request) -> Path:
    return Path(sys.argv[1]) / request.match_info["name"]


def main() -> None:
    """Serve the directory that is the first argument at the port that is the second."""
    app = web.Application()
    app.add_routes([web.get(PING, ping), web.put("/{name}", put), web.get("/{name}", get)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), print=None, access_log=None)


if __name__ == "__main__":
    main()
