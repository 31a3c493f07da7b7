"""A service that runs, a line to it, and the command line as people use it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dms.cli import app
from tests.failing_proxy import FailingProxy
from tests.process import ServiceProcess

PART = 64 * 2**10


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """One for all tests, with parts of 64 KiB."""
    with ServiceProcess(tmp_path_factory.mktemp("service") / "data", DMS_PART_SIZE=str(PART)) as started:
        yield started


@pytest.fixture(scope="session")
def type_path(service: ServiceProcess) -> str:
    """The path of an informatieobjecttype that is published."""
    return service.document_type().removeprefix(service.address)


@pytest.fixture
def line(service: ServiceProcess) -> Iterator[FailingProxy]:
    """The line to the service."""
    with FailingProxy(service.address) as proxy:
        yield proxy


class Commands:
    """Runs commands within a folder, with an environment of their own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.state = folder / "state" / "dms" / "transfers"

    def run(self, *arguments: str, **environment: str) -> Result:
        """In this process."""
        return CliRunner().invoke(app, arguments, env=self.environment | environment)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """In a process of its own."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("DMS_")}
        return subprocess.Popen(
            [sys.executable, "-m", "dms", *arguments],
            env=others | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def commands(
    service: ServiceProcess, line: FailingProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Commands:
    """With everything set in the environment, and calling over the line."""
    monkeypatch.chdir(tmp_path)
    environment = {
        "DMS_URL": line.address,
        "DMS_CLIENT_ID": service.client_id,
        "DMS_CLIENT_SECRET": service.client_secret,
        "DMS_BRONORGANISATIE": "000000000",
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "COLUMNS": "200",
        "NO_COLOR": "1",
    }
    return Commands(tmp_path, environment)
