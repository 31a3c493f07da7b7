"""Which documents zaken of a type have: by name, and fixed when both types are published (C-50, C-84)."""

from __future__ import annotations

from typing import Any

import pytest

from dms.autorisaties.access import Grant
from tests.standard.sub_types import CATALOGI, NOWHERE, STATUSTYPE, ZIOT, Maker
from tests.zgw import Zgw, refusal

FIXED = (400, "non-concept-relation", "nonFieldErrors")
IOT = f"{CATALOGI}/informatieobjecttypen"


@pytest.fixture
def writer(zgw: Zgw) -> str:
    """A client that may write, and not force."""
    return zgw.register("writer", [Grant("ztc", frozenset({"catalogi.schrijven", "catalogi.lezen"}))])


async def listed(zgw: Zgw, query: str) -> list[str]:
    """The URLs in a list."""
    answer = await zgw.get(f"{ZIOT.url}?{query}")
    assert answer.status == 200, answer
    return [each["url"] for each in answer["results"]]


async def test_c_50_the_document_type_is_named_or_referred_to_and_answered_as_its_url(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    type_ = await zgw.document_type(catalogue=maker.catalogue, omschrijving="Besluit")
    for number, given in enumerate(("Besluit", type_), start=1):
        made = await maker.make(ZIOT, concept, informatieobjecttype=given, volgnummer=number)
        assert made["informatieobjecttype"] == type_
        shown = await zgw.get(f"{made['url']}?expand=informatieobjecttype")
        assert shown["_expand"]["informatieobjecttype"]["omschrijving"] == "Besluit"
    patched = await zgw.patch(made["url"], {"informatieobjecttype": "Bijlage"})
    assert patched["informatieobjecttype"] != type_


async def test_c_51_a_document_type_that_is_not_there_is_refused(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    elsewhere = await zgw.document_type(catalogue=await zgw.catalogue("ANDER"), omschrijving="Elders")
    wrong: dict[Any, tuple[str, str]] = {
        "Elders": ("does_not_exist", "informatieobjecttype"),
        elsewhere: ("relations-incorrect-catalogus", "nonFieldErrors"),
        f"{zgw.origin}{IOT}/{NOWHERE}": ("does_not_exist", "informatieobjecttype"),
        "http://elders.nl/x": ("no_match", "informatieobjecttype"),
        concept: ("incorrect_match", "informatieobjecttype"),
        "": ("blank", "informatieobjecttype"),
        None: ("null", "informatieobjecttype"),
    }
    for given, expected in wrong.items():
        refused = await maker.sent(ZIOT, concept, informatieobjecttype=given)
        assert refusal(refused) == (400, *expected), given


async def test_c_52_c_53_the_url_is_that_of_the_version_that_holds_now_or_else_the_newest(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    values: dict[str, Any] = {"catalogue": maker.catalogue, "omschrijving": "Besluit"}
    draft = await zgw.document_type(published=False, **values)
    made = await maker.make(ZIOT, concept, informatieobjecttype="Besluit")
    assert made["informatieobjecttype"] == draft
    published = await zgw.document_type(beginGeldigheid="2020-01-01", **values)
    await zgw.document_type(beginGeldigheid="2999-01-01", published=False, **values)
    assert (await zgw.get(made["url"]))["informatieobjecttype"] == published


@pytest.mark.parametrize(
    ("number", "code"), [(0, "min_value"), (1000, "max_value"), ("x", "invalid"), (True, "invalid")]
)
async def test_c_84_a_volgnummer_is_a_number_from_1_to_999(
    maker: Maker, concept: str, number: Any, code: str
) -> None:
    assert refusal(await maker.sent(ZIOT, concept, volgnummer=number)) == (400, code, "volgnummer")


async def test_c_84_documents_go_one_of_three_ways_and_are_found_by_it(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    ways = ("inkomend", "intern", "uitgaand")
    made = [
        (await maker.make(ZIOT, concept, volgnummer=number, richting=way))["url"]
        for number, way in enumerate(ways, start=1)
    ]
    for way, url in zip(ways, made, strict=True):
        assert await listed(zgw, f"status=alles&richting={way}") == [url]
    for answer in (
        await maker.sent(ZIOT, concept, richting="heen"),
        await zgw.get(f"{ZIOT.url}?richting=heen"),
    ):
        assert refusal(answer) == (400, "invalid_choice", "richting")


async def test_c_84_the_statustype_is_of_the_same_zaaktype(maker: Maker, zgw: Zgw, concept: str) -> None:
    another = await maker.zaaktype(identificatie="ZT-2")
    own, foreign = [(await maker.make(STATUSTYPE, each))["url"] for each in (concept, another)]
    refused = await maker.sent(ZIOT, concept, statustype=foreign)
    assert refusal(refused) == (400, "relations-incorrect-zaaktype", "nonFieldErrors")
    made = await maker.make(ZIOT, concept, statustype=own)
    shown = await zgw.get(f"{made['url']}?expand=statustype")
    assert (made["statustype"], shown["_expand"]["statustype"]["url"]) == (own, own)


async def test_ztc_010_a_relation_between_published_types_stays_as_it_is(
    maker: Maker, zgw: Zgw, concept: str, writer: str
) -> None:
    made = await maker.make(ZIOT, concept)
    await maker.make(STATUSTYPE, concept)
    await maker.publish(concept)
    values = maker.values(ZIOT, concept, volgnummer=2)
    assert refusal(await zgw.post(ZIOT.url, values, client=writer)) == FIXED
    assert refusal(await zgw.put(made["url"], values, client=writer)) == FIXED
    assert refusal(await zgw.patch(made["url"], {"richting": "intern"}, client=writer)) == FIXED
    assert refusal(await zgw.delete(made["url"], client=writer)) == FIXED


@pytest.mark.parametrize("by_name", [True, False])
async def test_ztc_010_a_relation_of_which_one_side_is_a_concept_is_open_to_change(
    maker: Maker, zgw: Zgw, writer: str, by_name: bool
) -> None:
    draft = await zgw.document_type(published=False, catalogue=maker.catalogue, omschrijving="Besluit")
    published = await maker.zaaktype(published=True, identificatie="ZT-2")
    given = "Besluit" if by_name else draft
    made = await zgw.post(ZIOT.url, maker.values(ZIOT, published, informatieobjecttype=given), client=writer)
    assert (made.status, made["informatieobjecttype"]) == (201, draft)
    assert (await zgw.patch(made["url"], {"richting": "intern"}, client=writer)).status == 200
    assert (await zgw.post(f"{draft}/publish")).status == 200
    assert refusal(await zgw.patch(made["url"], {"richting": "intern"}, client=writer)) == FIXED
    assert refusal(await zgw.delete(made["url"], client=writer)) == FIXED


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_ztc_010_a_relation_does_not_move_to_where_both_types_are_published(
    maker: Maker, zgw: Zgw, concept: str, writer: str, method: str
) -> None:
    made = await maker.make(ZIOT, concept)
    published = await maker.zaaktype(published=True, identificatie="ZT-2")
    refused = await zgw.call(method, made["url"], json=maker.values(ZIOT, published), client=writer)
    assert refusal(refused) == FIXED


async def test_c_23_a_list_looks_at_both_sides_and_follows_their_publication(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    draft = await zgw.document_type(published=False, catalogue=maker.catalogue, omschrijving="Besluit")
    await maker.make(STATUSTYPE, concept)
    await maker.publish(concept)
    made = (await maker.make(ZIOT, concept, informatieobjecttype="Besluit"))["url"]
    assert await listed(zgw, "") == []
    assert await listed(zgw, "status=concept") == [made]
    await maker.publish(draft)
    assert await listed(zgw, "") == [made]
    assert await listed(zgw, "status=concept") == []


async def test_g_67_a_list_is_searched_by_the_document_type_of_any_version(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    values: dict[str, Any] = {"catalogue": maker.catalogue, "omschrijving": "Besluit"}
    versions = [
        await zgw.document_type(**values, eindeGeldigheid="2020-12-31"),
        await zgw.document_type(**values, beginGeldigheid="2021-01-01"),
    ]
    made = (await maker.make(ZIOT, concept, informatieobjecttype="Besluit"))["url"]
    await maker.make(ZIOT, concept, volgnummer=2)
    for version in versions:
        assert await listed(zgw, f"status=alles&informatieobjecttype={version}") == [made]
    nowhere = f"{zgw.origin}{IOT}/{NOWHERE}"
    assert await listed(zgw, f"status=alles&informatieobjecttype={nowhere}") == []
    refused = await zgw.get(f"{ZIOT.url}?informatieobjecttype=Besluit")
    assert refusal(refused) == (400, "invalid", "informatieobjecttype")
