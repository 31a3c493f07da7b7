"""Bodies move to another content store under their keys, verified, and as often as it takes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from dms.actions.check import check
from dms.actions.migrate_content import CannotMove, Copied, copy_bodies, forget_parts, read_bodies, waiting
from dms.actions.service import Dms
from dms.settings import Settings
from dms.storage.content.filesystem import FilesystemContentStore
from dms.storage.content.port import LocalFiles
from dms.storage.metadata.port import Conflict
from tests.backends.filesystem import interfere
from tests.zgw import Zgw

DOCUMENTS = "enkelvoudiginformatieobjecten"


@pytest.fixture
async def target(tmp_path: Path) -> AsyncIterator[FilesystemContentStore]:
    """An empty store."""
    store = await FilesystemContentStore.open(tmp_path / "target", durable=False)
    yield store
    await store.close()


async def content(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def keys(dms: Dms) -> list[str]:
    return sorted([entry.key async for entry in dms.content.keys()])  # noqa: SIM118 (a port, not a dictionary)


def file_of(dms: Dms, key: str) -> Path:
    assert isinstance(dms.content, LocalFiles)
    return dms.content.path(key)


async def with_versions(zgw: Zgw, type_: str) -> None:
    """A document with two versions, the first of two bodies, and one whose versions share a body."""
    document = await zgw.document(type_, content=b"first")
    lock = await zgw.locked(document["url"])
    await zgw.patch(document["url"], {"inhoud": "c2Vjb25k", "bestandsomvang": 6, "lock": lock})
    document = await zgw.document(type_, content=b"shared")
    lock = await zgw.locked(document["url"])
    await zgw.patch(document["url"], {"titel": "anders", "lock": lock})


async def half_uploaded(zgw: Zgw, type_: str) -> tuple[str, str]:
    document = await zgw.document(type_, bestandsomvang=150)
    part = document["bestandsdelen"][0]
    assert (await zgw.upload(part["url"], b"x" * 100, document["lock"])).status == 200
    return str(document["url"]), str(document["lock"])


async def test_bodies_of_all_versions_arrive_and_the_service_goes_on_with_them(
    dms: Dms, zgw: Zgw, type_: str, target: FilesystemContentStore
) -> None:
    await with_versions(zgw, type_)
    before = await keys(dms)
    await dms.content.write(content(b"orphan"))
    copied = await copy_bodies(dms.metadata, dms.content, target)
    assert (copied.copied, copied.records, copied.total, copied.lacking) == (3, 4, 4, {})
    moved = replace(dms, content=target)
    assert await keys(moved) == before
    findings = await check(moved, read_bodies=True)
    assert (findings.wrong, findings.documents, findings.bodies) == ([], 2, 3)
    assert len(await keys(dms)) == 4


async def test_what_is_there_already_is_not_copied_again(
    dms: Dms, zgw: Zgw, type_: str, target: FilesystemContentStore
) -> None:
    await with_versions(zgw, type_)
    await copy_bodies(dms.metadata, dms.content, target)
    await zgw.document(type_, content=b"new since")
    again = await copy_bodies(dms.metadata, dms.content, target)
    assert (again.copied, again.size, again.lacking) == (1, len(b"new since"), {})
    assert again.there >= 3


async def test_a_copy_that_broke_off_goes_on_where_it_was(
    dms: Dms, zgw: Zgw, type_: str, target: FilesystemContentStore
) -> None:
    for number in range(30):
        await zgw.document(type_, content=f"number {number}".encode())

    def progress(copied: Copied) -> None:
        if copied.copied >= 5:
            copying.cancel()

    copying = asyncio.create_task(
        copy_bodies(dms.metadata, dms.content, target, at_once=2, progress=progress)
    )
    with pytest.raises(asyncio.CancelledError):
        await copying
    there = len(await keys(replace(dms, content=target)))
    assert 5 <= there < 30
    rest = await copy_bodies(dms.metadata, dms.content, target)
    assert (rest.copied, rest.there) == (30 - there, there)
    assert (await check(replace(dms, content=target), read_bodies=True)).wrong == []


async def test_bodies_that_are_missing_or_damaged_are_named_and_the_others_arrive(
    dms: Dms, zgw: Zgw, type_: str, target: FilesystemContentStore
) -> None:
    for data in (b"sound", b"missing", b"damaged", b"shorter"):
        await zgw.document(type_, titel=data.decode(), content=data)
    key = {each["titel"]: each["_body"] for each in await dms.metadata.find(DOCUMENTS)}
    for title, data in (("damaged", b"d@maged"), ("shorter", b"short")):
        file_of(dms, key[title]).chmod(0o600)
        file_of(dms, key[title]).write_bytes(data)
    file_of(dms, key["missing"]).unlink()
    copied = await copy_bodies(dms.metadata, dms.content, target)
    assert copied.copied == 1
    assert set(copied.lacking) == {key["missing"], key["damaged"], key["shorter"]}
    assert "is missing" in copied.lacking[key["missing"]]
    assert "is damaged" in copied.lacking[key["damaged"]]
    assert "versie 1" in copied.lacking[key["shorter"]]
    assert await keys(replace(dms, content=target)) == [key["sound"]]
    read = await read_bodies(dms.metadata, dms.content)
    assert (set(read.lacking), read.there) == (set(copied.lacking), 1)


async def test_a_body_that_goes_with_its_document_meanwhile_is_not_missed(
    dms: Dms, zgw: Zgw, type_: str, target: FilesystemContentStore, settings: Settings
) -> None:
    await zgw.document(type_, content=b"stays")
    await zgw.document(type_, titel="goes", content=b"goes")
    key = next(each["_body"] for each in await dms.metadata.find(DOCUMENTS) if each["titel"] == "goes")

    def remove() -> None:
        with closing(sqlite3.connect(settings.data_dir / "metadata.db")) as file, file:
            file.execute(f"DELETE FROM {DOCUMENTS} WHERE json_extract(body, '$.titel') = 'goes'")
        file_of(dms, key).unlink()

    interfere("open", key, remove)
    copied = await copy_bodies(dms.metadata, dms.content, target, at_once=1)
    assert (copied.copied, copied.lacking) == (1, {})


async def test_a_target_that_cannot_be_written_to_ends_the_copy(
    dms: Dms, zgw: Zgw, type_: str, tmp_path: Path
) -> None:
    for number in range(5):
        await zgw.document(type_, content=f"number {number}".encode())
    store = await FilesystemContentStore.open(tmp_path / "gone", durable=False)
    (tmp_path / "gone" / "incoming").rmdir()
    with pytest.raises(FileNotFoundError):
        await copy_bodies(dms.metadata, dms.content, store)
    await store.close()


async def test_a_body_with_a_key_from_elsewhere_is_named(
    dms: Dms, zgw: Zgw, type_: str, target: FilesystemContentStore
) -> None:
    await zgw.document(type_, content=b"x")
    [document] = await dms.metadata.find(DOCUMENTS)
    async with dms.metadata.transaction() as transaction:
        transaction.replace(DOCUMENTS, {**document, "_body": "another_kind"})
    copied = await copy_bodies(dms.metadata, dms.content, target)
    assert "cannot move" in copied.lacking["another_kind"]


async def test_parts_are_forgotten_and_can_all_be_sent_to_the_other_store(
    dms: Dms, zgw: Zgw, type_: str, target: FilesystemContentStore
) -> None:
    url, lock = await half_uploaded(zgw, type_)
    await zgw.document(type_, content=b"whole")
    assert [zgw.origin + document["url"] async for document in waiting(dms.metadata)] == [url]
    assert [zgw.origin + path for path in await forget_parts(dms.metadata, target.new_upload)] == [url]
    await copy_bodies(dms.metadata, dms.content, target)
    object.__setattr__(dms, "content", target)
    assert (await check(dms)).wrong == []
    parts = (await zgw.get(url))["bestandsdelen"]
    assert [part["voltooid"] for part in parts] == [False, False]
    for part in parts:
        assert (await zgw.upload(part["url"], b"y" * part["omvang"], lock)).status == 200
    assert (await zgw.post(f"{url}/unlock", {"lock": lock})).status == 204
    assert (await zgw.get(f"{url}/download")).body == b"y" * 150


async def test_parts_are_taken_again_after_a_move_in_the_middle_of_an_unlock(
    dms: Dms, zgw: Zgw, type_: str, target: FilesystemContentStore
) -> None:
    url, lock = await half_uploaded(zgw, type_)
    for part in (await zgw.get(url))["bestandsdelen"]:
        assert (await zgw.upload(part["url"], b"x" * part["omvang"], lock)).status == 200
    # As an unlock leaves it that is broken off after it closed the upload to parts (D-50).
    [document] = await dms.metadata.find(DOCUMENTS)
    async with dms.metadata.transaction() as transaction:
        transaction.replace(DOCUMENTS, {**document, "_sealing": True})
    await forget_parts(dms.metadata, target.new_upload)
    object.__setattr__(dms, "content", target)
    for part in (await zgw.get(url))["bestandsdelen"]:
        assert (await zgw.upload(part["url"], b"y" * part["omvang"], lock)).status == 200
    assert (await zgw.post(f"{url}/unlock", {"lock": lock})).status == 204
    assert (await zgw.get(f"{url}/download")).body == b"y" * 150


async def test_parts_that_come_in_while_they_are_forgotten_show_that_the_service_runs(
    dms: Dms, zgw: Zgw, type_: str
) -> None:
    await half_uploaded(zgw, type_)
    stop = asyncio.Event()

    async def parts_come_in() -> None:
        while not stop.is_set():
            for part in await dms.metadata.find("bestandsdelen"):
                with suppress(Conflict):
                    async with dms.metadata.transaction() as transaction:
                        transaction.replace("bestandsdelen", {**part, "voltooid": True})

    coming = asyncio.create_task(parts_come_in())
    with pytest.raises(CannotMove, match="stop the service"):
        while True:
            await forget_parts(dms.metadata)
    stop.set()
    await coming
