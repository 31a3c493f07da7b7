"""Lists (RULES 1.7, 1.8): pages, their order, and the parameters that choose what is on them."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dms.actions.service import Dms
from dms.settings import Settings
from tests.zgw import CATALOGUES, DOCUMENTS, TYPES, Answer, Zgw, refusal

SEVEN = ["A", "B", "C", "D", "E", "F", "G"]


@pytest.fixture
def settings(tmp_path: Path, store_settings: dict[str, Any]) -> Settings:
    """Three records a page."""
    return Settings(data_dir=tmp_path / "data", page_size=3, durable=False, **store_settings)


@pytest.fixture
async def seven(zgw: Zgw) -> list[str]:
    """Seven catalogues, the oldest first."""
    return [await zgw.catalogue(domein) for domein in SEVEN]


def domeinen(answer: Answer) -> str:
    """What is on a page, by its letters."""
    return "".join(found["domein"] for found in answer["results"])


async def test_g_60_a_page_tells_how_many_there_are_and_where_the_others_are(
    zgw: Zgw, seven: list[str]
) -> None:
    answer = await zgw.get(CATALOGUES)
    assert list(answer.body) == ["count", "next", "previous", "results"]
    assert (answer["count"], answer["previous"]) == (7, None)
    assert answer["next"] == f"{zgw.origin}{CATALOGUES}?page=2"


async def test_g_60_following_next_and_previous_shows_everything_once(zgw: Zgw, seven: list[str]) -> None:
    there, url = [], f"{zgw.origin}{CATALOGUES}"
    while True:
        answer = await zgw.get(url)
        there.append(domeinen(answer))
        assert answer["count"] == 7
        if answer["next"] is None:
            break
        url = answer["next"]
    assert there == ["GFE", "DCB", "A"]
    back = [domeinen(answer)]
    while answer["previous"] is not None:
        answer = await zgw.get(answer["previous"])
        back.append(domeinen(answer))
    assert back == there[::-1]


async def test_g_62_the_newest_comes_first_also_after_a_change(zgw: Zgw, seven: list[str]) -> None:
    assert (await zgw.patch(seven[0], {"naam": "Gewijzigd"})).status == 200
    assert domeinen(await zgw.get(CATALOGUES)) == "GFE"


async def test_g_07_a_list_is_its_first_page(zgw: Zgw, seven: list[str]) -> None:
    assert (await zgw.get(CATALOGUES)).body == (await zgw.get(f"{CATALOGUES}?page=1")).body


async def test_g_60_a_full_last_page_has_no_next(zgw: Zgw, seven: list[str]) -> None:
    answer = await zgw.get(f"{CATALOGUES}?domein__in=A,B,C,D,E,F&page=2")
    assert (answer["count"], domeinen(answer), answer["next"]) == (6, "CBA", None)
    assert refusal(await zgw.get(f"{CATALOGUES}?domein__in=A,B,C,D,E,F&page=3")) == (404, "not_found")


@pytest.mark.parametrize(
    "page",
    ["4", "99999999", "9999999999999999999999", "0", "-1", "1.0", "01x", "een", "", "%20", "1%00", "%D9%A1",
     "1,2", "last", "+1", "1e1"],
)  # fmt: skip
async def test_g_60_a_page_that_is_not_there_is_not_found(zgw: Zgw, seven: list[str], page: str) -> None:
    for url in (CATALOGUES, TYPES, DOCUMENTS):
        assert refusal(await zgw.get(f"{url}?page={page}")) == (404, "not_found")


async def test_g_60_of_nothing_there_is_one_empty_page(zgw: Zgw) -> None:
    for url in (CATALOGUES, TYPES, DOCUMENTS):
        answer = await zgw.get(url)
        assert answer.body == {"count": 0, "next": None, "previous": None, "results": []}
        assert refusal(await zgw.get(f"{url}?page=2")) == (404, "not_found")


async def test_g_60_next_and_previous_keep_the_filters_as_they_were_asked(zgw: Zgw, seven: list[str]) -> None:
    for number in range(4):
        year: dict[str, Any] = {
            "beginGeldigheid": f"200{number}-01-01",
            "eindeGeldigheid": f"200{number}-12-31",
        }
        await zgw.document_type(catalogue=seven[0], omschrijving="a&b=c é+%", **year)
    query = "omschrijving=a%26b%3Dc%20%C3%A9%2B%25&status=definitief&catalogus=" + seven[0]
    first = await zgw.get(f"{TYPES}?{query}")
    assert first["count"] == 4
    second = await zgw.get(first["next"])
    assert (second["count"], len(second["results"]), second["next"]) == (4, 1, None)
    expected = parse_qs(query)
    for url, page in ((first["next"], "2"), (second["previous"], "1")):
        assert parse_qs(urlsplit(url).query) == {**expected, "page": [page]}
    assert (await zgw.get(second["previous"]))["results"] == first["results"]


async def test_g_60_next_is_under_the_origin_that_the_client_calls(zgw: Zgw, seven: list[str]) -> None:
    answer = await zgw.get(CATALOGUES, headers={"Host": "dms.gemeente.nl"})
    assert answer["next"] == f"http://dms.gemeente.nl{CATALOGUES}?page=2"


async def test_g_61_a_plain_array_has_no_pages(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    trail = f"{document['url']}/audittrail"
    assert isinstance((await zgw.get(trail)).body, list)
    assert refusal(await zgw.get(f"{trail}?page=1")) == (400, "unknown-parameters", "nonFieldErrors")


@pytest.mark.parametrize(
    "parameter", ["onbekend=1", "Page=1", "pagina=1", "url=x", "_id=x", "=", "order=domein"]
)
async def test_g_65_a_parameter_that_does_not_exist_is_refused(zgw: Zgw, type_: str, parameter: str) -> None:
    document = (await zgw.document(type_))["url"]
    line = (await zgw.get(f"{document}/audittrail")).body[0]["uuid"]
    for url in (CATALOGUES, TYPES, DOCUMENTS, type_, document, f"{document}/audittrail/{line}"):
        answer = await zgw.get(f"{url}?{parameter}")
        assert refusal(answer) == (400, "unknown-parameters", "nonFieldErrors"), url


async def test_g_65_a_filter_of_a_list_is_no_parameter_of_a_single_object(zgw: Zgw, type_: str) -> None:
    for parameter in ("page=1", "omschrijving=x", "status=alles"):
        answer = await zgw.get(f"{type_}?{parameter}")
        assert refusal(answer) == (400, "unknown-parameters", "nonFieldErrors")


async def test_g_66_a_value_that_cannot_be_read_is_refused_by_its_name(zgw: Zgw) -> None:
    wrong = {
        "catalogus=x": ("invalid", "catalogus"),
        "status=oud": ("invalid_choice", "status"),
        "datumGeldigheid=gisteren": ("invalid", "datumGeldigheid"),
        "datumGeldigheid=2026-01-01T00:00:00Z": ("invalid", "datumGeldigheid"),
    }
    for query, problem in wrong.items():
        assert refusal(await zgw.get(f"{TYPES}?{query}")) == (400, *problem)
    assert refusal(await zgw.get(f"{TYPES}?{'&'.join(list(wrong)[:2])}")) == (
        400, ("invalid", "catalogus"), ("invalid_choice", "status"),
    )  # fmt: skip


async def test_g_67_a_url_of_nothing_finds_nothing(zgw: Zgw, type_: str) -> None:
    for url in ("http://elders.nl/x", f"{zgw.origin}{CATALOGUES}/8e4d2f7e-0000-4000-8000-000000000000"):
        assert (await zgw.get(f"{TYPES}?catalogus={url}"))["count"] == 0


async def test_g_68_several_filters_hold_together(zgw: Zgw, seven: list[str]) -> None:
    assert domeinen(await zgw.get(f"{CATALOGUES}?domein=A&rsin=000000000")) == "A"
    assert domeinen(await zgw.get(f"{CATALOGUES}?domein=A&domein__in=B,C")) == ""
    assert domeinen(await zgw.get(f"{CATALOGUES}?domein__in=C, A,,Z")) == "CA"
    assert domeinen(await zgw.get(f"{CATALOGUES}?rsin=111222333")) == ""
    assert domeinen(await zgw.get(f"{CATALOGUES}?rsin__in=111222333,000000000&domein=B")) == "B"


@pytest.mark.parametrize("text", ["%00", "%ED%A0%80", "'", "%22", "\\", "%25", "_", "💥" * 20, "x" * 3000])
async def test_no_text_in_a_filter_makes_the_service_fail(zgw: Zgw, seven: list[str], text: str) -> None:
    for query in (
        f"{CATALOGUES}?domein={text}",
        f"{CATALOGUES}?domein__in={text}",
        f"{DOCUMENTS}?trefwoorden={text}",
    ):
        answer = await zgw.get(query)
        assert (answer.status, answer["count"]) == (200, 0)


async def test_g_60_a_page_holds_no_more_than_five_hundred_however_many_are_asked_for(
    dms: Dms, zgw: Zgw
) -> None:
    await zgw.catalogue()
    [catalogue] = await dms.metadata.find("catalogussen")
    async with dms.metadata.transaction() as transaction:
        for number in range(501):
            id = str(uuid.uuid4())
            url = f"{CATALOGUES}/{id}"
            transaction.insert(
                "catalogussen", {**catalogue, "_id": id, "url": url, "rsin": f"{number + 1:09}"}
            )
    for size, shown in ((499, 499), (500, 500), (501, 500), (999_999_999, 500)):
        answer = await zgw.get(f"{CATALOGUES}?pageSize={size}")
        assert (answer["count"], len(answer["results"])) == (502, shown)
        assert answer["next"] is not None
    assert len((await zgw.get(answer["next"]))["results"]) == 2
