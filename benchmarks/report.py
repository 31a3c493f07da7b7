"""What was measured, as a table: ours, the baseline's, their ratio, and whether the goal was met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on a figure."""

    text: str
    at_least: float = float("-inf")
    at_most: float = float("inf")

    def met(self, value: float) -> bool:
        """Whether the figure keeps to it."""
        return self.at_least <= value <= self.at_most


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the table. `judged` is what the goal is about, in the goal's own unit."""

    name: str
    ours: str
    baseline: str = ""
    ratio: float | None = None
    goal: Goal | None = None
    judged: float | None = None
    cpu: str = ""
    memory: str = ""

    @property
    def verdict(self) -> str:
        """`ok`, `missed`, or nothing where there is no goal."""
        if self.goal is None or self.judged is None:
            return ""
        return "ok" if self.goal.met(self.judged) else "missed"


def table(figures: Iterable[Figure]) -> Table:
    """The figures as a table."""
    made = Table(box=None, pad_edge=False)
    for title in ("", "ours", "baseline", "ratio", "goal", "", "CPU", "memory"):
        made.add_column(title, justify="left" if title in ("", "goal") else "right", no_wrap=True)
    for figure in figures:
        verdict = figure.verdict
        made.add_row(
            figure.name,
            figure.ours,
            figure.baseline,
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            figure.goal.text if figure.goal else "",
            f"[{'green' if verdict == 'ok' else 'red'}]{verdict}[/]" if verdict else "",
            figure.cpu,
            figure.memory,
        )
    return made


def show(figures: list[Figure], notes: Iterable[str]) -> None:
    """Print the table, and under it what should be known about it."""
    console = Console(width=None if Console().is_terminal else 160)
    if figures:
        console.print(table(figures))
    for note in notes:
        console.print(note, highlight=False, style="dim")
