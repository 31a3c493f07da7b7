"""Fields of a document that are plain data, and how its status and its dates go together (RULES 2.1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standard.documents import sending_of
from tests.zgw import DOCUMENTS, Zgw, document_values, refusal

PLAIN: dict[str, list[Any]] = {
    "inhoudIsVervallen": [True, False, None],
    "tonenAanInitiator": [True, False],
    "isGereedVoorPublicatie": [True, False, None],
    "trefwoorden": [["een", "twee woorden", "een"], ["w" * 100], []],
    "verschijningsvorm": ["brief", ""],
    "link": ["https://example.org/brief?a=b#c", ""],
}


@pytest.mark.parametrize("status", ["in_bewerking", "definitief"])
@pytest.mark.parametrize("field", PLAIN)
async def test_d_04_plain_data_is_kept_as_it_was_sent(zgw: Zgw, type_: str, field: str, status: str) -> None:
    for value in PLAIN[field]:
        document = await zgw.document(type_, **{field: value}, status=status)
        url, lock = document["url"], await zgw.locked(document["url"])
        assert document[field] == (await zgw.get(url))[field] == value
        put = await zgw.put(url, document_values(type_, **{field: value}, status=status, lock=lock))
        assert (put.status, put[field], put["status"]) == (200, value, status)
        for other in PLAIN[field]:
            patched = await zgw.patch(url, {field: other, "lock": lock})
            assert (patched.status, patched[field], patched["status"]) == (200, other, status)


async def test_d_05_the_dates_of_a_document_are_taken_and_none_is_required(zgw: Zgw, type_: str) -> None:
    dates = {"ontvangstdatum": "2026-01-02", "verzenddatum": "2026-01-03"}
    for given in ({}, {"verzenddatum": dates["verzenddatum"]}, dates):
        document = await zgw.document(type_, **given)
        assert {name: document[name] for name in dates} == {**dict.fromkeys(dates), **given}
        sending = await sending_of(zgw, document["url"], emailadres="a@example.nl", **given)
        assert {name: sending[name] for name in dates} == {**dict.fromkeys(dates), **given}


@pytest.mark.parametrize("value", ["in_bewerking", "ter_vaststelling", "definitief", "gearchiveerd", ""])
async def test_d_03_a_status_may_follow_any_other(zgw: Zgw, type_: str, value: str) -> None:
    document = await zgw.document(type_, status="gearchiveerd")
    lock = await zgw.locked(document["url"])
    answer = await zgw.patch(document["url"], {"status": value, "lock": lock})
    assert (answer.status, answer["status"]) == (200, value)


DRAFTS = pytest.mark.parametrize("draft", ["in_bewerking", "ter_vaststelling"])
RECEIVED = {"ontvangstdatum": "2026-01-02"}
NO_DRAFT = (400, "invalid_for_received", "status")


@DRAFTS
async def test_drc_005_qd_14_a_received_document_is_not_created_as_a_draft(
    zgw: Zgw, type_: str, draft: str
) -> None:
    answer = await zgw.post(DOCUMENTS, document_values(type_, **RECEIVED, status=draft))
    assert refusal(answer) == NO_DRAFT


@DRAFTS
async def test_drc_005_a_received_document_does_not_become_a_draft(zgw: Zgw, type_: str, draft: str) -> None:
    document = await zgw.document(type_, **RECEIVED, status="definitief")
    lock = await zgw.locked(document["url"])
    assert refusal(await zgw.patch(document["url"], {"status": draft, "lock": lock})) == NO_DRAFT
    values = document_values(type_, **RECEIVED, status=draft, lock=lock)
    assert refusal(await zgw.put(document["url"], values)) == NO_DRAFT


@DRAFTS
async def test_drc_005_a_draft_does_not_become_a_received_document(zgw: Zgw, type_: str, draft: str) -> None:
    document = await zgw.document(type_, status=draft)
    lock = await zgw.locked(document["url"])
    assert refusal(await zgw.patch(document["url"], {**RECEIVED, "lock": lock})) == NO_DRAFT
    both = {**RECEIVED, "status": "definitief", "lock": lock}
    assert (await zgw.patch(document["url"], both)).status == 200


@DRAFTS
async def test_drc_005_qd_14_a_document_with_a_date_of_sending_may_be_a_draft(
    zgw: Zgw, type_: str, draft: str
) -> None:
    document = await zgw.document(type_, verzenddatum="2026-01-02", status=draft)
    lock = await zgw.locked(document["url"])
    answer = await zgw.patch(document["url"], {"verzenddatum": "2026-01-03", "lock": lock})
    assert (answer.status, answer["status"]) == (200, draft)


async def test_d_40_formaat_is_kept_as_it_was_sent_whatever_the_content(zgw: Zgw, type_: str) -> None:
    for formaat in ("application/pdf", "geen mediatype", "", "TEXT/Plain; charset=UTF-8"):
        document = await zgw.document(type_, content=b"MZ" + bytes(100), formaat=formaat)
        assert (await zgw.get(document["url"]))["formaat"] == formaat
        assert (await zgw.get(document["inhoud"])).status == 200
