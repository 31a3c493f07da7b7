"""Small calls, one after another: what each costs the service, and how long a client waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pybase64

from benchmarks.plan import Plan, Spent, best_of, spent
from benchmarks.report import Figure, Goal
from benchmarks.servers import Server, serving
from benchmarks.wire import Request
from benchmarks.zgw import DOCUMENTS, Zgw

CONTENT = bytes(range(256)) * 40
"""10 kB."""
_PAGE = 100


def calls(plan: Plan) -> Iterator[Figure]:
    """A detail, a full page, and a create that is on stable storage when it is answered."""
    with serving(plan.home / "calls") as server:
        zgw = Zgw(server).set_up()
        creation = zgw.creation(pybase64.b64encode(CONTENT))
        plan.say("a page of documents")
        for _ in range(_PAGE + 1):
            zgw.connection.call(creation)
        listing = zgw.request("GET", DOCUMENTS)
        detail = zgw.request("GET", zgw.call("GET", DOCUMENTS)["results"][0]["url"])
        counts = {
            "detail GET": plan.calls,
            "list of 100": plan.calls // 5,
            "create with 10 kB": plan.calls // 2,
        }
        requests = dict(zip(counts, (detail, listing, creation), strict=True))
        goals = dict(zip(counts, (0.8, 5.0, 4.0), strict=True))
        best = best_of(plan, {name: _many(server, zgw, requests[name], counts[name]) for name in counts})
        for name, taken in best.items():
            yield _each(name, taken, counts[name], goals[name])


def _many(server: Server, zgw: Zgw, request: Request, times: int) -> Callable[[], Spent]:
    def send() -> None:
        for _ in range(times):
            zgw.connection.call(request)

    return lambda: spent(server.process, send)


def _each(name: str, taken: Spent, times: int, most: float) -> Figure:
    cpu = taken.cpu / times * 1000
    return Figure(
        name,
        ours=f"{taken.seconds / times * 1000:.2f} ms",
        goal=Goal(f"CPU <= {most:g} ms", at_most=most),
        judged=round(cpu, 2),
        cpu=f"{cpu:.2f} ms",
    )
