"""`dms watch` and `dms import` while servers and clients are killed: each file becomes one document, no more.

DMS_TEST_IMPORT_FILES says with how many files; 2000 is the full figure.
"""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.cli.conftest import PART, Commands
from tests.failing_proxy import FailingProxy
from tests.process import ServiceProcess

FILES = int(os.environ.get("DMS_TEST_IMPORT_FILES", "160"))
LARGE = 300 * 2**10
DOCUMENTS = "/documenten/api/v1/enkelvoudiginformatieobjecten"
_PATIENCE = 60 + FILES / 10


@pytest.fixture
def own(tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service of this test alone, which may be killed."""
    with ServiceProcess(tmp_path / "data", DMS_PART_SIZE=str(PART)) as started:
        yield started


@pytest.fixture
def hot(tmp_path: Path) -> Path:
    folder = tmp_path / "hot"
    folder.mkdir()
    return folder


@pytest.fixture
def start(own: ServiceProcess, hot: Path, tmp_path: Path) -> Callable[[], subprocess.Popen[str]]:
    """Starts the agent on the folder."""
    environment = {
        "DMS_URL": own.address,
        "DMS_CLIENT_ID": own.client_id,
        "DMS_CLIENT_SECRET": own.client_secret,
        "DMS_BRONORGANISATIE": "000000000",
        "DMS_INFORMATIEOBJECTTYPE": own.document_type(),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    commands = Commands(tmp_path, environment)
    return lambda: commands.start("watch", str(hot), "--settle", "0.1", "--every", "0.1", "--attempts", "20")


def fill(folder: Path, numbers: range) -> None:
    """Small files, some of the same content, and every twentieth one in parts."""
    for number in numbers:
        size = LARGE if number % 20 == 7 else 500 + number % 3
        file = folder / f"{number % 4}" / f"scan{number:05}.pdf"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(random.Random(number // 2).randbytes(size))


def receipts(folder: Path) -> list[dict[str, str]]:
    """Those that are whole."""
    file = folder / "receipts.csv"
    whole = file.read_text().rpartition("\n")[0] if file.exists() else ""
    return list(csv.DictReader(whole.splitlines()))


def wait_for(folder: Path, count: int) -> None:
    """Return when so many receipts have been written."""
    turn, end = threading.Event(), time.monotonic() + _PATIENCE
    while (there := len(receipts(folder))) < count:
        assert time.monotonic() < end, f"{there} receipts of {count}"
        turn.wait(0.02)


def ended(agent: subprocess.Popen[str]) -> None:
    """Stop it as a service manager does."""
    agent.send_signal(signal.SIGTERM)
    _, err = agent.communicate(timeout=60)
    assert agent.returncode == 0, err
    assert "Traceback" not in err


def assert_each_file_is_one_document(own: ServiceProcess, hot: Path) -> None:
    names = {str(file.relative_to(hot)) for file in hot.glob("*/*.pdf")}
    found = receipts(hot)
    assert {receipt["status"] for receipt in found} == {"ok"}
    assert sorted(receipt["bestand"] for receipt in found) == sorted(names)
    assert len({receipt["document"] for receipt in found}) == len(names) == FILES
    assert own.call("GET", DOCUMENTS)[1]["count"] == FILES
    for receipt in found[::10]:
        assert (
            own.call("GET", f"{receipt['document']}/download")[1] == (hot / receipt["bestand"]).read_bytes()
        )


def test_a_folder_is_emptied_without_doubles_while_the_server_is_killed_twice(
    own: ServiceProcess, hot: Path, start: Callable[[], subprocess.Popen[str]]
) -> None:
    agent = start()
    fill(hot, range(FILES // 2))
    for done, more in ((FILES // 8, FILES // 2), (FILES * 5 // 8, FILES * 3 // 4)):
        wait_for(hot, done)
        own.kill()
        fill(hot, range(more, more + FILES // 4))
        own.start()
    wait_for(hot, FILES)
    ended(agent)
    assert_each_file_is_one_document(own, hot)


def test_a_folder_is_emptied_without_doubles_while_the_agent_is_killed_twice(
    own: ServiceProcess, hot: Path, start: Callable[[], subprocess.Popen[str]]
) -> None:
    agent = start()
    fill(hot, range(FILES))
    for share in (4, 2):
        wait_for(hot, FILES // share)
        agent.kill()
        agent.communicate(timeout=30)
        agent = start()
    wait_for(hot, FILES)
    ended(agent)
    assert_each_file_is_one_document(own, hot)


MOMENTS = [
    pytest.param("down", 0, "kept", id="created but not answered"),
    pytest.param("down", 0, "lost", id="created but not answered, without notes"),
    pytest.param("up", LARGE - PART, "kept", id="among the parts"),
    pytest.param("up", LARGE - PART, "lost", id="among the parts, without notes"),
    pytest.param("up", LARGE + 4_200, "kept", id="before the unlock"),
    pytest.param("down", 6_000, "kept", id="unlocked but without a receipt"),
]


@pytest.mark.parametrize(("direction", "after", "notes"), MOMENTS)
def test_an_import_that_is_killed_at_some_moment_makes_one_document_of_a_file_when_run_again(
    direction: Literal["up", "down"],
    after: int,
    notes: str,
    commands: Commands,
    service: ServiceProcess,
    line: FailingProxy,
    type_path: str,
    tmp_path: Path,
) -> None:
    file = tmp_path / "groot.bin"
    file.write_bytes(random.Random(f"{direction} {after} {notes}").randbytes(LARGE))
    (tmp_path / "post.csv").write_text("bestand\ngroot.bin\n")
    command = ("import", str(tmp_path / "post.csv"), "--type", line.address + type_path, "--parallel", "1")
    before = service.call("GET", DOCUMENTS)[1]["count"]
    held = line.hold(after=after, direction=direction)
    running = commands.start(*command)
    assert held.wait(30)
    assert running.poll() is None
    assert receipts(tmp_path) == []
    running.kill()
    running.communicate(timeout=10)
    line.release()
    line.settle()
    if notes == "lost":
        for note in commands.state.iterdir():
            note.unlink()
    result = commands.run(*command)
    assert result.exit_code == 0, result.stderr
    (receipt,) = receipts(tmp_path)
    assert receipt["status"] == "ok"
    assert service.call("GET", DOCUMENTS)[1]["count"] == before + 1
    assert service.call("GET", f"{receipt['document']}/download")[1] == file.read_bytes()
