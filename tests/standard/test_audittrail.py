"""Who may read the audit trail, and what stands in it whatever else happens (RULES 1.13)."""

from __future__ import annotations

import orjson
import pytest

from dms.autorisaties.access import Grant
from tests.standard.stored import head, sent_raw
from tests.zgw import DOCUMENTS, TYPES, Zgw, document_values, refusal

AUDITOR = Grant("drc", frozenset({"audittrails.lezen"}))
READER = Grant("drc", frozenset({"documenten.lezen"}))


async def changed_twice(zgw: Zgw, type_: str) -> str:
    """A document that was changed after it was made."""
    url = str((await zgw.document(type_))["url"])
    lock = await zgw.locked(url)
    assert (await zgw.patch(url, {"titel": "Tweede", "lock": lock})).status == 200
    assert (await zgw.put(url, document_values(type_, titel="Derde", lock=lock))).status == 200
    return url


async def test_g_100_reading_and_failing_leave_no_line(zgw: Zgw, type_: str) -> None:
    url = (await zgw.document(type_, content=b"x"))["url"]
    trail = (await zgw.get(f"{url}/audittrail")).body
    await zgw.get(url)
    await zgw.get(f"{url}/download")
    await zgw.get(DOCUMENTS)
    await zgw.patch(url, {"titel": "x"})
    await zgw.put(url, {})
    await zgw.delete(url, client=zgw.register("reader", [READER]))
    assert (await zgw.get(f"{url}/audittrail")).body == trail


async def test_g_101_a_line_holds_the_whole_object_before_and_after(zgw: Zgw, type_: str) -> None:
    url = await changed_twice(zgw, type_)
    lines = (await zgw.get(f"{url}/audittrail")).body
    first, second, third = (line["wijzigingen"] for line in lines)
    assert first["oud"] is None
    assert (second["oud"], third["oud"]) == (first["nieuw"] | {"locked": True}, second["nieuw"])
    shown = (await zgw.get(url)).body
    assert third["nieuw"].items() <= shown.items()
    assert shown.keys() - third["nieuw"].keys() <= {"bestandsdelen"}


async def test_g_101_the_urls_in_a_line_are_those_that_the_client_knows(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=b"x")
    path = document["url"].removeprefix(zgw.origin)
    for host in (zgw.origin.removeprefix("http://"), "dms.gemeente.nl"):
        site = f"http://{host}"
        [line] = (await zgw.get(f"{path}/audittrail", headers={"Host": host})).body
        assert (
            line["hoofdObject"] == line["resourceUrl"] == line["wijzigingen"]["nieuw"]["url"] == site + path
        )
        new = line["wijzigingen"]["nieuw"]
        assert new["informatieobjecttype"] == type_.replace(zgw.origin, site)
        assert new["inhoud"] == document["inhoud"].replace(zgw.origin, site)
        one = await zgw.get(f"{path}/audittrail/{line['uuid']}", headers={"Host": host})
        assert one.body == line


async def test_g_101_a_line_names_the_application_that_called(zgw: Zgw, type_: str) -> None:
    maker = zgw.register("maker", [Grant("drc", frozenset({"documenten.aanmaken"}))])
    answer = await zgw.post(DOCUMENTS, document_values(type_), client=maker)
    [line] = (await zgw.get(f"{answer['url']}/audittrail")).body
    assert (line["applicatieId"], line["applicatieWeergave"]) == ("application-of-maker", "maker")


async def test_g_101_a_line_never_holds_a_lock_or_a_field_of_our_own(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, bestandsomvang=200)
    lines = (await zgw.get(f"{document['url']}/audittrail")).body
    assert document["lock"] not in str(lines)
    names = {name for line in lines for name in (*line, *line["wijzigingen"]["nieuw"])}
    assert not [name for name in names if name.startswith("_")]


async def test_g_62_lines_stand_in_the_order_of_the_changes(zgw: Zgw, type_: str) -> None:
    url = await changed_twice(zgw, type_)
    await zgw.document(type_)
    lines = (await zgw.get(f"{url}/audittrail")).body
    moments = [line["aanmaakdatum"] for line in lines]
    assert moments == sorted(moments)
    assert [line["wijzigingen"]["nieuw"]["titel"] for line in lines] == ["Aanvraag", "Tweede", "Derde"]


async def test_g_103_with_a_document_goes_its_audit_trail(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    [line] = (await zgw.get(f"{document}/audittrail")).body
    assert (await zgw.delete(document)).status == 204
    assert refusal(await zgw.get(f"{document}/audittrail")) == (404, "not_found")
    assert refusal(await zgw.get(f"{document}/audittrail/{line['uuid']}")) == (404, "not_found")


async def test_g_54_the_audit_trail_asks_for_a_scope_of_its_own(zgw: Zgw, type_: str) -> None:
    url = (await zgw.document(type_))["url"]
    [line] = (await zgw.get(f"{url}/audittrail")).body
    reader, auditor = zgw.register("reader", [READER]), zgw.register("auditor", [AUDITOR])
    for at in (f"{url}/audittrail", f"{url}/audittrail/{line['uuid']}"):
        assert (await zgw.get(at, client=auditor)).status == 200
        assert refusal(await zgw.get(at, client=reader)) == (403, "permission_denied")
    assert refusal(await zgw.get(url, client=auditor)) == (403, "permission_denied")


@pytest.mark.parametrize("id", ["x", "00000000-0000-4000-8000-000000000000", "%00"])
async def test_g_103_a_line_that_is_not_there_is_not_found(zgw: Zgw, type_: str, id: str) -> None:
    url = (await zgw.document(type_))["url"]
    assert refusal(await zgw.get(f"{url}/audittrail/{id}")) == (404, "not_found")
    assert refusal(await zgw.get(f"{DOCUMENTS}/{id}/audittrail")) == (404, "not_found")


async def test_c_92_types_have_no_audit_trail(zgw: Zgw, type_: str) -> None:
    assert refusal(await zgw.get(f"{type_}/audittrail")) == (404, "not_found")
    assert TYPES in type_


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"", ""),
        (b"Op verzoek", "Op verzoek"),
        ("Geüpload".encode(), "Geüpload"),
        ("Geüpload".encode("latin-1"), "Geüpload"),
        (b"\xff\xfe\x80", "\xff\xfe\x80"),
        (b"x" * 1001, "x" * 1000),
    ],
)
async def test_g_21_the_reason_is_kept_in_whichever_bytes_it_came(
    zgw: Zgw, type_: str, sent: bytes, kept: str
) -> None:
    body = orjson.dumps(document_values(type_))
    lines = head(zgw, "POST", DOCUMENTS, "Content-Type: application/json", f"Content-Length: {len(body)}")
    request = lines[:-2] + b"X-Audit-Toelichting: " + sent + b"\r\n\r\n" + body
    answer = await sent_raw(zgw, [request])
    assert answer.startswith(b"HTTP/1.1 201"), answer
    [document] = (await zgw.get(DOCUMENTS))["results"]
    [line] = (await zgw.get(f"{document['url']}/audittrail")).body
    assert line["toelichting"] == kept
