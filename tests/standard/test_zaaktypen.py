"""Zaaktypen (RULES 4.2, 4.3, 4.5): their fields, their concepts and versions, and what they must hold."""

from __future__ import annotations

from typing import Any

import pytest

from dms.autorisaties.access import Grant
from tests.zgw import TYPES, ZAAKTYPEN, Answer, Zgw, refusal, zaaktype_values

NOWHERE = "8e4d2f7e-0000-4000-8000-000000000000"
FIXED = (400, "non-concept-object", "nonFieldErrors")


@pytest.fixture
async def catalogue(zgw: Zgw) -> str:
    """The URL of a catalogue."""
    return await zgw.catalogue()


async def create(zgw: Zgw, catalogue: str, **fields: Any) -> Answer:
    """The answer to a create with these fields."""
    return await zgw.post(ZAAKTYPEN, zaaktype_values(catalogue, **fields))


async def test_c_10_a_new_zaaktype_is_a_concept_with_all_its_fields(zgw: Zgw, catalogue: str) -> None:
    sent = zaaktype_values(catalogue)
    answer = await zgw.post(ZAAKTYPEN, {**sent, "concept": False})
    assert answer.status == 201, answer
    empty: dict[str, Any] = {
        "omschrijvingGeneriek": "",
        "toelichting": "",
        "servicenorm": None,
        "verlengingstermijn": None,
        "publicatietekst": "",
        "selectielijstProcestype": "",
        "referentieproces": {"naam": "Vergunnen", "link": ""},
        "broncatalogus": {"url": "", "domein": "", "rsin": ""},
        "bronzaaktype": {"url": "", "identificatie": "", "omschrijving": ""},
        "eindeGeldigheid": None,
        "beginObject": "2020-01-01",
        "eindeObject": None,
        "versiedatum": "2020-01-01",
        "concept": True,
    }
    lists = (
        "trefwoorden verantwoordingsrelatie zaakobjecttypen statustypen resultaattypen eigenschappen "
        "roltypen resultaattypeOmschrijving informatieobjecttypen informatieobjecttypeOmschrijving "
        "deelzaaktypen besluittypeOmschrijving deelzaaktypeIdentificaties"
    )
    assert answer.body == {"url": answer["url"], **sent, **empty, **{name: [] for name in lists.split()}}
    assert (await zgw.get(answer["url"])).body == answer.body


async def test_c_63_a_create_names_every_required_field(zgw: Zgw, catalogue: str) -> None:
    answer = await zgw.post(ZAAKTYPEN, {})
    required = set(zaaktype_values(catalogue))
    assert {(found["name"], found["code"]) for found in answer["invalidParams"]} == {
        (name, "required") for name in required
    }
    url = (await create(zgw, catalogue))["url"]
    assert {found["name"] for found in (await zgw.put(url, {}))["invalidParams"]} == required


async def test_c_63_the_catalogue_is_one_of_this_api(zgw: Zgw) -> None:
    there = f"{zgw.origin}/catalogi/api/v1"
    for url, code in (
        ("https://elders.example/catalogi/api/v1/catalogussen/1", "no_match"),
        (f"{there}/catalogussen/{NOWHERE}", "does_not_exist"),
        (f"{there}/zaaktypen/{NOWHERE}", "incorrect_match"),
    ):
        assert refusal(await create(zgw, url)) == (400, code, "catalogus")


async def test_c_65_the_level_of_zaken_is_told_by_their_type(zgw: Zgw, catalogue: str) -> None:
    answer = await create(zgw, catalogue, vertrouwelijkheidaanduiding="")
    assert refusal(answer) == (400, "invalid_choice", "vertrouwelijkheidaanduiding")


async def test_c_60_a_zaak_that_can_be_extended_needs_a_term(zgw: Zgw, catalogue: str) -> None:
    mismatch = (400, "verlenging-mismatch", "nonFieldErrors")
    assert refusal(await create(zgw, catalogue, verlengingMogelijk=True)) == mismatch
    url = (await create(zgw, catalogue, verlengingMogelijk=True, verlengingstermijn="P10D"))["url"]
    assert refusal(await zgw.patch(url, {"verlengingstermijn": None})) == mismatch


