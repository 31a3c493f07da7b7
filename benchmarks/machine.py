"""What a process costs, and how much of the machine was left to it, as Linux tells in /proc."""

from __future__ import annotations

import os
import re
import resource
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_ALL_SINCE_START = "5"


@dataclass(frozen=True, slots=True)
class Process:
    """The figures of one running process, its threads included."""

    pid: int

    def cpu(self) -> float:
        """Seconds of processor time so far, user and system, in steps of a tick (10 ms as a rule)."""
        fields = self._file("stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> int:
        """Bytes that are resident now."""
        return self._bytes("VmRSS")

    def peak(self) -> int:
        """Most bytes that were resident since `forget_peak`."""
        return self._bytes("VmHWM")

    def forget_peak(self) -> None:
        """Let the peak begin anew from what is resident now."""
        self._file("clear_refs").write_text(_ALL_SINCE_START)

    def _bytes(self, name: str) -> int:
        found = re.search(rf"^{name}:\s+(\d+) kB$", self._file("status").read_text(), re.MULTILINE)
        assert found, name
        return int(found[1]) * 1024

    def _file(self, name: str) -> Path:
        return Path(f"/proc/{self.pid}/{name}")


class Neighbours:
    """How busy others kept the machine since this was made."""

    def __init__(self) -> None:
        self._busy, self._all = _machine()
        self._own = _own()

    def share(self) -> float:
        """The share of all processor time that went to neither this run nor the servers it stopped."""
        busy, total = _machine()
        others = busy - self._busy - (_own() - self._own)
        return max(0.0, others / (total - self._all)) if total > self._all else 0.0


def _machine() -> tuple[float, float]:
    """Seconds that the processors were busy, time stolen by other guests included, and seconds in all."""
    user, nice, system, idle, waiting, interrupts, soft, stolen = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    busy = user + nice + system + interrupts + soft + stolen
    return busy / _TICKS, (busy + idle + waiting) / _TICKS


def _own() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
