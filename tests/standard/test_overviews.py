"""Versions, copies, locks and numbers: what the service offers on documents beside the standard."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from dms.actions.service import Dms
from tests.standard.documents import ROOT, grant
from tests.zgw import DOCUMENTS, RSIN, Zgw, document_values, refusal

LOCKS = f"{ROOT}/vergrendelingen"
NUMBERS = f"{ROOT}/documentnummer_reserveren"


async def test_all_versions_of_a_document_are_listed_newest_first(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_, titel="1"))["url"]
    lock = await zgw.locked(document)
    for title in "2345":
        assert (await zgw.patch(document, {"lock": lock, "titel": title})).status == 200
    page = await zgw.get(f"{document}/versies?pageSize=2")
    assert page["count"] == 5
    seen = []
    while True:
        seen += [(each["versie"], each["titel"]) for each in page["results"]]
        if page["next"] is None:
            break
        page = await zgw.get(page["next"])
    assert seen == [(5, "5"), (4, "4"), (3, "3"), (2, "2"), (1, "1")]
    assert refusal(await zgw.get(f"{document}/versies?pageSize=2&page=4")) == (404, "not_found")
    assert (await zgw.get(f"{document}/versies?page=1"))["results"][0] == (await zgw.get(document)).body


async def test_versions_are_listed_for_those_who_may_read_them(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_, vertrouwelijkheidaanduiding="geheim"))["url"]
    lock = await zgw.locked(document)
    await zgw.patch(document, {"lock": lock, "vertrouwelijkheidaanduiding": "openbaar"})
    reader = zgw.register("reader", [grant(zgw, type_, "lezen", level=1)])
    page = await zgw.get(f"{document}/versies", client=reader)
    assert ([each["versie"] for each in page["results"]], page["count"]) == ([2], 1)
    await zgw.patch(document, {"lock": lock, "vertrouwelijkheidaanduiding": "geheim"})
    assert refusal(await zgw.get(f"{document}/versies", client=reader)) == (403, "permission_denied")


async def test_parts_to_come_are_listed_with_the_latest_version_only(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    lock = await zgw.locked(document)
    assert (await zgw.patch(document, {"lock": lock, "bestandsomvang": 250})).status == 200
    versions = (await zgw.get(f"{document}/versies"))["results"]
    assert [len(each["bestandsdelen"]) for each in versions] == [3, 0]


async def test_other_documents_with_the_same_content_are_its_copies(zgw: Zgw, type_: str) -> None:
    first = (await zgw.document(type_, content=b"same"))["url"]
    copy = (await zgw.document(type_, content=b"same"))["url"]
    await zgw.document(type_, content=b"other")
    empty = (await zgw.document(type_))["url"]
    await zgw.document(type_)
    secret = await zgw.document(type_, content=b"same", vertrouwelijkheidaanduiding="geheim")
    reader = zgw.register("reader", [grant(zgw, type_, "lezen", level=4)])
    found = await zgw.get(f"{first}/duplicaten", client=reader)
    assert ([each["url"] for each in found["results"]], found["count"]) == ([copy], 1)
    assert [each["url"] for each in (await zgw.get(f"{first}/duplicaten"))["results"]] == [
        secret["url"],
        copy,
    ]
    assert (await zgw.get(f"{empty}/duplicaten"))["results"] == []


async def test_who_holds_a_lock_is_told_to_those_who_may_break_it(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_)).body
    assert refusal(await zgw.get(f"{document['url']}/vergrendeling")) == (404, "not_found")
    token = (await zgw.post(f"{document['url']}/lock", {"reden": "Wordt ondertekend"}))["lock"]
    answer = await zgw.get(f"{document['url']}/vergrendeling")
    since = answer.body.pop("sinds")
    assert answer.body == {
        "informatieobject": document["url"],
        "identificatie": document["identificatie"],
        "applicatie": "all-rights",
        "gebruiker": "J. Jansen",
        "reden": "Wordt ondertekend",
    }
    assert since > document["beginRegistratie"]
    breaker = zgw.register("breaker", [grant(zgw, type_, "geforceerd-unlock")])
    seen = await zgw.get(LOCKS, client=breaker)
    assert (seen["count"], seen["results"][0]["informatieobject"]) == (1, document["url"])
    assert token not in str(seen.body)
    for scopes in (("lezen", "lock"), ("lezen",)):
        other = zgw.register("-".join(scopes), [grant(zgw, type_, *scopes)])
        for url in (LOCKS, f"{document['url']}/vergrendeling"):
            assert refusal(await zgw.get(url, client=other)) == (403, "permission_denied")


async def test_locks_of_other_types_are_not_in_the_overview(zgw: Zgw, type_: str) -> None:
    other = await zgw.document_type(omschrijving="Ander", catalogue=(await zgw.get(type_))["catalogus"])
    for kind in (type_, other):
        await zgw.locked((await zgw.document(kind))["url"])
    breaker = zgw.register("breaker", [grant(zgw, type_, "geforceerd-unlock")])
    assert (await zgw.get(LOCKS, client=breaker))["count"] == 1
    assert (await zgw.get(LOCKS))["count"] == 2


async def test_a_reason_that_is_too_long_takes_no_lock(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    answer = await zgw.post(f"{document}/lock", {"reden": "x" * 1001})
    assert refusal(answer) == (400, "max_length", "reden")
    assert (await zgw.get(document))["locked"] is False


async def test_d_100_one_number_is_answered_by_itself_and_more_as_a_list(zgw: Zgw) -> None:
    one = await zgw.post(NUMBERS, {"bronorganisatie": RSIN})
    assert one.status == 201
    year = one["identificatie"].split("-")[1]
    assert one["identificatie"] == f"DOCUMENT-{year}-0000000001"
    more = await zgw.post(NUMBERS, {"bronorganisatie": RSIN, "aantal": 2})
    assert more.body == [{"identificatie": f"DOCUMENT-{year}-000000000{number}"} for number in (2, 3)]


async def test_d_100_the_year_of_a_reserved_number_begins_at_midnight_in_the_netherlands(
    dms: Dms, zgw: Zgw
) -> None:
    for minutes, year in ((-1, 2026), (30, 2027)):
        moment = datetime(2026, 12, 31, 23, tzinfo=UTC) + timedelta(minutes=minutes)
        object.__setattr__(dms, "clock", lambda moment=moment: moment)
        reserved = await zgw.post(NUMBERS, {"bronorganisatie": RSIN})
        assert reserved["identificatie"] == f"DOCUMENT-{year}-0000000001"


async def test_d_100_a_reserved_number_is_used_once_and_never_issued(zgw: Zgw, type_: str) -> None:
    reserved = (await zgw.post(NUMBERS, {"bronorganisatie": RSIN}))["identificatie"]
    year = reserved.split("-")[1]
    issued = (await zgw.document(type_, creatiedatum=f"{year}-01-01"))["identificatie"]
    assert issued != reserved
    assert (await zgw.document(type_, identificatie=reserved))["identificatie"] == reserved
    again = await zgw.post(DOCUMENTS, document_values(type_, identificatie=reserved))
    assert refusal(again) == (400, "identificatie-niet-uniek", "identificatie")


async def test_d_100_numbers_that_clients_chose_themselves_are_passed_over(zgw: Zgw, type_: str) -> None:
    year = (await zgw.post(NUMBERS, {"bronorganisatie": RSIN}))["identificatie"].split("-")[1]
    for number in (2, 7):
        await zgw.document(type_, identificatie=f"DOCUMENT-{year}-{number:010d}")
    found = await zgw.post(NUMBERS, {"bronorganisatie": RSIN, "aantal": 3})
    numbers = [each["identificatie"] for each in found.body]
    assert len(set(numbers)) == 3
    assert not {f"DOCUMENT-{year}-0000000002", f"DOCUMENT-{year}-0000000007"} & set(numbers)


async def test_d_100_numbers_asked_at_the_same_time_are_all_different(zgw: Zgw) -> None:
    asked = [zgw.post(NUMBERS, {"bronorganisatie": RSIN, "aantal": 5}) for _ in range(10)]
    numbers = [each["identificatie"] for answer in await asyncio.gather(*asked) for each in answer.body]
    assert len(set(numbers)) == 50


async def test_d_100_what_cannot_be_reserved_is_refused_by_name(zgw: Zgw, type_: str) -> None:
    for values, problem in (
        ({}, ("required", "bronorganisatie")),
        ({"bronorganisatie": "123456789"}, ("invalid", "bronorganisatie")),
        ({"bronorganisatie": RSIN, "aantal": 0}, ("min_value", "aantal")),
        ({"bronorganisatie": RSIN, "aantal": 1001}, ("max_value", "aantal")),
        ({"bronorganisatie": RSIN, "aantal": True}, ("invalid", "aantal")),
    ):
        assert refusal(await zgw.post(NUMBERS, values)) == (400, *problem)
    reader = zgw.register("reader", [grant(zgw, type_, "lezen")])
    assert refusal(await zgw.post(NUMBERS, {"bronorganisatie": RSIN}, client=reader)) == (
        403,
        "permission_denied",
    )
