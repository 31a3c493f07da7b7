"""Problem documents (RULES 1.4): their shape, their codes, and the order of the checks."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from dms.api.problem_json import problem, problem_response
from dms.autorisaties.access import Grant
from dms.model.refusals import RangeNotSatisfiable, Unavailable
from dms.settings import Settings
from tests.zgw import CATALOGUES, DOCUMENTS, TYPES, Answer, Zgw, refusal

NOWHERE = "8e4d2f7e-0000-4000-8000-000000000000"
MALFORMED = [
    "x",
    "1",
    NOWHERE[:-1],
    NOWHERE + "0",
    NOWHERE.replace("-", ""),
    f"{{{NOWHERE}}}",
    "%00",
    "%ED%A0%80",
]


@pytest.fixture
def settings(tmp_path: Path, store_settings: dict[str, Any]) -> Settings:
    """Little JSON, so that there soon is too much of it."""
    return Settings(data_dir=tmp_path / "data", json_size=10_000, durable=False, **store_settings)


async def each_kind(zgw: Zgw) -> list[Answer]:
    """A refusal of every kind that is easily had."""
    return [
        await zgw.post(CATALOGUES, {}),
        await zgw.post(CATALOGUES, data=b"{", headers={"Content-Type": "application/json"}),
        await zgw.post(CATALOGUES, data=b"{}", headers={"Content-Type": "text/plain"}),
        await zgw.get(CATALOGUES, headers={"Authorization": ""}),
        await zgw.get(CATALOGUES, token="x"),
        await zgw.get(CATALOGUES, headers={"Accept": "text/html"}),
        await zgw.get(f"{CATALOGUES}/{NOWHERE}"),
        await zgw.delete(CATALOGUES),
        await zgw.post(CATALOGUES, data=b"a" * 20_000, headers={"Content-Type": "application/json"}),
    ]


async def test_g_30_every_problem_has_the_same_six_members(zgw: Zgw) -> None:
    for answer in await each_kind(zgw):
        assert answer.headers["Content-Type"] == "application/problem+json"
        document = dict(answer.body)
        assert document.pop("invalidParams", None) is None or document["code"] == "invalid"
        assert set(document) == {"type", "code", "title", "status", "detail", "instance"}
        assert document["status"] == answer.status
        assert all(document[name] for name in document)


async def test_g_34_each_kind_of_problem_has_its_code(zgw: Zgw) -> None:
    found = [(answer.status, answer["code"]) for answer in await each_kind(zgw)]
    assert found == [
        (400, "invalid"),
        (400, "parse_error"),
        (415, "unsupported_media_type"),
        (403, "permission_denied"),
        (403, "jwt-decode-error"),
        (406, "not_acceptable"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (413, "request_entity_too_large"),
    ]


async def test_g_30_an_instance_belongs_to_one_occurrence_only(zgw: Zgw) -> None:
    instances = {(await zgw.get(f"{CATALOGUES}/{NOWHERE}"))["instance"] for _ in range(20)}
    assert len(instances) == 20
    for instance in instances:
        assert uuid.UUID(instance.removeprefix("urn:uuid:")).version == 4


async def test_g_30_the_type_is_the_url_of_a_page_that_explains_it(zgw: Zgw) -> None:
    for answer in await each_kind(zgw):
        assert answer["type"].startswith(f"{zgw.origin}/ref/fouten/")
        async with zgw.client.get(answer["type"].removeprefix(zgw.origin)) as page:
            assert page.status == 200, answer["type"]
            text = await page.text()
        assert str(answer.status) in text
        assert answer["title"] in text


def test_g_34_who_cannot_be_served_now_is_told_when_to_try_again() -> None:
    for refusal_, name, value in (
        (Unavailable(), "Retry-After", "5"),
        (RangeNotSatisfiable(12), "Content-Range", "bytes */12"),
    ):
        response = problem_response(refusal_, problem(refusal_, "http://a.nl"))
        assert (response.status, response.headers[name]) == (refusal_.status, value)
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("name", ["Onbekend", "Iterable", "__doc__", "invalid", "Problem", "%00"])
async def test_an_error_page_that_does_not_exist_is_not_found(zgw: Zgw, name: str) -> None:
    assert refusal(await zgw.get(f"/ref/fouten/{name}/")) == (404, "not_found")


async def test_g_31_a_validation_error_lists_all_problems_of_one_pass(zgw: Zgw) -> None:
    answer = await zgw.post(CATALOGUES, {"domein": "te lang", "rsin": "1", "naam": 7, "versie": "x" * 21})
    assert (answer["code"], answer["title"]) == ("invalid", "Ongeldige invoer.")
    assert answer["invalidParams"] == [
        {"name": "domein", "code": "max_length", "reason": "De waarde is te lang."},
        {"name": "rsin", "code": "min_length", "reason": "De waarde moet precies 9 cijfers lang zijn."},
        {"name": "contactpersoonBeheerNaam", "code": "required", "reason": "Dit veld is vereist."},
        {"name": "versie", "code": "max_length", "reason": "De waarde is te lang."},
    ]


async def test_g_33_the_object_is_looked_at_only_when_its_fields_are_right(zgw: Zgw) -> None:
    values = {"beginGeldigheid": "2020-01-01", "eindeGeldigheid": "2019-01-01", "omschrijving": ""}
    url = await zgw.document_type(published=False)
    assert refusal(await zgw.patch(url, values)) == (400, "blank", "omschrijving")
    values["omschrijving"] = "x"
    assert refusal(await zgw.patch(url, values)) == (400, "date-mismatch", "nonFieldErrors")


async def test_g_33_the_method_comes_before_the_token_and_the_token_before_the_body(zgw: Zgw) -> None:
    assert (await zgw.delete(CATALOGUES, token="x")).status == 405
    headers = {"Content-Type": "text/plain", "Accept": "text/html"}
    assert (await zgw.post(CATALOGUES, data=b"{", token="x", headers=headers)).status == 403
    reader = zgw.register("reader", [Grant("ztc", frozenset({"catalogi.lezen"}))])
    answer = await zgw.post(CATALOGUES, data=b"{", client=reader, headers=headers)
    assert refusal(answer) == (403, "permission_denied")
    assert (await zgw.post(CATALOGUES, data=b"{", headers=headers)).status == 406


@pytest.mark.parametrize("id", MALFORMED)
async def test_g_06_a_malformed_uuid_is_not_found(zgw: Zgw, id: str) -> None:
    for collection in (CATALOGUES, TYPES, DOCUMENTS):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            answer = await zgw.call(
                method, f"{collection}/{id}", json={"lock": "x"} if method != "GET" else None
            )
            assert refusal(answer) in ((404, "not_found"), (405, "method_not_allowed")), (method, collection)
        assert refusal(await zgw.get(f"{collection}/{id}"))[0] in (404, 405)


async def test_g_06_a_malformed_uuid_in_an_operation_is_not_found(zgw: Zgw) -> None:
    for url in (f"{TYPES}/x/publish", f"{DOCUMENTS}/x/lock", f"{DOCUMENTS}/x/unlock"):
        assert refusal(await zgw.post(url, {"lock": "x"})) == (404, "not_found")
    for url in (
        f"{DOCUMENTS}/x/download",
        f"{DOCUMENTS}/x/audittrail",
        f"{DOCUMENTS}/{NOWHERE}/audittrail/x",
    ):
        assert refusal(await zgw.get(url)) == (404, "not_found")


async def test_g_06_a_uuid_in_capitals_is_the_same_uuid(zgw: Zgw) -> None:
    url = await zgw.catalogue()
    collection, _, id = url.rpartition("/")
    assert (await zgw.get(f"{collection}/{id.upper()}"))["url"] == url


@pytest.mark.parametrize(
    "path",
    ["/index.html", "/catalogi", "/catalogi/", "/catalogi/api/v2", "/ref/", "/catalogi/api/v2/catalogussen",
     "/zaken/api/v1/zaken", CATALOGUES + "/", f"{CATALOGUES}/{NOWHERE}/", f"{CATALOGUES}/{NOWHERE}/publish",
     f"{CATALOGUES}/{NOWHERE}/audittrail", "/catalogi/api/v1/Catalogussen", "/favicon.ico", "/healthz",
     "/%2e%2e/x"],
)  # fmt: skip
async def test_g_34_an_unknown_path_is_not_found(zgw: Zgw, path: str) -> None:
    assert refusal(await zgw.get(path)) == (404, "not_found")
    assert refusal(await zgw.get(path, headers={"Authorization": ""})) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", CATALOGUES, {"GET", "HEAD", "POST"}),
        ("PUT", TYPES, {"GET", "HEAD", "POST"}),
        ("DELETE", f"{CATALOGUES}/{NOWHERE}", {"GET", "HEAD", "PUT", "PATCH"}),
        ("POST", f"{TYPES}/{NOWHERE}", {"GET", "HEAD", "PUT", "PATCH", "DELETE"}),
        ("GET", f"{TYPES}/{NOWHERE}/publish", {"POST"}),
        ("GET", f"{DOCUMENTS}/{NOWHERE}/lock", {"POST"}),
        ("PUT", f"{DOCUMENTS}/{NOWHERE}/audittrail", {"GET", "HEAD"}),
        ("GET", f"/documenten/api/v1/bestandsdelen/{NOWHERE}", {"PUT"}),
        ("POST", "/healthz/live", {"GET", "HEAD"}),
        ("OPTIONS", CATALOGUES, {"GET", "HEAD", "POST"}),
    ],
)
async def test_g_33_a_method_that_is_not_there_tells_which_are(
    zgw: Zgw, method: str, path: str, allowed: set[str]
) -> None:
    answer = await zgw.call(method, path)
    assert refusal(answer) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(",")) == allowed


async def test_g_49_what_does_not_exist_is_not_found_for_who_may_read_at_all(zgw: Zgw) -> None:
    reader = zgw.register("reader", [Grant("ztc", frozenset({"catalogi.lezen"}))])
    nobody = zgw.register("nobody", [Grant("brc", frozenset({"besluiten.lezen"}))])
    url = f"{CATALOGUES}/{NOWHERE}"
    assert refusal(await zgw.get(url, client=reader)) == (404, "not_found")
    assert refusal(await zgw.get(url, client=nobody)) == (403, "permission_denied")
    assert refusal(await zgw.patch(url, {"naam": "x"}, client=reader)) == (403, "permission_denied")
    assert refusal(await zgw.patch(url, {"naam": "x"})) == (404, "not_found")
