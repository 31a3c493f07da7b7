"""A backup holds the body of every record in it, whatever the service does while it is made."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from dms.actions.backup import Backup, back_up, destination, restore, verify
from dms.actions.backup_files import read_manifest
from dms.actions.check import check
from dms.actions.migrate_content import CannotMove
from dms.actions.service import Dms
from dms.settings import Settings
from dms.storage.content.port import ContentStore, LocalFiles
from dms.storage.metadata.port import MetadataStore
from dms.wiring import open_content, open_metadata, wired
from tests.backends.filesystem import interfere
from tests.zgw import Zgw

DOCUMENTS = "enkelvoudiginformatieobjecten"


@dataclass(frozen=True)
class Embedded:
    """Stores in places other than those of the settings."""

    settings: Settings

    @asynccontextmanager
    async def metadata(self, file: Path) -> AsyncIterator[MetadataStore]:
        async with open_metadata(f"sqlite:{file}", self.settings) as store:
            yield store

    @asynccontextmanager
    async def content(self, directory: Path) -> AsyncIterator[ContentStore]:
        async with open_content(f"file:{directory}", self.settings) as store:
            yield store


@pytest.fixture
def stores(settings: Settings) -> Embedded:
    return Embedded(settings)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "backup"


@pytest.fixture
def restored(tmp_path: Path) -> Path:
    return tmp_path / "restored"


async def backed_up(dms: Dms, directory: Path, stores: Embedded, **options: Path) -> Backup:
    return await back_up(dms.metadata, dms.content, directory, stores, version="1.2.3", **options)  # type: ignore[arg-type]


async def key_of(dms: Dms, title: str) -> str:
    found = await dms.metadata.find(DOCUMENTS)
    return next(str(each["_body"]) for each in found if each["titel"] == title)


def file_of(dms: Dms, key: str) -> Path:
    assert isinstance(dms.content, LocalFiles)
    return dms.content.path(key)


async def test_a_service_that_was_restored_has_everything_that_the_other_had(
    dms: Dms, zgw: Zgw, type_: str, settings: Settings, directory: Path, restored: Path, stores: Embedded
) -> None:
    document = await zgw.document(type_, content=b"first")
    lock = await zgw.locked(document["url"])
    await zgw.patch(document["url"], {"inhoud": "c2Vjb25k", "bestandsomvang": 6, "lock": lock})
    await dms.metadata.next_number("DOCUMENT-2026", count=5)
    made = await backed_up(dms, directory, stores, client=settings.data_dir / "client")
    assert (made.copied.copied, made.manifest.lacking, made.manifest.version) == (2, (), "1.2.3")
    assert (await verify(directory, stores)).there == 2
    again = await restore(directory, restored, stores)
    assert (again.manifest, again.copied.copied) == (made.manifest, 2)
    for file in ("client", "metadata.db"):
        assert (restored / file).stat().st_mode & 0o777 == 0o600
    assert (restored / "client").read_text() == (settings.data_dir / "client").read_text()
    async with wired(Settings(data_dir=restored)) as service:
        assert (await check(service.dms, read_bodies=True)).wrong == []
        for collection in (DOCUMENTS, "audittrail", "enkelvoudiginformatieobjectversies"):
            assert await service.dms.metadata.find(collection) == await dms.metadata.find(collection)
        series = await dms.metadata.series()
        assert await service.dms.metadata.series() == series
    assert sorted(path.name for path in restored.iterdir()) == ["client", "content", "metadata.db"]


async def test_a_second_backup_copies_what_is_new_and_leaves_one_manifest(
    dms: Dms, zgw: Zgw, type_: str, directory: Path, stores: Embedded
) -> None:
    await zgw.document(type_, content=b"first")
    first = await backed_up(dms, directory, stores)
    await zgw.document(type_, content=b"second")
    second = await backed_up(dms, directory, stores)
    assert (second.copied.copied, second.copied.there, second.copied.size) == (1, 1, len(b"second"))
    assert (
        first.manifest.metadata.file
        != second.manifest.metadata.file
        == read_manifest(directory).metadata.file
    )
    assert sorted(path.name.partition("-")[0] for path in directory.iterdir()) == [
        "bodies",
        "content",
        "manifest.json",
        "metadata",
    ]
    assert (await verify(directory, stores)).there == 2


async def test_the_list_of_bodies_can_be_checked_without_dms(
    dms: Dms, zgw: Zgw, type_: str, directory: Path, stores: Embedded
) -> None:
    for number in range(3):
        await zgw.document(type_, content=f"number {number}".encode())
    made = await backed_up(dms, directory, stores)
    checking = ["sha256sum", "--check", "--strict", made.manifest.bodies.file]
    assert subprocess.run(checking, cwd=directory, capture_output=True, check=True).stdout.count(b": OK") == 3
    metadata = (directory / made.manifest.metadata.file).read_bytes()
    assert hashlib.sha256(metadata).hexdigest() == made.manifest.metadata.sha256
    assert len(metadata) == made.manifest.metadata.size


async def test_a_document_that_goes_while_its_body_is_copied_is_not_in_the_backup(
    dms: Dms, zgw: Zgw, type_: str, settings: Settings, directory: Path, restored: Path, stores: Embedded
) -> None:
    await zgw.document(type_, titel="stays", content=b"stays")
    await zgw.document(type_, titel="goes", content=b"goes")
    key = await key_of(dms, "goes")

    def remove() -> None:
        with closing(sqlite3.connect(settings.data_dir / "metadata.db")) as file, file:
            file.execute(f"DELETE FROM {DOCUMENTS} WHERE json_extract(body, '$.titel') = 'goes'")
        file_of(dms, key).unlink()

    interfere("open", key, remove)
    made = await backed_up(dms, directory, stores)
    assert made.manifest.lacking == ()
    assert len(list(directory.glob("metadata-*"))) == len(list(directory.glob("bodies-*"))) == 1
    await restore(directory, restored, stores)
    async with wired(Settings(data_dir=restored)) as service:
        assert [each["titel"] for each in await service.dms.metadata.find(DOCUMENTS)] == ["stays"]


async def test_documents_that_go_each_time_end_the_backup_and_leave_the_one_before(
    dms: Dms, zgw: Zgw, type_: str, settings: Settings, directory: Path, stores: Embedded
) -> None:
    before = await backed_up(dms, directory, stores)
    await zgw.document(type_, titel="goes", content=b"goes")
    [record] = await dms.metadata.find(DOCUMENTS)
    keys = [record["_body"], *(f"2026/11/24/09/{number:032x}" for number in range(5))]
    file_of(dms, keys[0]).unlink()
    attempts: list[str] = []

    def replaced_by_the_next() -> None:
        attempts.append(keys.pop(0))
        with closing(sqlite3.connect(settings.data_dir / "metadata.db")) as file, file:
            file.execute(f"DELETE FROM {DOCUMENTS}")
            body = json.dumps({**record, "_id": str(len(keys)), "_body": keys[0]})
            file.execute(f"INSERT INTO {DOCUMENTS}(id, rev, body) VALUES (?, 1, ?)", (str(len(keys)), body))
        interfere("open", keys[0], replaced_by_the_next)

    interfere("open", keys[0], replaced_by_the_next)
    with pytest.raises(CannotMove, match="time and again"):
        await backed_up(dms, directory, stores)
    assert len(attempts) == 5
    interfere("none", "", lambda: None)
    assert read_manifest(directory) == before.manifest
    assert (await verify(directory, stores)).lacking == {}


async def test_a_body_that_the_service_lacks_is_named_and_the_rest_is_whole(
    dms: Dms, zgw: Zgw, type_: str, directory: Path, restored: Path, stores: Embedded
) -> None:
    await zgw.document(type_, titel="sound", content=b"sound")
    await zgw.document(type_, titel="lost", content=b"lost")
    key = await key_of(dms, "lost")
    file_of(dms, key).unlink()
    made = await backed_up(dms, directory, stores)
    assert (made.manifest.lacking, made.copied.copied) == ((key,), 1)
    assert key not in (directory / made.manifest.bodies.file).read_text()
    assert list((await verify(directory, stores)).lacking) == [key]
    assert list((await restore(directory, restored, stores)).copied.lacking) == [key]


async def test_uploads_in_progress_are_restored_as_still_to_come(
    dms: Dms, zgw: Zgw, type_: str, directory: Path, restored: Path, stores: Embedded
) -> None:
    document = await zgw.document(type_, bestandsomvang=150)
    part = document["bestandsdelen"][0]
    assert (await zgw.upload(part["url"], b"x" * 100, document["lock"])).status == 200
    made = await backed_up(dms, directory, stores)
    assert [zgw.origin + url for url in made.waiting] == [document["url"]]
    assert [part["voltooid"] for part in (await zgw.get(document["url"]))["bestandsdelen"]] == [True, False]
    await restore(directory, restored, stores)
    async with wired(Settings(data_dir=restored)) as service:
        assert (await check(service.dms)).wrong == []
        parts = await service.dms.metadata.find("bestandsdelen")
        assert [part["voltooid"] for part in parts] == [False, False]


async def test_damage_to_a_backup_is_found_and_not_restored(
    dms: Dms, zgw: Zgw, type_: str, directory: Path, restored: Path, stores: Embedded
) -> None:
    await zgw.document(type_, titel="damaged", content=b"damaged")
    made = await backed_up(dms, directory, stores)
    body = next(path for path in (directory / "content" / "bodies").rglob("*") if path.is_file())
    body.write_bytes(b"d@maged")
    assert len((await verify(directory, stores)).lacking) == 1
    assert len((await restore(directory, restored, stores)).copied.lacking) == 1
    records = directory / made.manifest.metadata.file
    records.write_bytes(records.read_bytes()[:-1] + b"x")
    with pytest.raises(CannotMove, match="is not what it was"):
        await verify(directory, stores)
    with pytest.raises(CannotMove, match="is not what it was"):
        await restore(directory, restored.with_name("other"), stores)
    assert not (restored.with_name("other") / "metadata.db").exists()
    records.unlink()
    with pytest.raises(CannotMove, match="is missing"):
        await verify(directory, stores)


async def test_a_backup_is_made_only_in_a_directory_for_it(
    dms: Dms, directory: Path, stores: Embedded
) -> None:
    directory.mkdir()
    (directory / "holiday.jpg").write_text("mine")
    with pytest.raises(CannotMove, match=r"such as holiday\.jpg"):
        await backed_up(dms, directory, stores)
    assert [path.name for path in directory.iterdir()] == ["holiday.jpg"]


async def test_an_empty_service_does_not_take_the_place_of_a_backup(
    dms: Dms, zgw: Zgw, type_: str, directory: Path, stores: Embedded, tmp_path: Path
) -> None:
    await zgw.document(type_, content=b"kept")
    made = await backed_up(dms, directory, stores)
    async with wired(Settings(data_dir=tmp_path / "typo")) as empty:
        with pytest.raises(CannotMove, match="is it the right service"):
            await backed_up(empty.dms, directory, stores)
    assert read_manifest(directory) == made.manifest
    assert (await verify(directory, stores)).there == 1


async def test_stores_that_are_no_files_are_left_to_backups_of_their_own(
    dms: Dms, directory: Path, stores: Embedded
) -> None:
    elsewhere = cast(Any, object())
    for metadata, content in ((elsewhere, dms.content), (dms.metadata, elsewhere)):
        with pytest.raises(CannotMove, match=r"docs/engines\.md"):
            await back_up(metadata, content, directory, stores, version="1")
    assert not directory.exists()
    with pytest.raises(CannotMove, match="cannot move to a content store of this kind"):
        destination(elsewhere)


async def test_two_backups_are_not_made_in_one_directory_at_once(
    dms: Dms, zgw: Zgw, type_: str, directory: Path, stores: Embedded
) -> None:
    refused: list[str] = []

    class Second(Embedded):
        """Makes a backup there while another opens its stores."""

        @asynccontextmanager
        async def content(self, directory: Path) -> AsyncIterator[ContentStore]:
            with pytest.raises(CannotMove) as why:
                await backed_up(dms, directory.parent, stores)
            refused.append(str(why.value))
            async with super().content(directory) as store:
                yield store

    await backed_up(dms, directory, Second(stores.settings))
    assert ["Another backup is being made" in each for each in refused] == [True]


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "is damaged"), ('{"version": "9", "made": "", "new": 1}', "newer dms"), (None, "no whole backup")],
)
async def test_what_is_no_backup_is_not_restored(
    directory: Path, restored: Path, stores: Embedded, text: str | None, said: str
) -> None:
    directory.mkdir()
    if text is not None:
        (directory / "manifest.json").write_text(text)
    with pytest.raises(CannotMove, match=said):
        await restore(directory, restored, stores)
    assert not restored.exists()


async def test_a_backup_in_a_later_format_is_left_to_the_version_that_made_it(
    dms: Dms, directory: Path, restored: Path, stores: Embedded
) -> None:
    made = await backed_up(dms, directory, stores)
    later = made.manifest.model_copy(update={"format": 2, "version": "9.0"})
    (directory / "manifest.json").write_text(later.model_dump_json())
    with pytest.raises(CannotMove, match=r"dms 9\.0"):
        await restore(directory, restored, stores)


async def test_a_restore_goes_only_into_an_empty_directory(
    dms: Dms, settings: Settings, directory: Path, restored: Path, stores: Embedded
) -> None:
    await backed_up(dms, directory, stores)
    with pytest.raises(CannotMove, match="is not empty: it holds client"):
        await restore(directory, settings.data_dir, stores)
    restored.mkdir()
    (restored / "lost+found").mkdir()
    await restore(directory, restored, stores)
    assert (restored / "metadata.db").exists()


async def test_a_restore_that_broke_off_goes_on_with_the_same_backup_only(
    dms: Dms, zgw: Zgw, type_: str, directory: Path, restored: Path, stores: Embedded
) -> None:
    for number in range(3):
        await zgw.document(type_, content=f"number {number}".encode())
    await backed_up(dms, directory, stores)
    bodies = [path for path in (directory / "content" / "bodies").rglob("*") if path.is_file()]

    def goes_away() -> None:
        raise OSError("the disk went away")

    interfere("open", bodies[0].name, goes_away)
    with pytest.raises(OSError, match="went away"):
        await restore(directory, restored, stores)
    assert not (restored / "metadata.db").exists()
    other = directory.with_name("other")
    await zgw.document(type_, content=b"more")
    await backed_up(dms, other, stores)
    with pytest.raises(CannotMove, match="is not empty"):
        await restore(other, restored, stores)
    assert (await restore(directory, restored, stores)).copied.lacking == {}
    async with wired(Settings(data_dir=restored)) as service:
        assert (await check(service.dms, read_bodies=True)).bodies == 3


async def test_a_service_that_was_started_on_half_a_restore_is_noticed(
    dms: Dms, directory: Path, restored: Path, stores: Embedded
) -> None:
    made = await backed_up(dms, directory, stores)
    restored.mkdir()
    (restored / "restoring").write_text(made.manifest.metadata.sha256)
    async with wired(Settings(data_dir=restored)):
        pass
    with pytest.raises(CannotMove, match="A service was started"):
        await restore(directory, restored, stores)
