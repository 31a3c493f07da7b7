"""Verzendingen (RULES 2.8): sent to or received from someone, at one address."""

from __future__ import annotations

from typing import Any

import pytest

from dms.autorisaties.access import Grant
from tests.standard.documents import SENDINGS, grant, sending_of, sending_values
from tests.zgw import Zgw, refusal

AT_HOME = {"huisnummer": 1, "naamOpenbareRuimte": "Dorpsstraat", "woonplaatsnaam": "Ons Dorp"}
ABROAD = {"adresBuitenland1": "Rue 1", "landPostadres": "https://landen.nl/FR"}
PO_BOX = {
    "postBusOfAntwoordnummer": 12,
    "postadresPostcode": "1234AB",
    "postadresType": "postbusnummer",
    "woonplaatsnaam": "Ons Dorp",
}
ADDRESSES: dict[str, Any] = {
    "binnenlandsCorrespondentieadres": AT_HOME,
    "buitenlandsCorrespondentieadres": ABROAD,
    "correspondentiePostadres": PO_BOX,
    "faxnummer": "0101234567",
    "emailadres": "a@example.nl",
    "mijnOverheid": True,
    "telefoonnummer": "0612345678",
}
EMPTY: dict[str, Any] = {
    "binnenlandsCorrespondentieadres": {"huisnummer": None, "naamOpenbareRuimte": "", "woonplaatsnaam": ""},
    "buitenlandsCorrespondentieadres": None,
    "correspondentiePostadres": None,
    "faxnummer": "",
    "emailadres": None,
    "mijnOverheid": False,
    "telefoonnummer": "",
}
BAD_ADDRESS = (400, "invalid-address", "nonFieldErrors")


@pytest.mark.parametrize("name", ADDRESSES)
async def test_d_81_qd_7_each_of_the_seven_addresses_is_enough_by_itself(
    zgw: Zgw, type_: str, name: str
) -> None:
    document = (await zgw.document(type_))["url"]
    answer = await sending_of(zgw, document, **{**EMPTY, name: ADDRESSES[name]})
    given = answer[name]
    shown = {key: given[key] for key in ADDRESSES[name]} if isinstance(given, dict) else given
    assert shown == ADDRESSES[name]
    assert (await zgw.get(answer["url"])).body == answer.body


@pytest.mark.parametrize("other", [name for name in ADDRESSES if name != "emailadres"])
async def test_d_81_two_addresses_are_one_too_many(zgw: Zgw, type_: str, other: str) -> None:
    document = (await zgw.document(type_))["url"]
    values = sending_values(document, emailadres="a@example.nl", **{other: ADDRESSES[other]})
    assert refusal(await zgw.post(SENDINGS, values)) == BAD_ADDRESS


