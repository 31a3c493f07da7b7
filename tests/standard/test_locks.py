"""Check-out and check-in (RULES 2.2)."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from dms.actions.service import Dms
from dms.autorisaties.access import Grant
from tests.standard.documents import WRONG_LOCK
from tests.standard.stored import everything
from tests.zgw import ALL, DOCUMENTS, Answer, Zgw, document_values, refusal

MISSING = (400, "missing-lock-id", "nonFieldErrors")
UNLOCKED = (400, "unlocked", "nonFieldErrors")
UNKNOWN = f"{DOCUMENTS}/00000000-0000-4000-8000-000000000000"
WRONG = ["", "wrong", "0" * 32, "é", "l" * 100]


@pytest.fixture
def forceful(zgw: Zgw) -> str:
    """A client that may force a lock open, and little else."""
    return zgw.register("forceful", [Grant("drc", frozenset({"documenten.geforceerd-unlock"}))])


@pytest.fixture
def plain(zgw: Zgw) -> str:
    """A client that may lock, change and read, and force nothing."""
    scopes = {"documenten.lock", "documenten.bijwerken", "documenten.lezen"}
    return zgw.register("plain", [Grant("drc", frozenset(scopes))])


async def unlock(zgw: Zgw, url: str, body: Any, client: str = ALL) -> Answer:
    return await zgw.post(f"{url}/unlock", body, client=client)


async def test_drc_009_a_lock_is_a_long_token_and_never_the_same_twice(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    first = await zgw.locked(document["url"])
    assert (await unlock(zgw, document["url"], {"lock": first})).status == 204
    second = await zgw.locked(document["url"])
    assert first != second
    assert all(re.fullmatch("[0-9a-f]{32}", token) for token in (first, second))
    assert (await zgw.get(document["url"]))["locked"] is True


async def test_drc_009_a_lock_needs_no_body_and_no_media_type(zgw: Zgw, type_: str) -> None:
    for body, headers in [
        (None, {}),
        (b"", {"Content-Type": "text/plain"}),
        (b"{}", {"Content-Type": "application/json"}),
        (b"  ", {"Content-Type": "application/json"}),
        (b'{"reden": "x"}', {"Content-Type": "application/json; charset=utf-8"}),
    ]:
        document = await zgw.document(type_)
        answer = await zgw.call("POST", f"{document['url']}/lock", data=body, headers=headers)
        assert (answer.status, list(answer.body)) == (200, ["lock"])


async def test_drc_009_locking_a_locked_document_is_refused(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    await zgw.locked(document["url"])
    assert refusal(await zgw.post(f"{document['url']}/lock")) == (400, "existing-lock", "nonFieldErrors")


async def test_drc_009_of_many_that_lock_at_once_one_gets_the_lock(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    answers = await asyncio.gather(*(zgw.post(f"{document['url']}/lock") for _ in range(8)))
    [winner] = [answer for answer in answers if answer.status == 200]
    refused = {refusal(answer) for answer in answers if answer is not winner}
    assert refused == {(400, "existing-lock", "nonFieldErrors")}
    assert (await zgw.patch(document["url"], {"lock": winner["lock"]})).status == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_drc_010_a_document_that_is_not_locked_is_not_changed(
    zgw: Zgw, dms: Dms, type_: str, method: str
) -> None:
    document = await zgw.document(type_)
    before = await everything(dms)
    values = document_values(type_, content=b"x", bestandsomvang=1, lock="0" * 32)
    assert refusal(await zgw.call(method, document["url"], json=values)) == UNLOCKED
    assert await everything(dms) == before


async def test_d_10_a_patch_without_its_lock_is_refused(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    assert refusal(await zgw.patch(document["url"], {"titel": "Anders"})) == UNLOCKED
    await zgw.locked(document["url"])
    assert refusal(await zgw.patch(document["url"], {"titel": "Anders"})) == MISSING
    assert (await zgw.get(document["url"]))["titel"] == "Aanvraag"


async def test_d_10_a_put_without_its_lock_lacks_a_field(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    assert refusal(await zgw.put(document["url"], document_values(type_))) == (400, "required", "lock")
    blank = document_values(type_, lock="")
    assert refusal(await zgw.put(document["url"], blank)) == (400, "blank", "lock")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_d_10_a_change_with_a_wrong_lock_is_refused(zgw: Zgw, type_: str, method: str) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    for wrong in [lock.upper() + "0", lock[:-1], "é" * 32]:
        answer = await zgw.call(method, document["url"], json=document_values(type_, lock=wrong))
        assert refusal(answer) == WRONG_LOCK
    assert (await zgw.get(document["url"]))["versie"] == 1


async def test_d_10_fields_and_content_are_judged_before_the_lock(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    await zgw.locked(document["url"])
    wrong_field = document_values(type_, lock="wrong", status="zoek")
    assert refusal(await zgw.put(document["url"], wrong_field)) == (400, "invalid_choice", "status")
    wrong_size = document_values(type_, lock="wrong", content=b"abc", bestandsomvang=4)
    assert refusal(await zgw.put(document["url"], wrong_size)) == (400, "file-size", "nonFieldErrors")


async def test_d_11_unlocking_needs_the_lock_of_the_document(zgw: Zgw, type_: str, plain: str) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    for wrong in ({}, *({"lock": token} for token in WRONG)):
        assert refusal(await unlock(zgw, document["url"], wrong, plain)) == WRONG_LOCK
    assert refusal(await unlock(zgw, document["url"], None, plain)) == WRONG_LOCK
    assert (await zgw.get(document["url"]))["locked"] is True
    answer = await unlock(zgw, document["url"], {"lock": lock}, plain)
    assert (answer.status, answer.body) == (204, b"")
    assert (await zgw.get(document["url"]))["locked"] is False


async def test_d_11_a_lock_that_was_let_go_of_opens_nothing(zgw: Zgw, type_: str, plain: str) -> None:
    document = await zgw.document(type_)
    old = await zgw.locked(document["url"])
    assert (await unlock(zgw, document["url"], {"lock": old}, plain)).status == 204
    assert refusal(await unlock(zgw, document["url"], {"lock": old}, plain)) == WRONG_LOCK
    await zgw.locked(document["url"])
    assert refusal(await unlock(zgw, document["url"], {"lock": old}, plain)) == WRONG_LOCK
    assert refusal(await zgw.patch(document["url"], {"lock": old})) == WRONG_LOCK


async def test_d_11_of_two_that_unlock_at_once_one_is_refused(zgw: Zgw, type_: str, plain: str) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    twice = (unlock(zgw, document["url"], {"lock": lock}, plain) for _ in range(2))
    answers = sorted(await asyncio.gather(*twice), key=lambda answer: answer.status)
    assert (answers[0].status, refusal(answers[1])) == (204, WRONG_LOCK)


@pytest.mark.parametrize("body", [None, {}, {"lock": ""}, {"lock": "van een ander"}])
async def test_qd_9_whoever_may_force_needs_no_lock(
    zgw: Zgw, type_: str, forceful: str, body: dict[str, str] | None
) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    assert (await unlock(zgw, document["url"], body, forceful)).status == 204
    assert (await zgw.get(document["url"]))["locked"] is False
    assert refusal(await zgw.patch(document["url"], {"lock": lock})) == UNLOCKED


async def test_qd_9_with_the_right_lock_even_the_forceful_do_not_force(
    zgw: Zgw, type_: str, forceful: str
) -> None:
    document = await zgw.document(type_, bestandsomvang=150)
    first = document["bestandsdelen"][0]
    assert (await zgw.upload(first["url"], bytes(100), document["lock"])).status == 200
    refused = await unlock(zgw, document["url"], {"lock": document["lock"]}, forceful)
    assert refusal(refused) == (400, "incomplete-upload", "nonFieldErrors")
    assert (await zgw.get(document["url"]))["locked"] is True
    assert (await unlock(zgw, document["url"], {"lock": "anders"}, forceful)).status == 204


async def test_d_12_forcing_holds_for_the_documents_that_the_grant_is_for(zgw: Zgw, type_: str) -> None:
    low = zgw.register("low", [Grant("drc", frozenset({"documenten.geforceerd-unlock"}), level=3)])
    document = await zgw.document(type_)
    await zgw.locked(document["url"])
    assert refusal(await unlock(zgw, document["url"], {}, low)) == (403, "permission_denied")


async def test_d_13_several_changes_are_made_under_one_lock(zgw: Zgw, type_: str, plain: str) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    for number in (2, 3, 4):
        answer = await zgw.patch(document["url"], {"titel": str(number), "lock": lock}, client=plain)
        assert (answer.status, answer["versie"], answer["locked"]) == (200, number, True)


async def test_d_13_a_locked_document_can_be_read(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=b"inhoud")
    await zgw.locked(document["url"])
    assert (await zgw.get(document["url"])).status == 200
    assert (await zgw.get(document["inhoud"])).body == b"inhoud"
    assert (await zgw.get(DOCUMENTS))["count"] == 1


async def test_d_17_whoever_holds_the_lock_may_change_whoever_took_it(
    zgw: Zgw, type_: str, plain: str
) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    assert (await zgw.patch(document["url"], {"lock": lock}, client=plain)).status == 200
    assert (await unlock(zgw, document["url"], {"lock": lock}, plain)).status == 204


async def test_d_17_a_document_without_content_is_locked_like_any_other(zgw: Zgw, type_: str) -> None:
    for values in ({}, {"bestandsomvang": None, "inhoud": None}, {"bestandsomvang": 0}, {"content": b"x"}):
        document = await zgw.document(type_, **values)
        lock = await zgw.locked(document["url"])
        assert (await unlock(zgw, document["url"], {"lock": lock})).status == 204


async def test_d_18_qd_8_a_forced_change_needs_the_lock_all_the_same(zgw: Zgw, type_: str) -> None:
    forced = zgw.register("forced", [Grant("drc", frozenset({"documenten.geforceerd-bijwerken"}))])
    document = await zgw.document(type_, status="definitief")
    lock = await zgw.locked(document["url"])
    assert refusal(await zgw.patch(document["url"], {"titel": "A"}, client=forced)) == MISSING
    assert (await zgw.patch(document["url"], {"titel": "A", "lock": lock}, client=forced)).status == 200


@pytest.mark.parametrize("act", ["lock", "unlock"])
async def test_a_document_that_is_not_there_is_neither_locked_nor_unlocked(zgw: Zgw, act: str) -> None:
    for url in (UNKNOWN, f"{DOCUMENTS}/geen-uuid"):
        assert refusal(await zgw.post(f"{url}/{act}", {"lock": "x"})) == (404, "not_found")


@pytest.mark.parametrize("act", ["lock", "unlock"])
async def test_g_11_locks_are_spoken_of_in_json_objects(zgw: Zgw, type_: str, act: str) -> None:
    url = f"{(await zgw.document(type_))['url']}/{act}"
    as_text = {"Content-Type": "text/plain"}
    assert refusal(await zgw.call("POST", url, data=b"x", headers=as_text)) == (415, "unsupported_media_type")
    assert refusal(await zgw.post(url, [1])) == (400, "parse_error")
    assert refusal(await zgw.get(url)) == (405, "method_not_allowed")
    accept = {"Accept": "text/html"}
    assert refusal(await zgw.post(url, {}, headers=accept)) == (406, "not_acceptable")


async def test_qd_10_a_lock_is_shown_with_the_parts_to_come_and_nowhere_else(zgw: Zgw, type_: str) -> None:
    reader = zgw.register("reader", [Grant("drc", frozenset({"documenten.lezen"}))])
    uploading = await zgw.document(type_, bestandsomvang=150)
    shown = (await zgw.get(uploading["url"], client=reader)).body
    parts = shown.pop("bestandsdelen")
    assert [part["lock"] for part in parts] == [uploading["lock"]] * 2
    assert uploading["lock"] not in str(shown)
    locked = await zgw.document(type_)
    lock = await zgw.locked(locked["url"])
    for url in (locked["url"], DOCUMENTS, f"{locked['url']}/versies"):
        assert lock not in str((await zgw.get(url, client=reader)).body)
