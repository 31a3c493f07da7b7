"""The service and its collector as processes that can be killed, each up in a tenth of a second."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from dms import logs
from dms.actions.collect import collect
from dms.actions.rounds import Collecting, collect_in_turn
from dms.actions.service import Content
from dms.api.application import application
from dms.api.serving import serve
from dms.autorisaties.tokens import Tokens
from dms.settings import Settings
from dms.storage.metadata.port import MetadataStore
from dms.wiring import APIS, CONTENT_STORES, METADATA_STORES, Wired, collections, wired
from tests.crash.killing import Fuse, KillingContent, KillingMetadata

PATIENCE_SECONDS = 30.0
AT_ONCE = timedelta(0)
NO_FUSE = ("", 0)


class Processes:
    """Starts processes from one that has imported everything and runs nothing."""

    def __init__(self) -> None:
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload([__name__])

    async def service(self, settings: Settings, fuse: tuple[str, int] = NO_FUSE) -> Running:
        """The service on these settings, which dies at a point. Returns when it listens."""
        receiving, sending = self._context.Pipe(duplex=False)
        process = self._context.Process(target=run_service, args=(settings, fuse, sending), daemon=True)
        process.start()
        sending.close()
        with receiving:
            origin = await asyncio.to_thread(receiving.recv)
        return Running(process, origin)

    async def collector(self, settings: Settings, fuse: tuple[str, int]) -> Running:
        """One round of the collector, for which everything is old enough."""
        process = self._context.Process(target=run_collector, args=(settings, fuse), daemon=True)
        process.start()
        return Running(process, "")


class Running:
    """A process of ours; `origin` is where it listens."""

    def __init__(self, process: ForkServerProcess, origin: str) -> None:
        self._process = process
        self.origin = origin

    def kill(self) -> None:
        """End it here and now."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGKILL)

    async def died(self) -> int:
        """Wait for its end, and return the signal that ended it; 0 if it ended by itself.

        All in the thread that starts processes: starting one also asks how the others are, and of two
        threads that ask at the same time, one would be told nonsense.
        """
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        code = self._process.exitcode or 0
        self._process.close()
        return -code


def run_service(settings: Settings, fuse: tuple[str, int], address: Connection) -> None:
    """The body of the process that serves."""
    logs.set_up(form="text", level="error")
    burning = Fuse(*fuse)
    asyncio.run(_serving(_with_fuse(settings, burning), burning, address.send))


def run_collector(settings: Settings, fuse: tuple[str, int]) -> None:
    """The body of the process that collects."""
    logs.set_up(form="text", level="error")
    burning = Fuse(*fuse)
    burning.light()
    asyncio.run(_collecting(_with_fuse(settings, burning)))


async def _serving(settings: Settings, fuse: Fuse, tell: Callable[[str], Any]) -> None:
    def started(origin: str) -> None:
        tell(origin)
        fuse.light()

    async with wired(settings) as service:
        tokens = Tokens(service.applications, expiry=settings.jwt_expiry, leeway=settings.jwt_leeway)
        collecting = asyncio.create_task(_collect_often(service, settings))
        try:
            app = application(service.dms, tokens)
            await serve(app, settings.host, settings.port, stop_time=1, started=started)
        finally:
            collecting.cancel()


async def _collect_often(service: Wired, settings: Settings) -> None:
    when = Collecting(
        every=timedelta(seconds=settings.collect_every),
        orphan_age=timedelta(seconds=settings.orphan_age),
        upload_age=timedelta(seconds=settings.upload_age),
    )
    await collect_in_turn(service.dms, when)


async def _collecting(settings: Settings) -> None:
    async with wired(settings) as service:
        await collect(service.dms, orphan_age=AT_ONCE, upload_age=AT_ONCE, everything=True)


def _with_fuse(settings: Settings, fuse: Fuse) -> Settings:
    """Settings that name stores in which the fuse burns, known in this process only."""

    async def metadata(url: str, settings: Settings) -> MetadataStore:
        return KillingMetadata.open(settings.data_dir / "metadata.db", collections(APIS), fuse)

    async def content(url: str, settings: Settings) -> Content:
        return KillingContent.open(settings.data_dir / "content", fuse)

    METADATA_STORES["killing"] = metadata
    CONTENT_STORES["killing"] = content
    return replace(settings, metadata_url="killing:", content_url="killing:")
