"""`dms watch`, as a scanner and its operator use it."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import PART, Commands, ctrl_c
from tests.failing_proxy import FailingProxy
from tests.process import ServiceProcess

Start = Callable[..., subprocess.Popen[str]]
QUICK = ("--settle", "0.01", "--every", "0.05")


@pytest.fixture
def hot(commands: Commands, line: FailingProxy, type_path: str, tmp_path: Path) -> Path:
    commands.environment["DMS_INFORMATIEOBJECTTYPE"] = line.address + type_path
    folder = tmp_path / "hot"
    (folder / "sub").mkdir(parents=True)
    return folder


@pytest.fixture
def start(commands: Commands, hot: Path) -> Iterator[Start]:
    """Starts an agent as a process of its own, which ends with the test."""
    started: list[subprocess.Popen[str]] = []

    def run(*options: str) -> subprocess.Popen[str]:
        started.append(commands.start("watch", str(hot), *options))
        return started[-1]

    yield run
    for running in started:
        running.kill()
        running.communicate()


def scan(hot: Path, name: str, size: int = 100) -> Path:
    file = hot / name
    file.write_bytes((os.fsencode(file) * (size // 20 + 1))[:size])
    return file


def receipts(hot: Path) -> list[dict[str, str]]:
    with (hot / "receipts.csv").open(newline="") as text:
        return list(csv.DictReader(text))


def test_one_sweep_sends_what_is_there_and_ends(
    commands: Commands, service: ServiceProcess, hot: Path
) -> None:
    files = [scan(hot, "een.pdf"), scan(hot, "sub/twee.pdf", 6 * PART)]
    scan(hot, "drie.tmp")
    (hot / "een.pdf.json").write_text('{"titel": "Bezwaarschrift"}')
    (hot / "defaults.json").write_text('{"auteur": "Postkamer"}')
    result = commands.run("watch", str(hot), "--once", *QUICK)
    assert result.exit_code == 0, result.stderr
    assert "2 documents sent" in result.stderr
    found = {receipt["bestand"]: receipt["document"] for receipt in receipts(hot)}
    assert set(found) == {"een.pdf", "sub/twee.pdf"}
    for file in files:
        url = found[str(file.relative_to(hot))]
        assert service.call("GET", f"{url}/download")[1] == file.read_bytes()
    document = service.call("GET", found["een.pdf"])[1]
    assert (document["titel"], document["auteur"]) == ("Bezwaarschrift", "Postkamer")
    again = commands.run("watch", str(hot), "--once", *QUICK)
    assert "0 documents sent" in again.stderr


@pytest.mark.parametrize("how", [("--done", "klaar"), ("--done", "hot/klaar"), ("--delete",)])
def test_files_go_away_once_they_are_documents_also_those_of_an_earlier_run(
    how: tuple[str, ...], commands: Commands, hot: Path
) -> None:
    scan(hot, "sub/een.pdf")
    (hot / "sub" / "een.pdf.json").write_text("{}")
    commands.run("watch", str(hot), "--once", *QUICK)
    scan(hot, "sub/twee.pdf")
    assert commands.run("watch", str(hot), "--once", *QUICK, *how).exit_code == 0
    assert list((hot / "sub").iterdir()) == []
    if len(how) == 2:
        moved = {file.name for file in (commands.folder / how[1] / "sub").iterdir()}
        assert moved == {"een.pdf", "een.pdf.json", "twee.pdf"}
    assert commands.run("watch", str(hot), "--once", *QUICK, *how).exit_code == 0
    assert len(receipts(hot)) == 2


def test_with_a_marker_only_files_that_have_one_are_sent(commands: Commands, hot: Path) -> None:
    scan(hot, "een.pdf")
    scan(hot, "twee.pdf")
    (hot / "twee.pdf.ok").touch()
    result = commands.run("watch", str(hot), "--once", "--marker", ".ok", "--delete")
    assert result.exit_code == 0
    assert sorted(file.name for file in hot.iterdir() if file.is_file()) == [
        ".dms-watch.lock",
        "een.pdf",
        "receipts.csv",
    ]


def test_a_name_that_is_not_utf8_has_a_receipt_by_which_it_is_known_again(
    commands: Commands, hot: Path
) -> None:
    scan(hot, os.fsdecode(b"caf\xe9.pdf"))
    assert commands.run("watch", str(hot), "--once", *QUICK).exit_code == 0
    again = commands.run("watch", str(hot), "--once", *QUICK)
    assert "0 documents sent" in again.stderr
    assert b"caf\xe9.pdf,ok" in (hot / "receipts.csv").read_bytes()


def test_what_was_refused_ends_with_1_and_waits_for_a_change(commands: Commands, hot: Path) -> None:
    scan(hot, "een.pdf")
    (hot / "een.pdf.json").write_text('{"titel": 3}')
    result = commands.run("watch", str(hot), "--once", *QUICK)
    assert result.exit_code == 1
    assert "een.pdf.json: titel: " in result.stderr
    assert "0 documents sent, 1 failed" in result.stderr
    assert [receipt["status"] for receipt in receipts(hot)] == ["failed"]
    again = commands.run("watch", str(hot), "--once", *QUICK)
    assert again.exit_code == 0
    assert "Refused before and waiting for a change: 1." in again.stderr


def test_a_server_that_is_not_there_ends_one_sweep_with_1(commands: Commands, hot: Path) -> None:
    scan(hot, "een.pdf")
    options = ("--once", *QUICK, "--attempts", "1", "--url", "http://127.0.0.1:1")
    result = commands.run("watch", str(hot), *options)
    assert result.exit_code == 1
    assert "The server cannot be reached" in result.stderr
    assert "Files that were not sent stay where they are" in result.stderr
    assert receipts(hot) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--done", "x", "--delete"), "Choose one: --done or --delete."),
        (("--marker", "ok"), "--marker 'ok' is not a suffix: write it as .ok"),
        (("--receipts", "/weg/r.csv"), "/weg/r.csv cannot be written"),
    ],
)
def test_wrong_options_end_with_2(options: tuple[str, ...], told: str, commands: Commands, hot: Path) -> None:
    result = commands.run("watch", str(hot), "--once", *options)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_folder_that_is_not_there_ends_with_2(commands: Commands, hot: Path) -> None:
    assert commands.run("watch", str(hot / "weg"), "--once").exit_code == 2


def test_two_agents_never_watch_the_same_folder(
    commands: Commands, start: Start, hot: Path, line: FailingProxy, tmp_path: Path
) -> None:
    held = line.hold(after=PART)
    scan(hot, "groot.pdf", 10 * PART)
    running = start(*QUICK)
    assert held.wait(30)
    other = commands.run("watch", str(hot), "--once", "--receipts", str(tmp_path / "andere.csv"))
    assert other.exit_code == 2
    assert f"Another process is at work with {hot}" in other.stderr
    line.release()
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 0, err


def test_sigterm_lets_what_is_on_its_way_arrive_and_begins_nothing_more(
    start: Start, hot: Path, line: FailingProxy
) -> None:
    held = line.hold(after=PART)
    for name in ("a", "b", "c"):
        scan(hot, name, 10 * PART)
    running = start(*QUICK, "--parallel", "1")
    assert held.wait(30)
    running.send_signal(signal.SIGTERM)
    assert running.stderr is not None
    while "Stopping, once" not in running.stderr.readline():
        pass
    line.release()
    _, err = running.communicate(timeout=30)
    assert running.returncode == 0, err
    assert [receipt["bestand"] for receipt in receipts(hot)] == ["a"]


def test_a_second_ctrl_c_stops_at_once_and_the_next_start_goes_on(
    commands: Commands, hot: Path, line: FailingProxy
) -> None:
    scan(hot, "groot.pdf", 10 * PART)
    result = None
    # There may be one press more than it took.
    with suppress(KeyboardInterrupt), ctrl_c(line.hold(after=5 * PART), every=0.2):
        result = commands.run("watch", str(hot), *QUICK)
    line.release()
    assert result is None or result.exit_code == 0
    assert receipts(hot) == []
    sent = line.up
    assert commands.run("watch", str(hot), "--once", *QUICK).exit_code == 0
    assert line.up - sent < 9 * PART
    assert len(receipts(hot)) == 1


def test_help_teaches_with_an_example(commands: Commands) -> None:
    text = commands.run("watch", "--help").stdout
    assert "dms watch /srv/scans --done /srv/sent --type TYPE --bronorganisatie 000000000" in text
    assert "defaults.json" in text
