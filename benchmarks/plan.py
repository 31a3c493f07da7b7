"""How much is measured and how often, and what all measurements need: content, and the best of a few."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pybase64

from benchmarks.machine import Process
from benchmarks.report import MIB
from benchmarks.wire import FileBody

_BLOCK = 3 * 2**18


class NotMeasured(Exception):
    """Something that is measured is not there; the message says what."""


@dataclass(frozen=True)
class Plan:
    """Sizes in bytes, times in seconds. `say` shows how far it is; `home` is a directory that goes."""

    home: Path
    say: Callable[[str], None]
    size: int = 256 * MIB
    large: int = 1024 * MIB
    repeats: int = 5
    calls: int = 500
    documents: int = 100_000
    ingested: int = 2_000
    watched: float = 3.0
    largest: int = 3072 * MIB
    uploads: int = 2
    first_bytes: int = 20

    def quick(self) -> Plan:
        """The same in a tenth of the time, and less sure."""
        return Plan(
            self.home,
            self.say,
            size=min(self.size, 64 * MIB),
            large=256 * MIB,
            repeats=2,
            calls=100,
            documents=10_000,
            ingested=400,
            watched=1.0,
            largest=512 * MIB,
            uploads=1,
            first_bytes=5,
        )


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds on the clock, and seconds of the server's processor time."""

    seconds: float
    cpu: float

    def least(self, other: Spent) -> Spent:
        """The best of both, each by itself: neighbours only ever add."""
        return Spent(min(self.seconds, other.seconds), min(self.cpu, other.cpu))


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of an upload in parts: until the last part was acknowledged, until it was one whole, and of
    processor time of all that took it in."""

    parts: float
    whole: float
    cpu: float

    def least(self, other: Took) -> Took:
        """The best of both, each by itself."""
        return Took(min(self.parts, other.parts), min(self.whole, other.whole), min(self.cpu, other.cpu))


def spent(process: Process, act: Callable[[], object]) -> Spent:
    """What an act took, and what it cost this server."""
    cpu, began = process.cpu(), time.perf_counter()
    act()
    seconds = time.perf_counter() - began
    return Spent(seconds, process.cpu() - cpu)


def best_of(plan: Plan, acts: Mapping[str, Callable[[], Spent]]) -> dict[str, Spent]:
    """The least that each act took. They take turns, so that a busy moment of the machine hits all of them,
    and begin with a disk that has nothing left to write."""
    best: dict[str, Spent] = {}
    for number in range(plan.repeats):
        for name, act in acts.items():
            plan.say(f"{name}, {number + 1} of {plan.repeats}")
            os.sync()
            taken = act()
            best[name] = best[name].least(taken) if name in best else taken
    return best


@contextmanager
def content(plan: Plan, size: int, *, base64: bool = False) -> Iterator[FileBody]:
    """A file of this many random bytes, or characters of base64, in memory by the time it is sent."""
    block = random.Random(size).randbytes(_BLOCK)
    if base64:
        block = pybase64.b64encode(block)
    path = plan.home / f"content-{size}-{base64}"
    with path.open("w+b") as file:
        for start in range(0, size, len(block)):
            file.write(block[: size - start])
        file.flush()
        try:
            yield FileBody(file.fileno(), size)
        finally:
            path.unlink()
