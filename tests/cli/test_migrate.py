"""`dms migrate-content` and `dms migrate-metadata` as an operator meets them, beside a service that runs."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dms.cli import app
from tests.moving import checked, content_of, half_uploaded, killed_when, made_document, sent
from tests.process import ServiceProcess, alone_with
from tests.zgw import DOCUMENTS

MIB = 1024 * 1024


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service of its own, that can be stopped, with parts of 100 bytes."""
    with ServiceProcess(tmp_path / "data", DMS_PART_SIZE="100", DMS_JSON_SIZE="65536") as started:
        yield started


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"DMS_DATA_DIR": str(tmp_path / "data"), "NO_COLOR": "1", "COLUMNS": "200"}


def run(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env=environment)


def content_urls(tmp_path: Path) -> tuple[str, str]:
    return f"file:{tmp_path}/data/content", f"file:{tmp_path}/new"


def metadata_urls(tmp_path: Path) -> tuple[str, str]:
    return f"sqlite:{tmp_path}/data/metadata.db", f"sqlite:{tmp_path}/new.db"


def files(directory: Path) -> list[Path]:
    return [path for path in (directory / "bodies").rglob("*") if path.is_file()]


def switched(service: ServiceProcess, **settings: str) -> ServiceProcess:
    """The same service with other stores."""
    other = ServiceProcess(service.data_dir, DMS_PART_SIZE="100", **settings)
    other.address = service.address
    return other


def test_a_service_goes_on_with_its_files_elsewhere(
    service: ServiceProcess, environment: dict[str, str], tmp_path: Path
) -> None:
    type_ = service.document_type()
    first = made_document(service, type_, b"first")
    urls = content_urls(tmp_path)
    online = run(environment, "migrate-content", *urls)
    assert (online.exit_code, online.stdout) == (0, "1 file copied (5 bytes), 0 there already.\n")
    second = made_document(service, type_, b"second")
    waiting = half_uploaded(service, type_)
    again = run(environment, "migrate-content", *urls)
    assert again.stdout == "1 file copied (6 bytes), 1 there already.\n"
    assert "1 document waits for parts, which do not move" in again.stderr
    assert waiting["url"].removeprefix(service.address) in again.stderr
    service.stop()
    final = run(environment, "migrate-content", *urls, "--finish")
    assert final.exit_code == 0
    assert "Set DMS_CONTENT_URL" in final.stdout
    assert "all of which are to be sent again" in final.stderr
    (service.data_dir / "content").rename(tmp_path / "away")
    assert checked(service.data_dir, content_url=urls[1]).wrong == []
    with switched(service, DMS_CONTENT_URL=urls[1]) as moved:
        assert [content_of(moved, document) for document in (first, second)] == [b"first", b"second"]
        for part in waiting["bestandsdelen"]:
            assert sent(moved, part["url"], b"y" * 100, waiting["lock"]) == 200
        assert moved.call("POST", f"{waiting['url']}/unlock", {"lock": waiting["lock"]})[0] == 204
        assert content_of(moved, waiting) == b"y" * 200


def test_a_service_goes_on_with_its_records_elsewhere(
    service: ServiceProcess, environment: dict[str, str], tmp_path: Path
) -> None:
    type_ = service.document_type()
    made = [made_document(service, type_, b"x", titel=f"number {number}") for number in range(5)]
    urls = metadata_urls(tmp_path)
    online = run(environment, "migrate-metadata", *urls)
    assert online.exit_code == 0, online.output
    assert "Both were the same. Before you switch" in online.stdout
    lines = [
        line.split()
        for line in online.stdout.splitlines()
        if line.startswith("enkelvoudiginformatieobjecten ")
    ]
    assert [line[1:3] for line in lines] == [["FROM", "5"], ["TO", "5"]]
    assert lines[0][3] == lines[1][3]
    made.append(made_document(service, type_, b"x", titel="since"))
    before = service.call("GET", DOCUMENTS)
    service.stop()
    final = run(environment, "migrate-metadata", *urls, "--finish")
    assert (final.exit_code, "Set DMS_METADATA_URL" in final.stdout) == (0, True)
    (service.data_dir / "metadata.db").rename(tmp_path / "away.db")
    with switched(service, DMS_METADATA_URL=urls[1]) as moved:
        assert moved.call("GET", DOCUMENTS) == before
        numbers = {document["identificatie"] for document in made}
        assert made_document(moved, type_, b"y")["identificatie"] == max(numbers)[:-1] + "7"
    refused = run(environment, "migrate-metadata", metadata_urls(tmp_path)[0], urls[1])
    assert refused.exit_code == 1


def test_a_content_migration_that_was_killed_goes_on_and_loses_nothing(
    service: ServiceProcess, environment: dict[str, str], tmp_path: Path
) -> None:
    type_ = service.document_type()
    for _ in range(40):
        made_document(service, type_, random.randbytes(MIB))
    urls = content_urls(tmp_path)
    killed_when(lambda: files(tmp_path / "new"), environment, "migrate-content", *urls, "--parallel", "1")
    there = len(files(tmp_path / "new"))
    assert 0 < there < 40
    rest = run(environment, "migrate-content", *urls)
    assert f"{40 - there} files copied" in rest.stdout
    assert f"{there} there already" in rest.stdout
    findings = checked(service.data_dir, content_url=urls[1])
    assert (findings.wrong, findings.bodies) == ([], 40)


