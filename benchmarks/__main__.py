"""`python -m benchmarks`: run them all, or some, and print one table."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from benchmarks.calls import calls
from benchmarks.catalogues import catalogues
from benchmarks.dossiers import dossiers
from benchmarks.engines import engines
from benchmarks.ingest import ingest
from benchmarks.machine import Neighbours
from benchmarks.memory import growth
from benchmarks.pages import pages
from benchmarks.plan import NotMeasured, Plan
from benchmarks.report import MIB, Figure, show
from benchmarks.transfers import downloads, uploads

BENCHMARKS: dict[str, Callable[[Plan], Iterator[Figure]]] = {
    "uploads": uploads,
    "downloads": downloads,
    "memory": growth,
    "calls": calls,
    "pages": pages,
    "dossiers": dossiers,
    "catalogues": catalogues,
    "ingest": ingest,
    "engines": engines,
}
_NOISY = 0.10


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller and fewer: a look, not a measurement")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="only this one; may be repeated")
    parser.add_argument("--size", type=int, default=256, metavar="MiB", help="of a transfer (256)")
    parser.add_argument("--directory", type=Path, help="where to keep files meanwhile (the system's own)")
    return parser.parse_args()


def main() -> None:
    """Measure and show. Ends with an error only if something broke, never for a goal that was missed."""
    arguments = _arguments()
    if not Path("/proc/self/clear_refs").exists():
        sys.exit("The benchmarks read costs and memory from /proc, so they need Linux.")
    progress, neighbours = Console(stderr=True), Neighbours()
    figures: list[Figure] = []
    missing: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="dms-bench-", dir=arguments.directory) as home,
        progress.status("") as status,
    ):
        for name in arguments.only or BENCHMARKS:
            room = Path(home, name)
            room.mkdir()

            def say(what: str, name: str = name) -> None:
                status.update(f"{name}: {what}")

            plan = Plan(room, say, size=arguments.size * MIB)
            try:
                for figure in BENCHMARKS[name](plan.quick() if arguments.quick else plan):
                    figures.append(figure)
                    progress.print(f"{figure.name}: {figure.ours} {figure.verdict}", highlight=False)
            except NotMeasured as why:
                missing.append(f"{name} not measured: {why}.")
            shutil.rmtree(room)
    show(figures, [*missing, *_notes(neighbours.share(), quick=arguments.quick)])


def _notes(share: float, *, quick: bool) -> Iterator[str]:
    yield "The least of all rounds, by clock and by processor separately. CPU is that of the server."
    if quick:
        yield "--quick: few rounds of little data; do not compare these with those of a whole run."
    if share > _NOISY:
        yield f"Noisy: {share:.0%} of the processors went to others meanwhile. Repeat it on a quiet machine."


if __name__ == "__main__":
    main()
