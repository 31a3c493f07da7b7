"""Event loop lag, seen from outside: how long a trifle takes while something large is under way."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe

from benchmarks.servers import PING, Server
from benchmarks.wire import Connection, Request

INTERVAL = 0.010


@dataclass
class Lag:
    """How long each answer took, in seconds."""

    waits: list[float] = field(default_factory=list)

    @property
    def worst(self) -> float:
        """The longest."""
        return max(self.waits, default=0.0)

    @property
    def usual_worst(self) -> float:
        """The 99th percentile."""
        return sorted(self.waits)[int(0.99 * (len(self.waits) - 1))] if self.waits else 0.0


@contextmanager
def watching(server: Server, lag: Lag) -> Iterator[None]:
    """Ask the server, from a process of its own and 10 ms after each answer, until the context is left."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    prober = spawning.Process(target=_probe, args=(server.port, theirs), daemon=True)
    prober.start()
    ours.recv()
    try:
        yield
    finally:
        ours.send(None)
        lag.waits += ours.recv()
        prober.join()


def _probe(port: int, pipe: Pipe) -> None:
    connection, request = Connection(port), Request.of("GET", PING)
    connection.call(request)
    pipe.send(None)
    waits: list[float] = []
    while not pipe.poll(INTERVAL):
        began = time.perf_counter()
        connection.call(request)
        waits.append(time.perf_counter() - began)
    pipe.send(waits)
