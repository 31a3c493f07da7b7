"""A local disk that fills up: writes are refused, reads go on, and room brings everything back."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.conftest import checked
from tests.moving import content_of, made_document, sent
from tests.process import ServiceProcess
from tests.zgw import document_values

DOCUMENTS = "/documenten/api/v1/enkelvoudiginformatieobjecten"
MIB = 2**20
SETTINGS = {"DMS_ORPHAN_AGE": "0.1", "DMS_COLLECT_EVERY": "0.5", "DMS_PART_SIZE": str(MIB)}
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


@pytest.fixture
def service(small_disk: Path) -> Iterator[ServiceProcess]:
    """A service on that disk, with its log elsewhere."""
    service = ServiceProcess(small_disk / "data", **SETTINGS)
    service.log = small_disk.with_name("log")
    with service:
        yield service


def fill(file: Path) -> None:
    """Write until there is no room left."""
    with file.open("wb", buffering=0) as opened, suppress(OSError):
        while opened.write(bytes(64 * 1024)):
            pass


def test_a_full_disk_refuses_writes_and_nothing_else_until_there_is_room(
    small_disk: Path, service: ServiceProcess
) -> None:
    type_ = service.document_type()
    waiting = made_document(service, type_, bestandsomvang=3 * MIB)
    first, second, third = (part["url"] for part in waiting["bestandsdelen"])
    assert sent(service, first, b"1" * MIB, waiting["lock"]) == 200
    status, kept = service.call("POST", DOCUMENTS, values(service, type_, 2 * MIB))
    assert status == 201
    ballast = small_disk / "ballast"
    fill(ballast)
    status, refused = service.call("POST", DOCUMENTS, values(service, type_, 2 * MIB))
    assert (status, refused["code"]) == FULL
    assert sent(service, second, b"2" * MIB, waiting["lock"]) == FULL[0]
    status, small = service.call("POST", DOCUMENTS, document_values(type_))
    assert (status, small.get("code")) == FULL
    assert service.call("GET", kept["inhoud"]) == (200, bytes(2 * MIB))
    assert service.call("GET", DOCUMENTS)[1]["count"] == 2
    assert service.call("GET", "/healthz/ready")[0] == 503
    ballast.unlink()
    status, after = service.call("POST", DOCUMENTS, values(service, type_, 2 * MIB))
    assert status == 201
    assert service.call("GET", after["inhoud"]) == (200, bytes(2 * MIB))
    assert service.call("GET", "/healthz/ready")[0] == 200
    assert sent(service, third, b"3" * MIB, waiting["lock"]) == 200
    assert sent(service, second, b"2" * MIB, waiting["lock"]) == 200
    assert service.call("POST", f"{waiting['url']}/unlock", {"lock": waiting["lock"]})[0] == 204
    assert content_of(service, waiting) == b"1" * MIB + b"2" * MIB + b"3" * MIB
    assert "3 documents" in checked(service.data_dir, {})
