"""Small documents, many at once: how many a second the service takes in, each on stable storage."""

from __future__ import annotations

import selectors
from collections.abc import Iterator

import pybase64

from benchmarks.calls import CONTENT
from benchmarks.plan import Plan, Spent, best_of, spent
from benchmarks.report import Figure
from benchmarks.servers import Server, serving
from benchmarks.wire import Connection, Request
from benchmarks.zgw import Zgw

_IN_FLIGHT = 16


def ingest(plan: Plan) -> Iterator[Figure]:
    """Creates with 10 kB of content, sixteen under way at any time."""
    with serving(plan.home / "ingest") as server:
        creation = Zgw(server).set_up().creation(pybase64.b64encode(CONTENT))
        connections = [Connection(server.port) for _ in range(_IN_FLIGHT)]

        def act() -> Spent:
            return spent(server.process, lambda: _send_all(connections, creation, plan.ingested))

        [best] = best_of(plan, {"ingest": act}).values()
        memory = _memory(server)
    yield Figure(
        f"ingest of 10 kB, {_IN_FLIGHT} in flight",
        ours=f"{plan.ingested / best.seconds:,.0f} documents/s",
        cpu=f"{best.cpu / plan.ingested * 1000:.2f} ms",
        memory=memory,
    )


def _memory(server: Server) -> str:
    return f"{server.process.peak() / 2**20:.0f} MiB"


def _send_all(connections: list[Connection], request: Request, times: int) -> None:
    """Each connection sends the next one when it has its answer."""
    left = times - len(connections)
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
            connection.send(request)
        while selector.get_map():
            for key, _ in selector.select():
                connection = key.fileobj  # type: ignore[assignment]
                connection.receive()
                if left > 0:
                    left -= 1
                    connection.send(request)
                else:
                    selector.unregister(connection)
