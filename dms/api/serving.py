"""Serve until told to stop, and stop gracefully: no new requests, those under way get their time."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import structlog
from aiohttp import web

from dms.api.operations import STOPPING

log = structlog.get_logger(part="dms.serving")
READ_BUFFER = 512 * 2**10
"""Bytes read ahead of a handler: enough to keep the disk busy, little enough for many uploads at once."""
_FREED_AND_KEPT = 16 * 2**20


async def serve(
    app: web.Application,
    host: str,
    port: int,
    *,
    stop_time: float,
    started: Callable[[str], None],
    shared_port: bool = False,
) -> None:
    """Listen, tell `started` the address, and return after SIGTERM or SIGINT. A `shared_port` is one on which
    other processes listen as well; the kernel deals connections out."""
    _keep_freed_memory()
    runner = web.AppRunner(
        app, access_log=None, read_bufsize=READ_BUFFER, shutdown_timeout=stop_time, keepalive_timeout=75
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024, reuse_port=shared_port)
        await site.start()
        bound = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        stop = app[STOPPING]
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        started(f"http://{f'[{host}]' if ':' in host else host}:{bound}")
        await stop.wait()
        log.info("stopping", seconds=stop_time)
    finally:
        await runner.cleanup()


def _keep_freed_memory() -> None:
    """Let glibc keep what one piece of an upload frees for the next, which else comes from the kernel page by
    page. It keeps as much as the largest block that was ever freed; this one is never touched."""
    bytes(_FREED_AND_KEPT)