async def test_d_81_no_address_at_all_is_refused_on_post_and_put(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    assert refusal(await zgw.post(SENDINGS, sending_values(document, **EMPTY))) == BAD_ADDRESS
    sending = (await sending_of(zgw, document))["url"]
    assert refusal(await zgw.put(sending, sending_values(document, toelichting="x"))) == BAD_ADDRESS


async def test_d_81_a_patch_counts_what_is_stored_as_well(zgw: Zgw, type_: str) -> None:
    sending = (await sending_of(zgw, (await zgw.document(type_))["url"]))["url"]
    assert refusal(await zgw.patch(sending, {"faxnummer": "0101234567"})) == BAD_ADDRESS
    assert refusal(await zgw.patch(sending, {"emailadres": None})) == BAD_ADDRESS
    answer = await zgw.patch(sending, {"emailadres": "", "binnenlandsCorrespondentieadres": AT_HOME})
    assert (answer.status, answer["emailadres"]) == (200, "")
    assert (await zgw.patch(sending, {"toelichting": "Nog eens"})).status == 200


@pytest.mark.parametrize("name", ["betrokkene", "informatieobject", "aardRelatie", "contactPersoon"])
async def test_d_80_a_required_field_that_is_missing_is_named(zgw: Zgw, type_: str, name: str) -> None:
    values = sending_values((await zgw.document(type_))["url"])
    del values[name]
    assert refusal(await zgw.post(SENDINGS, values)) == (400, "required", name)


@pytest.mark.parametrize(
    ("fields", "code", "name"),
    [
        ({"aardRelatie": "ontvanger"}, "invalid_choice", "aardRelatie"),
        ({"contactpersoonnaam": "x" * 41}, "max_length", "contactpersoonnaam"),
        ({"toelichting": "x" * 201}, "max_length", "toelichting"),
        ({"betrokkene": "Jansen"}, "invalid", "betrokkene"),
        ({"verzenddatum": "2026-01-01T00:00:00Z"}, "invalid", "verzenddatum"),
        ({"emailadres": "jansen"}, "invalid", "emailadres"),
        ({"telefoonnummer": "0" * 16}, "max_length", "telefoonnummer"),
        (
            {"binnenlandsCorrespondentieadres": {**AT_HOME, "huisnummer": 100_000}},
            "max_value",
            "binnenlandsCorrespondentieadres.huisnummer",
        ),
        (
            {"binnenlandsCorrespondentieadres": {**AT_HOME, "postcode": "12 AB"}},
            "invalid",
            "binnenlandsCorrespondentieadres.postcode",
        ),
        (
            {"binnenlandsCorrespondentieadres": {"huisnummer": 1, "woonplaatsnaam": "x"}},
            "required",
            "binnenlandsCorrespondentieadres.naamOpenbareRuimte",
        ),
        (
            {"correspondentiePostadres": {**PO_BOX, "postadresType": "brievenbus"}},
            "invalid_choice",
            "correspondentiePostadres.postadresType",
        ),
    ],
)
async def test_d_80_a_wrong_value_is_refused_by_its_name(
    zgw: Zgw, type_: str, fields: dict[str, Any], code: str, name: str
) -> None:
    document = (await zgw.document(type_))["url"]
    assert refusal(await zgw.post(SENDINGS, sending_values(document, **fields))) == (400, code, name)


async def test_d_82_qd_15_several_senders_of_one_document_are_accepted(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    for _ in range(2):
        await sending_of(zgw, document, aardRelatie="afzender", emailadres="a@example.nl")


async def test_d_83_verzendingen_are_found_by_document_kind_and_party(zgw: Zgw, type_: str) -> None:
    first, other = [(await zgw.document(type_))["url"] for _ in range(2)]
    sent = (await sending_of(zgw, first))["url"]
    received = (await sending_of(zgw, first, aardRelatie="afzender", mijnOverheid=True))["url"]
    party = "https://klanten.nl/api/v1/klanten/2"
    elsewhere = (await sending_of(zgw, other, betrokkene=party, telefoonnummer="1"))["url"]

    async def found(query: str) -> list[str]:
        return [each["url"] for each in (await zgw.get(f"{SENDINGS}?{query}"))["results"]]

    assert await found("") == [elsewhere, received, sent]
    assert await found(f"informatieobject={first}") == [received, sent]
    assert await found(f"informatieobject={first}&aardRelatie=afzender") == [received]
    assert await found(f"betrokkene={party}") == [elsewhere]
    assert refusal(await zgw.get(f"{SENDINGS}?aardRelatie=x")) == (400, "invalid_choice", "aardRelatie")


async def test_drc_008_with_a_document_go_its_verzendingen(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    sending = (await sending_of(zgw, document))["url"]
    assert (await zgw.delete(document)).status == 204
    assert (await zgw.get(sending)).status == 404


async def test_g_102_g_104_verzendingen_are_in_the_audit_trail_of_their_document(
    zgw: Zgw, type_: str
) -> None:
    document = (await zgw.document(type_))["url"]
    sending = (await sending_of(zgw, document))["url"]
    await zgw.delete(sending)
    lines = (await zgw.get(f"{document}/audittrail")).body[1:]
    assert [(line["actie"], line["resource"]) for line in lines] == [
        ("create", "verzending"),
        ("destroy", "verzending"),
    ]


async def test_d_83_qd_7_each_act_on_a_verzending_asks_for_its_scope(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    scopes = ["lezen", "aanmaken", "bijwerken", "verwijderen"]
    for scope in scopes:
        sending = (await sending_of(zgw, document))["url"]
        method, url, body = {
            "lezen": ("GET", sending, None),
            "aanmaken": ("POST", SENDINGS, sending_values(document)),
            "bijwerken": ("PATCH", sending, {"toelichting": "Nog eens"}),
            "verwijderen": ("DELETE", sending, None),
        }[scope]
        others = grant(zgw, type_, *(other for other in scopes if other != scope))
        without = zgw.register("without", [others, Grant("ztc", frozenset({f"documenten.{scope}"}))])
        refused = await zgw.call(method, url, json=body, client=without)
        assert refusal(refused) == (403, "permission_denied"), scope
        having = zgw.register("having", [grant(zgw, type_, scope)])
        assert (await zgw.call(method, url, json=body, client=having)).status < 300, scope


async def test_g_122_the_document_of_a_verzending_stays_the_same(zgw: Zgw, type_: str) -> None:
    first, other = [(await zgw.document(type_))["url"] for _ in range(2)]
    sending = (await sending_of(zgw, first))["url"]
    for method in (zgw.put, zgw.patch):
        refused = await method(sending, sending_values(other))
        assert refusal(refused) == (400, "wijzigen-niet-toegelaten", "informatieobject")
        assert (await method(sending, sending_values(first))).status == 200
