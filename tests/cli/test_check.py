"""`dms check` and `dms serve` as an operator meets them."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dms.cli import app
from dms.settings import Settings
from dms.storage.metadata.port import Collection
from dms.storage.metadata.sqlite import SqliteMetadataStore
from dms.storage.metadata.sqlite_schema import VERSION
from dms.wiring import APIS, collections, wired
from tests.process import alone_with

RUNNER = CliRunner()
SOUND = "0 documents and 0 files checked: nothing wrong, 0 leftovers."


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory of its own, which the commands find in the environment."""
    for name in [name for name in os.environ if name.startswith("DMS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DMS_DATA_DIR", str(tmp_path))
    return tmp_path


async def content() -> AsyncIterator[bytes]:
    yield b"orphan"


async def leave_an_orphan(data_dir: Path) -> None:
    async with wired(Settings(data_dir=data_dir)) as service:
        await service.dms.content.write(content())


async def damage(data_dir: Path, *, documents: int) -> None:
    """Documents at a version of which nothing is kept."""
    async with wired(Settings(data_dir=data_dir)) as service, service.dms.metadata.transaction() as changes:
        for number in range(documents):
            record = {
                "_id": f"{number:08x}-0000-4000-8000-000000000000",
                "url": f"/documenten/api/v1/enkelvoudiginformatieobjecten/{number}",
                **dict.fromkeys(("_lock", "_upload", "_body", "inhoud")),
                "locked": False,
                "versie": 2,
            }
            changes.insert("enkelvoudiginformatieobjecten", record)


def test_a_check_of_a_sound_service_ends_well() -> None:
    found = RUNNER.invoke(app, ["check", "--read-bodies"])
    assert (found.exit_code, found.stdout.strip()) == (0, SOUND)


def test_a_check_repairs_what_is_old_enough_and_counts_it(data_dir: Path) -> None:
    asyncio.run(leave_an_orphan(data_dir))
    young = RUNNER.invoke(app, ["check", "--repair"])
    assert "nothing wrong, 1 leftovers. Removed 0." in young.stdout
    repaired = RUNNER.invoke(app, ["check", "--repair", "--min-age", "0"])
    assert (repaired.exit_code, "Removed 1." in repaired.stdout) == (0, True)
    assert RUNNER.invoke(app, ["check"]).stdout.strip() == SOUND


def test_a_check_that_finds_something_wrong_says_what_and_fails(data_dir: Path) -> None:
    asyncio.run(damage(data_dir, documents=60))
    found = RUNNER.invoke(app, ["check"])
    assert found.exit_code == 1
    assert "is at version 2, but 0 earlier versions are kept" in found.stdout
    assert "… and 20 more" in found.stdout
    assert "60 documents and 0 files checked: 120 wrong" in found.stdout


def test_a_repair_leaves_what_is_younger_than_the_orphan_age_of_the_settings(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(leave_an_orphan(data_dir))
    assert "Removed 0." in RUNNER.invoke(app, ["check", "--repair"]).stdout
    monkeypatch.setenv("DMS_ORPHAN_AGE", "0")
    assert "Removed 1." in RUNNER.invoke(app, ["check", "--repair"]).stdout


def ended(arguments: Sequence[str], data_dir: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """How a command ends in a process of its own: the service sets up the logs of the whole process."""
    return subprocess.run(
        [sys.executable, "-m", "dms", *arguments],
        env=alone_with({"DMS_DATA_DIR": str(data_dir), **variables}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def written_by_a_newer_program(data_dir: Path) -> None:
    with closing(sqlite3.connect(data_dir / "metadata.db")) as file:
        file.execute(f"PRAGMA user_version = {VERSION + 1}")


def written_without_a_unique_index(data_dir: Path) -> None:
    collection = next(each for each in collections(APIS) if any(index.unique for index in each.indexes))
    fields = next(index.fields for index in collection.indexes if index.unique)

    async def write() -> None:
        store = await SqliteMetadataStore.open(data_dir / "metadata.db", [Collection(collection.name)])
        async with store.transaction() as transaction:
            for id in ("a", "b"):
                transaction.insert(collection.name, {**dict.fromkeys(fields, "x"), "_id": id})
        await store.close()

    asyncio.run(write())


@pytest.mark.parametrize(
    ("command", "variables"),
    [
        ("check", {}),
        ("rescan", {"DMS_CLAMD_URL": "tcp://127.0.0.1:9"}),
        ("serve", {"DMS_PORT": "0"}),
        ("serve", {"DMS_PORT": "0", "DMS_WORKERS": "2"}),
    ],
)
@pytest.mark.parametrize(
    ("written", "said"),
    [
        (written_by_a_newer_program, f"this program knows up to {VERSION}. Start the newer program"),
        (written_without_a_unique_index, "which this program needs to be unique. Start the program that"),
    ],
)
def test_a_store_that_cannot_be_opened_ends_a_command_with_one_sentence(
    data_dir: Path, command: str, variables: dict[str, str], written: Callable[[Path], None], said: str
) -> None:
    written(data_dir)
    found = ended([command], data_dir, **variables)
    assert (found.returncode, said in found.stderr) == (1, True), found.stderr
    assert len(found.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [("check", "--repair"), ("rescan",)])
def test_a_command_that_writes_keeps_out_of_stores_that_are_being_restored(
    data_dir: Path, command: tuple[str, ...]
) -> None:
    (data_dir / "restoring").touch()
    refused = ended(command, data_dir, DMS_CLAMD_URL="tcp://127.0.0.1:9")
    assert (refused.returncode, "is being restored" in refused.stderr) == (2, True)
    assert not (data_dir / "metadata.db").exists()


@pytest.mark.parametrize("command", ["check", "rescan"])
def test_a_store_that_cannot_be_used_ends_a_command_with_one_sentence(data_dir: Path, command: str) -> None:
    refused = ended(
        [command], data_dir, DMS_CLAMD_URL="tcp://127.0.0.1:9", DMS_CONTENT_URL="file:/dev/null/x"
    )
    assert (refused.returncode, "cannot be used" in refused.stderr) == (1, True)
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("command", "variable", "value", "said"),
    [
        ("check", "DMS_PORT", "http", "DMS_PORT"),
        ("serve", "DMS_PORT", "http", "DMS_PORT"),
        ("check", "DMS_METADATA_URL", "gopher://x", "sqlite"),
        ("serve", "DMS_METADATA_URL", "gopher://x", "sqlite"),
        ("check", "DMS_CLAMD_URL", "nonsense", "DMS_CLAMD_URL"),
        ("rescan", "DMS_CLAMD_URL", "nonsense", "DMS_CLAMD_URL"),
    ],
)
def test_a_setting_that_cannot_be_used_ends_a_command_with_what_would_do(
    data_dir: Path, command: str, variable: str, value: str, said: str
) -> None:
    refused = ended([command], data_dir, **{variable: value})
    assert (refused.returncode, said in refused.stderr) == (2, True)
    assert "Traceback" not in refused.stderr
