"""What all that belongs to a zaaktype has in common: its rights, its days, and what a publication fixes."""

from __future__ import annotations

import pytest

from dms.autorisaties.access import Grant
from tests.standard.sub_types import (
    CATALOGI,
    FIXED_BY_THE_ZAAKTYPE,
    KINDS,
    NOWHERE,
    STATUSTYPE,
    Kind,
    Maker,
    found,
)
from tests.zgw import Zgw, refusal

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
dated_kinds = pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.dated], ids=lambda kind: kind.name
)
fixed_kinds = pytest.mark.parametrize("kind", FIXED_BY_THE_ZAAKTYPE, ids=lambda kind: kind.name)
DAY = "2020-01-01"


@every_kind
async def test_c_90_a_sub_type_is_made_read_changed_and_removed(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind
) -> None:
    made = await maker.make(kind, concept)
    url = made["url"]
    assert made.headers["Location"] == url
    assert (made["zaaktype"], made["catalogus"], made["zaaktypeIdentificatie"]) == (
        concept,
        maker.catalogue,
        "ZT-1",
    )
    assert (await zgw.get(url)).body == made.body
    patched = await zgw.patch(url, kind.patch)
    assert patched.status == 200, patched
    assert patched.body == {**made.body, **kind.patch}
    put = await zgw.put(url, maker.values(kind, concept))
    assert (put.status, put.body) == (200, made.body)
    assert (await zgw.put(url, made.body)).body == made.body
    assert (await zgw.delete(url)).status == 204
    assert refusal(await zgw.get(url)) == (404, "not_found")


@every_kind
async def test_c_90_who_writes_a_sub_type_holds_one_of_its_scopes(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind
) -> None:
    reader = zgw.register("reader", [Grant("ztc", frozenset({"catalogi.lezen"}))])
    forcing = zgw.register("forcing", [Grant("ztc", frozenset({"catalogi.geforceerd-schrijven"}))])
    values = maker.values(kind, concept)
    assert refusal(await zgw.post(kind.url, values, client=reader)) == (403, "permission_denied")
    made = await zgw.post(kind.url, values, client=forcing)
    assert made.status == 201, made
    assert refusal(await zgw.get(made["url"], client=forcing)) == (403, "permission_denied")
    assert (await zgw.get(made["url"], client=reader)).status == 200
    assert refusal(await zgw.delete(made["url"], client=forcing)) == (403, "permission_denied")


@every_kind
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_g_121_the_zaaktype_of_a_sub_type_is_one_that_is_there(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind, method: str
) -> None:
    url = (await maker.make(kind, concept))["url"]
    wrong = {
        "http://elders.nl/catalogi/api/v1/zaaktypen/1": "no_match",
        f"{zgw.origin}{CATALOGI}/zaaktypen/{NOWHERE}": "does_not_exist",
        maker.catalogue: "incorrect_match",
        "zaaktype": "invalid",
        "": "blank",
    }
    for zaaktype, code in wrong.items():
        to = kind.url if method == "POST" else url
        answer = await zgw.call(method, to, json=maker.values(kind, zaaktype))
        assert refusal(answer) == (400, code, "zaaktype"), zaaktype
    assert (await zgw.get(url))["zaaktype"] == concept


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.other], ids=lambda kind: kind.name)
async def test_c_71_c_80_c_81_c_82_c_84_what_tells_them_apart_is_unique_within_a_zaaktype(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind
) -> None:
    await maker.make(kind, concept)
    assert refusal(await maker.sent(kind, concept)) == (400, "unique", "nonFieldErrors")
    other = await maker.make(kind, concept, **kind.other)
    [field] = kind.other
    clash = await zgw.patch(other["url"], {field: kind.values[field]})
    assert refusal(clash) == (400, "unique", "nonFieldErrors")
    another = await maker.zaaktype(identificatie="ZT-2")
    assert (await maker.sent(kind, another)).status == 201


@fixed_kinds
async def test_ztc_010_nothing_comes_to_a_published_zaaktype_changes_or_goes(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind
) -> None:
    writer = zgw.register("writer", [Grant("ztc", frozenset({"catalogi.schrijven", "catalogi.lezen"}))])
    if kind is not STATUSTYPE:
        await maker.make(STATUSTYPE, concept, volgnummer=9)
    url = (await maker.make(kind, concept))["url"]
    await maker.publish(concept)
    before = (await zgw.get(url)).body
    frozen = (400, "non-concept-zaaktype", "nonFieldErrors")
    values = maker.values(kind, concept, **kind.other)
    assert refusal(await zgw.post(kind.url, values, client=writer)) == frozen
    assert refusal(await zgw.put(url, values, client=writer)) == frozen
    assert refusal(await zgw.patch(url, kind.patch, client=writer)) == frozen
    assert refusal(await zgw.delete(url, client=writer)) == frozen
    assert (await zgw.get(url)).body == before


