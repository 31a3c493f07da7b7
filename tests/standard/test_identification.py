"""Identification numbers: issued, unique within the organisation, and kept (D-01, G-131, G-132)."""

from __future__ import annotations

import asyncio
import re

import pytest

from dms.actions.service import Dms
from tests.standard.stored import everything
from tests.zgw import DOCUMENTS, Zgw, document_values, refusal

TAKEN = (400, "identificatie-niet-uniek", "identificatie")
OTHER_RSIN = "517439943"


async def test_d_01_a_number_is_given_to_one_document_of_an_organisation(
    zgw: Zgw, dms: Dms, type_: str
) -> None:
    await zgw.document(type_, identificatie="2026-1")
    before = await everything(dms)
    again = document_values(type_, identificatie="2026-1", content=b"tweede")
    assert refusal(await zgw.post(DOCUMENTS, again)) == TAKEN
    assert await everything(dms) == before


async def test_d_01_another_organisation_may_use_the_same_number(zgw: Zgw, type_: str) -> None:
    await zgw.document(type_, identificatie="2026-1")
    other = await zgw.document(type_, identificatie="2026-1", bronorganisatie=OTHER_RSIN)
    assert other["identificatie"] == "2026-1"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_qd_5_an_update_does_not_take_the_number_of_another_document(
    zgw: Zgw, type_: str, method: str
) -> None:
    await zgw.document(type_, identificatie="2026-1")
    document = await zgw.document(type_, identificatie="2026-2")
    lock = await zgw.locked(document["url"])
    values = document_values(type_, identificatie="2026-1", lock=lock)
    assert refusal(await zgw.call(method, document["url"], json=values)) == TAKEN
    assert (await zgw.get(document["url"]))["identificatie"] == "2026-2"


async def test_d_01_the_numbers_of_earlier_versions_are_taken_as_well(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, identificatie="2026-1")
    lock = await zgw.locked(document["url"])
    assert (await zgw.patch(document["url"], {"identificatie": "2026-2", "lock": lock})).status == 200
    for number in ("2026-1", "2026-2"):
        again = document_values(type_, identificatie=number)
        assert refusal(await zgw.post(DOCUMENTS, again)) == TAKEN
    back = await zgw.patch(document["url"], {"identificatie": "2026-1", "lock": lock})
    assert (back.status, back["identificatie"]) == (200, "2026-1")


@pytest.mark.parametrize("given", [{}, {"identificatie": ""}])
async def test_qd_4_an_update_without_a_number_keeps_the_one_there_is(
    zgw: Zgw, type_: str, given: dict[str, str]
) -> None:
    document = await zgw.document(type_, identificatie="2026-1")
    lock = await zgw.locked(document["url"])
    put = await zgw.put(document["url"], document_values(type_, lock=lock, **given))
    assert (put.status, put["identificatie"]) == (200, "2026-1")
    patched = await zgw.patch(document["url"], {"lock": lock, **given})
    assert (patched.status, patched["identificatie"]) == (200, "2026-1")


async def test_g_131_numbers_are_issued_per_year_of_the_document(zgw: Zgw, type_: str) -> None:
    dates = ("2026-12-31", "2026-01-01", "2025-06-01")
    issued = [(await zgw.document(type_, creatiedatum=date))["identificatie"] for date in dates]
    assert issued == ["DOCUMENT-2026-0000000001", "DOCUMENT-2026-0000000002", "DOCUMENT-2025-0000000001"]


async def test_g_131_numbers_go_on_from_the_highest_that_clients_chose(zgw: Zgw, type_: str) -> None:
    for chosen in ("DOCUMENT-2026-0000000001", "DOCUMENT-2026-0000000041", "DOCUMENT-2026-los"):
        await zgw.document(type_, identificatie=chosen)
    assert (await zgw.document(type_))["identificatie"] == "DOCUMENT-2026-0000000042"
    assert (await zgw.document(type_))["identificatie"] == "DOCUMENT-2026-0000000043"


async def test_g_131_documents_that_are_made_at_once_all_get_a_number_of_their_own(
    zgw: Zgw, type_: str
) -> None:
    answers = await asyncio.gather(*(zgw.document(type_) for _ in range(20)))
    numbers = {answer["identificatie"] for answer in answers}
    assert len(numbers) == 20
    assert all(re.fullmatch(r"DOCUMENT-2026-\d{10}", number) for number in numbers)


async def test_g_132_of_two_that_claim_a_number_at_once_one_gets_it(zgw: Zgw, type_: str) -> None:
    values = document_values(type_, identificatie="2026-1")
    answers = await asyncio.gather(*(zgw.post(DOCUMENTS, values) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [201, 400, 400, 400, 400]
    assert {refusal(answer) for answer in answers if answer.status == 400} == {TAKEN}


async def test_a_number_is_free_again_once_its_document_is_gone(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, identificatie="2026-1")
    assert (await zgw.delete(document["url"])).status == 204
    assert (await zgw.document(type_, identificatie="2026-1"))["identificatie"] == "2026-1"
