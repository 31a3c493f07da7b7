"""Roltypen: the generic part that each is a case of (C-82)."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.standard.sub_types import ROLTYPE, Maker
from tests.zgw import Zgw, refusal
from zaak_adapters.catalogi.resources.roltypen import OmschrijvingGeneriek


@pytest.mark.parametrize("generic", get_args(OmschrijvingGeneriek))
async def test_c_82_a_roltype_is_a_case_of_a_generic_part_and_found_by_it(
    maker: Maker, zgw: Zgw, concept: str, generic: str
) -> None:
    made = await maker.make(ROLTYPE, concept, omschrijvingGeneriek=generic)
    other = "beslisser" if generic == "adviseur" else "adviseur"
    await maker.make(ROLTYPE, concept, omschrijving="Ander", omschrijvingGeneriek=other)
    answer = await zgw.get(f"{ROLTYPE.url}?status=alles&omschrijvingGeneriek={generic}")
    assert [each["url"] for each in answer["results"]] == [made["url"]]


async def test_qg_2_a_roltype_is_found_by_its_name_beside_the_standard(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    made = await maker.make(ROLTYPE, concept)
    await maker.make(ROLTYPE, concept, omschrijving="Ander")
    answer = await zgw.get(f"{ROLTYPE.url}?status=alles&omschrijving=Aanvrager")
    assert [each["url"] for each in answer["results"]] == [made["url"]]


async def test_c_82_another_generic_part_does_not_exist(maker: Maker, zgw: Zgw, concept: str) -> None:
    for wrong, code in (("burgemeester", "invalid_choice"), ("", "invalid_choice"), (None, "null")):
        refused = await maker.sent(ROLTYPE, concept, omschrijvingGeneriek=wrong)
        assert refusal(refused) == (400, code, "omschrijvingGeneriek")
    refused = await zgw.get(f"{ROLTYPE.url}?omschrijvingGeneriek=burgemeester")
    assert refusal(refused) == (400, "invalid_choice", "omschrijvingGeneriek")
