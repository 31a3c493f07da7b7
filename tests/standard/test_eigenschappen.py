"""Eigenschappen: what their values look like, and the status by which they are known (ztc-015, C-81)."""

from __future__ import annotations

import pytest

from tests.standard.sub_types import CATALOGI, EIGENSCHAP, NOWHERE, SPECIFICATION, STATUSTYPE, Maker
from tests.zgw import Zgw, refusal

FITTING = [
    ("tekst", "0", ["elke tekst"]),
    ("tekst", "255", []),
    ("getal", "5", ["12"]),
    ("getal", "5,2", []),
    ("datum", "8", ["20200229"]),
    ("datum_tijd", "14", ["20200229235959"]),
]
NOT_FITTING = [
    ("tekst", "256", []),
    ("tekst", "-1", []),
    ("tekst", "1,2", []),
    ("tekst", "²", []),
    ("getal", "5.2", []),
    ("getal", "5,", []),
    ("getal", ",2", []),
    ("getal", "x", []),
    ("datum", "10", []),
    ("datum", "8", ["2020-02-29"]),
    ("datum", "8", ["20200229", "20200230"]),
    ("datum", "8", ["²0200229"]),
    ("datum_tijd", "8", []),
    ("datum_tijd", "14", ["20200229"]),
    ("datum_tijd", "14", ["20200229246000"]),
]


@pytest.mark.parametrize(("form", "length", "values"), FITTING)
async def test_ztc_015_a_specification_that_fits_its_format_is_kept(
    maker: Maker, zgw: Zgw, concept: str, form: str, length: str, values: list[str]
) -> None:
    given = {**SPECIFICATION, "formaat": form, "lengte": length, "waardenverzameling": values}
    made = await maker.make(EIGENSCHAP, concept, specificatie=given)
    assert made["specificatie"] == {"groep": "", **given}


@pytest.mark.parametrize(("form", "length", "values"), NOT_FITTING)
async def test_ztc_015_a_specification_that_does_not_fit_its_format_is_refused(
    maker: Maker, zgw: Zgw, concept: str, form: str, length: str, values: list[str]
) -> None:
    given = {**SPECIFICATION, "formaat": form, "lengte": length, "waardenverzameling": values}
    assert refusal(await maker.sent(EIGENSCHAP, concept, specificatie=given)) == (
        400,
        "invalid",
        "specificatie",
    )
    made = await maker.make(EIGENSCHAP, concept)
    refused = await zgw.patch(made["url"], {"specificatie": given})
    assert refusal(refused) == (400, "invalid", "specificatie")
    assert (await zgw.get(made["url"])).body == made.body


async def test_zrc_012_a_specification_is_given_in_full(maker: Maker, zgw: Zgw, concept: str) -> None:
    made = await maker.make(EIGENSCHAP, concept)
    for name in SPECIFICATION:
        part = {other: value for other, value in SPECIFICATION.items() if other != name}
        refused = await zgw.patch(made["url"], {"specificatie": part})
        assert refusal(refused) == (400, "required", f"specificatie.{name}")
    refused = await zgw.patch(made["url"], {"specificatie": None})
    assert refusal(refused) == (400, "null", "specificatie")


async def test_c_81_the_statustype_of_an_eigenschap_is_of_the_same_zaaktype(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    another = await maker.zaaktype(identificatie="ZT-2")
    own, foreign = [(await maker.make(STATUSTYPE, each))["url"] for each in (concept, another)]
    elsewhere = (400, "relations-incorrect-zaaktype", "nonFieldErrors")
    assert refusal(await maker.sent(EIGENSCHAP, concept, statustype=foreign)) == elsewhere
    made = await maker.make(EIGENSCHAP, concept, statustype=own)
    assert made["statustype"] == own
    assert refusal(await zgw.patch(made["url"], {"statustype": foreign})) == elsewhere
    assert refusal(await zgw.patch(made["url"], {"zaaktype": another})) == elsewhere
    moved = await zgw.patch(made["url"], {"zaaktype": another, "statustype": foreign})
    assert (moved["zaaktype"], moved["statustype"]) == (another, foreign)
    shown = await zgw.get(f"{made['url']}?expand=statustype")
    assert shown["_expand"]["statustype"]["url"] == foreign
    assert (await zgw.patch(made["url"], {"statustype": None}))["statustype"] is None


async def test_g_121_the_statustype_of_an_eigenschap_is_one_that_is_there(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    wrong = {
        "http://elders.nl/statustypen/1": "no_match",
        f"{zgw.origin}{CATALOGI}/statustypen/{NOWHERE}": "does_not_exist",
        concept: "incorrect_match",
        "x": "invalid",
    }
    for url, code in wrong.items():
        assert refusal(await maker.sent(EIGENSCHAP, concept, statustype=url)) == (400, code, "statustype")
