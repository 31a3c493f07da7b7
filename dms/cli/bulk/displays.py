"""How the transfer of many files looks: bars on a terminal, elsewhere a line now and then, or failures."""

from __future__ import annotations

import time

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from dms.cli.displays import narrow_rows, shortened
from dms.cli.messages import complain, console
from dms.client.failures import printable
from dms.client.watch import Unwatched, Watch

_WORTH_A_BAR = 2**20
_PAUSE = 5.0
"""Seconds between two lines about how far it is."""


class Quiet:
    """Shows what fails, and nothing else."""

    def __init__(self) -> None:
        self.expected = self.gone = self.failed = self.skipped = 0
        self.bytes = 0

    def expects(self, count: int, size: int) -> None:
        """So many more."""
        self.expected += count

    def opens(self, bestand: str, size: int) -> Watch:
        """Not shown."""
        return Unwatched()

    def closes(self, bestand: str, watch: Watch, failure: str | None) -> None:
        """Say what failed."""
        self.gone += 1
        if failure is not None:
            self.failed += 1
            self._complains(f"{bestand}: {failure}")

    def skips(self, bestand: str, size: int) -> None:
        """Not shown."""
        self.gone += 1
        self.skipped += 1

    def says(self, text: str) -> None:
        """Not shown."""

    def ends(self) -> None:
        """Nothing stays on the screen."""

    def _complains(self, text: str) -> None:
        complain(text)

    def _state(self) -> str:
        parts = [f"{self.gone - self.skipped - self.failed} sent ({decimal(self.bytes)})"]
        parts += [f"{self.skipped} done before"] if self.skipped else []
        parts += [f"{self.failed} failed"] if self.failed else []
        return ", ".join(parts)


class _Moving:
    """Adds up the bytes of one file."""

    def __init__(self, course: Quiet) -> None:
        self._course = course

    def begins(self, size: int, done: int) -> None:
        """A file that went in one request was not seen to move."""
        self._course.bytes += done

    def moved(self, count: int) -> None:
        """Add up."""
        self._course.bytes += count


class Lines(Quiet):
    """A line every few seconds: how many files of how many."""

    def __init__(self, screen: Console) -> None:
        super().__init__()
        self._screen = screen
        self._spoke = time.monotonic()

    def opens(self, bestand: str, size: int) -> Watch:
        """Its bytes count."""
        return _Moving(self)

    def closes(self, bestand: str, watch: Watch, failure: str | None) -> None:
        """Say how far it is, if that was not said just now."""
        super().closes(bestand, watch, failure)
        self._speak()

    def skips(self, bestand: str, size: int) -> None:
        """Likewise."""
        super().skips(bestand, size)
        self._speak()

    def says(self, text: str) -> None:
        """On a line of its own."""
        self._screen.print(Text(printable(text), style="yellow"), soft_wrap=True)

    def _speak(self) -> None:
        if time.monotonic() - self._spoke >= _PAUSE:
            self._spoke = time.monotonic()
            self._screen.print(Text(f"{self.gone} of {self.expected} files: {self._state()}"), soft_wrap=True)


class Bars(Lines):
    """A bar for all files, and one for each large file that is on its way."""

    def __init__(self, screen: Console) -> None:
        super().__init__(screen)
        self._progress = narrow_rows(
            screen,
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[state]}", markup=False),
            TimeElapsedColumn(),
        )
        self._all: TaskID | None = None

    def expects(self, count: int, size: int) -> None:
        """Put the bars on the screen."""
        super().expects(count, size)
        if self._all is None:
            self._all = self._progress.add_task("", total=self.expected, state="")
            self._show()
            self._progress.start()
        self._show()

    def opens(self, bestand: str, size: int) -> Watch:
        """A large file gets a bar of its own."""
        return _Barred(self, self._progress, bestand, size) if size >= _WORTH_A_BAR else _Moving(self)

    def closes(self, bestand: str, watch: Watch, failure: str | None) -> None:
        """Take its bar away."""
        super().closes(bestand, watch, failure)
        if isinstance(watch, _Barred):
            watch.remove()
        self._show()

    def skips(self, bestand: str, size: int) -> None:
        """Move the bar."""
        super().skips(bestand, size)
        self._show()

    def ends(self) -> None:
        """Take the bars away."""
        self._progress.stop()

    def _speak(self) -> None:
        """The bars say it."""

    def _complains(self, text: str) -> None:
        self._screen.print(Text(printable(text), style="red"), soft_wrap=True)

    def _show(self) -> None:
        if self._all is not None:
            self._progress.update(
                self._all,
                description=f"{self.gone} of {self.expected} files",
                total=self.expected,
                completed=self.gone,
                state=self._state(),
            )


class _Barred(_Moving):
    """A file with a bar of its own."""

    def __init__(self, course: Quiet, progress: Progress, bestand: str, size: int) -> None:
        super().__init__(course)
        self._progress = progress
        self._size, self._at = size, 0
        self._task = progress.add_task(printable(shortened(bestand)), total=size, state="")

    def begins(self, size: int, done: int) -> None:
        """What is there already counts for the bar."""
        super().begins(size, done)
        self._size, self._at = size, done
        self._show()

    def moved(self, count: int) -> None:
        """Move the bar."""
        super().moved(count)
        self._at += count
        self._show()

    def remove(self) -> None:
        """Take the bar away."""
        self._progress.remove_task(self._task)

    def _show(self) -> None:
        state = f"{decimal(self._at)} of {decimal(self._size)}"
        self._progress.update(self._task, total=self._size, completed=self._at, state=state)


def bulk_display(*, quiet: bool) -> Quiet:
    """The display that suits standard error."""
    if quiet:
        return Quiet()
    found = console()
    return Bars(found) if found.is_terminal else Lines(found)
