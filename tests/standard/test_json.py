"""Bodies and their media types (RULES 1.2): what is read, what is refused, and what is answered."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from dms.documenten.resources.enkelvoudiginformatieobjecten import EnkelvoudigInformatieObject
from dms.model.record import Record, Shape
from tests.zgw import (
    CATALOGUES,
    DOCUMENTS,
    TYPES,
    Answer,
    Zgw,
    document_values,
    informatieobjecttype_values,
    refusal,
)
from zaak_adapters.catalogi.resources.informatieobjecttypen import InformatieObjectType

PARSE_ERROR = (400, "parse_error")
CATALOGUE = {"domein": "JSON", "rsin": "000000000", "contactpersoonBeheerNaam": "Beheer"}


async def post(zgw: Zgw, body: bytes, url: str = CATALOGUES, media_type: str = "application/json") -> Answer:
    """POST these very bytes."""
    return await zgw.post(url, data=body, headers={"Content-Type": media_type})


NOT_JSON = {
    "nothing": b"",
    "spaces": b"  \n",
    "half an object": b'{"domein": "JSO',
    "a trailing comma": b'{"domein": "JSON",}',
    "single quotes": b"{'domein': 'JSON'}",
    "two objects": b"{}{}",
    "NaN": b'{"domein": NaN}',
    "Infinity": b'{"domein": -Infinity}',
    "too great a number": b'{"domein": 1e999}',
    "too long a number": b'{"domein": ' + b"9" * 5000 + b"}",
    "half a surrogate pair": rb'{"domein": "\ud800"}',
    "no UTF-8": b'{"domein": "\xff"}',
    "UTF-16": '{"domein": "JSON"}'.encode("utf-16"),
    "a name that comes twice": b'{"domein": "A", "domein": "B"}',
    "deep nesting": b'{"domein": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "an array": b"[]",
    "an array of objects": orjson.dumps([CATALOGUE]),
    "text": b'"domein"',
    "a number": b"7",
    "null": b"null",
    "true": b"true",
}


@pytest.mark.parametrize("url", [CATALOGUES, TYPES, DOCUMENTS])
async def test_g_11_what_is_no_json_object_is_a_parse_error(zgw: Zgw, url: str) -> None:
    for what, body in NOT_JSON.items():
        answer = await post(zgw, body, url)
        assert refusal(answer) == PARSE_ERROR, what


async def test_g_11_a_change_with_what_is_no_json_is_a_parse_error(zgw: Zgw, type_: str) -> None:
    for method in ("PUT", "PATCH"):
        answer = await zgw.call(method, type_, data=b"[]", headers={"Content-Type": "application/json"})
        assert refusal(answer) == PARSE_ERROR


async def test_a_byte_order_mark_before_the_json_is_tolerated(zgw: Zgw) -> None:
    assert (await post(zgw, b"\xef\xbb\xbf" + orjson.dumps(CATALOGUE))).status == 201


async def test_json_with_escapes_and_another_order_means_the_same(zgw: Zgw) -> None:
    body = rb'{"contactpersoonBeheerNaam":"Behe\u00e9r \ud83d\ude00","rsin":"000000000","\u0064omein":"J"}'
    answer = await post(zgw, body)
    assert (answer.status, answer["contactpersoonBeheerNaam"], answer["domein"]) == (201, "Beheér 😀", "J")


@pytest.mark.parametrize("url", [CATALOGUES, TYPES, DOCUMENTS])
@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
     "application/jsonp", "json"],
)  # fmt: skip
async def test_g_11_another_media_type_is_unsupported(zgw: Zgw, url: str, media_type: str) -> None:
    answer = await post(zgw, orjson.dumps(CATALOGUE), url, media_type)
    assert refusal(answer) == (415, "unsupported_media_type")


async def test_g_11_a_body_without_a_media_type_is_unsupported(zgw: Zgw) -> None:
    headers = {"Authorization": f"Bearer {zgw.token('all-rights')}"}
    async with zgw.client.post(
        CATALOGUES, data=b"{}", headers=headers, skip_auto_headers=["Content-Type"]
    ) as response:
        assert response.status == 415


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
async def test_g_11_the_media_type_may_have_parameters_and_capitals(zgw: Zgw, media_type: str) -> None:
    assert (await post(zgw, orjson.dumps(CATALOGUE), media_type=media_type)).status == 201


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "image/*", "application/hal+json", "text/*;q=1"]
)
async def test_g_11_who_takes_no_json_is_not_answered(zgw: Zgw, accept: str) -> None:
    for method, url in (("GET", CATALOGUES), ("POST", CATALOGUES), ("GET", DOCUMENTS), ("POST", DOCUMENTS)):
        answer = await zgw.call(method, url, headers={"Accept": accept})
        assert refusal(answer) == (406, "not_acceptable")


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/*", "application/json", "application/json; q=0.5, text/html", "text/html, */*;q=0.1",
     "application/problem+json", "", "APPLICATION/JSON"],
)  # fmt: skip
async def test_g_11_who_takes_json_among_others_is_answered(zgw: Zgw, accept: str) -> None:
    answer = await zgw.get(CATALOGUES, headers={"Accept": accept})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")


async def test_g_11_accept_may_come_in_several_lines(zgw: Zgw) -> None:
    headers = [("Authorization", f"Bearer {zgw.token('all-rights')}"), ("Accept", "text/html")]
    async with zgw.client.get(CATALOGUES, headers=[*headers, ("Accept", "application/json")]) as response:
        assert response.status == 200


async def test_g_12_qg_9_unknown_and_read_only_keys_are_ignored(zgw: Zgw) -> None:
    noise = {"url": "http://elders.nl", "concept": False, "zaaktypen": 7, "onbekend": {"a": [1]}}
    values = informatieobjecttype_values(await zgw.catalogue(), **noise)
    answer = await zgw.post(TYPES, values)
    assert answer.status == 201
    assert answer["url"].startswith(zgw.origin + TYPES)
    assert (answer["concept"], answer["zaaktypen"]) == (True, [])
    assert "onbekend" not in answer.body


async def test_g_12_keys_in_snake_case_are_accepted_as_well(zgw: Zgw) -> None:
    values = {"domein": "JSON", "rsin": "000000000", "contactpersoon_beheer_naam": "Beheer"}
    answer = await zgw.post(CATALOGUES, values)
    assert (answer.status, answer["contactpersoonBeheerNaam"]) == (201, "Beheer")
    answer = await zgw.post(CATALOGUES, {**values, "contactpersoon_beheer_naam": ""})
    assert refusal(answer) == (400, "blank", "contactpersoonBeheerNaam")


async def test_g_13_a_put_gives_what_is_absent_its_default_and_a_patch_keeps_it(zgw: Zgw) -> None:
    full = {**CATALOGUE, "naam": "Naam", "contactpersoonBeheerTelefoonnummer": "0612345678"}
    url = (await zgw.post(CATALOGUES, full))["url"]
    patched = await zgw.patch(url, {"versie": "1"})
    assert (patched["naam"], patched["versie"]) == ("Naam", "1")
    answer = await zgw.put(url, CATALOGUE)
    assert answer.status == 200
    assert (answer["naam"], answer["versie"], answer["contactpersoonBeheerTelefoonnummer"]) == (
        None,
        None,
        "",
    )
    assert (await zgw.get(url)).body == answer.body


async def test_g_13_a_put_without_a_required_field_is_refused(zgw: Zgw) -> None:
    url = (await zgw.post(CATALOGUES, CATALOGUE))["url"]
    answer = await zgw.put(url, {})
    assert refusal(answer) == (
        400, ("required", "domein"), ("required", "rsin"), ("required", "contactpersoonBeheerNaam"),
    )  # fmt: skip


async def test_g_14_a_moment_where_a_date_is_asked_is_invalid(zgw: Zgw) -> None:
    values = informatieobjecttype_values(await zgw.catalogue(), beginGeldigheid="2020-01-01T00:00:00Z")
    assert refusal(await zgw.post(TYPES, values)) == (400, "invalid", "beginGeldigheid")


async def test_g_16_a_blank_choice_is_answered_as_blank(zgw: Zgw, type_: str) -> None:
    answer = await zgw.document(type_, status="", indicatieGebruiksrecht=None)
    assert (answer["status"], answer["indicatieGebruiksrecht"]) == ("", None)


async def test_g_17_each_fault_in_an_rsin_has_its_own_code(zgw: Zgw) -> None:
    for rsin, code in {
        "1234567a9": "only-digits",
        "12": "min_length",
        "1" * 10: "max_length",
        "123456789": "invalid",
    }.items():
        answer = await zgw.post(CATALOGUES, {**CATALOGUE, "rsin": rsin})
        assert refusal(answer) == (400, code, "rsin")


async def test_g_18_a_create_answers_where_the_object_is(zgw: Zgw, type_: str) -> None:
    answer = await zgw.post(CATALOGUES, CATALOGUE)
    document = await zgw.document(type_)
    for created in (answer, document):
        assert created.headers["Location"] == created["url"]
        assert (await zgw.get(created["url"])).status == 200


async def test_g_18_a_delete_answers_without_a_body(zgw: Zgw) -> None:
    concept = await zgw.document_type(published=False)
    answer = await zgw.delete(concept)
    assert (answer.status, answer.body) == (204, b"")
    assert refusal(await zgw.get(concept)) == (404, "not_found")


WRONG: tuple[Any, ...] = ({"a": 1}, [[]], "\x00", "x\x00y", "\x00" * 5000)
PERHAPS_WRONG = (True, False, None, "", " ", "x" * 5000, -1.5, 7, 10**30, "\u2028", "é", "9" * 5000)


def writable(record: type[Record], *more: str) -> list[str]:
    """The wire names of what a request may hold."""
    shape = Shape.of(record)
    return [name for name in shape.answered if name not in shape.read_only] + list(more)


async def names_its_field(zgw: Zgw, url: str, values: dict[str, Any], field: str) -> None:
    """A wrong value is refused under its own name, and no value at all makes the service fail."""
    for value in WRONG + PERHAPS_WRONG:
        answer = await post(zgw, json.dumps({**values, field: value}).encode(), url)
        if answer.status == 201:
            assert value not in WRONG, value
            continue
        assert refusal(answer)[0] == 400, (value, answer)
        names = [problem["name"] for problem in answer["invalidParams"]]
        assert all(name.split(".")[0] == field for name in names), (value, names)


@pytest.mark.parametrize("field", writable(InformatieObjectType))
async def test_g_32_any_wrong_value_in_a_type_is_refused_under_its_name(zgw: Zgw, field: str) -> None:
    await names_its_field(zgw, TYPES, informatieobjecttype_values(await zgw.catalogue()), field)


@pytest.mark.parametrize("field", writable(EnkelvoudigInformatieObject, "inhoud"))
async def test_g_32_any_wrong_value_in_a_document_is_refused_under_its_name(
    zgw: Zgw, type_: str, field: str
) -> None:
    await names_its_field(zgw, DOCUMENTS, document_values(type_), field)


@pytest.mark.parametrize(
    ("group", "member"),
    [
        ("integriteit", "algoritme"),
        ("integriteit", "waarde"),
        ("integriteit", "datum"),
        ("ondertekening", "soort"),
        ("ondertekening", "datum"),
    ],
)
async def test_g_32_a_wrong_value_in_a_group_is_named_by_its_path(
    zgw: Zgw, type_: str, group: str, member: str
) -> None:
    sound = {
        "integriteit": {"algoritme": "md5", "waarde": "x", "datum": "2026-01-01"},
        "ondertekening": {"soort": "pki", "datum": "2026-01-01"},
    }
    for value in (*WRONG, None, ""):
        values = document_values(type_, **{group: {**sound[group], member: value}})
        answer = refusal(await zgw.post(DOCUMENTS, values))
        assert (answer[0], answer[2]) == (400, f"{group}.{member}"), value


async def test_g_32_an_element_of_a_list_is_named_by_its_index(zgw: Zgw, type_: str) -> None:
    values = document_values(type_, trefwoorden=["goed", None, "x" * 101, {}])
    assert refusal(await zgw.post(DOCUMENTS, values)) == (
        400, ("null", "trefwoorden.1"), ("max_length", "trefwoorden.2"), ("invalid", "trefwoorden.3"),
    )  # fmt: skip
    assert refusal(await zgw.post(DOCUMENTS, document_values(type_, trefwoorden="a"))) == (
        400, "not_a_list", "trefwoorden",
    )  # fmt: skip
