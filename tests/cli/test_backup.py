"""`dms backup` and `dms restore` as an operator meets them, beside a service that runs."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dms.cli import app
from tests.moving import checked, content_of, half_uploaded, killed_when, made_document
from tests.process import ServiceProcess
from tests.zgw import DOCUMENTS

MIB = 1024 * 1024


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service of its own, with parts of 100 bytes, that collects all the time."""
    with ServiceProcess(tmp_path / "data", DMS_PART_SIZE="100", DMS_COLLECT_EVERY="0.05") as started:
        yield started


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"DMS_DATA_DIR": str(tmp_path / "data"), "NO_COLOR": "1", "COLUMNS": "200"}


@pytest.fixture
def backup(tmp_path: Path) -> str:
    return str(tmp_path / "backup")


def run(environment: dict[str, str], *arguments: str, **others: str) -> Result:
    return CliRunner().invoke(app, arguments, env=environment | others)


def files(directory: Path) -> list[Path]:
    return [path for path in (directory / "content" / "bodies").rglob("*") if path.is_file()]


def test_a_service_is_made_of_a_backup_that_was_made_while_it_ran(
    service: ServiceProcess, environment: dict[str, str], backup: str, tmp_path: Path
) -> None:
    type_ = service.document_type()
    made = [made_document(service, type_, f"number {number}".encode()) for number in range(5)]
    half_uploaded(service, type_)
    ended = run(environment, "backup", backup)
    assert ended.exit_code == 0, ended.output
    assert f"{backup} is a whole backup: 5 files copied" in ended.stdout
    assert "1 uploads were in progress" in ended.stdout
    again = run(environment, "backup", backup)
    assert "0 files copied (0 bytes), 5 there already" in again.stdout
    read = run(environment, "backup", "--verify", backup)
    assert (read.exit_code, "5 files are as they were" in read.stdout) == (0, True)
    listed = service.call("GET", DOCUMENTS)
    service.stop()
    new = tmp_path / "restored"
    restored = run(environment, "restore", backup, DMS_DATA_DIR=str(new))
    assert restored.exit_code == 0, restored.output
    assert "6 documents and 5 files checked: nothing wrong" in restored.stdout
    assert checked(new).wrong == []
    other = ServiceProcess(new, DMS_PART_SIZE="100")
    other.address = service.address
    with other:
        answered = other.call("GET", DOCUMENTS)
        assert answered[1]["count"] == listed[1]["count"] == 6
        urls = [[document["url"] for document in answer["results"]] for _, answer in (answered, listed)]
        assert urls[0] == urls[1]
        assert [content_of(other, document) for document in made] == [
            f"number {number}".encode() for number in range(5)
        ]


def test_backups_of_a_busy_service_lack_no_body(
    service: ServiceProcess, environment: dict[str, str], tmp_path: Path
) -> None:
    """Documents come and go all the time, and the collector takes their bodies away at once."""
    type_ = service.document_type()
    stop, failures = threading.Event(), list[str]()

    def come_and_go() -> None:
        while not stop.is_set():
            made = [made_document(service, type_, random.randbytes(1000)) for _ in range(3)]
            for document in made[1:]:
                status, _ = service.call("DELETE", document["url"])
                if status != 204:
                    failures.append(f"{status}")

    busy = threading.Thread(target=come_and_go)
    busy.start()
    try:
        for number in range(4):
            ended = run(environment, "backup", str(tmp_path / "backup"))
            while ended.exit_code and "Run this again" in ended.output:
                ended = run(environment, "backup", str(tmp_path / "backup"))
            assert ended.exit_code == 0, ended.output
            restored = tmp_path / f"restored{number}"
            ended = run(environment, "restore", str(tmp_path / "backup"), DMS_DATA_DIR=str(restored))
            assert (ended.exit_code, "nothing wrong" in ended.stdout) == (0, True), ended.output
            assert checked(restored).wrong == []
    finally:
        stop.set()
        busy.join()
    assert failures == []


