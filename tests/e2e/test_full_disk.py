"""A local disk that fills up: writes are refused, reads go on, and room brings everything back."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process import ServiceProcess
from tests.zgw import document_values

DOCUMENTS = "/documenten/api/v1/enkelvoudiginformatieobjecten"
MIB = 2**20
FULL = (507, "insufficient_storage")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk is mounted, which takes Linux and root: run this test as root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def values(service: ServiceProcess, type_: str, size: int) -> dict[str, object]:
    content = base64.b64encode(bytes(size)).decode()
    return {**document_values(type_), "inhoud": content, "bestandsomvang": size}


def test_a_full_disk_refuses_writes_and_nothing_else_until_there_is_room(small_disk: Path) -> None:
    with ServiceProcess(small_disk / "data", DMS_ORPHAN_AGE="0.1", DMS_COLLECT_EVERY="0.5") as service:
        type_ = service.document_type()
        status, kept = service.call("POST", DOCUMENTS, values(service, type_, 2 * MIB))
        assert status == 201
        ballast = small_disk / "ballast"
        with ballast.open("wb") as file:
            while True:
                try:
                    file.write(bytes(64 * 1024))
                    file.flush()
                except OSError:
                    break
        status, refused = service.call("POST", DOCUMENTS, values(service, type_, 2 * MIB))
        assert (status, refused["code"]) == FULL
        status, small = service.call("POST", DOCUMENTS, document_values(type_))
        assert (status, small.get("code")) == FULL
        assert service.call("GET", kept["inhoud"]) == (200, bytes(2 * MIB))
        assert service.call("GET", DOCUMENTS)[1]["count"] == 1
        assert service.call("GET", "/healthz/ready")[0] == 503
        ballast.unlink()
        status, after = service.call("POST", DOCUMENTS, values(service, type_, 2 * MIB))
        assert status == 201
        assert service.call("GET", after["inhoud"]) == (200, bytes(2 * MIB))
        assert service.call("GET", "/healthz/ready")[0] == 200
