"""A service that runs, a line to it, and the command line as people use it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dms.cli import app
from tests.failing_proxy import FailingProxy
from tests.process import ServiceProcess, alone_with

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
        return subprocess.Popen(
            [sys.executable, "-m", "dms", *arguments],
            env=alone_with(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@contextmanager
def ctrl_c(when: threading.Event, *, every: float = 10) -> Iterator[None]:
    """Ctrl-C in this process once that happens; and again after so many seconds, as people do who are not
    heard, until the context is left."""
    stopped = threading.Event()

    def press() -> None:
        when.wait(30)
        while not stopped.is_set():
            os.kill(os.getpid(), signal.SIGINT)
            stopped.wait(every)

    pressing = threading.Thread(target=press)
    pressing.start()
    try:
        yield
    finally:
        stopped.set()
        pressing.join()


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
