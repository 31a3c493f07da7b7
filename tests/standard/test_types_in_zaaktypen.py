"""What zaaktypen and the types of documents tell of each other (RULES 4.4), and what publishing asks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standard.sub_types import (
    EIGENSCHAP,
    RESULTAATTYPE,
    ROLTYPE,
    STATUSTYPE,
    ZAAKOBJECTTYPE,
    ZIOT,
    Maker,
)
from tests.zgw import TYPES, Zgw, refusal

IOT: dict[str, Any] = {"omschrijving": "Brief", "beginGeldigheid": "2020-01-01"}


async def whole(maker: Maker, zaaktype: str) -> dict[str, list[str]]:
    """Give a zaaktype one of everything; the URLs, by the names of its lists."""
    kinds = (STATUSTYPE, RESULTAATTYPE, ROLTYPE, EIGENSCHAP, ZAAKOBJECTTYPE)
    return {kind.name: [(await maker.make(kind, zaaktype))["url"]] for kind in kinds}


async def test_c_54_a_zaaktype_lists_all_that_belongs_to_it(maker: Maker, zgw: Zgw, concept: str) -> None:
    made = await whole(maker, concept)
    await maker.make(ZIOT, concept)
    await maker.make(ZIOT, concept, volgnummer=2, richting="uitgaand")
    [type_] = (await zgw.get(TYPES))["results"]
    answer = (await zgw.get(concept)).body
    assert {name: answer[name] for name in made} == made
    assert answer["resultaattypeOmschrijving"] == ["Verleend"]
    assert answer["informatieobjecttypen"] == [type_["url"]]
    assert answer["informatieobjecttypeOmschrijving"] == ["Bijlage"]
    paths = ",".join((*made, "informatieobjecttypen"))
    expanded = (await zgw.get(f"{concept}?expand={paths}"))["_expand"]
    assert expanded.keys() == {*made, "informatieobjecttypen"}
    for name, found in expanded.items():
        assert [each["url"] for each in found] == answer[name]


async def test_c_54_statustypen_are_listed_in_their_order(maker: Maker, zgw: Zgw, concept: str) -> None:
    urls = [(await maker.make(STATUSTYPE, concept, volgnummer=number))["url"] for number in (3, 1, 2)]
    assert (await zgw.get(concept))["statustypen"] == [urls[1], urls[2], urls[0]]


async def test_c_54_an_informatieobjecttype_tells_which_zaaktypen_have_it(maker: Maker, zgw: Zgw) -> None:
    async def version(**fields: Any) -> str:
        zaaktype = await maker.zaaktype(**fields)
        for number in (1, 2):
            await maker.make(ZIOT, zaaktype, volgnummer=number)
        await zgw.statustype(zaaktype)
        await maker.publish(zaaktype)
        return zaaktype

    ended = await version(eindeGeldigheid="2023-12-31")
    valid = await version(beginGeldigheid="2024-01-01")
    await maker.make(ZIOT, await maker.zaaktype(identificatie="CONCEPT"))
    [type_] = (await zgw.get(TYPES))["results"]
    assert (type_["zaaktypen"], type_["zaaktypeIdentificaties"]) == ([valid], ["ZT-1"])
    [then] = (await zgw.get(f"{TYPES}?datumGeldigheid=2023-12-31"))["results"]
    assert then["zaaktypen"] == [ended]
    assert (await zgw.delete(valid)).status == 204
    assert (await zgw.get(type_["url"]))["zaaktypen"] == []


async def test_c_54_a_besluittype_tells_which_resultaattypen_name_it(maker: Maker, zgw: Zgw) -> None:
    besluittype = await zgw.besluittype(catalogue=maker.catalogue)
    zaaktype = await maker.zaaktype()
    made = await maker.make(RESULTAATTYPE, zaaktype, besluittypen=[besluittype])
    assert (await zgw.get(besluittype))["resultaattypen"] == []
    await zgw.statustype(zaaktype)
    await maker.publish(zaaktype)
    answer = await zgw.get(f"{besluittype}?expand=resultaattypen")
    assert answer["resultaattypen"] == [made["url"]]
    assert answer["resultaattypenOmschrijving"] == ["Verleend"]
    assert answer["_expand"]["resultaattypen"] == [(await zgw.get(made["url"])).body]


async def test_g_68_informatieobjecttypen_are_found_by_a_zaaktype_that_has_them(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    await zgw.document_type(catalogue=maker.catalogue, **IOT)
    assert (await zgw.get(f"{TYPES}?zaaktype={concept}"))["results"] == []
    await maker.make(ZIOT, concept)
    for asked in (f"zaaktype={concept}", "omschrijving__icontains=BIJL", "omschrijving=Bijlage"):
        results = (await zgw.get(f"{TYPES}?{asked}"))["results"]
        assert [found["omschrijving"] for found in results] == ["Bijlage"]


async def test_ztc_012_the_types_of_documents_are_published_before_the_zaaktype(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    type_ = await zgw.document_type(catalogue=maker.catalogue, published=False, **IOT)
    await maker.make(STATUSTYPE, concept)
    await maker.make(ZIOT, concept, informatieobjecttype="Brief")
    refused = await zgw.post(f"{concept}/publish")
    assert refusal(refused) == (400, "concept-relation", "nonFieldErrors")
    await maker.publish(type_)
    await maker.publish(concept)


async def test_ztc_012_qc_5_a_zaaktype_is_published_with_a_statustype(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    refused = await zgw.post(f"{concept}/publish")
    assert refusal(refused) == (400, "concept-relation", "statustypen")
    await maker.make(STATUSTYPE, concept)
    await maker.publish(concept)


@pytest.mark.parametrize("published", [True, False])
async def test_c_13_with_a_zaaktype_goes_all_that_belongs_to_it(
    maker: Maker, zgw: Zgw, *, published: bool
) -> None:
    zaaktype = await maker.zaaktype()
    made = [url for urls in (await whole(maker, zaaktype)).values() for url in urls]
    made.append((await maker.make(ZIOT, zaaktype))["url"])
    if published:
        await maker.publish(zaaktype)
    assert (await zgw.delete(zaaktype)).status == 204
    assert [(await zgw.get(url)).status for url in (zaaktype, *made)] == [404] * 7
