"""Documents: what is asked of their fields, and what follows from it (RULES 2.1)."""

from __future__ import annotations

from typing import Any

import pytest

from dms.actions.service import Dms
from dms.model.fields import parse_moment
from tests.standard.stored import DOCUMENTS as COLLECTION
from tests.standard.stored import everything
from tests.zgw import DOCUMENTS, RSIN, TYPES, Zgw, document_values, refusal

PLAIN = {
    "identificatie": "eigen-nummer",
    "vertrouwelijkheidaanduiding": "geheim",
    "isGereedVoorPublicatie": True,
    "tonenAanInitiator": True,
    "status": "definitief",
    "inhoudIsVervallen": True,
    "formaat": "application/x-eigen; versie=3",
    "bestandsnaam": "brief.odt",
    "link": "https://example.org/brief",
    "beschrijving": "Een brief.",
    "ontvangstdatum": "2026-01-02",
    "verzenddatum": "2026-01-03",
    "indicatieGebruiksrecht": False,
    "verschijningsvorm": "brief",
    "ondertekening": {"soort": "pki", "datum": "2026-01-04"},
    "integriteit": {"algoritme": "crc_16", "waarde": "29b1", "datum": "2026-01-05"},
    "trefwoorden": ["een", "twee woorden"],
}
EMPTY: dict[str, Any] = {
    "isGereedVoorPublicatie": None,
    "tonenAanInitiator": False,
    "status": "",
    "inhoudIsVervallen": None,
    "formaat": "",
    "bestandsnaam": "",
    "link": "",
    "beschrijving": "",
    "ontvangstdatum": None,
    "verzenddatum": None,
    "indicatieGebruiksrecht": None,
    "verschijningsvorm": "",
    "ondertekening": {"soort": "", "datum": None},
    "integriteit": {"algoritme": "", "waarde": "", "datum": None},
    "trefwoorden": [],
    "inhoud": None,
    "bestandsomvang": None,
}


def part_of(body: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in like}


async def test_a_create_answers_201_with_the_document_and_its_location(zgw: Zgw, type_: str) -> None:
    answer = await zgw.post(DOCUMENTS, document_values(type_))
    assert (answer.status, answer.headers["Location"]) == (201, answer["url"])
    assert answer.headers["API-version"] == "1.7.0"
    derived = {"versie": 1, "locked": False, "bestandsdelen": [], "lock": "", "informatieobjecttype": type_}
    assert part_of(answer.body, derived) == derived
    assert part_of(answer.body, EMPTY) == EMPTY
    assert parse_moment(answer["beginRegistratie"])
    assert answer["identificatie"] == "DOCUMENT-2026-0000000001"


async def test_the_document_that_is_fetched_is_the_one_that_was_created(zgw: Zgw, type_: str) -> None:
    created = await zgw.document(type_, **PLAIN)
    fetched = await zgw.get(created["url"])
    assert fetched.status == 200
    assert part_of(fetched.body, PLAIN) == PLAIN
    assert fetched.body == {name: value for name, value in created.body.items() if name != "lock"}


async def test_all_required_fields_that_are_missing_are_reported_at_once(zgw: Zgw, dms: Dms) -> None:
    before = await everything(dms)
    required = ("bronorganisatie", "creatiedatum", "titel", "auteur", "taal", "informatieobjecttype")
    assert refusal(await zgw.post(DOCUMENTS, {})) == (400, *(("required", name) for name in required))
    assert await everything(dms) == before


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("bronorganisatie", "12345678", "min_length"),
        ("bronorganisatie", "1234567890", "max_length"),
        ("bronorganisatie", "12345678a", "only-digits"),
        ("bronorganisatie", "123456789", "invalid"),
        ("creatiedatum", "2026-01-01T00:00:00Z", "invalid"),
        ("creatiedatum", "2026-02-30", "invalid"),
        ("creatiedatum", None, "null"),
        ("titel", "", "blank"),
        ("titel", "t" * 201, "max_length"),
        ("titel", None, "null"),
        ("auteur", "a" * 201, "max_length"),
        ("taal", "nl", "min_length"),
        ("taal", "nld2", "max_length"),
        ("taal", "n1d", "invalid"),
        ("identificatie", "i" * 41, "max_length"),
        ("vertrouwelijkheidaanduiding", "heel geheim", "invalid_choice"),
        ("status", "zoek", "invalid_choice"),
        ("formaat", "f" * 256, "max_length"),
        ("bestandsnaam", "b" * 256, "max_length"),
        ("beschrijving", "b" * 1001, "max_length"),
        ("beschrijving", "b\0", "null_characters_not_allowed"),
        ("link", "geen url", "invalid"),
        ("link", "https://example.org/" + "a" * 200, "max_length"),
        ("isGereedVoorPublicatie", "misschien", "invalid"),
        ("tonenAanInitiator", None, "null"),
        ("trefwoorden", "een,twee", "not_a_list"),
        ("bestandsomvang", -1, "min_value"),
        ("bestandsomvang", True, "invalid"),
        ("bestandsomvang", 2**63, "max_value"),
        ("bestandsomvang", "veel", "invalid"),
        ("informatieobjecttype", "", "blank"),
        ("informatieobjecttype", None, "null"),
        ("informatieobjecttype", "geen url", "invalid"),
    ],
)
async def test_g_15_a_field_that_is_wrong_is_refused_with_its_code(
    zgw: Zgw, type_: str, field: str, value: Any, code: str
) -> None:
    answer = await zgw.post(DOCUMENTS, {**document_values(type_), field: value})
    assert refusal(answer) == (400, code, field)


