"""Delete: nothing of a document stays, and nothing of it goes before its time (RULES 2.9)."""

from __future__ import annotations

import asyncio

import pytest

from dms.actions.collect import remove_dropped
from dms.actions.service import Dms
from tests.standard.stored import DOCUMENTS as COLLECTION
from tests.standard.stored import bodies, everything, uploads
from tests.zgw import DOCUMENTS, Zgw, document_values, refusal

NOT_FOUND = (404, "not_found")


async def test_drc_008_qd_16_a_deleted_document_is_gone_with_all_its_versions(
    zgw: Zgw, dms: Dms, type_: str
) -> None:
    empty = await everything(dms)
    document = await zgw.document(type_, content=b"een")
    url = document["url"]
    lock = await zgw.locked(url)
    put = document_values(type_, content=b"twee", lock=lock)
    assert (await zgw.put(url, put)).status == 200
    assert (await zgw.patch(url, {"identificatie": "anders", "lock": lock})).status == 200
    assert (await zgw.post(f"{url}/unlock", {"lock": lock})).status == 204
    answer = await zgw.delete(url)
    assert (answer.status, answer.body) == (204, b"")
    assert await remove_dropped(dms) == 2
    assert await everything(dms) == empty


async def test_d_90_after_a_delete_nothing_of_the_document_is_found(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=b"inhoud")
    [line] = (await zgw.get(f"{document['url']}/audittrail")).body
    assert (await zgw.delete(document["url"])).status == 204
    for suffix in (
        "",
        "?versie=1",
        "/download",
        "/download?versie=1",
        "/audittrail",
        f"/audittrail/{line['uuid']}",
    ):
        assert refusal(await zgw.get(document["url"] + suffix)) == NOT_FOUND
    assert (await zgw.get(DOCUMENTS))["count"] == 0
    assert refusal(await zgw.delete(document["url"])) == NOT_FOUND
    assert refusal(await zgw.post(f"{document['url']}/lock")) == NOT_FOUND
    assert refusal(await zgw.patch(document["url"], {"titel": "x", "lock": "x"})) == NOT_FOUND


async def test_drc_008_other_documents_keep_all_they_have(zgw: Zgw, dms: Dms, type_: str) -> None:
    gone = await zgw.document(type_, content=b"zelfde")
    kept = await zgw.document(type_, content=b"zelfde")
    assert (await zgw.delete(gone["url"])).status == 204
    assert await remove_dropped(dms) == 1
    assert (await zgw.get(kept["inhoud"])).body == b"zelfde"
    assert len((await zgw.get(f"{kept['url']}/audittrail")).body) == 1


async def test_d_14_a_locked_document_is_not_deleted(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=b"inhoud")
    lock = await zgw.locked(document["url"])
    assert refusal(await zgw.delete(document["url"])) == (400, "destroy-locked", "nonFieldErrors")
    assert (await zgw.get(document["inhoud"])).body == b"inhoud"
    assert (await zgw.post(f"{document['url']}/unlock", {"lock": lock})).status == 204
    assert (await zgw.delete(document["url"])).status == 204


async def test_drc_008_a_document_that_something_refers_to_is_not_deleted(
    zgw: Zgw, dms: Dms, type_: str
) -> None:
    document = await zgw.document(type_)
    [record] = await dms.metadata.find(COLLECTION)
    async with dms.metadata.transaction() as transaction:
        transaction.replace(COLLECTION, {**record, "_objecten": ["/zaken/api/v1/zaken/1"]})
    assert refusal(await zgw.delete(document["url"])) == (400, "pending-relations", "nonFieldErrors")
    await zgw.locked(document["url"])
    both = [("pending-relations", "nonFieldErrors"), ("destroy-locked", "nonFieldErrors")]
    assert refusal(await zgw.delete(document["url"])) == (400, *both)
    assert (await zgw.get(document["url"])).status == 200


async def test_drc_008_with_a_document_go_the_parts_of_its_upload(zgw: Zgw, dms: Dms, type_: str) -> None:
    empty = await everything(dms)
    document = await zgw.document(type_, bestandsomvang=150)
    assert (await zgw.post(f"{document['url']}/unlock", {})).status == 204
    lock = await zgw.locked(document["url"])
    part = document["bestandsdelen"][0]["url"]
    assert (await zgw.upload(part, bytes(100), lock)).status == 200
    assert len(await uploads(dms)) == 1
    assert (await zgw.post(f"{document['url']}/unlock", {})).status == 204
    assert (await zgw.delete(document["url"])).status == 204
    assert refusal(await zgw.upload(part, bytes(100), lock)) == NOT_FOUND
    await remove_dropped(dms)
    assert await everything(dms) == empty


async def test_drc_008_a_document_that_waits_for_parts_can_be_deleted(zgw: Zgw, dms: Dms, type_: str) -> None:
    empty = await everything(dms)
    document = await zgw.document(type_, bestandsomvang=150)
    assert (await zgw.post(f"{document['url']}/unlock", {})).status == 204
    assert len((await zgw.get(document["url"]))["bestandsdelen"]) == 2
    assert (await zgw.delete(document["url"])).status == 204
    await remove_dropped(dms)
    assert await everything(dms) == empty


async def test_drc_008_content_is_there_until_the_delete_is_committed(zgw: Zgw, dms: Dms, type_: str) -> None:
    await zgw.document(type_, content=b"inhoud")
    assert await remove_dropped(dms) == 0
    assert len(await bodies(dms)) == 1


async def test_drc_008_of_two_that_delete_at_once_one_finds_it_gone(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=b"inhoud")
    answers = await asyncio.gather(*(zgw.delete(document["url"]) for _ in range(3)))
    assert sorted(answer.status for answer in answers) == [204, 404, 404]


@pytest.mark.parametrize("id", ["1", "00000000-0000-4000-8000-000000000000"])
async def test_g_06_a_document_that_never_was_is_not_found(zgw: Zgw, id: str) -> None:
    assert refusal(await zgw.delete(f"{DOCUMENTS}/{id}")) == NOT_FOUND
