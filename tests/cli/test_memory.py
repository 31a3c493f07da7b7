"""Memory of the client, which must not grow with the file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Commands
from tests.failing_proxy import FailingProxy
from tests.process import ServiceProcess, memory_peak

SIZE = 300 * 2**20
NEAR_THE_END = SIZE - 2**20
MOST = 100 * 2**20


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Emptied afterwards, for pytest keeps its folders and this one is large."""
    inner = tmp_path / "large"
    inner.mkdir()
    yield inner
    shutil.rmtree(inner)


def test_three_hundred_mebibytes_go_up_and_down_in_a_hundred_of_memory(
    commands: Commands, folder: Path
) -> None:
    file = folder / "groot.bin"
    file.touch()
    with file.open("r+b") as opened:
        opened.truncate(SIZE)
    with ServiceProcess(folder / "data") as own, FailingProxy(own.address) as line:
        commands.environment["DMS_URL"] = line.address
        type_ = own.document_type().replace(own.address, line.address)
        held = line.hold(after=NEAR_THE_END)
        running = commands.start("upload", str(file), "--type", type_)
        assert held.wait(60)
        up = memory_peak(running.pid)
        line.release()
        url, err = running.communicate(timeout=60)
        assert running.returncode == 0, err
        held = line.hold(after=NEAR_THE_END, direction="down")
        running = commands.start("download", url.strip(), "-o", str(folder / "kopie.bin"))
        assert held.wait(60)
        down = memory_peak(running.pid)
        line.release()
        assert running.communicate(timeout=60)[0] == f"{folder / 'kopie.bin'}\n"
    assert (folder / "kopie.bin").stat().st_size == SIZE
    assert max(up, down) < MOST, (up, down)
