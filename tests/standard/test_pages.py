"""Pages for people: each API's document to read (G-02), what errors mean (G-30), open to all (G-45)."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urldefrag, urljoin

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from dms.api.openapi import document
from dms.api.pages.routes import KINDS, routes
from dms.documenten.api import DOCUMENTEN
from dms.model.refusals import Refusal
from dms.model.resource import Api
from dms.wiring import APIS
from tests.html import Html
from tests.zgw import Answer, Zgw, refusal

NOBODY = {"Authorization": ""}
STYLE = "/ref/pagina/stijl.css"
ROOTS = [f"/{api.name}/api/v1/" for api in APIS]
PAGES = ["/", "/ref/fouten/", "/ref/fouten/Invalid/", "/ref/fouten/TokenRefused/", *ROOTS]
HOSTILE = "<script>alert(1)</script> \" onload=x '&amp; {{ 7 * 7 }} `<img src=//a.nl>`"
every_page = pytest.mark.parametrize("path", PAGES)
every_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)


async def get(zgw: Zgw, path: str, **headers: str) -> Answer:
    """What a browser gets that knows no token."""
    return await zgw.get(path, headers={**NOBODY, "Accept": "text/html,*/*;q=0.8", **headers})


async def page(zgw: Zgw, path: str) -> Html:
    """A page that must be there."""
    answer = await get(zgw, path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8"), path
    return Html(answer.body.decode())


@every_page
async def test_g_45_a_page_is_open_to_everyone_and_loads_nothing_but_its_own_files(
    zgw: Zgw, path: str
) -> None:
    answer = await get(zgw, path)
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "style-src 'self'", "img-src 'self'", "frame-ancestors 'none'"} <= set(
        policy
    )
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    shown = Html(answer.body.decode())
    assert not shown.named("script") and not shown.named("style")
    assert not [name for _, attributes in shown.elements for name in attributes if name.startswith("on")]
    assert not [attributes for _, attributes in shown.elements if "style" in attributes]


@every_page
async def test_no_page_refers_to_another_origin_or_to_the_root_of_its_own(zgw: Zgw, path: str) -> None:
    found = list((await page(zgw, path)).references())
    assert found
    # Relative, so that pages hold behind a proxy that serves them in a folder.
    assert [url for url in found if re.match(r"[a-z]+:|/", url, re.I)] == []


@every_page
async def test_every_link_of_a_page_leads_to_something(zgw: Zgw, path: str) -> None:
    shown = await page(zgw, path)
    for url in set(shown.references()):
        target, fragment = urldefrag(urljoin(path, url))
        if fragment:
            assert target == path and fragment in shown.ids(), url
        else:
            assert (await get(zgw, target)).status == 200, url


async def test_the_first_page_leads_to_every_api_and_to_what_operators_look_at(zgw: Zgw) -> None:
    shown = await page(zgw, "/")
    links = {urljoin("/", url) for url in shown.references()}
    assert {*ROOTS, "/healthz/live", "/healthz/ready", "/metrics", "/ref/fouten/"} <= links
    assert {f"{root}openapi.{form}" for root in ROOTS for form in ("json", "yaml")} <= links
    assert all(api.title in shown.text and api.version in shown.text for api in APIS)


@every_api
async def test_g_02_every_operation_of_the_document_is_on_the_page_of_its_api(zgw: Zgw, api: Api) -> None:
    shown = await page(zgw, f"/{api.name}/api/v1/")
    headings = {tuple(text.split()[:2]) for level, text in shown.headings if level == 3}
    described = document(api)
    for path, item in described["paths"].items():
        for method, operation in item.items():
            assert (method.upper(), path) in headings
            assert f"operatie-{operation['operationId']}" in shown.ids()
            names = [parameter["name"] for parameter in operation["parameters"]]
            scopes = [scope for each in operation["security"] for scope in each["JWT-Claims"]]
            assert [
                name for name in (*names, *scopes, *operation["responses"]) if name not in shown.text
            ] == []
    assert {f"schema-{name}" for name in described["components"]["schemas"]} <= set(shown.ids())


@every_api
async def test_g_02_the_root_of_an_api_is_the_same_with_and_without_a_slash(zgw: Zgw, api: Api) -> None:
    for method in ("GET", "HEAD"):
        async with zgw.client.request(method, f"/{api.name}/api/v1", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (308, "v1/")
    async with zgw.client.get(f"/{api.name}/api/v1") as answer:
        assert (answer.status, answer.url.path) == (200, f"/{api.name}/api/v1/")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
        ("text/*", "text/html"),
        ("application/json, text/plain, */*", "application/json"),
        ("application/json", "application/json"),
        ("application/json, text/html", "text/html"),
    ],
)
async def test_g_02_the_root_of_an_api_answers_people_with_a_page_and_programs_with_json(
    zgw: Zgw, accept: str, media_type: str
) -> None:
    answer = await zgw.get(ROOTS[0], headers={**NOBODY, "Accept": accept})
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, media_type)
    assert answer.headers["Vary"] == "Accept"
    assert answer.headers["API-version"] == DOCUMENTEN.version
    if media_type == "application/json":
        assert answer.body == document(DOCUMENTEN)


async def test_g_11_the_root_of_an_api_refuses_who_takes_neither(zgw: Zgw) -> None:
    answer = await zgw.get(ROOTS[0], headers={**NOBODY, "Accept": "image/png"})
    assert refusal(answer) == (406, "not_acceptable")


@pytest.mark.parametrize("path", [*PAGES, STYLE, "/ref/pagina/icoon.svg"])
async def test_g_85_a_page_or_its_file_is_sent_once_for_as_long_as_it_stays_the_same(
    zgw: Zgw, path: str
) -> None:
    first = await get(zgw, path)
    etag = first.headers["Etag"]
    again = await get(zgw, path, **{"If-None-Match": etag})
    assert (again.status, again.headers["Etag"], again.body) == (304, etag, b"")
    other = await get(zgw, path, **{"If-None-Match": '"other"'})
    assert (other.status, other.body) == (200, first.body)
    assert first.headers["Cache-Control"] in ("no-cache", "public, max-age=86400")
    head = await zgw.call("HEAD", path, headers=NOBODY)
    assert (head.status, head.headers["Etag"], head.body) == (200, etag, b"")
    assert head.headers["Content-Length"] == str(len(first.body))


@pytest.mark.parametrize(
    "name",
    [
        "x.css",
        "",
        "..",
        "../routes.py",
        "%2e%2e%2froutes.py",
        "..%5croutes.py",
        "stijl.css/",
        "%00",
        "a" * 2000,
    ],
)
async def test_a_file_that_no_page_refers_to_is_not_found(zgw: Zgw, name: str) -> None:
    assert refusal(await zgw.get(f"/ref/pagina/{name}", headers=NOBODY)) == (404, "not_found")


async def test_the_files_of_pages_are_what_they_say_and_refer_to_nothing_else(zgw: Zgw) -> None:
    style = await get(zgw, STYLE)
    assert style.headers["Content-Type"] == "text/css; charset=utf-8"
    assert not re.search(r"url\(|@import|//", style.body.decode())
    icon = await get(zgw, "/ref/pagina/icoon.svg")
    assert icon.headers["Content-Type"] == "image/svg+xml"
    for answer in (style, icon):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
async def test_g_30_every_class_of_error_has_a_page_that_says_what_to_do(
    zgw: Zgw, kind: type[Refusal]
) -> None:
    shown = await page(zgw, f"/ref/fouten/{kind.__name__}/")
    assert shown.headings == [(1, kind.__name__)]
    assert all(text in shown.text for text in (str(kind.status), kind.title, kind.remedy))
    assert (kind.code if "code" in vars(kind) else "Verschilt per geval.") in shown.text
    listed = await page(zgw, "/ref/fouten/")
    assert f"{kind.__name__}/" in list(listed.references())


@every_page
async def test_wcag_1_3_1_a_page_can_be_found_ones_way_in_without_seeing_it(zgw: Zgw, path: str) -> None:
    shown = await page(zgw, path)
    assert shown.named("html") == [{"lang": "nl"}]
    assert [attributes["id"] for attributes in shown.named("main")] == ["inhoud"]
    assert "#inhoud" in list(shown.references())
    assert len(shown.named("title")) == 1
    assert len({attributes["aria-label"] for attributes in shown.named("nav")}) == len(shown.named("nav"))
    assert len(set(shown.ids())) == len(shown.ids())
    for _, attributes in shown.elements:
        if "aria-labelledby" in attributes:
            assert attributes["aria-labelledby"] in shown.ids()
    levels = [level for level, _ in shown.headings]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def brightness(colour: str) -> float:
    """The relative luminance of `#rgb` or `#rrggbb`, as WCAG 2.1 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Between 1 and 21."""
    dark, light = sorted((brightness(one), brightness(other)))
    return (light + 0.05) / (dark + 0.05)


async def test_wcag_1_4_3_every_text_stands_out_from_what_it_is_on(zgw: Zgw) -> None:
    style = (await get(zgw, STYLE)).body.decode()
    named = dict(re.findall(r"--([a-z]+): (#[0-9a-f]+);", style))
    on_white = {
        named["ink"],
        named["quiet"],
        named["link"],
        *re.findall(r"\.must \{[^}]*color: (#\w+)", style),
    }
    pairs = {(text, ground) for text in on_white for ground in ("#fff", named["ground"])}
    badge = re.search(r"\.badge \{[^}]*color: (#\w+);\s*background: (#\w+)", style)
    assert badge
    pairs |= {(badge[1], badge[2])}
    methods = re.findall(r"^\.(?:[A-Z, .]+) \{ background: (#\w+); \}", style, re.M)
    assert len(methods) == 4
    pairs |= {("#fff", ground) for ground in methods}
    assert {pair: contrast(*pair) for pair in pairs if contrast(*pair) < 4.5} == {}


async def test_what_a_document_says_is_shown_and_never_taken_for_html() -> None:
    hostile = replace(DOCUMENTEN, title=HOSTILE, description=HOSTILE, version=HOSTILE)
    app = web.Application()
    app.add_routes(list(routes([hostile])))
    async with TestClient(TestServer(app)) as client:
        for path in ("/", "/documenten/api/v1/"):
            text = await (await client.get(path)).text()
            assert "<script" not in text and "<img" not in text and "49" not in text
            shown = Html(text)
            assert HOSTILE.replace("`", "") in shown.text
            assert not [found for found in shown.references() if "a.nl" in found]
            assert not [attributes for _, attributes in shown.elements if "onload" in attributes]
