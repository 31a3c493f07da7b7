"""The documents of a zaak with their types in one call, out of a large table: what it costs by its size.

Time is given as the 95th of 100 calls, as that is what a case worker waits for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import quote

from benchmarks.filling import fill
from benchmarks.plan import Plan
from benchmarks.report import Figure, Goal
from benchmarks.servers import Server, serving
from benchmarks.zgw import DOCUMENTS, Zgw

SIZES = (1, 100, 500)
_ASKED = f"{DOCUMENTS}?expand=informatieobjecttype&objectinformatieobjecten_object={{}}&pageSize={{}}"
_FLAT = Goal("ratio <= 1.3", at_most=1.3)


def dossiers(plan: Plan) -> Iterator[Figure]:
    """A page of one document of each dossier, which should cost the same; and each dossier as a whole."""
    home = plan.home / "dossiers"
    fill(home, plan.documents, plan.say, dossiers={_zaak(size): size for size in SIZES})
    with serving(home) as server:
        small, *_, large = [_p95(plan, server, size, page=1) for size in SIZES]
        ratio = large / small
        yield Figure(
            f"one of {SIZES[-1]} documents, p95",
            ours=f"{large * 1000:.2f} ms",
            baseline=f"one of {SIZES[0]} {small * 1000:.2f} ms",
            ratio=ratio,
            goal=_FLAT,
            judged=ratio,
        )
        alone = _p95(plan, server, SIZES[0], page=500)
        for size in SIZES[1:]:
            whole = _p95(plan, server, size, page=500)
            yield Figure(
                f"all {size} documents, p95",
                ours=f"{whole * 1000:.2f} ms",
                baseline=f"dossier of one {alone * 1000:.2f} ms",
                ratio=whole / alone,
                cpu=f"{(whole - alone) / (size - 1) * 1e6:.0f} µs a document",
            )


def _zaak(size: int) -> str:
    return f"https://zaken.example.nl/zaken/api/v1/zaken/{size}"


def _p95(plan: Plan, server: Server, size: int, *, page: int) -> float:
    zgw = Zgw(server)
    request = zgw.request("GET", _ASKED.format(quote(_zaak(size), safe=""), page))
    plan.say(f"dossier of {size}")
    times = []
    for _ in range(max(plan.calls // 5, 20)):
        began = time.perf_counter()
        zgw.connection.call(request)
        times.append(time.perf_counter() - began)
    return sorted(times)[int(len(times) * 0.95)]
