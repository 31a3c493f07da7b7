"""Headers of requests and answers (RULES 1.3), and the origin of the URLs that are handed out (G-04)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dms.settings import Settings
from tests.zgw import CATALOGUES, DOCUMENTS, TYPES, Answer, Zgw, informatieobjecttype_values, refusal

NOWHERE = "8e4d2f7e-0000-4000-8000-000000000000"
CATALOGUE = {"domein": "HEAD", "rsin": "000000000", "contactpersoonBeheerNaam": "Beheer"}


async def many(zgw: Zgw, api: str, url: str) -> list[Answer]:
    """Answers of an API of many kinds: good ones, and refusals by every layer."""
    return [
        await zgw.get(url),
        await zgw.call("HEAD", url),
        await zgw.get(f"{url}?onbekend=1"),
        await zgw.get(f"{url}/{NOWHERE}"),
        await zgw.get(f"/{api}/api/v1/onbekend"),
        await zgw.get(f"/{api}"),
        await zgw.delete(url),
        await zgw.post(url, {}),
        await zgw.post(url, data=b"{", headers={"Content-Type": "application/json"}),
        await zgw.post(url, data=b"{}", headers={"Content-Type": "text/plain"}),
        await zgw.get(url, headers={"Accept": "text/html"}),
        await zgw.get(url, headers={"Authorization": ""}),
        await zgw.get(url, headers={"Host": "a b"}),
        await zgw.get(f"/{api}/api/v1/openapi.json"),
        await zgw.get(f"/{api}/api/v1/openapi.yaml"),
    ]


@pytest.mark.parametrize(
    ("api", "url", "version"),
    [("catalogi", CATALOGUES, "1.3.3"), ("catalogi", TYPES, "1.3.3"), ("documenten", DOCUMENTS, "1.7.0")],
)
async def test_g_20_every_answer_of_an_api_tells_its_version(
    zgw: Zgw, api: str, url: str, version: str
) -> None:
    for answer in await many(zgw, api, url):
        assert answer.headers.get("API-version") == version, answer


async def test_g_20_answers_without_a_body_tell_the_version_as_well(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_, content=b"x"))["url"]
    etag = (await zgw.get(document)).headers["Etag"]
    answers = [
        await zgw.get(document, headers={"If-None-Match": etag}),
        await zgw.get(f"{document}/download"),
        await zgw.post(f"{document}/unlock", {"lock": await zgw.locked(document)}),
        await zgw.delete(document),
    ]
    assert [answer.status for answer in answers] == [304, 200, 204, 204]
    assert {answer.headers["API-version"] for answer in answers} == {"1.7.0"}


async def test_g_20_what_belongs_to_no_api_has_no_version(zgw: Zgw) -> None:
    for path in ("/healthz/live", "/metrics", "/onbekend", "/ref/fouten/Invalid/"):
        assert "API-version" not in (await zgw.get(path)).headers


async def test_g_01_g_03_another_major_version_is_not_there_and_leads_nowhere(zgw: Zgw, type_: str) -> None:
    for url in (type_, (await zgw.document(type_))["url"], DOCUMENTS, "/documenten/api/v1/openapi.json"):
        assert "/api/v1/" in url
        assert (await zgw.get(url)).status == 200
        for other in ("v0", "v2", "v1.7.0", "V1", ""):
            answer = await zgw.get(url.replace("/api/v1/", f"/api/{other}/"))
            assert refusal(answer) == (404, "not_found"), other


@pytest.mark.parametrize("id", ["a", "0f9ddb1c-1c1b-4c0c-9a0e-3a7b0c5d9e11", "A.b_c-1", "x" * 64])
async def test_a_request_id_of_the_client_is_echoed(zgw: Zgw, id: str) -> None:
    for url in (CATALOGUES, f"{CATALOGUES}/x", "/healthz/live"):
        assert (await zgw.get(url, headers={"X-Request-ID": id})).headers["X-Request-ID"] == id


@pytest.mark.parametrize("id", ["", "x" * 65, "a b", "a;b", "é", "<script>", "a/b"])
async def test_a_request_without_a_plain_id_is_given_a_new_one(zgw: Zgw, id: str) -> None:
    given = [
        (await zgw.get(CATALOGUES, headers={"X-Request-ID": id})).headers["X-Request-ID"] for _ in range(3)
    ]
    assert len(set(given)) == 3
    assert all(len(new) == 32 and new.isalnum() for new in given)


async def test_every_answer_has_a_request_id_and_is_taken_as_what_it_says(zgw: Zgw) -> None:
    for answer in await many(zgw, "catalogi", CATALOGUES):
        assert answer.headers["X-Request-ID"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "host",
    ["dms.gemeente.nl", "dms.gemeente.nl:8443", "DMS.Gemeente.nl", "10.0.0.1:80", "[::1]:8000", "my_host"],
)
async def test_g_04_urls_are_handed_out_as_the_client_calls_the_service(zgw: Zgw, host: str) -> None:
    answer = await zgw.post(CATALOGUES, CATALOGUE, headers={"Host": host})
    assert answer["url"].startswith(f"http://{host}{CATALOGUES}/")
    assert answer.headers["Location"] == answer["url"]
    path = answer["url"].removeprefix(f"http://{host}")
    assert (await zgw.get(path))["url"] == zgw.origin + path
    listed = await zgw.get(CATALOGUES, headers={"Host": host})
    assert listed["results"][0]["url"] == answer["url"]


@pytest.mark.parametrize("host", ["a b", "a/b", "a@b", "a:b", "a:123456", "", "é", "a,b", "http://a"])
async def test_g_04_a_host_that_is_none_gets_no_urls(zgw: Zgw, host: str) -> None:
    answer = await zgw.get(CATALOGUES, headers={"Host": host})
    assert refusal(answer) == (400, "parse_error")
    assert "http" not in answer["type"]


async def test_g_04_headers_of_proxies_are_not_believed(zgw: Zgw) -> None:
    forged = {"X-Forwarded-Host": "evil.com", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.com"}
    answer = await zgw.post(CATALOGUES, CATALOGUE, headers=forged)
    assert answer["url"].startswith(zgw.origin)


async def test_g_04_a_reference_is_found_however_its_host_is_spelled(zgw: Zgw) -> None:
    catalogue = (await zgw.catalogue()).removeprefix(zgw.origin)
    for host, site in {"a.nl": "HTTP://A.NL", "b.nl": "http://b.nl:80", "c.nl:80": "http://c.nl"}.items():
        values = informatieobjecttype_values(site + catalogue, omschrijving=host)
        answer = await zgw.post(TYPES, values, headers={"Host": host})
        assert (answer.status, answer["catalogus"]) == (201, f"http://{host}{catalogue}")
        found = await zgw.get(f"{TYPES}?status=alles&catalogus={site}{catalogue}", headers={"Host": host})
        assert found["count"] > 0


class TestPublicUrl:
    """A service that was told under which origin it is known."""

    @pytest.fixture
    def settings(self, tmp_path: Path, store_settings: dict[str, Any]) -> Settings:
        return Settings(
            data_dir=tmp_path / "data", public_url="https://dms.gemeente.nl", durable=False, **store_settings
        )

    async def test_g_04_the_public_url_goes_before_what_the_client_calls(self, zgw: Zgw) -> None:
        answer = await zgw.post(CATALOGUES, CATALOGUE, headers={"Host": "elders.nl"})
        assert answer["url"].startswith(f"https://dms.gemeente.nl{CATALOGUES}/")
        assert answer.headers["Location"] == answer["url"]
        assert (await zgw.get(f"{CATALOGUES}/x"))["type"].startswith("https://dms.gemeente.nl/ref/fouten/")

    async def test_g_04_no_host_is_refused_when_none_is_needed(self, zgw: Zgw) -> None:
        assert (await zgw.get(CATALOGUES, headers={"Host": "a b"})).status == 200
