"""Large bodies in and out, beside a server that only copies them; and who waits meanwhile."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.lag import Lag, watching
from benchmarks.plan import Plan, Spent, best_of, content, spent
from benchmarks.report import MIB, Figure, Goal
from benchmarks.servers import Server, baseline, serving
from benchmarks.wire import Connection, FileBody, Request
from benchmarks.zgw import Zgw

_UPLOAD = Goal("ratio >= 0.45", at_least=0.45)
_DOWNLOAD = Goal("ratio >= 0.75", at_least=0.75)
_LAG = Goal("max <= 50 ms", at_most=50)
Act = Callable[[], Spent]


def uploads(plan: Plan) -> Iterator[Figure]:
    """A part, hashed and on disk before the flush to it, and base64 in JSON; the baseline keeps a PUT."""
    with (
        content(plan, plan.size) as plain,
        content(plan, plan.size, base64=True) as text,
        baseline(plan.home / "baseline") as other,
        serving(plan.home / "uploads", durable=False, part_size=plan.size) as ours,
    ):
        zgw = Zgw(ours).set_up()
        copy, part, base64 = (
            _copying(other, plain),
            _sending_part(ours, zgw, plain),
            _creating(ours, zgw, text),
        )
        hashed = _copying(other, plain, hashed=True)
        acts = {"baseline PUT": copy, "hashed PUT": hashed, "part upload": part, "base64 upload": base64}
        best = best_of(plan, acts)
        for name in ("part upload", "base64 upload"):
            yield _throughput(plan, name, best[name], best["baseline PUT"], other.name, _UPLOAD)
        both = f"{other.name} + sha256"
        yield _throughput(plan, "part upload, as hashed", best["part upload"], best["hashed PUT"], both)
        noise = _lag(plan, other, "baseline PUT", copy)
        for name, act in (("part upload", part), ("base64 upload", base64)):
            yield _waits(f"loop lag, {name}", _lag(plan, ours, name, act), noise)


def downloads(plan: Plan) -> Iterator[Figure]:
    """A whole file; the baseline sends the same one by the kernel too."""
    with (
        content(plan, plan.size) as plain,
        baseline(plan.home / "baseline") as other,
        serving(plan.home / "downloads", durable=False, part_size=plan.size) as ours,
    ):
        zgw = Zgw(ours).set_up()
        document = zgw.awaiting(plan.size)
        zgw.connection.call(zgw.part(document, 0, plain))
        zgw.complete(document)
        Connection(other.port).call(Request.of("PUT", "/file", plain))
        fetching = zgw.request("GET", zgw.call("GET", document["url"])["inhoud"])
        mine = _fetching(ours, zgw.connection, fetching, plan.size)
        copy = _fetching(other, Connection(other.port), Request.of("GET", "/file"), plan.size)
        best = best_of(plan, {"baseline GET": copy, "download": mine})
        yield _throughput(plan, "download", best["download"], best["baseline GET"], other.name, _DOWNLOAD)
        noise = _lag(plan, other, "baseline GET", copy)
        yield _waits("loop lag, download", _lag(plan, ours, "download", mine), noise)


def _copying(server: Server, body: FileBody, *, hashed: bool = False) -> Act:
    """A PUT of a new file each time; the file before goes, as no figure should depend on the room left.

    `hashed`: and its SHA-256, which somebody else must then read the file for.
    """
    connection, path = Connection(server.port), server.home / f"file-{hashed}"
    request = Request.of("PUT", f"/{path.name}", body)

    def put() -> None:
        connection.call(request)
        if hashed:
            with path.open("rb") as file:
                hashlib.file_digest(file, "sha256")

    def act() -> Spent:
        path.unlink(missing_ok=True)
        return spent(server.process, put)

    return act


def _sending_part(server: Server, zgw: Zgw, body: FileBody) -> Act:
    """The one part of a new document each time."""

    def act() -> Spent:
        request = zgw.part(zgw.awaiting(body.size), 0, body)
        taken = spent(server.process, lambda: zgw.connection.call(request))
        _make_room(server)
        return taken

    return act


def _creating(server: Server, zgw: Zgw, text: FileBody) -> Act:
    """A new document each time, with all its content."""
    request = zgw.creation(text)

    def act() -> Spent:
        taken = spent(server.process, lambda: zgw.connection.call(request))
        _make_room(server)
        return taken

    return act


def _make_room(server: Server) -> None:
    """Empty the bodies that came, as the file before goes for the baseline: they are not looked at again."""
    for path in (server.home / "content").rglob("*"):
        if path.is_file() and path.stat().st_size > MIB:
            os.truncate(path, 0)


def _fetching(server: Server, connection: Connection, request: Request, size: int) -> Act:
    def fetch() -> None:
        came: Any = connection.call(request, keep=False)
        assert came.size == size, came

    return lambda: spent(server.process, fetch)


def _throughput(
    plan: Plan, name: str, ours: Spent, theirs: Spent, other: str, goal: Goal | None = None
) -> Figure:
    ratio = theirs.seconds / ours.seconds
    return Figure(
        name,
        ours=f"{plan.size / MIB / ours.seconds:,.0f} MiB/s",
        baseline=f"{other} {plan.size / MIB / theirs.seconds:,.0f} MiB/s",
        ratio=ratio,
        goal=goal,
        judged=ratio,
        # Who hashes afterwards is no server, so there the two do not compare.
        cpu=f"{_per_gib(plan, ours):.2f} s/GiB ({_per_gib(plan, theirs):.2f})" if goal else "",
    )


def _per_gib(plan: Plan, spent_: Spent) -> float:
    return spent_.cpu * 1024 * MIB / plan.size


def _lag(plan: Plan, server: Server, name: str, act: Act) -> Lag:
    """Measured in rounds of its own, as whoever asks takes processor time too, and for a few seconds."""
    lag, began = Lag(), time.perf_counter()
    plan.say(f"lag during {name}")
    with watching(server, lag):
        for _ in range(plan.repeats):
            act()
        while time.perf_counter() - began < plan.watched:
            act()
    return lag


def _waits(name: str, lag: Lag, noise: Lag) -> Figure:
    return Figure(name, _milliseconds(lag), _milliseconds(noise), goal=_LAG, judged=lag.worst * 1000)


def _milliseconds(lag: Lag) -> str:
    return f"p99 {lag.usual_worst * 1000:.1f}, max {lag.worst * 1000:.1f} ms"
