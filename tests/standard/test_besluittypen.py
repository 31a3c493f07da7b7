"""Besluittypen (RULES 4.2 to 4.4): their fields, their versions, and the types that they name."""

from __future__ import annotations

import pytest

from dms.autorisaties.access import Grant
from tests.zgw import BESLUITTYPEN, Zgw, besluittype_values, refusal


@pytest.fixture
async def catalogue(zgw: Zgw) -> str:
    """The URL of a catalogue."""
    return await zgw.catalogue()


async def test_c_86_a_new_besluittype_is_a_concept_with_all_its_fields(zgw: Zgw, catalogue: str) -> None:
    sent = besluittype_values(catalogue)
    answer = await zgw.post(BESLUITTYPEN, sent)
    assert answer.status == 201, answer
    lists = (
        "zaaktypen zaaktypeIdentificaties informatieobjecttypeOmschrijvingen resultaattypen "
        "resultaattypenOmschrijving vastgelegdIn"
    )
    whole = {
        "url": answer["url"],
        **sent,
        **dict.fromkeys(("omschrijvingGeneriek", "besluitcategorie", "publicatietekst", "toelichting"), ""),
        **dict.fromkeys(("reactietermijn", "publicatietermijn", "eindeGeldigheid", "eindeObject")),
        **{name: [] for name in lists.split()},
        "beginObject": "2020-01-01",
        "concept": True,
    }
    assert (await zgw.get(answer["url"])).body == whole
    assert answer.body == {**whole, "informatieobjecttypeOmschrijving": []}


async def test_c_86_a_besluittype_tells_whether_it_is_published(zgw: Zgw, catalogue: str) -> None:
    values = besluittype_values(catalogue, reactietermijn="veertien dagen")
    del values["publicatieIndicatie"]
    answer = await zgw.post(BESLUITTYPEN, values)
    assert sorted(refusal(answer)[1:]) == [("invalid", "reactietermijn"), ("required", "publicatieIndicatie")]


async def test_c_11_ztc_009_a_published_besluittype_stays_as_it_is(zgw: Zgw, catalogue: str) -> None:
    url = await zgw.besluittype(catalogue=catalogue)
    writer = zgw.register("writer", [Grant("ztc", frozenset({"catalogi.schrijven"}))])
    for refused in (
        await zgw.put(url, besluittype_values(catalogue), client=writer),
        await zgw.patch(url, {"toelichting": "Anders"}, client=writer),
        await zgw.delete(url, client=writer),
    ):
        assert refusal(refused) == (400, "non-concept-object", "nonFieldErrors")
    assert (await zgw.patch(url, {"eindeGeldigheid": "2030-01-01"}, client=writer)).status == 200


async def test_c_12_c_13_a_published_besluittype_is_corrected_and_removed_by_force(
    zgw: Zgw, catalogue: str
) -> None:
    url = await zgw.besluittype(catalogue=catalogue)
    assert (await zgw.patch(url, {"toelichting": "Anders"}))["toelichting"] == "Anders"
    assert (await zgw.delete(url)).status == 204


async def test_ztc_016_published_versions_of_a_besluittype_do_not_overlap(zgw: Zgw, catalogue: str) -> None:
    await zgw.besluittype(catalogue=catalogue)
    second = await zgw.besluittype(catalogue=catalogue, published=False, beginGeldigheid="2024-01-01")
    answer = await zgw.post(f"{second}/publish")
    assert refusal(answer) == (400, "overlap", "beginGeldigheid")


async def test_ztc_016_besluittypen_without_a_name_are_no_versions_of_each_other(
    zgw: Zgw, catalogue: str
) -> None:
    for _ in range(2):
        await zgw.besluittype(catalogue=catalogue, omschrijving="")


async def test_c_50_a_besluittype_names_informatieobjecttypen(zgw: Zgw, catalogue: str) -> None:
    type_ = await zgw.document_type(catalogue=catalogue)
    other = await zgw.document_type(catalogue=catalogue, omschrijving="Brief")
    url = await zgw.besluittype(catalogue=catalogue, informatieobjecttypen=["Bijlage", other])
    answer = await zgw.get(url)
    assert answer["informatieobjecttypen"] == [type_, other]
    assert answer["informatieobjecttypeOmschrijvingen"] == ["Bijlage", "Brief"]
    assert answer["vastgelegdIn"] == ["Bijlage", "Brief"]
    found = await zgw.get(type_)
    assert (found["besluittypen"], found["besluittypeOmschrijving"]) == ([url], ["Toekenning"])


@pytest.mark.parametrize(
    "asked",
    [
        "omschrijving=Toekenning",
        "omschrijving__icontains=KENN",
        "catalogus={catalogue}",
        "datumGeldigheid=2024-01-01",
        "zaaktypen={zaaktype}",
        "informatieobjecttypen={type_}",
    ],
)
async def test_g_68_besluittypen_are_found_by_their_filters(zgw: Zgw, catalogue: str, asked: str) -> None:
    type_ = await zgw.document_type(catalogue=catalogue)
    found = await zgw.besluittype(catalogue=catalogue, informatieobjecttypen=["Bijlage"])
    other = await zgw.catalogue("B")
    await zgw.document_type(catalogue=other)
    await zgw.besluittype(
        catalogue=other,
        omschrijving="Anders",
        eindeGeldigheid="2023-12-31",
        informatieobjecttypen=["Bijlage"],
    )
    zaaktype = await zgw.zaaktype(catalogue=catalogue, besluittypen=["Toekenning"])
    query = asked.format(catalogue=catalogue, zaaktype=zaaktype, type_=type_)
    answer = await zgw.get(f"{BESLUITTYPEN}?{query}")
    assert [each["url"] for each in answer["results"]] == [found]


async def test_g_67_a_filter_by_a_type_that_is_not_there_finds_nothing(zgw: Zgw, catalogue: str) -> None:
    type_ = await zgw.document_type(catalogue=catalogue)
    await zgw.besluittype(catalogue=catalogue, informatieobjecttypen=["Bijlage"])
    await zgw.delete(type_)
    for url in (type_, catalogue, "https://elders.example/x"):
        answer = await zgw.get(f"{BESLUITTYPEN}?informatieobjecttypen={url}")
        assert (answer.status, answer["results"]) == (200, [])
    wrong = await zgw.get(f"{BESLUITTYPEN}?informatieobjecttypen=Bijlage")
    assert refusal(wrong) == (400, "invalid", "informatieobjecttypen")


async def test_g_78_a_besluittype_is_expanded_with_its_relations(zgw: Zgw, catalogue: str) -> None:
    type_ = await zgw.document_type(catalogue=catalogue)
    url = await zgw.besluittype(catalogue=catalogue, informatieobjecttypen=["Bijlage"])
    zaaktype = await zgw.zaaktype(catalogue=catalogue, besluittypen=["Toekenning"], published=True)
    paths = "catalogus,zaaktypen,informatieobjecttypen,resultaattypen"
    expanded = (await zgw.get(f"{url}?expand={paths}"))["_expand"]
    assert expanded == {
        "catalogus": (await zgw.get(catalogue)).body,
        "zaaktypen": [(await zgw.get(zaaktype)).body],
        "informatieobjecttypen": [(await zgw.get(type_)).body],
        "resultaattypen": [],
    }