def test_a_backup_that_was_killed_is_none_until_it_is_run_again(
    service: ServiceProcess, environment: dict[str, str], backup: str, tmp_path: Path
) -> None:
    type_ = service.document_type()
    for _ in range(30):
        made_document(service, type_, random.randbytes(MIB))
    killed_when(lambda: files(Path(backup)), environment, "backup", backup)
    there = len(files(Path(backup)))
    new = {"DMS_DATA_DIR": str(tmp_path / "restored")}
    for command in (("backup", "--verify"), ("restore",)):
        refused = run(environment | new, *command, backup)
        assert (refused.exit_code, "holds no whole backup" in refused.stderr) == (1, True)
    assert not (tmp_path / "restored").exists()
    ended = run(environment, "backup", backup)
    assert f"{30 - there} files copied" in ended.stdout
    assert sorted(path.name.partition("-")[0] for path in Path(backup).iterdir()) == [
        "bodies",
        "content",
        "manifest.json",
        "metadata",
    ]
    assert run(environment, "restore", backup, **new).exit_code == 0
    assert checked(tmp_path / "restored").bodies == 30


def test_a_restore_that_was_killed_goes_on_when_it_is_run_again(
    service: ServiceProcess, environment: dict[str, str], backup: str, tmp_path: Path
) -> None:
    type_ = service.document_type()
    for _ in range(30):
        made_document(service, type_, random.randbytes(MIB))
    assert run(environment, "backup", backup).exit_code == 0
    new = tmp_path / "restored"
    killed_when(lambda: files(new), environment | {"DMS_DATA_DIR": str(new)}, "restore", backup)
    assert not (new / "metadata.db").exists()
    ended = run(environment, "restore", backup, DMS_DATA_DIR=str(new))
    assert (ended.exit_code, "30 documents and 30 files checked: nothing wrong" in ended.stdout) == (0, True)
    assert sorted(path.name for path in new.iterdir()) == ["client", "content", "metadata.db"]


def test_a_damaged_backup_is_told_and_ends_a_restore_with_1(
    service: ServiceProcess, environment: dict[str, str], backup: str, tmp_path: Path
) -> None:
    type_ = service.document_type()
    made_document(service, type_, b"damaged")
    assert run(environment, "backup", backup).exit_code == 0
    files(Path(backup))[0].write_bytes(b"d@maged")
    read = run(environment, "backup", "--verify", backup)
    assert (read.exit_code, "is damaged" in read.stderr) == (1, True)
    restored = run(environment, "restore", backup, DMS_DATA_DIR=str(tmp_path / "restored"))
    assert (restored.exit_code, "1 wrong" in restored.stdout) == (1, True)
    assert "is missing" in restored.stdout


def test_a_service_that_lost_a_file_is_told_so_and_backed_up_all_the_same(
    service: ServiceProcess, environment: dict[str, str], backup: str
) -> None:
    type_ = service.document_type()
    for number in range(2):
        made_document(service, type_, f"number {number}".encode())
    files(service.data_dir)[0].unlink()
    ended = run(environment, "backup", backup)
    assert ended.exit_code == 1
    assert "is a whole backup: 1 files copied" in ended.stdout
    assert "1 file could not be copied" in ended.stderr


@pytest.mark.parametrize(
    ("command", "variables", "code", "said"),
    [
        (("backup",), {"DMS_DATA_DIR": "/nowhere"}, 1, "There is no service in /nowhere"),
        (
            ("restore",),
            {"DMS_METADATA_URL": "sqlite:/x"},
            2,
            "leave DMS_METADATA_URL and DMS_CONTENT_URL empty",
        ),
        (("restore",), {}, 1, "holds no whole backup"),
        (("backup", "--verify"), {}, 1, "holds no whole backup"),
    ],
)
def test_what_cannot_be_backed_up_or_restored_is_said_with_what_would_do(
    environment: dict[str, str],
    backup: str,
    command: tuple[str, ...],
    variables: dict[str, str],
    code: int,
    said: str,
) -> None:
    ended = run(environment, *command, backup, **variables)
    assert (ended.exit_code, said in ended.stderr) == (code, True), ended.output
    assert not Path(backup).exists()
