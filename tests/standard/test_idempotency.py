"""Idempotency-Key: a create that is sent again answers what the first one answered."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from dms.actions.idempotency import CREATED_ONCE, forget_created
from dms.actions.service import Dms
from tests.standard.documents import USAGE, grant, usage_values
from tests.standard.stored import bodies
from tests.zgw import CATALOGUES, DOCUMENTS, RSIN, Answer, Zgw, document_values, refusal

REUSED = (409, "idempotency-key-reused")


async def sent(zgw: Zgw, type_: str, key: str = "k", client: str = "all-rights", **fields: object) -> Answer:
    """The answer to the create of a document under a key."""
    headers = {"Idempotency-Key": key}
    return await zgw.post(DOCUMENTS, document_values(type_, **fields), headers=headers, client=client)


async def test_a_document_that_is_sent_twice_is_there_once(zgw: Zgw, dms: Dms, type_: str) -> None:
    first = await sent(zgw, type_, content=b"inhoud")
    again = await sent(zgw, type_, content=b"inhoud")
    assert (again.status, again.body, again.headers["Location"]) == (201, first.body, first["url"])
    assert (await zgw.get(DOCUMENTS))["count"] == 1
    assert len(await bodies(dms)) == 1
    assert len((await zgw.get(f"{first['url']}/audittrail")).body) == 1


async def test_documents_with_different_keys_or_none_are_different(zgw: Zgw, type_: str) -> None:
    for key in ("a", "b", "", ""):
        assert (await sent(zgw, type_, key)).status == 201
    assert (await zgw.get(DOCUMENTS))["count"] == 4


@pytest.mark.parametrize("fields", [{"titel": "Anders"}, {"content": b"anders"}, {"bestandsomvang": 5}])
async def test_a_key_that_was_used_for_something_else_is_refused(
    zgw: Zgw, dms: Dms, type_: str, fields: dict[str, Any]
) -> None:
    await sent(zgw, type_, content=b"inhoud")
    before = await bodies(dms)
    assert refusal(await sent(zgw, type_, **fields)) == REUSED
    assert (await zgw.get(DOCUMENTS))["count"] == 1
    assert await bodies(dms) == before


async def test_a_refused_create_does_not_use_up_its_key(zgw: Zgw, type_: str) -> None:
    assert (await sent(zgw, type_, titel="")).status == 400
    assert (await sent(zgw, type_, titel="Nu goed")).status == 201


async def test_a_create_that_comes_many_times_at_once_is_done_once(zgw: Zgw, dms: Dms, type_: str) -> None:
    answers = await asyncio.gather(*(sent(zgw, type_, content=b"x" * 1000) for _ in range(8)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer["url"] for answer in answers}) == 1
    assert (await zgw.get(DOCUMENTS))["count"] == 1
    assert len(await bodies(dms)) == 1


async def test_the_first_version_is_answered_whatever_came_after_it(zgw: Zgw, type_: str) -> None:
    first = await sent(zgw, type_)
    lock = await zgw.locked(first["url"])
    await zgw.patch(first["url"], {"lock": lock, "titel": "Anders"})
    again = await sent(zgw, type_)
    assert (again.status, again["titel"], again["versie"]) == (201, first["titel"], 1)
    assert again["lock"] == ""


async def test_an_upload_that_was_begun_goes_on_under_its_own_lock(zgw: Zgw, type_: str) -> None:
    first = await sent(zgw, type_, bestandsomvang=150)
    await zgw.upload(first["bestandsdelen"][0]["url"], b"x" * 100, first["lock"])
    again = await sent(zgw, type_, bestandsomvang=150)
    assert again["lock"] == first["lock"] != ""
    assert [part["voltooid"] for part in again["bestandsdelen"]] == [True, False]


async def test_the_lock_of_somebody_else_is_not_answered(zgw: Zgw, type_: str) -> None:
    first = await sent(zgw, type_, bestandsomvang=150)
    for part in first["bestandsdelen"]:
        await zgw.upload(part["url"], b"x" * part["omvang"], first["lock"])
    assert (await zgw.post(f"{first['url']}/unlock", {"lock": first["lock"]})).status == 204
    await zgw.locked(first["url"])
    assert (await sent(zgw, type_, bestandsomvang=150))["lock"] == ""


async def test_what_was_destroyed_does_not_come_back(zgw: Zgw, dms: Dms, type_: str) -> None:
    first = await sent(zgw, type_, titel="Zeer geheim")
    assert (await zgw.delete(first["url"])).status == 204
    assert refusal(await sent(zgw, type_, titel="Zeer geheim")) == REUSED
    assert "geheim" not in str(await dms.metadata.find(CREATED_ONCE.name))


async def test_keys_belong_to_the_client_that_sent_them(zgw: Zgw, type_: str) -> None:
    for name in ("one", "two"):
        zgw.register(name, [grant(zgw, type_, "aanmaken", "lezen")])
    urls = {(await sent(zgw, type_, client=name))["url"] for name in ("one", "two")}
    assert len(urls) == 2
    zgw.register("one", [grant(zgw, type_, "lezen")])
    assert refusal(await sent(zgw, type_, client="one")) == (403, "permission_denied")


async def test_every_resource_knows_keys_and_each_its_own(zgw: Zgw, type_: str) -> None:
    document = (await sent(zgw, type_))["url"]
    headers = {"Idempotency-Key": "k"}
    values = {"domein": "EEN", "rsin": RSIN, "contactpersoonBeheerNaam": "x"}
    for url, body in ((CATALOGUES, values), (USAGE, usage_values(document))):
        first, again = [await zgw.post(url, body, headers=headers) for _ in range(2)]
        assert (first.status, again.status, again.body) == (201, 201, first.body)


@pytest.mark.parametrize("key", ["x" * 256, "caf\u00e9"])
async def test_a_key_that_cannot_be_one_is_refused(zgw: Zgw, type_: str, key: str) -> None:
    assert refusal(await sent(zgw, type_, key)) == (400, "parse_error")


async def test_keys_are_forgotten_after_a_while(zgw: Zgw, dms: Dms, type_: str) -> None:
    await sent(zgw, type_)
    await forget_created(dms)
    assert await dms.metadata.count(CREATED_ONCE.name) == 1
    later = dms.clock() + timedelta(seconds=dms.limits.idempotency_age + 1)
    object.__setattr__(dms, "clock", lambda: later)
    await forget_created(dms)
    assert await dms.metadata.count(CREATED_ONCE.name) == 0
