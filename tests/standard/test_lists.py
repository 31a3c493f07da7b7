"""Lists of documents: pages, filters, order, expand (RULES 1.7 to 1.9, 2.10)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from dms.settings import Settings
from tests.standard.documents import MIRRORS, SENDINGS, USAGE, sending_of, usage_of
from tests.zgw import DOCUMENTS, TYPES, Answer, Zgw, refusal

NOT_FOUND = (404, "not_found")
OTHER_RSIN = "517439943"
ZAAK = "https://zaken.example.org/zaken/api/v1/zaken/1"


@pytest.fixture
def settings(tmp_path: Path, store_settings: dict[str, Any]) -> Settings:
    return Settings(data_dir=tmp_path / "data", part_size=100, page_size=3, durable=False, **store_settings)


async def titles(zgw: Zgw, query: str = "") -> list[str]:
    answer = await zgw.get(f"{DOCUMENTS}?{query}")
    assert answer.status == 200, answer
    assert answer["count"] == len(answer["results"])
    return [document["titel"] for document in answer["results"]]


async def some(zgw: Zgw, type_: str, count: int, **fields: Any) -> list[Answer]:
    """Documents with the titles "1", "2" and so on, in that order."""
    return [await zgw.document(type_, titel=str(number), **fields) for number in range(1, count + 1)]


async def test_g_60_without_documents_the_first_page_is_empty(zgw: Zgw) -> None:
    for url in (DOCUMENTS, f"{DOCUMENTS}?page=1"):
        answer = await zgw.get(url)
        assert (answer.status, answer.body) == (
            200,
            {"count": 0, "next": None, "previous": None, "results": []},
        )


async def test_g_60_the_pages_hold_every_document_once_and_the_newest_first(zgw: Zgw, type_: str) -> None:
    await some(zgw, type_, 7)
    seen, at, before = [], f"{DOCUMENTS}?page=1", None
    while at:
        page = await zgw.get(at)
        assert (page["count"], page["previous"]) == (7, before)
        seen.append([document["titel"] for document in page["results"]])
        before, at = zgw.origin + at.removeprefix(zgw.origin), page["next"]
    assert seen == [["7", "6", "5"], ["4", "3", "2"], ["1"]]


async def test_g_60_a_full_last_page_has_no_next(zgw: Zgw, type_: str) -> None:
    await some(zgw, type_, 3)
    page = await zgw.get(DOCUMENTS)
    assert (len(page["results"]), page["next"]) == (3, None)
    assert refusal(await zgw.get(f"{DOCUMENTS}?page=2")) == NOT_FOUND


async def test_g_60_the_pages_after_keep_the_filters(zgw: Zgw, type_: str) -> None:
    await some(zgw, type_, 4, trefwoorden=["a b"])
    query = f"trefwoorden={quote('a b')}&bronorganisatie=000000000"
    first = await zgw.get(f"{DOCUMENTS}?{query}")
    second = await zgw.get(first["next"])
    assert (second["count"], [d["titel"] for d in second["results"]]) == (4, ["1"])
    back = await zgw.get(second["previous"])
    assert back["results"] == first["results"]


@pytest.mark.parametrize("page", ["2", "0", "-1", "x", "1.0", "", "99999999999999999999", "last"])
async def test_g_60_a_page_that_there_is_not_is_not_found(zgw: Zgw, type_: str, page: str) -> None:
    await zgw.document(type_)
    assert refusal(await zgw.get(f"{DOCUMENTS}?page={page}")) == NOT_FOUND


@pytest.mark.parametrize("at", ["list", "detail"])
@pytest.mark.parametrize("name", ["taal", "zoek", "Identificatie", "identificatie__in"])
async def test_g_65_a_parameter_that_does_not_exist_is_refused(
    zgw: Zgw, type_: str, name: str, at: str
) -> None:
    document = await zgw.document(type_)
    url = DOCUMENTS if at == "list" else document["url"]
    answer = await zgw.get(f"{url}?{name}=x")
    assert refusal(answer) == (400, "unknown-parameters", "nonFieldErrors")


async def test_g_65_parameters_of_the_list_do_not_exist_for_a_document(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    for url in (f"{document['url']}?page=1", f"{document['url']}?trefwoorden=x", f"{DOCUMENTS}?versie=1"):
        assert refusal(await zgw.get(url))[1] == "unknown-parameters"


async def test_d_95_documents_are_found_by_number_and_organisation(zgw: Zgw, type_: str) -> None:
    await zgw.document(type_, titel="a", identificatie="1")
    await zgw.document(type_, titel="b", identificatie="1", bronorganisatie=OTHER_RSIN)
    await zgw.document(type_, titel="c", identificatie="2")
    for query, found in [
        ("identificatie=1", ["b", "a"]),
        ("identificatie=2", ["c"]),
        ("identificatie=10", []),
        ("identificatie=", []),
        (f"bronorganisatie={OTHER_RSIN}", ["b"]),
        (f"identificatie=1&bronorganisatie={OTHER_RSIN}", ["b"]),
        (f"identificatie=2&bronorganisatie={OTHER_RSIN}", []),
    ]:
        assert (query, await titles(zgw, query)) == (query, found)


async def test_g_72_more_keywords_than_anyone_needs_are_refused(zgw: Zgw) -> None:
    many = ["bouw"] * 50_000
    assert (await zgw.post(f"{DOCUMENTS}/_zoek", {"trefwoorden": many[:100]})).status == 200
    for sent in (many, [f"{number}" for number in range(101)]):
        answer = await zgw.post(f"{DOCUMENTS}/_zoek", {"trefwoorden": sent})
        assert refusal(answer) == (400, "max_length", "trefwoorden")


async def test_g_72_keywords_must_all_be_there_exactly(zgw: Zgw, type_: str) -> None:
    await zgw.document(type_, titel="a", trefwoorden=["bouw", "Vergunning"])
    await zgw.document(type_, titel="b", trefwoorden=["bouw", "twee woorden"])
    await zgw.document(type_, titel="c")
    for query, found in [
        ("bouw", ["b", "a"]),
        ("bouw,Vergunning", ["a"]),
        ("Vergunning,bouw", ["a"]),
        ("bouw, twee woorden", ["b"]),
        ("bouw,", ["b", "a"]),
        ("vergunning", []),
        ("bou", []),
        ("bouw,sloop", []),
        ("twee", []),
        ('bouw"', []),
        ("%", []),
    ]:
        assert (query, await titles(zgw, f"trefwoorden={quote(query)}")) == (query, found)


async def test_g_67_d_96_a_relation_that_does_not_exist_finds_nothing(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    for url in (ZAAK, f"{zgw.origin}/zaken/api/v1/zaken/1", document["url"], type_):
        assert await titles(zgw, f"objectinformatieobjecten_object={quote(url)}") == []
    for kind in ("zaak", "besluit", "verzoek"):
        assert await titles(zgw, f"objectinformatieobjecten_objectType={kind}") == []


async def test_qg_15_a_url_of_another_host_or_kind_finds_nothing(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    usage, sending = (await usage_of(zgw, document))["url"], (await sending_of(zgw, document))["url"]
    by_object = "objectinformatieobjecten_object"
    for at, name in (
        (USAGE, "informatieobject"),
        (SENDINGS, "informatieobject"),
        (SENDINGS, "betrokkene"),
        (MIRRORS, "informatieobject"),
        (MIRRORS, "object"),
        (DOCUMENTS, "informatieobjecttype"),
        (DOCUMENTS, by_object),
        (TYPES, "catalogus"),
    ):
        for url in (f"https://elders.nl{document}", f"{document}0", usage, sending):
            answer = await zgw.get(f"{at}?{name}={quote(url)}")
            assert answer.status == 200, answer
            assert (answer.body if isinstance(answer.body, list) else answer["results"]) == []
        assert refusal(await zgw.get(f"{at}?{name}=document-1")) == (400, "invalid", name)


async def test_g_66_a_filter_that_cannot_be_read_is_refused_by_its_name(zgw: Zgw) -> None:
    by_object, by_type = "objectinformatieobjecten_object", "objectinformatieobjecten_objectType"
    assert refusal(await zgw.get(f"{DOCUMENTS}?{by_object}=zaak-1")) == (400, "invalid", by_object)
    assert refusal(await zgw.get(f"{DOCUMENTS}?{by_type}=taak")) == (400, "invalid_choice", by_type)
    both = await zgw.get(f"{DOCUMENTS}?{by_object}=x&{by_type}=x")
    assert refusal(both) == (400, ("invalid", by_object), ("invalid_choice", by_type))


async def test_g_75_the_type_of_a_document_is_expanded_beside_its_link(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    kind = (await zgw.get(type_)).body
    detail = await zgw.get(f"{document['url']}?expand=informatieobjecttype")
    assert detail["informatieobjecttype"] == type_
    assert detail["_expand"] == {"informatieobjecttype": kind}
    [listed] = (await zgw.get(f"{DOCUMENTS}?expand=informatieobjecttype"))["results"]
    assert listed == detail.body


async def test_g_76_each_step_of_a_path_is_expanded(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    kind = (await zgw.get(type_)).body
    catalogue = (await zgw.get(kind["catalogus"])).body
    paths = "informatieobjecttype.catalogus,informatieobjecttype"
    detail = await zgw.get(f"{document['url']}?expand={paths}")
    expanded = detail["_expand"]["informatieobjecttype"]
    assert expanded.pop("_expand") == {"catalogus": catalogue}
    assert expanded == kind


async def test_g_75_a_page_of_documents_shares_what_is_expanded(zgw: Zgw, type_: str) -> None:
    other = await zgw.document_type(catalogue=(await zgw.get(type_))["catalogus"], omschrijving="Brief")
    for kind in (type_, other, type_):
        await zgw.document(kind)
    listed = (await zgw.get(f"{DOCUMENTS}?expand=informatieobjecttype"))["results"]
    assert [d["_expand"]["informatieobjecttype"]["url"] for d in listed] == [type_, other, type_]


async def test_qg_4_nothing_is_expanded_that_was_not_asked_for(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    for query in ("", "?expand=", "?expand=,"):
        assert "_expand" not in (await zgw.get(f"{document['url']}{query}")).body


@pytest.mark.parametrize("at", ["list", "detail"])
@pytest.mark.parametrize(
    "paths",
    [
        "titel",
        "zoek",
        "informatieobjecttype.omschrijving",
        "informatieobjecttype,zoek",
        ".",
        "informatieobjecttype.",
        "informatieobjecttype." + ".".join(["catalogus"] * 20),
        ",".join(["informatieobjecttype"] * 51),
    ],
)
async def test_drc_013_a_path_that_leads_nowhere_is_refused(
    zgw: Zgw, type_: str, paths: str, at: str
) -> None:
    document = await zgw.document(type_)
    url = DOCUMENTS if at == "list" else document["url"]
    assert refusal(await zgw.get(f"{url}?expand={paths}")) == (400, "invalid_choice", "expand")


@pytest.mark.usefixtures("embedded")
async def test_lists_and_details_do_not_look_at_the_content(zgw: Zgw, type_: str, settings: Settings) -> None:
    document = await zgw.document(type_, content=b"inhoud", trefwoorden=["x"])
    waiting = await zgw.document(type_, bestandsomvang=250)
    shutil.rmtree(settings.data_dir / "content")
    for query in ("", "?trefwoorden=x", "?expand=informatieobjecttype"):
        assert (await zgw.get(f"{DOCUMENTS}{query}")).status == 200
    detail = await zgw.get(document["url"])
    assert (detail["inhoud"], detail["bestandsomvang"]) == (document["inhoud"], 6)
    assert (await zgw.get(waiting["url"]))["bestandsdelen"] == waiting["bestandsdelen"]
    assert (await zgw.call("HEAD", document["url"])).status == 200


async def test_d_46_a_list_shows_the_parts_of_each_document_with_it(zgw: Zgw, type_: str) -> None:
    made = [await zgw.document(type_, bestandsomvang=size) for size in (250, None, 100)]
    listed = (await zgw.get(DOCUMENTS))["results"]
    assert [document["bestandsdelen"] for document in reversed(listed)] == [
        document["bestandsdelen"] for document in made
    ]
