"""How a transfer looks: bars on a terminal, plain lines anywhere else, nothing when asked to be quiet."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Protocol

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from dms.cli.messages import console
from dms.client.failures import printable
from dms.client.watch import Unwatched, Watch


class Display(Watch, Protocol):
    """Shows one file after another. What a command prints itself, it prints between them."""

    def opens(self, name: str) -> None:
        """The next transfer is of a file with this name."""

    def says(self, text: str) -> None:
        """A remark, while a transfer goes on."""

    def closes(self, *, done: bool) -> None:
        """The transfer has ended, well or not. Nothing of it is on the screen any more."""


def display(*, quiet: bool, sizes: list[int] | None = None) -> Display:
    """The display that suits standard error. `sizes` are those of all files, if they are known."""
    if quiet:
        return Silent()
    found = console()
    return Bars(found, sizes or []) if found.is_terminal else Lines(found)


class Silent(Unwatched):
    """Shows nothing."""

    def opens(self, name: str) -> None:
        """Not shown."""

    def says(self, text: str) -> None:
        """Not shown."""

    def closes(self, *, done: bool) -> None:
        """Not shown."""


class _Told:
    """What both kinds of display know of the file of this moment."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._name = ""
        self._size = self._at = self._moved_here = 0
        self._began = 0.0

    def says(self, text: str) -> None:
        """On a line of its own."""
        self._screen.print(Text(printable(text), style="yellow"), soft_wrap=True)

    def _line(self, text: str) -> None:
        self._screen.print(Text(printable(text)), soft_wrap=True)

    def _open(self, name: str) -> None:
        self._name, self._began = name, time.monotonic()
        self._size = self._at = self._moved_here = 0

    def _begin(self, size: int, done: int) -> None:
        self._size, self._at, self._began = size, done, time.monotonic()

    def _move(self, count: int) -> None:
        self._at += count
        self._moved_here += count

    def _summary(self) -> str:
        seconds = max(time.monotonic() - self._began, 0.001)
        speed = f", {decimal(int(self._moved_here / seconds))}/s" if self._moved_here > 0 else ""
        return f"{self._name}: {decimal(self._size)} in {seconds:.1f} s{speed}"


class _Narrow:
    """Rows that leave room for the `^C` that a terminal writes behind them: on a full row it would start a
    new one, and the rows would not be found back to be taken away."""

    def __init__(self, rows: RenderableType) -> None:
        self._rows = rows

    def __rich_console__(self, screen: Console, options: ConsoleOptions) -> RenderResult:
        yield from screen.render(self._rows, options.update_width(options.max_width - 3))


class _Rows(Progress):
    """A row per bar."""

    def get_renderables(self) -> Iterable[RenderableType]:
        """The rows, a bit narrower than the terminal."""
        yield _Narrow(self.make_tasks_table(self.tasks))


def narrow_rows(screen: Console, *columns: ProgressColumn) -> Progress:
    """Bars that leave nothing on the screen when they stop, and let commands print between them."""
    return _Rows(
        *columns,
        console=screen,
        transient=True,
        expand=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


class Bars(_Told):
    """A bar per file, and one for all of them if they are several."""

    def __init__(self, screen: Console, sizes: list[int]) -> None:
        super().__init__(screen)
        self._sizes = sizes
        self._ended = 0
        self._progress: Progress | None = None
        self._file = self._total = TaskID(0)

    def opens(self, name: str) -> None:
        """Put the bars on the screen."""
        self._open(name)
        self._progress = narrow_rows(
            self._screen,
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        self._file = self._progress.add_task(printable(shortened(name)), total=None)
        if len(self._sizes) > 1:
            before = sum(self._sizes[: self._ended])
            self._total = self._progress.add_task(
                f"all {len(self._sizes)} files", total=sum(self._sizes), completed=before
            )
        self._progress.start()

    def begins(self, size: int, done: int) -> None:
        """Start the clock, so that the speed is that of what moves from now on."""
        self._begin(size, done)
        if self._progress is not None:
            self._progress.reset(self._file, total=size, completed=done)
            if len(self._sizes) > 1:
                self._progress.reset(self._total, completed=sum(self._sizes[: self._ended]) + done)

    def moved(self, count: int) -> None:
        """Move the bars."""
        self._move(count)
        if self._progress is not None:
            self._progress.update(self._file, advance=count)
            if len(self._sizes) > 1:
                self._progress.update(self._total, advance=count)

    def closes(self, *, done: bool) -> None:
        """Take the bars away, and leave a line."""
        if self._progress is not None:
            self._progress.stop()
        self._progress = None
        self._ended += 1
        if done:
            self._line(self._summary())


class Lines(_Told):
    """A line for each tenth of a file that takes a while, and one at its end."""

    def __init__(self, screen: Console) -> None:
        super().__init__(screen)
        self._shown = 0
        self._spoke = 0.0

    def opens(self, name: str) -> None:
        """Nothing has moved yet."""
        self._open(name)

    def begins(self, size: int, done: int) -> None:
        """Say which file it is, and how large."""
        self._begin(size, done)
        self._shown, self._spoke = self._tenth(), time.monotonic()
        already = f", {decimal(done)} of it there already" if 0 < done < size else ""
        self._line(f"{self._name}: {decimal(size)}{already}")

    def moved(self, count: int) -> None:
        """Say how far it is, if that is news."""
        self._move(count)
        if self._shown < self._tenth() < 10 and time.monotonic() - self._spoke >= 1:
            self._shown, self._spoke = self._tenth(), time.monotonic()
            self._line(f"{self._name}: {self._shown}0 %")

    def closes(self, *, done: bool) -> None:
        """Say how fast it went."""
        if done:
            self._line(self._summary())

    def _tenth(self) -> int:
        return self._at * 10 // self._size if self._size else 0


def shortened(name: str, longest: int = 32) -> str:
    """A name that fits beside a bar: its begin and its end."""
    half = longest // 2
    return name if len(name) <= longest else f"{name[: half - 1]}…{name[-half:]}"