async def test_c_61_the_source_is_a_catalogue_and_a_type_together(zgw: Zgw, catalogue: str) -> None:
    source = {"url": "https://elders.example/c/1", "domein": "BRON", "rsin": "000000000"}
    type_ = {"url": "https://elders.example/z/1", "identificatie": "Z", "omschrijving": "Zaak"}
    mismatch = (400, "invalid-bronzaaktype-for-broncatalogus", "nonFieldErrors")
    assert refusal(await create(zgw, catalogue, broncatalogus=source)) == mismatch
    assert refusal(await create(zgw, catalogue, bronzaaktype=type_)) == mismatch
    whole = await create(zgw, catalogue, broncatalogus=source, bronzaaktype=type_)
    assert (whole["broncatalogus"], whole["bronzaaktype"]) == (source, type_)


async def test_c_62_a_servicenorm_takes_some_time(zgw: Zgw, catalogue: str) -> None:
    for nothing in ("P0D", "PT0S", "P0Y0M"):
        answer = await create(zgw, catalogue, servicenorm=nothing)
        assert refusal(answer) == (400, "empty-duration", "servicenorm")
    assert (await create(zgw, catalogue, servicenorm="P10D"))["servicenorm"] == "P10D"


async def test_c_64_a_put_replaces_the_related_zaaktypen(zgw: Zgw, catalogue: str) -> None:
    for name in ("A", "B"):
        await zgw.zaaktype(catalogue=catalogue, identificatie=name, published=True)
    relation = {"zaaktype": "A", "aardRelatie": "vervolg", "toelichting": "Daarna"}
    url = (await create(zgw, catalogue, gerelateerdeZaaktypen=[relation]))["url"]
    other = {"zaaktype": "B", "aardRelatie": "onderwerp"}
    answer = await zgw.put(url, zaaktype_values(catalogue, gerelateerdeZaaktypen=[other]))
    shown = [(each["zaaktypeIdentificatie"], each["aardRelatie"]) for each in answer["gerelateerdeZaaktypen"]]
    assert shown == [("B", "onderwerp")]
    wrong = await zgw.patch(url, {"gerelateerdeZaaktypen": [{**other, "aardRelatie": "x"}]})
    assert refusal(wrong) == (400, "invalid_choice", "gerelateerdeZaaktypen.0.aardRelatie")


async def test_c_64_two_zaaktypen_are_related_once(zgw: Zgw, catalogue: str) -> None:
    other = await zgw.zaaktype(catalogue=catalogue, identificatie="A")
    relations = [{"zaaktype": each, "aardRelatie": "vervolg"} for each in ("A", other)]
    answer = await create(zgw, catalogue, gerelateerdeZaaktypen=relations)
    assert refusal(answer) == (400, "unique", "gerelateerdeZaaktypen")


async def test_c_20_a_zaaktype_ends_after_it_begins(zgw: Zgw, catalogue: str) -> None:
    answer = await create(zgw, catalogue, eindeGeldigheid="2019-12-31")
    assert refusal(answer) == (400, "date-mismatch", "nonFieldErrors")


async def test_ztc_001_the_procestype_is_there(zgw: Zgw, catalogue: str) -> None:
    field = "selectielijstProcestype"
    nowhere = f"{zgw.origin}/referentielijsten/api/v1/procestypen/{NOWHERE}"
    assert refusal(await create(zgw, catalogue, **{field: nowhere})) == (400, "bad-url", field)
    assert refusal(await create(zgw, catalogue, **{field: catalogue})) == (400, "invalid-resource", field)
    unknown = await create(zgw, catalogue, **{field: "https://elders.example/procestypen/1"})
    assert refusal(unknown) == (400, "unknown-service", field)


async def test_c_11_a_published_zaaktype_is_no_concept_any_more(zgw: Zgw) -> None:
    url = await zgw.zaaktype()
    await zgw.statustype(url)
    assert (await zgw.get(ZAAKTYPEN))["count"] == 0
    answer = await zgw.post(f"{url}/publish")
    assert (answer.status, answer["concept"]) == (200, False)
    assert (await zgw.get(ZAAKTYPEN))["results"] == [answer.body]
    assert (await zgw.post(f"{url}/publish")).body == answer.body


