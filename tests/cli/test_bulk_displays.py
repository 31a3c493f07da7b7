"""How the transfer of many files looks, on a terminal and elsewhere."""

from __future__ import annotations

import io

import pytest

from dms.cli.bulk import displays
from dms.cli.bulk.displays import Bars, Lines, Quiet, bulk_display
from tests.cli.test_displays import paper, terminal


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


def test_a_terminal_shows_how_many_files_of_how_many_and_a_bar_for_each_large_one(
    screen: io.StringIO,
) -> None:
    bars = Bars(terminal(screen))
    bars.expects(4, 10_000_500)
    small = bars.opens("klein.pdf", 500)
    small.begins(500, 500)
    bars.closes("klein.pdf", small, None)
    large = bars.opens("groot[red].bin", 10_000_000)
    large.begins(10_000_000, 2_000_000)
    large.moved(4_000_000)
    bars.skips("eerder.pdf", 10)
    bars.expects(1, 5)
    bars._progress.refresh()  # as it does by itself some times a second
    bars.says("De lijn brak.")
    bars.closes("groot[red].bin", large, "Geweigerd.")
    bars.ends()
    shown = screen.getvalue()
    assert "klein.pdf" not in shown
    assert "groot[red].bin" in shown
    assert "6.0 MB of 10.0 MB" in shown
    assert "1 sent (6.0 MB), 1 done before" in shown
    assert "3 of 5 files" in shown
    assert "De lijn brak.\n" in shown
    assert "groot[red].bin: Geweigerd.\n" in shown


def test_bars_that_never_began_leave_nothing(screen: io.StringIO) -> None:
    bars = Bars(terminal(screen))
    bars.skips("x", 1)
    bars.ends()
    assert screen.getvalue().strip("\x1b[?25h") == ""


def test_elsewhere_a_line_comes_now_and_then(screen: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(displays, "_PAUSE", 0.0)
    lines = Lines(paper(screen))
    lines.expects(3, 300)
    watch = lines.opens("a", 100)
    watch.begins(100, 0)
    watch.moved(100)
    lines.closes("a", watch, None)
    lines.skips("b", 100)
    lines.closes("c", lines.opens("c", 100), "Geweigerd.")
    lines.ends()
    assert screen.getvalue().splitlines() == [
        "1 of 3 files: 1 sent (100 bytes)",
        "2 of 3 files: 1 sent (100 bytes), 1 done before",
        "3 of 3 files: 1 sent (100 bytes), 1 done before, 1 failed",
    ]


def test_many_files_within_a_moment_are_one_line_at_most(screen: io.StringIO) -> None:
    lines = Lines(paper(screen))
    lines.expects(1000, 1000)
    for _ in range(1000):
        lines.skips("x", 1)
    assert screen.getvalue() == ""


def test_quiet_shows_failures_only(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = bulk_display(quiet=True)
    quiet.expects(2, 2)
    quiet.says("niets")
    quiet.skips("a", 1)
    quiet.closes("b", quiet.opens("b", 1), "Geweigerd.")
    quiet.ends()
    assert capsys.readouterr().err == "b: Geweigerd.\n"


def test_the_display_is_that_of_where_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for console, kind in ((terminal, Bars), (paper, Lines)):
        monkeypatch.setattr(displays, "console", lambda console=console: console(io.StringIO()))
        assert type(bulk_display(quiet=False)) is kind
    assert type(bulk_display(quiet=True)) is Quiet
