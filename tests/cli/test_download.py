"""`dms download`, as people and scripts use it."""

from __future__ import annotations

import base64
import random
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Commands, ctrl_c
from tests.failing_proxy import FailingProxy
from tests.process import ServiceProcess

CONTENT = random.Random(1).randbytes(2_000_000)


@pytest.fixture
def url(service: ServiceProcess, line: FailingProxy, type_path: str) -> str:
    """Of a document with that content, at the other end of the line."""
    values = {
        "informatieobjecttype": service.address + type_path,
        "bronorganisatie": "000000000",
        "creatiedatum": "2026-11-24",
        "titel": "Verslag",
        "auteur": "J. Jansen",
        "taal": "nld",
        "bestandsnaam": "../ver\\slag.pdf",
        "inhoud": base64.b64encode(CONTENT).decode(),
    }
    status, document = service.call("POST", "/documenten/api/v1/enkelvoudiginformatieobjecten", values)
    assert status == 201, document
    return str(document["url"]).replace(service.address, line.address)


def test_the_path_of_the_file_is_all_there_is_on_standard_output(
    commands: Commands, url: str, tmp_path: Path
) -> None:
    result = commands.run("download", url)
    target = tmp_path / "slag.pdf"
    assert (result.exit_code, result.stdout) == (0, f"{target}\n")
    assert target.read_bytes() == CONTENT
    assert "2.0 MB in" in result.stderr


def test_a_file_that_is_there_is_replaced_by_force_only(commands: Commands, url: str, tmp_path: Path) -> None:
    target = tmp_path / "kopie"
    target.write_text("mijn werk")
    refused = commands.run("download", url, "-o", str(target))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "exists already" in refused.stderr
    assert target.read_text() == "mijn werk"
    forced = commands.run("download", url, "-o", str(target), "--force", "--quiet")
    assert (forced.exit_code, forced.stderr) == (0, "")
    assert target.read_bytes() == CONTENT


def test_a_version_that_is_not_there_is_said_to_be_so(commands: Commands, url: str) -> None:
    assert commands.run("download", url, "--versie", "1", "-o", "een").exit_code == 0
    result = commands.run("download", url, "--versie", "7", "-o", "zeven")
    assert result.exit_code == 1
    assert "404" in result.stderr


@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)], ids=["ctrl-c", "kill -9"]
)
def test_a_download_that_was_stopped_goes_on_when_the_command_is_run_again(
    how: signal.Signals, code: int, commands: Commands, line: FailingProxy, url: str, tmp_path: Path
) -> None:
    target, part = tmp_path / "kopie", tmp_path / "kopie.part"
    held = line.hold(after=1_500_000, direction="down")
    running = commands.start("download", url, "-o", str(target))
    assert held.wait(30)
    _wait_until(lambda: part.stat().st_size > 1_000_000)
    running.send_signal(how)
    out, err = running.communicate(timeout=10)
    line.release()
    assert (running.returncode, out, target.exists()) == (code, "", False)
    assert ("Run the same command again" in err) == (how == signal.SIGINT)
    before = line.down
    result = commands.run("download", url, "-o", str(target))
    assert result.exit_code == 0
    assert line.down - before < 1_000_000 + 400_000
    assert target.read_bytes() == CONTENT
    assert list(commands.state.iterdir()) == []


def _wait_until(condition: Callable[[], bool]) -> None:
    turn = threading.Event()
    while not condition():
        turn.wait(0.01)


def test_ctrl_c_tells_how_to_go_on(commands: Commands, line: FailingProxy, url: str) -> None:
    held = line.hold(after=1_000_000, direction="down")
    with ctrl_c(held):
        result = commands.run("download", url)
    assert (result.exit_code, result.stdout) == (130, "")
    assert "Stopped. Run the same command again to go on where it was." in result.stderr


def test_help_teaches_with_an_example(commands: Commands) -> None:
    assert "dms download URL -o report.pdf" in commands.run("download", "--help").stdout
