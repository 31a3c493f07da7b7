"""ETags (RULES 1.11): a client that has an answer already is told so, and only then."""

from __future__ import annotations

import pytest

from tests.standard.documents import sending_of, usage_of
from tests.zgw import CATALOGUES, DOCUMENTS, TYPES, Answer, Zgw, document_values, refusal


def etag(answer: Answer) -> str:
    """The ETag of an answer."""
    assert answer.status in (200, 304), answer
    return answer.headers["Etag"]


async def one_of_each(zgw: Zgw, type_: str) -> list[str]:
    """A type, its catalogue, a document, and what belongs to it."""
    document = (await zgw.document(type_))["url"]
    belonging = [(await make(zgw, document))["url"] for make in (usage_of, sending_of)]
    return [type_, (await zgw.get(type_))["catalogus"], document, *belonging]


async def test_g_85_qg_7_a_single_object_has_a_strong_etag_that_stays(zgw: Zgw, type_: str) -> None:
    for url in await one_of_each(zgw, type_):
        tag = etag(await zgw.get(url))
        assert tag.startswith('"') and tag.endswith('"') and len(tag) == 34
        assert etag(await zgw.get(url)) == tag


async def test_g_86_who_has_the_answer_gets_none(zgw: Zgw, type_: str) -> None:
    for url in await one_of_each(zgw, type_):
        tag = etag(await zgw.get(url))
        for known in (tag, f'"a", {tag}', f'{tag},"b"', f"W/{tag}", f'W/"a" , W/{tag}', "*"):
            answer = await zgw.get(url, headers={"If-None-Match": known})
            assert (answer.status, answer.body, etag(answer)) == (304, b"", tag), known


async def test_g_86_who_has_another_answer_gets_this_one(zgw: Zgw, type_: str) -> None:
    for url in await one_of_each(zgw, type_):
        fresh = await zgw.get(url)
        for known in ('"a"', '"a", "b"', 'W/"a"', '""', "", "nonsense", etag(fresh)[:-2] + '"', '"', "W/"):
            answer = await zgw.get(url, headers={"If-None-Match": known})
            assert (answer.status, answer.body) == (200, fresh.body), known


async def test_g_86_a_list_is_answered_whatever_the_client_has(zgw: Zgw, type_: str) -> None:
    await zgw.document(type_)
    for url in (CATALOGUES, TYPES, DOCUMENTS):
        answer = await zgw.get(url, headers={"If-None-Match": "*"})
        assert (answer.status, answer["count"]) == (200, 1)
        assert "Etag" not in answer.headers


async def test_g_86_what_is_not_there_is_not_found_whatever_the_client_has(zgw: Zgw, type_: str) -> None:
    url = type_[:-1] + ("0" if type_[-1] != "0" else "1")
    assert refusal(await zgw.get(url, headers={"If-None-Match": "*"})) == (404, "not_found")


async def test_g_87_qg_7_a_head_has_the_headers_of_the_get_and_no_body(zgw: Zgw, type_: str) -> None:
    for url in await one_of_each(zgw, type_):
        got, looked = await zgw.get(url), await zgw.call("HEAD", url)
        assert (looked.status, looked.body) == (200, b"")
        for name in ("Etag", "Content-Type", "Content-Length", "API-version"):
            assert looked.headers[name] == got.headers[name], name
        again = await zgw.call("HEAD", url, headers={"If-None-Match": etag(got)})
        assert (again.status, again.body, etag(again)) == (304, b"", etag(got))
        assert (await zgw.call("HEAD", url[:-1])).status == 404


async def test_g_85_the_etag_changes_with_the_object(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    before = etag(await zgw.get(document))
    lock = await zgw.locked(document)
    locked = etag(await zgw.get(document))
    assert (await zgw.put(document, document_values(type_, titel="Anders", lock=lock))).status == 200
    changed = etag(await zgw.get(document))
    assert len({before, locked, changed}) == 3
    assert (await zgw.get(document, headers={"If-None-Match": before})).status == 200


async def test_g_85_the_etag_changes_with_what_is_derived_from_others(zgw: Zgw) -> None:
    catalogue = await zgw.catalogue()
    empty = etag(await zgw.get(catalogue))
    type_ = await zgw.document_type(catalogue=catalogue, published=False)
    assert etag(await zgw.get(catalogue)) == empty
    await zgw.post(f"{type_}/publish")
    answer = await zgw.get(catalogue)
    assert answer["informatieobjecttypen"] == [type_]
    assert etag(answer) != empty


async def test_g_85_the_etag_changes_with_every_part_that_comes_in(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, bestandsomvang=200)
    tags = [etag(await zgw.get(document["url"]))]
    for part in document["bestandsdelen"]:
        assert (await zgw.upload(part["url"], b"x" * 100, document["lock"])).status == 200
        tags.append(etag(await zgw.get(document["url"])))
    assert len(set(tags)) == 3


async def test_g_85_the_same_object_through_another_host_has_another_etag(zgw: Zgw, type_: str) -> None:
    for url in await one_of_each(zgw, type_):
        here = etag(await zgw.get(url))
        elsewhere = etag(await zgw.get(url, headers={"Host": "dms.gemeente.nl"}))
        assert here != elsewhere
        again = await zgw.get(url, headers={"Host": "dms.gemeente.nl", "If-None-Match": here})
        assert again.status == 200


async def test_g_88_the_etag_with_expand_is_that_of_the_expanded_answer(zgw: Zgw, type_: str) -> None:
    plain = etag(await zgw.get(type_))
    expanded = await zgw.get(f"{type_}?expand=catalogus")
    assert etag(expanded) != plain
    known = {"If-None-Match": etag(expanded)}
    assert (await zgw.get(f"{type_}?expand=catalogus", headers=known)).status == 304
    assert (await zgw.get(type_, headers=known)).status == 200
    await zgw.patch(expanded["catalogus"], {"naam": "Anders"})
    assert etag(await zgw.get(type_)) == plain
    assert (await zgw.get(f"{type_}?expand=catalogus", headers=known)).status == 200


@pytest.mark.parametrize("query", ["?versie=1", "?registratieOp=2099-01-01T00:00:00Z"])
async def test_g_85_the_etag_is_that_of_the_version_that_is_shown(zgw: Zgw, type_: str, query: str) -> None:
    document = (await zgw.document(type_))["url"]
    lock = await zgw.locked(document)
    await zgw.patch(document, {"titel": "Anders", "lock": lock})
    latest, shown = await zgw.get(document), await zgw.get(document + query)
    assert (etag(latest) == etag(shown)) == (latest.body == shown.body)
    assert (await zgw.get(document + query, headers={"If-None-Match": etag(shown)})).status == 304