def test_files_that_are_missing_are_named_and_end_it_with_1(
    service: ServiceProcess, environment: dict[str, str], tmp_path: Path
) -> None:
    type_ = service.document_type()
    for number in range(22):
        made_document(service, type_, f"number {number}".encode())
    for file in files(service.data_dir / "content")[:21]:
        file.unlink()
    waiting = half_uploaded(service, type_)
    ended = run(environment, "migrate-content", *content_urls(tmp_path), "--finish")
    assert ended.exit_code == 1
    assert "1 file copied" in ended.stdout
    assert "21 files could not be copied" in ended.stderr
    assert ended.stderr.count("is missing") == 20
    assert "… and 1 more" in ended.stderr
    assert "Set DMS_CONTENT_URL" not in ended.stdout
    # As it is no time to switch, no part was given up either.
    _, document = service.call("GET", waiting["url"])
    assert [part["voltooid"] for part in document["bestandsdelen"]] == [True, False]


def test_records_that_go_on_changing_end_it_with_1(
    service: ServiceProcess, environment: dict[str, str], tmp_path: Path
) -> None:
    service.document_type()
    busy = subprocess.Popen(
        [sys.executable, "-c", _BUSY, str(service.data_dir / "metadata.db")], stdout=subprocess.PIPE
    )
    assert busy.stdout is not None
    busy.stdout.readline()
    try:
        ended = run(environment, "migrate-metadata", *metadata_urls(tmp_path), "--finish")
    finally:
        busy.kill()
        busy.wait()
        busy.stdout.close()
    assert (ended.exit_code, "Records still differed after 5 rounds" in ended.stderr) == (1, True)
    service.stop()
    assert run(environment, "migrate-metadata", *metadata_urls(tmp_path), "--finish").exit_code == 0


_BUSY = """
import sqlite3, sys
file = sqlite3.connect(sys.argv[1], timeout=30)
number = 0
while True:
    with file:
        file.execute("DELETE FROM dropped_bodies")
        for _ in range(3):
            file.execute("INSERT INTO dropped_bodies(id, rev, body) VALUES (?1, 1, json_object('_id', ?1))",
                         (f"busy{number}",))
            number += 1
    if number == 3:
        print("busy", flush=True)
"""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("migrate-content", "file:/a", "file:/a/"), 2, "FROM and TO are the same"),
        (("migrate-content", "file:{}/data/content", "gopher://x"), 2, "'gopher'"),
        (("migrate-metadata", "gopher://x", "sqlite:{}/new.db"), 2, "'gopher'"),
        (("migrate-metadata", "sqlite:{}/typo.db", "sqlite:{}/new.db"), 1, "no records to move"),
        (("migrate-metadata", "sqlite:{}/data/metadata.db", "sqlite:/dev/null/x"), 1, "cannot be used"),
        (("migrate-content", "file:{}/data/content", "file:/dev/null/x"), 1, "cannot be used"),
        (("migrate-content", "file:{}/data/content", "file:{}/new", "--finish"), 1, "no documents in"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_would_do(
    environment: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ended = run(environment, *(each.format(tmp_path) for each in arguments))
    assert (ended.exit_code, said in ended.stderr) == (code, True), ended.stderr


def test_ctrl_c_ends_it_with_how_to_go_on(
    service: ServiceProcess, environment: dict[str, str], tmp_path: Path
) -> None:
    type_ = service.document_type()
    for _ in range(40):
        made_document(service, type_, random.randbytes(MIB))
    for attempt in range(10):
        target = tmp_path / f"new{attempt}"
        command = [
            sys.executable,
            "-m",
            "dms",
            "migrate-content",
            content_urls(tmp_path)[0],
            f"file:{target}",
        ]
        with subprocess.Popen(
            [*command, "--parallel", "1"], env=alone_with(environment), stderr=subprocess.PIPE, text=True
        ) as process:
            until = time.monotonic() + 30
            while not files(target) and time.monotonic() < until:
                time.sleep(0.002)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        # On a busy machine it may have been done before.
        if process.returncode != 0:
            break
    assert (process.returncode, said.strip()) == (
        130,
        "Stopped. Run the same command again to go on where it was.",
    )
    assert list((target / "incoming").iterdir()) == []


def served(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What becomes of a service that is started here, and that should not go on."""
    return subprocess.run(
        [sys.executable, "-m", "dms", "serve"],
        env=alone_with(environment | {"DMS_PORT": "0"}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_service_starts_on_the_target_of_a_migration_that_is_not_finished(
    service: ServiceProcess, environment: dict[str, str], tmp_path: Path, workers: str
) -> None:
    made_document(service, service.document_type(), b"content")
    urls = metadata_urls(tmp_path)
    assert run(environment, "migrate-metadata", *urls).exit_code == 0
    ended = served(environment | {"DMS_METADATA_URL": urls[1], "DMS_WORKERS": workers})
    assert ended.returncode == 2
    assert "run dms migrate-metadata with --finish" in " ".join(ended.stderr.split())


def test_no_service_starts_in_a_directory_that_is_being_restored(
    environment: dict[str, str], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "restoring").write_text("0")
    ended = served(environment)
    assert ended.returncode == 2
    assert "run the same dms restore again" in " ".join(ended.stderr.split())
    assert not (data / "metadata.db").exists()