async def test_g_32_a_keyword_that_is_too_long_is_named_by_its_place(zgw: Zgw, type_: str) -> None:
    answer = await zgw.post(DOCUMENTS, document_values(type_, trefwoorden=["kort", "w" * 101]))
    assert refusal(answer) == (400, "max_length", "trefwoorden.1")


async def test_g_12_what_real_clients_send_is_accepted(zgw: Zgw, type_: str) -> None:
    given = document_values(type_, taal="NLD", beschrijving=5, inhoud_is_vervallen=True, ietsAnders=[1])
    answer = await zgw.post(DOCUMENTS, given)
    assert answer.status == 201
    assert (answer["taal"], answer["beschrijving"], answer["inhoudIsVervallen"]) == ("nld", "5", True)
    assert "ietsAnders" not in answer.body


async def test_d_06_read_only_fields_in_a_request_are_ignored(zgw: Zgw, type_: str) -> None:
    read_only = {
        "url": "https://example.org/1",
        "versie": 7,
        "beginRegistratie": "2001-01-01T00:00:00Z",
        "locked": True,
        "bestandsdelen": [{"omvang": 3}],
    }
    answer = await zgw.document(type_, **read_only, lock="zelfgekozen")
    assert (answer["versie"], answer["locked"], answer["bestandsdelen"]) == (1, False, [])
    assert answer["lock"] == ""
    assert not {answer["url"], answer["beginRegistratie"]} & {*map(str, read_only.values())}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_d_06_the_lock_is_answered_by_a_create_only(zgw: Zgw, type_: str, method: str) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    answer = await zgw.call(method, document["url"], json=document_values(type_, lock=lock))
    assert answer.status == 200
    assert "lock" not in answer.body
    assert lock not in str((await zgw.get(document["url"])).body)


async def test_g_13_a_put_empties_the_optional_fields_that_it_leaves_out(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=b"inhoud", **PLAIN)
    lock = await zgw.locked(document["url"])
    answer = await zgw.put(document["url"], document_values(type_, lock=lock))
    assert answer.status == 200
    assert part_of(answer.body, EMPTY) == EMPTY
    kept = {name: PLAIN[name] for name in ("identificatie", "vertrouwelijkheidaanduiding")}
    assert part_of(answer.body, kept) == kept


