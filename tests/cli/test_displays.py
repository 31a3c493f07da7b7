"""How a transfer looks, on a terminal and elsewhere."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from dms.cli import displays
from dms.cli.displays import Bars, Display, Lines, Silent, display


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


def terminal(screen: io.StringIO) -> Console:
    return Console(file=screen, force_terminal=True, width=100, color_system=None, highlight=False)


def paper(screen: io.StringIO) -> Console:
    return Console(file=screen, force_terminal=False, width=100, highlight=False)


def test_the_bar_of_a_file_shows_its_name_and_how_far_it_is(screen: io.StringIO) -> None:
    bars = Bars(terminal(screen), [10_000_000])
    bars.opens("verslag.pdf")
    bars.begins(10_000_000, 2_000_000)
    bars.moved(3_000_000)
    bars.closes(done=True)
    shown = screen.getvalue()
    assert "verslag.pdf" in shown
    assert "5.0/10.0 MB" in shown
    assert "all " not in shown
    assert "verslag.pdf: 10.0 MB in " in shown.splitlines()[-1]


def test_several_files_have_a_bar_for_all_of_them_together(screen: io.StringIO) -> None:
    bars = Bars(terminal(screen), [1_000_000, 3_000_000])
    for name, size in (("een", 1_000_000), ("twee", 3_000_000)):
        bars.opens(name)
        bars.begins(size, 0)
        bars.moved(size // 2)
        bars.moved(-size // 4)
        bars.closes(done=name == "een")
    shown = screen.getvalue()
    assert "all 2 files" in shown
    assert "0.2/4.0 MB" in shown
    assert "1.8/4.0 MB" in shown
    assert "twee: " not in shown


def test_a_name_that_is_too_long_is_shortened_in_its_middle(screen: io.StringIO) -> None:
    bars = Bars(terminal(screen), [])
    bars.opens("a" * 50 + "[red]slot.pdf")
    bars.closes(done=False)
    assert "aaa…" in screen.getvalue()
    assert "[red]slot.pdf" in screen.getvalue()


def test_nothing_that_is_told_between_files_breaks_the_bars(screen: io.StringIO) -> None:
    bars = Bars(terminal(screen), [])
    bars.begins(10, 0)
    bars.moved(10)
    bars.says("Trying again [bold]\x1b[2J.")
    bars.closes(done=False)
    assert screen.getvalue() == "Trying again [bold][2J.\n"


def test_without_a_terminal_there_are_lines_and_no_more_than_one_a_second(
    screen: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    lines = Lines(paper(screen))
    lines.opens("verslag.pdf")
    lines.begins(1_000_000, 250_000)
    for _ in range(3):
        lines.moved(200_000)
        now += 0.6
    lines.moved(150_000)
    lines.closes(done=True)
    assert screen.getvalue().splitlines() == [
        "verslag.pdf: 1.0 MB, 250.0 kB of it there already",
        "verslag.pdf: 80 %",
        "verslag.pdf: 1.0 MB in 1.8 s, 416.7 kB/s",
    ]


def test_a_file_that_failed_gets_no_line_that_says_it_is_done(screen: io.StringIO) -> None:
    lines = Lines(paper(screen))
    lines.opens("verslag.pdf")
    lines.begins(0, 0)
    lines.moved(0)
    lines.closes(done=False)
    assert screen.getvalue() == "verslag.pdf: 0 bytes\n"


@pytest.mark.parametrize(("on_terminal", "kind"), [(True, Bars), (False, Lines)])
def test_a_terminal_gets_bars_and_anything_else_lines(
    on_terminal: bool, kind: type[Display], screen: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = terminal(screen) if on_terminal else paper(screen)
    monkeypatch.setattr(displays, "console", lambda: found)
    assert isinstance(display(quiet=False), kind)
    assert isinstance(display(quiet=True), Silent)


def test_quiet_shows_nothing_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    silent = display(quiet=True)
    silent.opens("verslag.pdf")
    silent.begins(10, 0)
    silent.moved(10)
    silent.says("Trying again.")
    silent.closes(done=True)
    assert capsys.readouterr() == ("", "")
