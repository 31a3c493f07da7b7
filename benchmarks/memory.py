"""Memory of the service while a large file goes through it: growth over what it took before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.plan import Plan, content
from benchmarks.report import MIB, Figure, Goal
from benchmarks.servers import Server, serving
from benchmarks.wire import FileBody
from benchmarks.zgw import Zgw

_GROWTH = Goal("growth <= 32 MiB", at_most=32)
_PART = 64 * MIB


def growth(plan: Plan) -> Iterator[Figure]:
    """Base64 in one POST, parts of 64 MiB with their unlock, and a download, with everyday settings."""
    size = f"{plan.large // MIB} MiB"
    with (
        content(plan, plan.large) as plain,
        content(plan, plan.large, base64=True) as text,
        serving(plan.home / "memory", part_size=_PART) as server,
    ):
        zgw = Zgw(server).set_up()
        zgw.connection.call(zgw.creation(b"QUJD"))  # what is made once is not growth
        creation = zgw.creation(text)
        yield _peak(plan, server, f"memory, {size} of base64", lambda: zgw.connection.call(creation))
        document = zgw.awaiting(plan.large)
        yield _peak(plan, server, f"memory, {size} in parts", lambda: _in_parts(zgw, document, plain))
        fetching = zgw.request("GET", zgw.call("GET", document["url"])["inhoud"])
        sent = f"memory, {size} downloaded"
        yield _peak(plan, server, sent, lambda: zgw.connection.call(fetching, keep=False))


def _peak(plan: Plan, server: Server, name: str, act: Callable[[], object]) -> Figure:
    plan.say(name)
    process = server.process
    process.forget_peak()
    before = process.memory()
    act()
    grown = (process.peak() - before) / MIB
    return Figure(
        name, f"{grown:+.1f} MiB", goal=_GROWTH, judged=grown, memory=f"{process.peak() / MIB:.0f} MiB"
    )


def _in_parts(zgw: Zgw, document: Any, content: FileBody) -> None:
    """Part after part, each the same bytes, and the unlock that makes them one file."""
    for number, part in enumerate(document["bestandsdelen"]):
        zgw.connection.call(zgw.part(document, number, FileBody(content.fd, part["omvang"])))
    zgw.complete(document)
