"""Zaakobjecttypen: the objects that zaken are about, and when they matter (C-83)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standard.sub_types import (
    CATALOGI,
    NOWHERE,
    RESULTAATTYPE,
    STATUSTYPE,
    ZAAKOBJECTTYPE,
    Kind,
    Maker,
)
from tests.zgw import Zgw, refusal

LISTS = pytest.mark.parametrize(
    ("kind", "field"),
    [(STATUSTYPE, "statustypen"), (RESULTAATTYPE, "resultaattypen")],
    ids=lambda value: getattr(value, "name", value),
)
STATUSES = f"{CATALOGI}/statustypen"


@LISTS
async def test_c_83_an_object_matters_for_statuses_and_results_of_its_zaaktype(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind, field: str
) -> None:
    another = await maker.zaaktype(identificatie="ZT-2")
    own, foreign = [(await maker.make(kind, each))["url"] for each in (concept, another)]
    made = await maker.make(ZAAKOBJECTTYPE, concept, **{field: [own]})
    assert made[field] == [own]
    elsewhere = (400, "relations-incorrect-zaaktype", "nonFieldErrors")
    assert refusal(await maker.sent(ZAAKOBJECTTYPE, concept, **{field: [own, foreign]})) == elsewhere
    assert refusal(await zgw.patch(made["url"], {field: [foreign]})) == elsewhere
    assert refusal(await zgw.patch(made["url"], {"zaaktype": another})) == elsewhere
    shown = await zgw.get(f"{made['url']}?expand={field}")
    assert [each["url"] for each in shown["_expand"][field]] == [own]
    assert refusal(await zgw.delete(own)) == (400, "pending-relations", "nonFieldErrors")


@LISTS
async def test_g_121_each_of_a_list_is_one_that_is_there(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind, field: str
) -> None:
    own = (await maker.make(kind, concept))["url"]
    wrong = {
        "http://elders.nl/x": "no_match",
        f"{zgw.origin}{CATALOGI}/{field}/{NOWHERE}": "does_not_exist",
        concept: "incorrect_match",
        "x": "invalid",
    }
    for url, code in wrong.items():
        refused = await maker.sent(ZAAKOBJECTTYPE, concept, **{field: [own, url]})
        assert refusal(refused) == (400, code, f"{field}.1"), url


async def test_c_83_the_names_of_results_are_shown_as_they_are_now(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    result = (await maker.make(RESULTAATTYPE, concept))["url"]
    await maker.make(RESULTAATTYPE, concept, omschrijving="Geweigerd")
    made = await maker.make(ZAAKOBJECTTYPE, concept, resultaattypen=[result])
    assert made["resultaattypeOmschrijving"] == ["Verleend"]
    await zgw.patch(result, {"omschrijving": "Toegekend"})
    assert (await zgw.get(made["url"]))["resultaattypeOmschrijving"] == ["Toegekend"]
    without = await maker.make(ZAAKOBJECTTYPE, concept)
    assert without["resultaattypeOmschrijving"] == []


async def test_qc_9_a_single_statustype_is_taken_as_a_list_of_one(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    status = (await maker.make(STATUSTYPE, concept))["url"]
    made = await maker.make(ZAAKOBJECTTYPE, concept, statustype=status)
    assert (made["statustypen"], "statustype" in made.body) == ([status], False)
    assert (await zgw.patch(made["url"], {"relatieOmschrijving": "x"}))["statustypen"] == [status]
    assert (await zgw.patch(made["url"], {"statustype": None}))["statustypen"] == []
    assert (await zgw.patch(made["url"], {"statustype": status}))["statustypen"] == [status]
    refused = await maker.sent(ZAAKOBJECTTYPE, concept, statustype=f"{zgw.origin}{STATUSES}/{NOWHERE}")
    assert refusal(refused) == (400, "does_not_exist", "statustypen.0")


FILTERS: dict[str, tuple[str, str]] = {
    "anderObjecttype": ("true", "false"),
    "objecttype": ("https://objecten.test/boom", "https://objecten.test/pand"),
    "relatieOmschrijving": ("De boom", "Het pand"),
    "datumBeginGeldigheid": ("2021-01-01", "2020-01-01"),
    "datumEindeGeldigheid": ("2029-12-31", "2028-12-31"),
}


@pytest.mark.parametrize("name", FILTERS)
async def test_g_65_a_list_is_searched_by_what_an_object_is(maker: Maker, zgw: Zgw, name: str) -> None:
    boom: dict[str, Any] = {
        "anderObjecttype": True,
        "objecttype": "https://objecten.test/boom",
        "relatieOmschrijving": "De boom",
    }
    dates: dict[str, Any] = {"beginGeldigheid": "2021-01-01", "eindeGeldigheid": "2029-12-31"}
    first = await maker.zaaktype(eindeGeldigheid="2028-12-31")
    second = await maker.zaaktype(identificatie="ZT-2", **dates)
    pand = (await maker.make(ZAAKOBJECTTYPE, first))["url"]
    tree = (await maker.make(ZAAKOBJECTTYPE, second, **boom))["url"]
    for value, url in zip(FILTERS[name], (tree, pand), strict=True):
        answer = await zgw.get(f"{ZAAKOBJECTTYPE.url}?status=alles&{name}={value}")
        assert [each["url"] for each in answer["results"]] == [url]
    if name != "relatieOmschrijving":
        refused = await zgw.get(f"{ZAAKOBJECTTYPE.url}?{name}=misschien")
        assert refusal(refused) == (400, "invalid", name)


async def test_g_65_a_list_is_searched_by_its_catalogue(maker: Maker, zgw: Zgw, concept: str) -> None:
    made = await maker.make(ZAAKOBJECTTYPE, concept)
    other = await zgw.catalogue("ANDER")
    for catalogue, urls in ((maker.catalogue, [made["url"]]), (other, [])):
        answer = await zgw.get(f"{ZAAKOBJECTTYPE.url}?status=alles&catalogus={catalogue}")
        assert [each["url"] for each in answer["results"]] == urls