async def test_ztc_009_a_published_zaaktype_only_gets_an_end(zgw: Zgw, catalogue: str) -> None:
    url = await zgw.zaaktype(catalogue=catalogue, published=True)
    writer = zgw.register("writer", [Grant("ztc", frozenset({"catalogi.schrijven", "catalogi.lezen"}))])
    for refused in (
        await zgw.put(url, zaaktype_values(catalogue), client=writer),
        await zgw.patch(url, {"toelichting": "Anders"}, client=writer),
        await zgw.patch(url, {"eindeGeldigheid": "2030-01-01", "doel": "Anders"}, client=writer),
        await zgw.delete(url, client=writer),
    ):
        assert refusal(refused) == FIXED
    ended = await zgw.patch(url, {"eindeGeldigheid": "2030-01-01"}, client=writer)
    assert (ended.status, ended["eindeGeldigheid"]) == (200, "2030-01-01")


async def test_ztc_009_c_12_a_published_zaaktype_changes_by_force(zgw: Zgw, catalogue: str) -> None:
    url = await zgw.zaaktype(catalogue=catalogue, published=True)
    force = zgw.register("force", [Grant("ztc", frozenset({"catalogi.geforceerd-schrijven"}))])
    remover = zgw.register("remover", [Grant("ztc", frozenset({"catalogi.geforceerd-verwijderen"}))])
    longer = await zgw.patch(url, {"trefwoorden": ["bouw"]}, client=force)
    assert (longer.status, longer["trefwoorden"], longer["concept"]) == (200, ["bouw"], False)
    assert (await zgw.put(url, zaaktype_values(catalogue), client=force)).status == 200
    assert refusal(await zgw.delete(url, client=force)) == (403, "permission_denied")
    assert (await zgw.delete(url, client=remover)).status == 204
    assert (await zgw.get(url)).status == 404


async def test_ztc_016_published_versions_of_a_zaaktype_do_not_overlap(zgw: Zgw, catalogue: str) -> None:
    first = await zgw.zaaktype(catalogue=catalogue, published=True, eindeGeldigheid="2023-12-31")
    second = await zgw.zaaktype(catalogue=catalogue, beginGeldigheid="2023-12-31")
    await zgw.statustype(second)
    overlap = (400, "overlap", "beginGeldigheid")
    assert refusal(await zgw.post(f"{second}/publish")) == overlap
    assert (await zgw.patch(second, {"beginGeldigheid": "2024-01-01"})).status == 200
    assert (await zgw.post(f"{second}/publish")).status == 200
    later = await zgw.patch(first, {"eindeGeldigheid": "2024-06-30"})
    assert refusal(later) == (400, "overlap", "eindeGeldigheid")
    for other in ({"identificatie": "ANDERS"}, {"catalogue": await zgw.catalogue("B")}):
        await zgw.zaaktype(**{"catalogue": catalogue, **other}, published=True)


async def test_ztc_012_what_a_published_zaaktype_names_is_published(zgw: Zgw, catalogue: str) -> None:
    besluittype = await zgw.besluittype(catalogue=catalogue, published=False)
    url = await zgw.zaaktype(catalogue=catalogue, besluittypen=["Toekenning"])
    await zgw.statustype(url)
    answer = await zgw.post(f"{url}/publish")
    assert refusal(answer) == (400, "concept-relation", "nonFieldErrors")
    assert (await zgw.get(url))["concept"] is True
    assert (await zgw.post(f"{besluittype}/publish")).status == 200
    # That one is published is enough: the history model follows names (ztc-011 of older versions does not).
    await zgw.besluittype(catalogue=catalogue, published=False, beginGeldigheid="2030-01-01")
    assert (await zgw.post(f"{url}/publish")).status == 200


async def test_c_13_a_concept_zaaktype_is_removed(zgw: Zgw) -> None:
    url = await zgw.zaaktype()
    assert (await zgw.delete(url)).status == 204
    assert (await zgw.get(url)).status == 404


