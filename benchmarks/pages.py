"""A page of a list, of a small table and a large one: it should cost the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.filling import fill
from benchmarks.plan import Plan, Spent, best_of, spent
from benchmarks.report import Figure, Goal
from benchmarks.servers import Server, serving
from benchmarks.zgw import DOCUMENTS, Zgw

_FEW = 1_000
_RATIO = Goal("ratio <= 1.2", at_most=1.2)


def pages(plan: Plan) -> Iterator[Figure]:
    """The first page, 100 rows; the two services take turns."""
    few, many = plan.home / "few", plan.home / "many"
    fill(few, _FEW, plan.say)
    fill(many, plan.documents, plan.say)
    with serving(few) as small, serving(many) as large:
        times = plan.calls // 5
        acts = {
            f"page of {_FEW:,}": _listing(small, times),
            f"page of {plan.documents:,}": _listing(large, times),
        }
        least, most = best_of(plan, acts).values()
    name = f"page of {plan.documents:,} rows, {{}}"
    yield _compared(name.format("time"), most.seconds, least.seconds, times)
    yield _compared(name.format("CPU"), most.cpu, least.cpu, times)


def _listing(server: Server, times: int) -> Callable[[], Spent]:
    zgw = Zgw(server)
    request = zgw.request("GET", DOCUMENTS)

    def send() -> None:
        for _ in range(times):
            zgw.connection.call(request)

    send()
    return lambda: spent(server.process, send)


def _compared(name: str, most: float, least: float, times: int) -> Figure:
    ratio = most / least
    return Figure(
        name,
        ours=f"{most / times * 1000:.2f} ms",
        baseline=f"{_FEW:,} rows {least / times * 1000:.2f} ms",
        ratio=ratio,
        goal=_RATIO,
        judged=ratio,
    )