@every_kind
async def test_ztc_010_a_forced_scope_changes_what_belongs_to_a_published_zaaktype(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind
) -> None:
    scopes = {"catalogi.geforceerd-schrijven", "catalogi.geforceerd-verwijderen", "catalogi.lezen"}
    forcing = zgw.register("forcing", [Grant("ztc", frozenset(scopes))])
    await maker.make(STATUSTYPE, concept, volgnummer=9)
    await maker.publish(concept)
    made = await zgw.post(kind.url, maker.values(kind, concept), client=forcing)
    assert made.status == 201, made
    assert (await zgw.patch(made["url"], kind.patch, client=forcing)).status == 200
    assert (await zgw.put(made["url"], maker.values(kind, concept), client=forcing)).status == 200
    assert (await zgw.delete(made["url"], client=forcing)).status == 204


@fixed_kinds
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_ztc_010_a_sub_type_does_not_move_to_a_published_zaaktype(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind, method: str
) -> None:
    writer = zgw.register("writer", [Grant("ztc", frozenset({"catalogi.schrijven", "catalogi.lezen"}))])
    made = await maker.make(kind, concept)
    published = await maker.zaaktype(published=True, identificatie="ZT-2")
    refused = await zgw.call(method, made["url"], json=maker.values(kind, published), client=writer)
    assert refusal(refused) == (400, "non-concept-zaaktype", "nonFieldErrors")
    another = await maker.zaaktype(identificatie="ZT-3", beginGeldigheid="2021-01-01")
    moved = await zgw.call(method, made["url"], json=maker.values(kind, another), client=writer)
    assert moved.status == 200, moved
    assert (moved["zaaktype"], moved["zaaktypeIdentificatie"]) == (another, "ZT-3")
    if kind.dated:
        assert moved["beginGeldigheid"] == "2021-01-01"


@dated_kinds
async def test_c_21_its_days_are_those_of_the_zaaktype_and_follow_them(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind
) -> None:
    made = await maker.make(kind, concept, beginGeldigheid=DAY, eindeGeldigheid="2030-01-01")
    assert (made["beginGeldigheid"], made["eindeGeldigheid"]) == (DAY, None)
    assert (await zgw.patch(concept, {"eindeGeldigheid": "2029-12-31"})).status == 200
    shown = await zgw.get(made["url"])
    assert (shown["beginGeldigheid"], shown["eindeGeldigheid"]) == (DAY, "2029-12-31")
    wrong = await zgw.patch(made["url"], {"beginGeldigheid": "2020-01-02"})
    assert refusal(wrong) == (400, "invalid", "beginGeldigheid")
    assert (await zgw.patch(made["url"], {"beginGeldigheid": None})).status == 200


@dated_kinds
async def test_c_20_days_that_are_sent_are_in_their_order(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind
) -> None:
    refused = await maker.sent(kind, concept, beginGeldigheid=DAY, eindeGeldigheid="2019-12-31")
    assert refusal(refused) == (400, "date-mismatch", "nonFieldErrors")
    made = await maker.make(kind, concept, eindeGeldigheid=DAY)
    refused = await zgw.patch(made["url"], {"eindeGeldigheid": "2019-12-31"})
    assert refusal(refused) == (400, "date-mismatch", "nonFieldErrors")


@dated_kinds
async def test_c_21_begin_and_end_object_are_of_all_versions_of_the_zaaktype(
    maker: Maker, zgw: Zgw, kind: Kind
) -> None:
    old = await maker.zaaktype(eindeGeldigheid="2022-12-31")
    new = await maker.zaaktype(beginGeldigheid="2023-01-01", eindeGeldigheid="2030-01-01")
    made = [await maker.make(kind, zaaktype) for zaaktype in (old, new)]
    for each in made:
        shown = await zgw.get(each["url"])
        assert (shown["beginObject"], shown["eindeObject"]) == (DAY, "2030-01-01")
    await zgw.patch(new, {"eindeGeldigheid": None})
    assert (await zgw.get(made[0]["url"]))["eindeObject"] is None


