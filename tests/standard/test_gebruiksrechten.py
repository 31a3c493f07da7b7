"""Gebruiksrechten (RULES 2.6), and what they do to their document (drc-006)."""

from __future__ import annotations

import pytest

from tests.standard.documents import USAGE, usage_of, usage_values
from tests.zgw import Zgw, refusal


async def stated(zgw: Zgw, document: str) -> object:
    """What the document says of its gebruiksrechten."""
    return (await zgw.get(document))["indicatieGebruiksrecht"]


async def test_d_60_gebruiksrechten_are_answered_as_they_were_sent(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    answer = await usage_of(zgw, document, einddatum="2027-01-01T12:00:00+01:00")
    assert answer.headers["Location"] == answer["url"]
    assert answer.body == {
        "url": answer["url"],
        "informatieobject": document,
        "startdatum": "2026-01-01T00:00:00.000000Z",
        "einddatum": "2027-01-01T11:00:00.000000Z",
        "omschrijvingVoorwaarden": "Alleen voor intern gebruik",
    }
    assert (await zgw.get(answer["url"])).body == answer.body


@pytest.mark.parametrize("name", ["informatieobject", "startdatum", "omschrijvingVoorwaarden"])
async def test_d_60_a_required_field_that_is_missing_is_named(zgw: Zgw, type_: str, name: str) -> None:
    values = usage_values((await zgw.document(type_))["url"])
    del values[name]
    assert refusal(await zgw.post(USAGE, values)) == (400, "required", name)


async def test_d_60_the_conditions_are_not_blank_and_moments_are_moments(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    answer = await zgw.post(USAGE, usage_values(document, startdatum="2026", omschrijvingVoorwaarden=""))
    assert refusal(answer) == (400, ("invalid", "startdatum"), ("blank", "omschrijvingVoorwaarden"))
    assert (await usage_of(zgw, document, einddatum=None))["einddatum"] is None


async def test_d_61_g_122_the_document_of_gebruiksrechten_stays_the_same(zgw: Zgw, type_: str) -> None:
    first, other = [(await zgw.document(type_))["url"] for _ in range(2)]
    usage = (await usage_of(zgw, first))["url"]
    for method in (zgw.put, zgw.patch):
        answer = await method(usage, usage_values(other))
        assert refusal(answer) == (400, "wijzigen-niet-toegelaten", "informatieobject")
        assert (await method(usage, usage_values(first, omschrijvingVoorwaarden="Anders"))).status == 200
    assert (await zgw.get(usage))["omschrijvingVoorwaarden"] == "Anders"


async def test_g_48_gebruiksrechten_are_of_a_document_that_exists(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    nowhere = f"{document[:-12]}000000000000"
    for url in (nowhere, "https://elders.nl/documenten/1", f"{zgw.origin}/documenten/api/v1/x/1", "geen url"):
        answer = await zgw.post(USAGE, usage_values(url))
        assert refusal(answer) == (400, "object-does-not-exist", "informatieobject"), url
    assert refusal(await zgw.post(USAGE, usage_values(type_))) == (400, "incorrect_match", "informatieobject")
    assert refusal(await zgw.post(USAGE, usage_values(None))) == (400, "null", "informatieobject")  # type: ignore[arg-type]


async def test_drc_006_the_first_gebruiksrecht_is_stated_on_the_document_in_place(
    zgw: Zgw, type_: str
) -> None:
    document = (await zgw.document(type_)).body
    await usage_of(zgw, document["url"])
    changed = (await zgw.get(document["url"])).body
    assert changed["indicatieGebruiksrecht"] is True
    assert changed["versie"] == document["versie"]
    assert changed["beginRegistratie"] == document["beginRegistratie"]


async def test_drc_006_a_locked_document_gets_gebruiksrechten_all_the_same(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    await zgw.locked(document)
    await usage_of(zgw, document)
    assert await stated(zgw, document) is True


async def test_drc_006_qd_13_without_the_last_gebruiksrecht_nothing_is_stated(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_, indicatieGebruiksrecht=False))["url"]
    first, second = [(await usage_of(zgw, document))["url"] for _ in range(2)]
    assert (await zgw.delete(first)).status == 204
    assert await stated(zgw, document) is True
    assert (await zgw.delete(second)).status == 204
    assert await stated(zgw, document) is None
    assert (await zgw.get(second)).status == 404


async def test_drc_006_an_update_cannot_deny_the_gebruiksrechten_there_are(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    await usage_of(zgw, document)
    lock = await zgw.locked(document)
    for value in (False, None):
        answer = await zgw.patch(document, {"lock": lock, "indicatieGebruiksrecht": value})
        assert refusal(answer) == (400, "existing-gebruiksrechten", "indicatieGebruiksrecht")
    assert (await zgw.patch(document, {"lock": lock, "indicatieGebruiksrecht": True})).status == 200


async def test_g_61_gebruiksrechten_are_a_plain_array_by_document_and_by_date(zgw: Zgw, type_: str) -> None:
    first, other = [(await zgw.document(type_))["url"] for _ in range(2)]
    early = (await usage_of(zgw, first, startdatum="2020-01-01T00:00:00Z", einddatum="2021-01-01T00:00:00Z"))[
        "url"
    ]
    late = (await usage_of(zgw, first, startdatum="2022-01-01T00:00:00Z"))["url"]
    await usage_of(zgw, other)

    async def found(query: str) -> list[str]:
        answer = await zgw.get(f"{USAGE}?informatieobject={first}&{query}")
        assert answer.status == 200, answer
        return [each["url"] for each in answer.body]

    assert await found("") == [late, early]
    assert await found("startdatum__lt=2022-01-01T00:00:00Z") == [early]
    assert await found("startdatum__lte=2022-01-01T00:00:00Z") == [late, early]
    assert await found("startdatum__gt=2020-01-01T00:00:00Z") == [late]
    assert await found("startdatum__gte=2020-01-01T00:00:00Z") == [late, early]
    assert await found("einddatum__lte=2021-01-01T00:00:00Z") == [early]
    assert await found("einddatum__lt=2021-01-01T00:00:00Z") == []
    assert await found("einddatum__gt=2020-12-31T00:00:00Z") == [early]
    assert await found("einddatum__gte=2021-01-01T00:00:01Z") == []
    assert refusal(await zgw.get(f"{USAGE}?startdatum__lt=gisteren")) == (400, "invalid", "startdatum__lt")


async def test_d_62_g_102_gebruiksrechten_are_in_the_audit_trail_of_their_document(
    zgw: Zgw, type_: str
) -> None:
    document = (await zgw.document(type_))["url"]
    usage = (await usage_of(zgw, document)).body
    await zgw.patch(usage["url"], {"omschrijvingVoorwaarden": "Anders"})
    await zgw.delete(usage["url"])
    lines = (await zgw.get(f"{document}/audittrail")).body[1:]
    assert [line["actie"] for line in lines] == ["create", "partial_update", "destroy"]
    assert {line["resource"] for line in lines} == {"gebruiksrechten"}
    assert {line["hoofdObject"] for line in lines} == {document}
    assert {line["resourceUrl"] for line in lines} == {usage["url"]}
    assert lines[0]["wijzigingen"] == {"oud": None, "nieuw": usage}
    assert lines[2]["wijzigingen"]["nieuw"] is None
    assert (await zgw.get(f"{usage['url']}/audittrail")).status == 404


async def test_d_63_with_a_document_go_its_gebruiksrechten(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    usage = (await usage_of(zgw, document))["url"]
    assert (await zgw.delete(document)).status == 204
    assert (await zgw.get(usage)).status == 404
    assert (await zgw.get(f"{USAGE}?informatieobject={document}")).body == []
