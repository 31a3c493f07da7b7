"""The history model (RULES 4.4): types are named, and a name leads to the version that holds on a day."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from dms.actions.answers import shown
from dms.actions.service import Dms
from dms.autorisaties.applications import Application
from dms.autorisaties.caller import Caller
from tests.standard.counted import QUESTIONS, Counted, Question
from tests.zgw import (
    BESLUITTYPEN,
    CATALOGUES,
    TYPES,
    ZAAKTYPEN,
    Answer,
    Zgw,
    refusal,
    zaaktype_values,
)
from zaak_adapters.catalogi.api import CATALOGI
from zaak_adapters.catalogi.resources.catalogussen import CATALOGUSSEN

NOWHERE = "8e4d2f7e-0000-4000-8000-000000000000"


@pytest.fixture
async def catalogue(zgw: Zgw) -> str:
    """The URL of a catalogue."""
    return await zgw.catalogue()


async def two_versions(zgw: Zgw, catalogue: str, **fields: Any) -> tuple[str, str]:
    """The URLs of a besluittype until the end of 2023, and of its version since."""
    first = await zgw.besluittype(catalogue=catalogue, eindeGeldigheid="2023-12-31", **fields)
    return first, await zgw.besluittype(catalogue=catalogue, beginGeldigheid="2024-01-01", **fields)


async def create(zgw: Zgw, catalogue: str, **fields: Any) -> Answer:
    """The answer to a create of a zaaktype with these fields."""
    return await zgw.post(ZAAKTYPEN, zaaktype_values(catalogue, **fields))


async def test_c_50_qc_1_names_and_urls_are_written_in_one_list(zgw: Zgw, catalogue: str) -> None:
    by_name = await zgw.besluittype(catalogue=catalogue, omschrijving="Naam")
    by_url = await zgw.besluittype(catalogue=catalogue, omschrijving="Link")
    sub = await zgw.zaaktype(catalogue=catalogue, identificatie="DEEL", published=True)
    answer = await create(
        zgw,
        catalogue,
        besluittypen=["Naam", by_url, by_name, "Link"],
        deelzaaktypen=[sub],
        gerelateerdeZaaktypen=[{"zaaktype": "DEEL", "aardRelatie": "vervolg"}],
    )
    assert answer.status == 201, answer
    for found in (answer, await zgw.get(answer["url"])):
        assert found["besluittypen"] == [by_name, by_url]
        assert found["besluittypeOmschrijving"] == ["Naam", "Link"]
        assert found["deelzaaktypen"] == [sub]
        assert found["deelzaaktypeIdentificaties"] == ["DEEL"]
        assert found["gerelateerdeZaaktypen"] == [
            {"zaaktype": sub, "zaaktypeIdentificatie": "DEEL", "aardRelatie": "vervolg", "toelichting": ""}
        ]


async def test_c_50_a_url_of_one_version_names_all_of_them(zgw: Zgw, catalogue: str) -> None:
    first, second = await two_versions(zgw, catalogue)
    answer = await create(zgw, catalogue, besluittypen=[first])
    assert answer["besluittypen"] == [second]
    assert (await zgw.delete(first)).status == 204
    assert (await zgw.get(answer["url"]))["besluittypen"] == [second]


async def test_c_50_a_patch_writes_relations_as_a_put_does(zgw: Zgw, catalogue: str) -> None:
    besluittype = await zgw.besluittype(catalogue=catalogue)
    url = await zgw.zaaktype(catalogue=catalogue)
    for sent in (["Toekenning"], [besluittype]):
        assert (await zgw.patch(url, {"besluittypen": sent}))["besluittypen"] == [besluittype]
        put = await zgw.put(url, zaaktype_values(catalogue, besluittypen=sent))
        assert put["besluittypen"] == [besluittype]
    assert (await zgw.patch(url, {"toelichting": "x"}))["besluittypen"] == [besluittype]
    assert (await zgw.patch(url, {"besluittypen": []}))["besluittypeOmschrijving"] == []


async def test_c_50_a_zaaktype_may_name_itself(zgw: Zgw, catalogue: str) -> None:
    related = [{"zaaktype": "ZT-1", "aardRelatie": "vervolg"}]
    answer = await create(zgw, catalogue, gerelateerdeZaaktypen=related)
    assert answer["gerelateerdeZaaktypen"][0]["zaaktype"] == answer["url"]


async def test_c_51_each_unknown_name_is_told_by_its_place(zgw: Zgw, catalogue: str) -> None:
    await zgw.besluittype(catalogue=catalogue)
    await zgw.besluittype(catalogue=await zgw.catalogue("B"), omschrijving="Elders")
    answer = await create(
        zgw,
        catalogue,
        besluittypen=["Toekenning", "Onbekend", "Elders"],
        deelzaaktypen=["X"],
        gerelateerdeZaaktypen=[{"zaaktype": "Y", "aardRelatie": "vervolg"}],
    )
    assert set(refusal(answer)[1:]) == {
        ("does_not_exist", "besluittypen.1"),
        ("does_not_exist", "besluittypen.2"),
        ("does_not_exist", "deelzaaktypen.0"),
        ("does_not_exist", "gerelateerdeZaaktypen.0.zaaktype"),
    }


async def test_c_51_a_url_that_leads_nowhere_is_told_by_its_place(zgw: Zgw, catalogue: str) -> None:
    there = f"{zgw.origin}/catalogi/api/v1"
    answer = await create(
        zgw,
        catalogue,
        besluittypen=[
            "https://elders.example/besluittypen/1",
            f"{there}/besluittypen/{NOWHERE}",
            f"{there}/zaaktypen/{NOWHERE}",
        ],
    )
    assert set(refusal(answer)[1:]) == {
        ("no_match", "besluittypen.0"),
        ("does_not_exist", "besluittypen.1"),
        ("incorrect_match", "besluittypen.2"),
    }


async def test_ztc_013_qc_2_a_url_into_another_catalogue_is_refused(zgw: Zgw, catalogue: str) -> None:
    other = await zgw.catalogue("B")
    besluittypen = [await zgw.besluittype(catalogue=other, omschrijving=name) for name in ("A", "B")]
    refused = await create(zgw, catalogue, besluittypen=besluittypen)
    assert refusal(refused) == (400, "relations-incorrect-catalogus", "nonFieldErrors")
    sub = await zgw.zaaktype(catalogue=other)
    refused = await create(zgw, catalogue, deelzaaktypen=[sub])
    assert refusal(refused) == (400, "relations-incorrect-catalogus", "deelzaaktypen")


async def test_c_51_of_an_unknown_catalogue_only_that_is_told(zgw: Zgw) -> None:
    nowhere = f"{zgw.origin}/catalogi/api/v1/catalogussen/{NOWHERE}"
    answer = await create(zgw, nowhere, besluittypen=["Toekenning"])
    assert refusal(answer) == (400, "does_not_exist", "catalogus")


async def test_c_50_a_list_of_names_has_a_bound(zgw: Zgw, catalogue: str) -> None:
    answer = await create(zgw, catalogue, besluittypen=[str(number) for number in range(1001)])
    assert refusal(answer) == (400, "max_length", "besluittypen")


async def test_c_52_a_relation_leads_to_the_version_of_the_day(zgw: Zgw, catalogue: str) -> None:
    first, second = await two_versions(zgw, catalogue)
    url = await zgw.zaaktype(catalogue=catalogue, besluittypen=["Toekenning"], published=True)
    for asked, found in (
        ("", [second]),
        ("?datumGeldigheid=2023-12-31", [first]),
        ("?datumGeldigheid=2024-01-01", [second]),
        ("?datumGeldigheid=2019-12-31", []),
    ):
        answer = await zgw.get(url + asked)
        assert (answer["besluittypen"], answer["besluittypeOmschrijving"]) == (found, ["Toekenning"])
    assert refusal(await zgw.get(f"{url}?datumGeldigheid=gisteren")) == (400, "invalid", "datumGeldigheid")


async def test_c_22_c_52_the_day_of_a_list_is_that_of_its_relations(zgw: Zgw, catalogue: str) -> None:
    first, second = await two_versions(zgw, catalogue)
    await zgw.zaaktype(catalogue=catalogue, besluittypen=["Toekenning"], published=True)
    for day, found in (("2023-12-31", first), ("2024-01-01", second)):
        [answer] = (await zgw.get(f"{ZAAKTYPEN}?datumGeldigheid={day}"))["results"]
        assert answer["besluittypen"] == [found]
        [expanded] = (await zgw.get(f"{ZAAKTYPEN}?datumGeldigheid={day}&expand=besluittypen"))["results"]
        assert [each["url"] for each in expanded["_expand"]["besluittypen"]] == [found]
    assert (await zgw.get(f"{ZAAKTYPEN}?datumGeldigheid=2019-12-31"))["results"] == []


async def test_c_52_the_etag_follows_the_versions_that_are_shown(zgw: Zgw, catalogue: str) -> None:
    await two_versions(zgw, catalogue)
    url = await zgw.zaaktype(catalogue=catalogue, besluittypen=["Toekenning"])
    tags = {
        (await zgw.get(f"{url}?datumGeldigheid={day}")).headers["Etag"]
        for day in ("2023-12-31", "2024-01-01", "2025-01-01")
    }
    assert len(tags) == 2


async def test_c_52_names_mean_something_within_one_catalogue(zgw: Zgw, catalogue: str) -> None:
    other = await zgw.catalogue("B")
    here, there = [await zgw.besluittype(catalogue=each) for each in (catalogue, other)]
    for each in (catalogue, other):
        await zgw.zaaktype(catalogue=each, besluittypen=["Toekenning"], published=True)
    lists = [found["besluittypen"] for found in (await zgw.get(ZAAKTYPEN))["results"]]
    assert lists == [[there], [here]]


async def test_c_53_qc_3_a_concept_shows_concepts_where_nothing_is_published(
    zgw: Zgw, catalogue: str
) -> None:
    concept = await zgw.besluittype(catalogue=catalogue, published=False, beginGeldigheid="2999-01-01")
    url = await zgw.zaaktype(catalogue=catalogue, besluittypen=["Toekenning"])
    assert (await zgw.get(url))["besluittypen"] == [concept]
    published = await zgw.besluittype(catalogue=catalogue, eindeGeldigheid="2998-12-31")
    assert (await zgw.get(url))["besluittypen"] == [published]
    await zgw.patch(published, {"eindeGeldigheid": "2020-12-31"})
    assert (await zgw.get(url))["besluittypen"] == [concept]
    await zgw.statustype(url)
    assert (await zgw.post(f"{url}/publish")).status == 200
    assert (await zgw.get(f"{url}?datumGeldigheid=2019-01-01"))["besluittypen"] == []


async def test_c_50_a_related_zaaktype_always_has_a_url(zgw: Zgw, catalogue: str) -> None:
    related = await zgw.zaaktype(catalogue=catalogue, identificatie="A", published=True)
    url = await zgw.zaaktype(
        catalogue=catalogue,
        gerelateerdeZaaktypen=[{"zaaktype": "A", "aardRelatie": "vervolg"}],
        published=True,
    )
    [relation] = (await zgw.get(f"{url}?datumGeldigheid=2019-01-01"))["gerelateerdeZaaktypen"]
    assert relation["zaaktype"] == related
    assert (await zgw.delete(related)).status == 204
    [relation] = (await zgw.get(url))["gerelateerdeZaaktypen"]
    assert (relation["zaaktype"], relation["zaaktypeIdentificatie"]) == ("", "A")


async def test_c_54_a_besluittype_tells_which_zaaktypen_name_it(zgw: Zgw, catalogue: str) -> None:
    besluittype = await zgw.besluittype(catalogue=catalogue)
    elsewhere = await zgw.catalogue("B")
    await zgw.besluittype(catalogue=elsewhere)
    await zgw.zaaktype(catalogue=elsewhere, besluittypen=["Toekenning"], published=True)
    named: dict[str, Any] = {"catalogue": catalogue, "besluittypen": ["Toekenning"]}
    ended = await zgw.zaaktype(**named, published=True, eindeGeldigheid="2023-12-31")
    valid = await zgw.zaaktype(**named, published=True, beginGeldigheid="2024-01-01")
    other = await zgw.zaaktype(**named, published=True, identificatie="ANDERS")
    await zgw.zaaktype(**named, identificatie="CONCEPT")
    answer = await zgw.get(besluittype)
    assert answer["zaaktypen"] == [other, valid]
    assert answer["zaaktypeIdentificaties"] == ["ANDERS", "ZT-1"]
    results = (await zgw.get(f"{BESLUITTYPEN}?catalogus={catalogue}&datumGeldigheid=2023-12-31"))["results"]
    assert results[0]["zaaktypen"] == [ended, other]


async def test_c_54_a_catalogue_tells_its_types_of_today(zgw: Zgw, catalogue: str) -> None:
    _, besluittype = await two_versions(zgw, catalogue)
    zaaktype = await zgw.zaaktype(catalogue=catalogue, published=True)
    await zgw.zaaktype(catalogue=catalogue, identificatie="CONCEPT")
    answer = await zgw.get(catalogue)
    assert answer["zaaktypen"] == [zaaktype]
    assert answer["besluittypen"] == [besluittype]
    assert answer["besluittypeOmschrijving"] == ["Toekenning"]
    expanded = (await zgw.get(f"{catalogue}?expand=zaaktypen,besluittypen"))["_expand"]
    assert expanded["zaaktypen"] == [(await zgw.get(zaaktype)).body]
    assert expanded["besluittypen"] == [(await zgw.get(besluittype)).body]


async def test_c_54_an_informatieobjecttype_tells_which_besluittypen_name_it(
    zgw: Zgw, catalogue: str
) -> None:
    type_ = await zgw.document_type(catalogue=catalogue)
    first, second = await two_versions(zgw, catalogue, informatieobjecttypen=["Bijlage"])
    assert (await zgw.get(type_))["besluittypen"] == [second]
    [answer] = (await zgw.get(f"{TYPES}?datumGeldigheid=2023-12-31"))["results"]
    assert (answer["besluittypen"], answer["besluittypeOmschrijving"]) == ([first], ["Toekenning"])
    expanded = (await zgw.get(f"{type_}?expand=besluittypen,zaaktypen"))["_expand"]
    assert expanded == {"besluittypen": [(await zgw.get(second)).body], "zaaktypen": []}


async def test_c_21_the_versions_of_an_informatieobjecttype_share_their_first_and_last_day(
    zgw: Zgw, catalogue: str
) -> None:
    first = await zgw.document_type(catalogue=catalogue, eindeGeldigheid="2023-12-31")
    second = await zgw.document_type(
        catalogue=catalogue, beginGeldigheid="2024-01-01", eindeGeldigheid="2027-12-31", published=False
    )
    for url in (first, second):
        answer = await zgw.get(url)
        assert (answer["beginObject"], answer["eindeObject"]) == ("2020-01-01", "2027-12-31")


@pytest.mark.parametrize("at", [ZAAKTYPEN, BESLUITTYPEN, TYPES, CATALOGUES])
async def test_c_52_a_page_takes_as_many_searches_however_many_types_it_holds(
    zgw: Zgw, dms: Dms, catalogue: str, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    counted = Counted(dms.metadata)

    async def of_a_page(expected: int) -> dict[Question, int]:
        counted.asked.clear()
        assert len((await zgw.get(at))["results"]) == expected
        return Counter(counted.asked)

    async def more(name: str) -> None:
        where = await zgw.catalogue(f"C{name}")
        await zgw.document_type(catalogue=where, omschrijving=name)
        await zgw.besluittype(catalogue=where, omschrijving=name, informatieobjecttypen=[name])
        related = [{"zaaktype": name, "aardRelatie": "vervolg"}]
        await zgw.zaaktype(
            catalogue=where,
            identificatie=name,
            besluittypen=[name],
            deelzaaktypen=[name],
            gerelateerdeZaaktypen=related,
            published=True,
        )

    for name in QUESTIONS:
        monkeypatch.setattr(dms.metadata, name, getattr(counted, name))
    empty = len((await zgw.get(at))["results"])
    await more("A")
    of_one = await of_a_page(empty + 1)
    for name in "BCDE":
        await more(name)
    assert await of_a_page(empty + 5) == of_one


async def test_c_54_of_registers_that_are_not_served_nothing_is_told(zgw: Zgw, dms: Dms) -> None:
    catalogue = await zgw.catalogue()
    await zgw.document_type(catalogue=catalogue)
    alone = replace(dms, apis=(replace(CATALOGI, resources=(CATALOGUSSEN,)),))
    [record] = await dms.metadata.find("catalogussen")
    caller = Caller(Application.with_all_rights("x"), "", "", zgw.origin)
    [answer] = await shown(alone, CATALOGUSSEN, [record], caller)
    assert (answer["url"], answer["informatieobjecttypen"]) == (catalogue, [])


async def test_ztc_016_of_two_versions_published_at_once_one_stays_a_concept(
    zgw: Zgw, catalogue: str
) -> None:
    versions = [await zgw.besluittype(catalogue=catalogue, published=False) for _ in range(6)]
    answers = await asyncio.gather(*(zgw.post(f"{url}/publish") for url in versions))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 5
    assert (await zgw.get(BESLUITTYPEN))["count"] == 1


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("zaaktypen", "ZT-1 - Vergunning"),
        ("besluittypen", "Toekenning"),
        ("informatieobjecttypen", "Bijlage"),
        ("catalogussen", "TEST - 000000000"),
    ],
)
async def test_what_a_type_is_called_tells_it_from_others(
    zgw: Zgw, dms: Dms, catalogue: str, name: str, label: str
) -> None:
    await zgw.zaaktype(catalogue=catalogue)
    await zgw.besluittype(catalogue=catalogue)
    await zgw.document_type(catalogue=catalogue)
    [record] = await dms.metadata.find(name)
    assert dms.resource(name).label(record) == label
