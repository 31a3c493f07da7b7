"""`_zoek` (RULES 1.10), and what lists of documents can be asked beside the standard (D-95)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dms.settings import Settings
from tests.standard.documents import grant
from tests.zgw import DOCUMENTS, RSIN, Answer, Zgw, refusal

ZOEK = f"{DOCUMENTS}/_zoek"


def titles(answer: Answer) -> list[str]:
    """The titles of a page, in order."""
    assert answer.status == 200, answer
    return [document["titel"] for document in answer["results"]]


def ids(*documents: Answer) -> list[str]:
    """The UUIDs of documents."""
    return [document["url"].rpartition("/")[2] for document in documents]


async def test_g_82_documents_are_found_by_their_uuids(zgw: Zgw, type_: str) -> None:
    first, second, _ = [await zgw.document(type_, titel=name) for name in "abc"]
    found = await zgw.post(ZOEK, {"uuid__in": [each.upper() for each in ids(first, second)]})
    assert titles(found) == ["b", "a"]
    assert (found["count"], found["next"], found["previous"]) == (2, None, None)
    assert titles(await zgw.post(ZOEK, {"uuid__in": [], "bronorganisatie": RSIN})) == []


async def test_g_82_criteria_together_narrow_what_is_found(zgw: Zgw, type_: str) -> None:
    first, second = [await zgw.document(type_, titel=name, identificatie=name) for name in "ab"]
    criteria = {"uuid__in": ids(first, second), "bronorganisatie": RSIN, "identificatie": "a"}
    assert titles(await zgw.post(ZOEK, criteria)) == ["a"]
    assert titles(await zgw.post(ZOEK, {"identificatie": "b", "onbekend": 1})) == ["b"]


@pytest.mark.parametrize(
    "body", [{}, {"onbekend": 1}, {"identificatie": None}, {"expand": "informatieobjecttype"}]
)
async def test_g_80_a_search_without_criteria_is_refused(zgw: Zgw, body: dict[str, Any]) -> None:
    assert refusal(await zgw.post(ZOEK, body)) == (400, "empty_search_body", "nonFieldErrors")


@pytest.mark.parametrize(
    ("criteria", "name"),
    [
        ({"uuid__in": ["x"]}, "uuid__in"),
        ({"uuid__in": "x"}, "uuid__in"),
        ({"uuid__in": [["x"]]}, "uuid__in"),
        ({"identificatie": {"$ne": ""}}, "identificatie"),
        ({"identificatie": ["a"]}, "identificatie"),
        ({"locked": "misschien"}, "locked"),
        ({"creatiedatum__gte": "gisteren"}, "creatiedatum__gte"),
    ],
)
async def test_g_66_criteria_that_cannot_be_read_are_refused_by_name(
    zgw: Zgw, criteria: dict[str, Any], name: str
) -> None:
    assert refusal(await zgw.post(ZOEK, criteria)) == (400, "invalid", name)


@pytest.mark.parametrize("name", ["uuid__in", "trefwoorden"])
async def test_g_66_criteria_of_several_values_are_a_list_or_text(zgw: Zgw, name: str) -> None:
    assert refusal(await zgw.post(ZOEK, {name: {"$gt": ""}})) == (400, "not_a_list", name)


async def test_g_80_the_page_of_a_search_is_asked_in_the_url(zgw: Zgw, type_: str) -> None:
    documents = [await zgw.document(type_, titel=str(number)) for number in range(5)]
    page = await zgw.post(f"{ZOEK}?pageSize=2&page=2", {"uuid__in": ids(*documents)})
    assert titles(page) == ["2", "1"]
    assert page["next"] == f"{zgw.origin}{ZOEK}?pageSize=2&page=3"
    assert refusal(await zgw.post(f"{ZOEK}?page=9", {"bronorganisatie": RSIN})) == (404, "not_found")
    answer = await zgw.post(f"{ZOEK}?titel=x", {"bronorganisatie": RSIN})
    assert refusal(answer) == (400, "unknown-parameters", "nonFieldErrors")


async def test_qg_5_expand_is_taken_as_text_as_list_and_as_parameter(zgw: Zgw, type_: str) -> None:
    await zgw.document(type_)
    path = "informatieobjecttype.catalogus"
    for expand in (path, [path], ["informatieobjecttype", path]):
        [found] = (await zgw.post(ZOEK, {"bronorganisatie": RSIN, "expand": expand}))["results"]
        assert found["_expand"]["informatieobjecttype"]["url"] == type_
    [found] = (await zgw.post(f"{ZOEK}?expand={path}", {"bronorganisatie": RSIN}))["results"]
    assert found["_expand"]["informatieobjecttype"]["_expand"]["catalogus"]["url"]
    answer = await zgw.post(ZOEK, {"bronorganisatie": RSIN, "expand": 1})
    assert refusal(answer) == (400, "invalid", "expand")


async def test_g_50_a_search_finds_only_what_the_caller_may_read(zgw: Zgw, type_: str) -> None:
    other = await zgw.document_type(omschrijving="Ander", catalogue=(await zgw.get(type_))["catalogus"])
    mine, theirs = await zgw.document(type_, titel="mijn"), await zgw.document(other, titel="hun")
    secret = await zgw.document(type_, titel="geheim", vertrouwelijkheidaanduiding="geheim")
    reader = zgw.register("reader", [grant(zgw, type_, "lezen", level=4)])
    found = await zgw.post(ZOEK, {"uuid__in": ids(mine, theirs, secret)}, client=reader)
    assert (titles(found), found["count"]) == (["mijn"], 1)
    blind = zgw.register("blind", [grant(zgw, type_, "aanmaken")])
    assert refusal(await zgw.post(ZOEK, {"bronorganisatie": RSIN}, client=blind)) == (
        403,
        "permission_denied",
    )


@pytest.fixture
async def three(zgw: Zgw, type_: str) -> list[Answer]:
    """Three documents, each with something of its own."""
    return [
        await zgw.document(
            type_, titel="Aanvraag", auteur="Zwart", creatiedatum="2024-01-01", trefwoorden=["a", "b"]
        ),
        await zgw.document(type_, titel="Besluit", auteur="Blauw", beschrijving="Van de Raad", content=b"x"),
        await zgw.document(
            type_, titel="Bijlage", auteur="Zwarts", vertrouwelijkheidaanduiding="openbaar", trefwoorden=["c"]
        ),
    ]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("auteur", "zwart", ["Bijlage", "Aanvraag"]),
        ("titel", "B", ["Bijlage", "Besluit"]),
        ("beschrijving", "de raad", ["Besluit"]),
        ("creatiedatum__lte", "2024-01-01", ["Aanvraag"]),
        ("creatiedatum__gte", "2024-01-02", ["Bijlage", "Besluit"]),
        ("vertrouwelijkheidaanduiding", "openbaar", ["Bijlage"]),
        ("trefwoorden", "a,b", ["Aanvraag"]),
        ("trefwoorden", "a,c", []),
        ("trefwoorden__overlap", "a,c", ["Bijlage", "Aanvraag"]),
        ("locked", "false", ["Bijlage", "Besluit", "Aanvraag"]),
        ("locked", "true", []),
        ("zonderRelaties", "true", ["Bijlage", "Besluit", "Aanvraag"]),
        ("zonderRelaties", "false", []),
        (
            "inhoud__sha256",
            "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
            ["Besluit"],
        ),
        ("objectinformatieobjecten__object", "https://elders.nl/zaken/1", []),
        ("objectinformatieobjecten__objectType", "zaak", []),
    ],
)
@pytest.mark.usefixtures("three")
async def test_d_95_the_filters_of_others_work_in_lists_and_in_searches(
    zgw: Zgw, name: str, value: str, found: list[str]
) -> None:
    assert titles(await zgw.get(f"{DOCUMENTS}?{name}={value}")) == found
    assert titles(await zgw.post(ZOEK, {name: value})) == found


async def test_d_95_documents_are_found_by_their_type(zgw: Zgw, three: list[Answer], type_: str) -> None:
    assert len(titles(await zgw.get(f"{DOCUMENTS}?informatieobjecttype={type_}"))) == len(three)
    assert titles(await zgw.get(f"{DOCUMENTS}?informatieobjecttype={type_[:-1]}x")) == []


@pytest.mark.parametrize(
    ("ordering", "found"),
    [
        ("titel", ["Aanvraag", "Besluit", "Bijlage"]),
        ("-titel", ["Bijlage", "Besluit", "Aanvraag"]),
        ("auteur", ["Besluit", "Aanvraag", "Bijlage"]),
        ("creatiedatum,-titel", ["Aanvraag", "Bijlage", "Besluit"]),
        ("vertrouwelijkheidaanduiding, titel", ["Bijlage", "Aanvraag", "Besluit"]),
        ("-bestandsomvang,titel", ["Besluit", "Aanvraag", "Bijlage"]),
    ],
)
@pytest.mark.usefixtures("three")
async def test_g_69_a_list_of_documents_is_ordered_as_asked(
    zgw: Zgw, ordering: str, found: list[str]
) -> None:
    assert titles(await zgw.get(f"{DOCUMENTS}?ordering={ordering}")) == found


@pytest.mark.parametrize("ordering", ["x", "--titel", "titel,,", "", "_id"])
async def test_g_69_an_order_that_does_not_exist_is_refused(zgw: Zgw, ordering: str) -> None:
    answer = await zgw.get(f"{DOCUMENTS}?ordering={ordering}")
    assert answer.status == 200 if not ordering else refusal(answer) == (400, "invalid_choice", "ordering")


async def test_g_60_the_size_of_a_page_is_asked_up_to_a_limit(zgw: Zgw, three: list[Answer]) -> None:
    page = await zgw.get(f"{DOCUMENTS}?pageSize=2")
    assert (len(titles(page)), page["count"]) == (2, len(three))
    assert page["next"] == f"{zgw.origin}{DOCUMENTS}?pageSize=2&page=2"
    assert len(titles(await zgw.get(f"{DOCUMENTS}?pageSize=999999"))) == len(three)
    for size in ("0", "-1", "x", "1.5", "9" * 20):
        assert refusal(await zgw.get(f"{DOCUMENTS}?pageSize={size}")) == (400, "invalid", "pageSize")


class TestWithoutExtras:
    """`DMS_EXTRAS=false`: the standard, and nothing else (QG-2)."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, extras=False)

    @pytest.mark.parametrize("name", ["titel", "ordering", "pageSize", "locked", "zonderRelaties"])
    async def test_qg_2_what_the_standard_does_not_have_is_unknown(self, zgw: Zgw, name: str) -> None:
        answer = await zgw.get(f"{DOCUMENTS}?{name}=1")
        assert refusal(answer) == (400, "unknown-parameters", "nonFieldErrors")

    async def test_qg_2_operations_beside_the_standard_are_not_there(self, zgw: Zgw, type_: str) -> None:
        document = (await zgw.document(type_))["url"]
        for url in (f"{document}/versies", f"{document}/duplicaten", "/documenten/api/v1/vergrendelingen"):
            assert (await zgw.get(url)).status == 404
        described = (await zgw.get("/documenten/api/v1/openapi.json")).body
        assert "x-experimental" not in str(described)