@every_kind
async def test_c_23_a_list_shows_what_belongs_to_published_zaaktypen_unless_asked_for_more(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind
) -> None:
    await maker.make(STATUSTYPE, concept, volgnummer=9)
    fixed = (await maker.make(kind, concept))["url"]
    await maker.publish(concept)
    open_ = (await maker.make(kind, await maker.zaaktype(identificatie="ZT-2")))["url"]
    in_concept = set(await found(zgw, kind, status="concept"))
    assert fixed in await found(zgw, kind)
    assert fixed in await found(zgw, kind, status="definitief")
    assert open_ not in await found(zgw, kind)
    assert in_concept == {open_}
    assert {fixed, open_} <= set(await found(zgw, kind, status="alles"))
    refused = await zgw.get(f"{kind.url}?status=x")
    assert refusal(refused) == (400, "invalid_choice", "status")


@dated_kinds
async def test_c_22_a_list_shows_what_is_valid_on_a_day(maker: Maker, zgw: Zgw, kind: Kind) -> None:
    old = await maker.make(kind, await maker.zaaktype(eindeGeldigheid="2022-12-31"))
    new = await maker.make(kind, await maker.zaaktype(beginGeldigheid="2023-01-01"))
    names = ["datumGeldigheid", *(["datum_geldigheid"] if kind.name == "resultaattypen" else [])]
    for name in names:
        days = {
            "2019-12-31": [],
            DAY: [old["url"]],
            "2022-12-31": [old["url"]],
            "2023-01-01": [new["url"]],
        }
        for day, urls in days.items():
            assert await found(zgw, kind, status="alles", **{name: day}) == urls
        assert refusal(await zgw.get(f"{kind.url}?{name}=x")) == (400, "invalid", name)


@every_kind
async def test_g_65_a_list_is_searched_by_its_zaaktype(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind
) -> None:
    first = (await maker.make(kind, concept))["url"]
    second = (await maker.make(kind, await maker.zaaktype(identificatie="ZT-2")))["url"]
    assert await found(zgw, kind, status="alles", zaaktype=concept) == [first]
    assert (
        await found(zgw, kind, status="alles", zaaktype=f"{zgw.origin}{CATALOGI}/zaaktypen/{NOWHERE}") == []
    )
    assert refusal(await zgw.get(f"{kind.url}?zaaktype=x")) == (400, "invalid", "zaaktype")
    names = ["zaaktypeIdentificatie", *(["zaaktype_identificatie"] if kind.name == "resultaattypen" else [])]
    for name in names if kind.dated else ():
        assert await found(zgw, kind, status="alles", **{name: "ZT-2"}) == [second]
        assert await found(zgw, kind, status="alles", **{name: "ZT"}) == []
    if not kind.dated:
        for name in ("zaaktypeIdentificatie", "datumGeldigheid"):
            refused = await zgw.get(f"{kind.url}?{name}={DAY}")
            assert refusal(refused) == (400, "unknown-parameters", "nonFieldErrors")


@every_kind
async def test_g_78_a_sub_type_is_shown_with_its_zaaktype_and_catalogue(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind
) -> None:
    url = (await maker.make(kind, concept))["url"]
    shown = await zgw.get(f"{url}?expand=zaaktype.catalogus,catalogus")
    expanded = shown["_expand"]
    assert expanded["zaaktype"]["url"] == concept
    assert expanded["catalogus"]["url"] == expanded["zaaktype"]["_expand"]["catalogus"]["url"]
    assert refusal(await zgw.get(f"{url}?expand=naam")) == (400, "invalid_choice", "expand")


@every_kind
async def test_c_13_what_belongs_to_a_concept_zaaktype_goes_with_it(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind
) -> None:
    url = (await maker.make(kind, concept))["url"]
    assert (await zgw.delete(concept)).status == 204
    assert refusal(await zgw.get(url)) == (404, "not_found")


@every_kind
async def test_g_85_the_etag_of_a_sub_type_changes_with_its_zaaktype(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind
) -> None:
    url = (await maker.make(kind, concept))["url"]
    tag = (await zgw.get(url)).headers["Etag"]
    assert (await zgw.get(url, headers={"If-None-Match": tag})).status == 304
    assert (await zgw.patch(concept, {"identificatie": "ZT-9"})).status == 200
    shown = await zgw.get(url, headers={"If-None-Match": tag})
    assert (shown.status, shown["zaaktypeIdentificatie"]) == (200, "ZT-9")
