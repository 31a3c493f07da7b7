"""Several processes of the service behind one port."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process import ServiceProcess

_PATIENCE = 20.0
_TYPES = "/catalogi/api/v1/informatieobjecttypen"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceProcess]:
    with ServiceProcess(tmp_path / "data", DMS_WORKERS="2") as service:
        yield service


def workers(service: ServiceProcess) -> set[int]:
    """The processes that serve: those of the supervisor's children that listen are all but the tracker."""
    children = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()
    return {int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def lives(pid: int) -> bool:
    """Whether a process has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition: object, said: str) -> None:
    """Return once it holds, or fail in its words."""
    assert callable(condition)
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end, said
        time.sleep(0.05)


def requests_counted(service: ServiceProcess) -> float:
    """The lists of types that were answered, by the service's own figures."""
    _, text = service.call("GET", "/metrics")
    lines = text.decode().splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("dms_requests_total{") and 'resource="informatieobjecttypen"' in line
    )


def test_what_one_worker_stores_every_worker_answers(service: ServiceProcess) -> None:
    wait_until(lambda: len(workers(service)) == 2, "two workers")
    made = {service.document_type() for _ in range(3)}
    for _ in range(20):  # each call is a connection of its own, and the kernel deals those out
        status, page = service.call("GET", _TYPES)
        assert (status, {each["url"] for each in page["results"]}) == (200, made)


def test_the_figures_of_all_workers_are_told_as_one(service: ServiceProcess) -> None:
    wait_until(lambda: len(workers(service)) == 2, "two workers")
    for _ in range(20):
        assert service.call("GET", _TYPES)[0] == 200
    assert {requests_counted(service) for _ in range(10)} == {20.0}


def test_a_worker_that_is_killed_is_started_again(service: ServiceProcess) -> None:
    wait_until(lambda: len(workers(service)) == 2, "two workers")
    before = workers(service)
    os.kill(max(before), signal.SIGKILL)
    wait_until(lambda: len(workers(service) - before) == 1, "a new worker")
    assert service.call("GET", "/healthz/ready")[0] == 200


def test_all_workers_stop_when_the_service_is_told_to(service: ServiceProcess) -> None:
    wait_until(lambda: len(workers(service)) == 2, "two workers")
    pids = workers(service)
    assert service.stop() == 0
    assert not any(map(lives, pids))


def test_workers_do_not_outlive_a_supervisor_that_was_killed(service: ServiceProcess) -> None:
    wait_until(lambda: len(workers(service)) == 2, "two workers")
    pids = workers(service)
    service.kill()
    wait_until(lambda: not any(map(lives, pids)), "the workers stop")
