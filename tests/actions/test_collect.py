"""The collector, and the consistency check."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from dms.actions.check import check
from dms.actions.collect import Collected, collect
from dms.actions.service import Dms
from dms.documenten.upload.parts import DROPPED
from dms.documenten.versions import WITH_BODIES
from dms.storage.content.port import Region
from dms.wiring import APIS, collections
from tests.zgw import Zgw

NOW = timedelta(0)
LONG = timedelta(days=1)
DOCUMENTS = "enkelvoudiginformatieobjecten"


async def content(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def keys(dms: Dms) -> list[str]:
    return [entry.key async for entry in dms.content.keys()]  # noqa: SIM118 (a port, not a dictionary)


async def uploads(dms: Dms) -> list[str]:
    return [entry.key async for entry in dms.content.uploads()]


async def half_uploaded(zgw: Zgw, type_: str) -> dict[str, object]:
    document = await zgw.document(type_, bestandsomvang=150)
    part = document["bestandsdelen"][0]
    assert (await zgw.upload(part["url"], b"x" * 100, document["lock"])).status == 200
    return dict(document.body)


async def test_a_body_without_a_document_goes_once_it_is_old(dms: Dms, zgw: Zgw, type_: str) -> None:
    await zgw.document(type_, content=b"kept")
    orphan = await dms.content.write(content(b"orphan"))
    assert (await collect(dms, orphan_age=LONG, upload_age=LONG)).orphans == 0
    assert orphan.key in await keys(dms)
    assert (await collect(dms, orphan_age=NOW, upload_age=LONG, everything=True)).orphans == 1
    assert len(await keys(dms)) == 1


async def test_bodies_of_earlier_versions_stay(dms: Dms, zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=b"first")
    lock = await zgw.locked(document["url"])
    await zgw.patch(document["url"], {"inhoud": "c2Vjb25k", "bestandsomvang": 6, "lock": lock})
    assert await collect(dms, orphan_age=NOW, upload_age=NOW, everything=True) == Collected()
    assert (await zgw.get(f"{document['url']}/download?versie=1")).body == b"first"


async def test_no_collection_refers_to_bodies_that_the_collector_does_not_ask(
    dms: Dms, zgw: Zgw, type_: str
) -> None:
    document = await zgw.document(type_, content=b"first")
    lock = await zgw.locked(document["url"])
    await zgw.patch(document["url"], {"titel": "anders", "lock": lock})
    await zgw.document(type_, bestandsomvang=150)
    referring = {
        each.name
        for each in collections(APIS)
        if any("_body" in record for record in await dms.metadata.find(each.name))
    }
    assert referring == set(WITH_BODIES)


async def test_a_removed_document_takes_its_bodies_along(dms: Dms, zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=b"gone")
    assert (await zgw.delete(document["url"])).status == 204
    assert (await collect(dms, orphan_age=LONG, upload_age=LONG)).dropped == 1
    assert await keys(dms) == []
    assert await dms.metadata.count(DROPPED) == 0


async def test_an_upload_without_news_is_given_up_and_can_be_sent_again(
    dms: Dms, zgw: Zgw, type_: str
) -> None:
    document = await half_uploaded(zgw, type_)
    assert (await collect(dms, orphan_age=NOW, upload_age=LONG)).uploads == 0
    assert (await collect(dms, orphan_age=NOW, upload_age=NOW)).uploads == 1
    assert await uploads(dms) == []
    url, lock = str(document["url"]), document["lock"]
    parts = (await zgw.get(url))["bestandsdelen"]
    assert [part["voltooid"] for part in parts] == [False, False]
    for part in parts:
        assert (await zgw.upload(part["url"], b"y" * part["omvang"], str(lock))).status == 200
    assert (await zgw.post(f"{url}/unlock", {"lock": lock})).status == 204
    assert (await zgw.get(f"{url}/download")).body == b"y" * 150


async def test_an_upload_that_no_document_waits_for_is_removed(dms: Dms) -> None:
    upload = dms.content.new_upload()
    async with dms.content.slot(upload, 1) as slot:
        await slot.write(content(b"x"), Region(1, 0, 1), keep=None)
    assert (await collect(dms, orphan_age=NOW, upload_age=LONG)).uploads == 1
    assert await uploads(dms) == []


async def test_a_check_of_sound_stores_finds_nothing_wrong(dms: Dms, zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=b"first")
    lock = await zgw.locked(document["url"])
    await zgw.patch(document["url"], {"titel": "anders", "lock": lock})
    await half_uploaded(zgw, type_)
    findings = await check(dms, read_bodies=True)
    assert (findings.wrong, findings.documents, findings.bodies) == ([], 2, 1)
    assert sum(findings.leftovers.values()) == 0


async def test_a_check_tells_of_content_that_is_missing_short_or_damaged(
    dms: Dms, zgw: Zgw, type_: str
) -> None:
    for data in (b"missing", b"shorter", b"damaged"):
        await zgw.document(type_, titel=data.decode(), content=data)
    stored = await dms.metadata.find(DOCUMENTS)
    path = {record["titel"]: dms.content.path(record["_body"]) for record in stored}  # type: ignore[attr-defined]
    for file in path.values():
        file.chmod(0o600)
    path["missing"].unlink()
    path["shorter"].write_bytes(b"short")
    path["damaged"].write_bytes(b"d@maged")
    quick, thorough = await check(dms), await check(dms, read_bodies=True)
    assert len(quick.wrong) == 2
    assert len(thorough.wrong) == 3
    assert any("is missing" in sentence for sentence in quick.wrong)
    assert any("has 5 bytes instead of 7" in sentence for sentence in quick.wrong)
    assert any("another hash" in sentence for sentence in thorough.wrong)


async def test_a_check_tells_of_records_that_contradict_each_other(dms: Dms, zgw: Zgw, type_: str) -> None:
    await half_uploaded(zgw, type_)
    await zgw.document(type_)
    waiting, plain = sorted(await dms.metadata.find(DOCUMENTS), key=lambda record: not record["_upload"])
    waiting.update(bestandsomvang=151, locked=False, inhoud="/x")
    plain.update(versie=3)
    async with dms.metadata.transaction() as transaction:
        transaction.replace(DOCUMENTS, waiting)
        transaction.replace(DOCUMENTS, plain)
    said = " ".join((await check(dms)).wrong)
    for sentence in (
        "do not add up to its size",
        "says it is locked when it is not",
        "says it has content when it has none",
        "is at version 3, but 0 earlier versions are kept",
        "is at version 3, but has 1 lines in its audit trail",
    ):
        assert sentence in said


async def test_a_check_tells_of_parts_that_lost_their_document_or_their_bytes(
    dms: Dms, zgw: Zgw, type_: str
) -> None:
    await half_uploaded(zgw, type_)
    [document] = await dms.metadata.find(DOCUMENTS)
    await dms.content.abandon(document["_upload"])
    assert "is complete, but nothing is stored" in " ".join((await check(dms)).wrong)
    async with dms.metadata.transaction() as transaction:
        transaction.remove(DOCUMENTS, document)
    assert "its document is gone" in " ".join((await check(dms)).wrong)


async def test_a_repair_removes_leftovers_and_counts_them(dms: Dms, zgw: Zgw, type_: str) -> None:
    await zgw.document(type_, content=b"kept")
    await dms.content.write(content(b"orphan"))
    assert (await check(dms)).leftovers["bodies"] == 1
    repaired = await check(dms, repair=NOW)
    assert repaired.collected is not None
    assert repaired.collected.orphans == 1
    assert sum((await check(dms)).leftovers.values()) == 0