async def test_c_21_the_versions_of_a_zaaktype_tell_when_it_began_and_ends(zgw: Zgw, catalogue: str) -> None:
    first = await zgw.zaaktype(catalogue=catalogue, published=True, eindeGeldigheid="2023-12-31")
    second = await zgw.zaaktype(
        catalogue=catalogue, beginGeldigheid="2024-01-01", eindeGeldigheid="2027-12-31"
    )
    await zgw.zaaktype(catalogue=catalogue, identificatie="ANDERS", beginGeldigheid="2010-01-01")
    for url in (first, second):
        answer = await zgw.get(url)
        assert (answer["beginObject"], answer["eindeObject"]) == ("2020-01-01", "2027-12-31")
    await zgw.patch(second, {"eindeGeldigheid": None})
    assert (await zgw.get(first))["eindeObject"] is None


async def test_c_23_a_list_shows_the_asked_status(zgw: Zgw, catalogue: str) -> None:
    published = await zgw.zaaktype(catalogue=catalogue, published=True)
    concept = await zgw.zaaktype(catalogue=catalogue, identificatie="ANDERS")
    for asked, found in (
        ("", [published]),
        ("?status=definitief", [published]),
        ("?status=concept", [concept]),
        ("?status=alles", [concept, published]),
    ):
        assert [each["url"] for each in (await zgw.get(ZAAKTYPEN + asked))["results"]] == found
    assert refusal(await zgw.get(f"{ZAAKTYPEN}?status=x")) == (400, "invalid_choice", "status")


@pytest.mark.parametrize(
    "asked",
    [
        "identificatie=ZT-1",
        "trefwoorden=bouw,sloop",
        "datumGeldigheid=2023-12-31",
        "catalogus={catalogue}",
        "identificatie__icontains=t-1",
        "omschrijving__icontains=GUNN",
    ],
)
async def test_g_68_zaaktypen_are_found_by_their_filters(zgw: Zgw, catalogue: str, asked: str) -> None:
    found = await zgw.zaaktype(
        catalogue=catalogue,
        published=True,
        trefwoorden=["bouw", "sloop", "kap"],
        eindeGeldigheid="2023-12-31",
    )
    await zgw.zaaktype(
        catalogue=await zgw.catalogue("B"),
        identificatie="ANDERS",
        omschrijving="Anders",
        published=True,
        trefwoorden=["bouw"],
        beginGeldigheid="2024-01-01",
    )
    answer = await zgw.get(f"{ZAAKTYPEN}?{asked.format(catalogue=catalogue)}")
    assert [each["url"] for each in answer["results"]] == [found]


async def test_ztc_014_who_reads_zaken_or_documenten_reads_the_catalogue(zgw: Zgw) -> None:
    url = await zgw.zaaktype(published=True)
    for component, scope, status in (
        ("zrc", "zaken.lezen", 200),
        ("drc", "documenten.lezen", 200),
        ("ztc", "zaken.lezen", 403),
        ("brc", "besluiten.lezen", 403),
        ("zrc", "zaken.aanmaken", 403),
    ):
        client = zgw.register(f"{component}-{scope}", [Grant(component, frozenset({scope}), type=url)])
        for at in (url, ZAAKTYPEN, TYPES):
            assert (await zgw.get(at, client=client)).status == status, (component, scope)
        assert (await zgw.delete(url, client=client)).status == 403


async def test_g_78_a_zaaktype_is_expanded_with_its_relations(zgw: Zgw, catalogue: str) -> None:
    besluittype = await zgw.besluittype(catalogue=catalogue)
    related = await zgw.zaaktype(catalogue=catalogue, identificatie="A", published=True)
    url = await zgw.zaaktype(
        catalogue=catalogue,
        besluittypen=["Toekenning"],
        deelzaaktypen=["A"],
        gerelateerdeZaaktypen=[{"zaaktype": "A", "aardRelatie": "bijdrage"}],
    )
    paths = "catalogus,besluittypen.zaaktypen,deelzaaktypen,gerelateerdeZaaktypen,statustypen,roltypen"
    expanded = (await zgw.get(f"{url}?expand={paths}"))["_expand"]
    assert expanded["catalogus"]["url"] == catalogue
    assert [each["url"] for each in expanded["besluittypen"]] == [besluittype]
    assert expanded["besluittypen"][0]["_expand"]["zaaktypen"] == []
    assert expanded["deelzaaktypen"] == [(await zgw.get(related)).body]
    assert expanded["gerelateerdeZaaktypen"] == expanded["deelzaaktypen"]
    assert (expanded["statustypen"], expanded["roltypen"]) == ([], [])