async def test_g_13_a_put_without_a_required_field_is_refused(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    values = document_values(type_, lock=await zgw.locked(document["url"]))
    del values["titel"]
    assert refusal(await zgw.put(document["url"], values)) == (400, "required", "titel")


async def test_g_13_a_patch_keeps_all_that_it_leaves_out(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=b"inhoud", **PLAIN)
    lock = await zgw.locked(document["url"])
    answer = await zgw.patch(document["url"], {"titel": "Anders", "lock": lock})
    assert answer.status == 200
    changed = {"titel", "versie", "beginRegistratie", "locked", "inhoud", "lock"}
    kept = {name: value for name, value in document.body.items() if name not in changed}
    assert part_of(answer.body, kept) == kept
    assert (answer["titel"], answer["inhoud"]) == ("Anders", f"{document['url']}/download?versie=2")


async def test_drc_006_usage_rights_cannot_be_claimed_that_are_not_there(zgw: Zgw, type_: str) -> None:
    refused = (400, "missing-gebruiksrechten", "indicatieGebruiksrecht")
    assert refusal(await zgw.post(DOCUMENTS, document_values(type_, indicatieGebruiksrecht=True))) == refused
    document = await zgw.document(type_, indicatieGebruiksrecht=False)
    lock = await zgw.locked(document["url"])
    changed = {"indicatieGebruiksrecht": True, "lock": lock}
    assert refusal(await zgw.patch(document["url"], changed)) == refused
    answer = await zgw.patch(document["url"], {"indicatieGebruiksrecht": None, "lock": lock})
    assert (answer.status, answer["indicatieGebruiksrecht"]) == (200, None)


async def test_drc_006_usage_rights_that_are_there_cannot_be_denied(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    [record] = await dms.metadata.find(COLLECTION)
    async with dms.metadata.transaction() as transaction:
        transaction.replace(COLLECTION, {**record, "_gebruiksrechten": 1, "indicatieGebruiksrecht": True})
    for value in (False, None):
        answer = await zgw.patch(document["url"], {"indicatieGebruiksrecht": value, "lock": lock})
        assert refusal(answer) == (400, "existing-gebruiksrechten", "indicatieGebruiksrecht")
    answer = await zgw.patch(document["url"], {"indicatieGebruiksrecht": True, "lock": lock})
    assert (answer.status, answer["indicatieGebruiksrecht"]) == (200, True)


@pytest.mark.parametrize("given", [{}, {"vertrouwelijkheidaanduiding": ""}])
async def test_drc_007_a_document_without_level_has_that_of_its_type(
    zgw: Zgw, type_: str, given: dict[str, str]
) -> None:
    document = await zgw.document(type_, **given)
    assert document["vertrouwelijkheidaanduiding"] == "zaakvertrouwelijk"


@pytest.mark.parametrize("given", [{}, {"vertrouwelijkheidaanduiding": ""}])
async def test_drc_007_an_update_without_level_keeps_the_one_there_is(
    zgw: Zgw, type_: str, given: dict[str, str]
) -> None:
    document = await zgw.document(type_, vertrouwelijkheidaanduiding="geheim")
    lock = await zgw.locked(document["url"])
    put = await zgw.put(document["url"], document_values(type_, lock=lock, **given))
    assert (put.status, put["vertrouwelijkheidaanduiding"]) == (200, "geheim")
    patched = await zgw.patch(document["url"], {"lock": lock, **given})
    assert (patched.status, patched["vertrouwelijkheidaanduiding"]) == (200, "geheim")


@pytest.fixture
async def wrong_types(zgw: Zgw, type_: str) -> dict[str, str]:
    """What an informatieobjecttype may not be, by the code of its refusal."""
    catalogue = str((await zgw.get(type_))["catalogus"])
    return {
        "bad-url": f"{zgw.origin}{TYPES}/00000000-0000-4000-8000-000000000000",
        "invalid-resource": catalogue,
        "not-published": await zgw.document_type(catalogue=catalogue, published=False),
        "unknown-service": "https://catalogi.example.org/catalogi/api/v1/informatieobjecttypen/1",
    }


async def test_drc_001_a_type_that_is_no_published_type_is_refused(
    zgw: Zgw, type_: str, wrong_types: dict[str, str]
) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    for code, wrong in wrong_types.items():
        refused = (400, code, "informatieobjecttype")
        values = document_values(wrong, lock=lock)
        assert refusal(await zgw.post(DOCUMENTS, values)) == refused
        assert refusal(await zgw.put(document["url"], values)) == refused
        patch = {"informatieobjecttype": wrong, "lock": lock}
        assert refusal(await zgw.patch(document["url"], patch)) == refused


async def test_drc_001_the_type_of_a_document_may_change(zgw: Zgw, type_: str) -> None:
    other = await zgw.document_type(catalogue=(await zgw.get(type_))["catalogus"], omschrijving="Brief")
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    answer = await zgw.patch(document["url"], {"informatieobjecttype": other, "lock": lock})
    assert (answer.status, answer["informatieobjecttype"]) == (200, other)


async def test_g_86_a_document_that_the_client_has_is_not_sent_again(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, bronorganisatie=RSIN)
    fetched = await zgw.get(document["url"])
    known = {"If-None-Match": f'"other", {fetched.headers["Etag"]}'}
    again = await zgw.get(document["url"], headers=known)
    assert (again.status, again.body, again.headers["Etag"]) == (304, b"", fetched.headers["Etag"])
    looked_at = await zgw.call("HEAD", document["url"])
    assert (looked_at.status, looked_at.body, looked_at.headers["Etag"]) == (200, b"", again.headers["Etag"])
    await zgw.locked(document["url"])
    assert (await zgw.get(document["url"], headers=known)).status == 200
