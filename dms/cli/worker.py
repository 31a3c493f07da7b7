"""The service in one process, alone or as one of several that share a port."""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from dms import logs
from dms.actions.rounds import Collecting, collect_in_turn
from dms.actions.scanning import keep_scanning
from dms.api.application import application
from dms.api.operations import STOPPING
from dms.api.serving import serve
from dms.autorisaties.tokens import Tokens
from dms.cli.whole import whole
from dms.demo import demo_lists, demo_types
from dms.settings import Settings
from dms.storage.scanning.port import Scanner
from dms.wiring import Wired

log = structlog.get_logger(part="dms.worker")
Started = Callable[[str, Wired, list[str]], None]


@dataclass(frozen=True, slots=True)
class Sharing:
    """What the processes of one service have in common: the port, and a folder for their figures."""

    port: int
    figures: Path


def run(settings: Settings, *, demo: bool, started: Started, sharing: Sharing | None = None) -> None:
    """Serve until stopped. `started` is told the address, and the demo's types, once it listens."""
    logs.set_up(form=settings.log_format, level=settings.log_level)
    # The store's threads need the interpreter now and then; at the default of 5 ms a busy event loop
    # would make each of their steps wait that long.
    sys.setswitchinterval(0.001)
    asyncio.run(_serve(settings, demo=demo, started=started, sharing=sharing))


async def _serve(settings: Settings, *, demo: bool, started: Started, sharing: Sharing | None) -> None:
    async with whole(settings) as service:
        tokens = Tokens(service.applications, expiry=settings.jwt_expiry, leeway=settings.jwt_leeway)
        figures = sharing.figures if sharing else None
        app = application(service.dms, tokens, public_url=settings.public_url, shared_figures=figures)
        assert service.client.application is not None
        types = await demo_types(service.dms, service.client.application) if demo else []
        if demo:
            await demo_lists(service.dms)
        _stop_with_parent(app[STOPPING])
        async with _running(_rounds(service, settings)):
            await serve(
                app,
                settings.host,
                sharing.port if sharing else settings.port,
                stop_time=settings.stop_time,
                started=lambda address: started(address, service, types),
                shared_port=sharing is not None,
            )


def _stop_with_parent(stop: asyncio.Event) -> None:
    """A worker whose supervisor is gone stops: nobody would start it again, or stop it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        asyncio.get_running_loop().add_reader(parent.sentinel, stop.set)


def _rounds(service: Wired, settings: Settings) -> list[Coroutine[Any, Any, None]]:
    """What goes on beside the requests."""
    rounds: list[Coroutine[Any, Any, None]] = []
    if settings.collect_every > 0:
        when = Collecting(
            every=timedelta(seconds=settings.collect_every),
            orphan_age=timedelta(seconds=settings.orphan_age),
            upload_age=timedelta(seconds=settings.upload_age),
        )
        rounds.append(collect_in_turn(service.dms, when))
    if service.dms.scanning is not None:
        rounds += [keep_scanning(service.dms), _tell_of_scanners(service.dms.scanning.scanner)]
    return rounds


async def _tell_of_scanners(scanner: Scanner) -> None:
    """Put them to the test, and tell the operator what came of it."""
    for sentence in await scanner.advice():
        log.warning("scanner", advice=sentence)


@asynccontextmanager
async def _running(rounds: list[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each) for each in rounds]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
