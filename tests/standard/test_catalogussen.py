"""Catalogussen (RULES 4.1): sets of types, each for one domain of one organisation."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dms.actions.service import Dms
from tests.zgw import CATALOGUES, RSIN, TYPES, Zgw, refusal

OTHER_RSIN = "111222333"


def values(**fields: Any) -> dict[str, Any]:
    """The required fields of a catalogue, and others."""
    return {"domein": "TEST", "rsin": RSIN, "contactpersoonBeheerNaam": "Beheer", **fields}


async def test_c_01_a_catalogue_is_answered_with_all_its_fields(zgw: Zgw) -> None:
    answer = await zgw.post(CATALOGUES, values())
    assert answer.status == 201
    assert answer.body == {
        "url": answer["url"],
        "domein": "TEST",
        "rsin": RSIN,
        "contactpersoonBeheerNaam": "Beheer",
        "contactpersoonBeheerTelefoonnummer": "",
        "contactpersoonBeheerEmailadres": "",
        "zaaktypen": [],
        "besluittypen": [],
        "besluittypeOmschrijving": [],
        "informatieobjecttypen": [],
        "informatieobjecttypeOmschrijving": [],
        "naam": None,
        "versie": None,
        "begindatumVersie": None,
    }
    assert (await zgw.get(answer["url"])).body == answer.body
    assert (await zgw.get(CATALOGUES))["results"] == [answer.body]


async def test_c_01_a_catalogue_keeps_what_it_was_given(zgw: Zgw) -> None:
    given = values(
        naam="Catalogus",
        versie="1.0",
        begindatumVersie="2026-01-01",
        contactpersoonBeheerTelefoonnummer="0612345678",
        contactpersoonBeheerEmailadres="beheer@gemeente.nl",
    )
    answer = await zgw.post(CATALOGUES, given)
    assert given.items() <= answer.body.items()


@pytest.mark.parametrize("missing", ["domein", "rsin", "contactpersoonBeheerNaam"])
async def test_c_01_a_catalogue_has_a_domain_an_organisation_and_a_contact(zgw: Zgw, missing: str) -> None:
    sent = values()
    del sent[missing]
    assert refusal(await zgw.post(CATALOGUES, sent)) == (400, "required", missing)
    assert refusal(await zgw.post(CATALOGUES, values(**{missing: ""}))) == (400, "blank", missing)
    assert refusal(await zgw.post(CATALOGUES, values(**{missing: None}))) == (400, "null", missing)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("domein", "test", "invalid"),
        ("domein", "Test", "invalid"),
        ("domein", "TE ST", "invalid"),
        ("domein", "TEST1", "invalid"),
        ("domein", "ÉÉN", "invalid"),
        ("domein", "ABCDEF", "max_length"),
        ("rsin", "111222334", "invalid"),
        ("rsin", "11122233", "min_length"),
        ("contactpersoonBeheerNaam", "x" * 41, "max_length"),
        ("contactpersoonBeheerTelefoonnummer", "0" * 21, "max_length"),
        ("contactpersoonBeheerEmailadres", "beheer", "invalid"),
        ("naam", "x" * 201, "max_length"),
        ("versie", "x" * 21, "max_length"),
        ("begindatumVersie", "vandaag", "invalid"),
    ],
)
async def test_c_01_a_wrong_value_is_refused_under_its_name(
    zgw: Zgw, field: str, value: str, code: str
) -> None:
    assert refusal(await zgw.post(CATALOGUES, values(**{field: value}))) == (400, code, field)


async def test_c_01_an_organisation_has_one_catalogue_for_a_domain(zgw: Zgw) -> None:
    first = await zgw.post(CATALOGUES, values())
    assert refusal(await zgw.post(CATALOGUES, values(naam="x"))) == (400, "unique", "nonFieldErrors")
    for other in (values(domein="ANDER"), values(rsin=OTHER_RSIN)):
        url = (await zgw.post(CATALOGUES, other))["url"]
        assert refusal(await zgw.put(url, values())) == (400, "unique", "nonFieldErrors")
        pair = {"domein": "TEST", "rsin": RSIN}
        assert refusal(await zgw.patch(url, pair)) == (400, "unique", "nonFieldErrors")
        assert (await zgw.get(url))["domein"] == other["domein"]
    assert (await zgw.put(first["url"], values(naam="Zelfde"))).status == 200


async def test_c_01_of_two_catalogues_made_at_once_one_is_kept(zgw: Zgw) -> None:
    answers = await asyncio.gather(*(zgw.post(CATALOGUES, values(naam=str(number))) for number in range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [400] * 7
    assert (await zgw.get(CATALOGUES))["count"] == 1


async def test_c_01_c_52_the_lists_of_types_are_derived_from_those_published_and_valid(zgw: Zgw) -> None:
    catalogue = await zgw.catalogue()
    shown = await zgw.document_type(catalogue=catalogue, omschrijving="Getoond")
    await zgw.document_type(catalogue=catalogue, omschrijving="Concept", published=False)
    await zgw.document_type(catalogue=catalogue, omschrijving="Voorbij", eindeGeldigheid="2020-12-31")
    await zgw.document_type(catalogue=catalogue, omschrijving="Toekomst", beginGeldigheid="2999-01-01")
    await zgw.document_type(catalogue=await zgw.catalogue("ANDER"), omschrijving="Elders")
    answer = await zgw.get(catalogue)
    assert answer["informatieobjecttypen"] == [shown]
    assert answer["informatieobjecttypeOmschrijving"] == ["Getoond"]


async def test_c_52_a_type_is_shown_from_midnight_in_the_netherlands_on(dms: Dms, zgw: Zgw) -> None:
    catalogue = await zgw.catalogue()
    begun = await zgw.document_type(catalogue=catalogue, beginGeldigheid="2027-01-01")
    for minutes, shown in ((-1, []), (30, [begun])):
        moment = datetime(2026, 12, 31, 23, tzinfo=UTC) + timedelta(minutes=minutes)
        object.__setattr__(dms, "clock", lambda moment=moment: moment)
        assert (await zgw.get(catalogue))["informatieobjecttypen"] == shown


async def test_c_01_the_derived_lists_are_not_written_by_a_request(zgw: Zgw) -> None:
    noise = {"informatieobjecttypen": ["http://a.nl/x"], "zaaktypen": ["x"], "besluittypeOmschrijving": 7}
    answer = await zgw.post(CATALOGUES, values(**noise))
    for change in (zgw.put, zgw.patch):
        changed = await change(answer["url"], values(**noise))
        assert (changed.status, changed.body) == (200, answer.body)


async def test_c_02_a_put_replaces_and_a_patch_changes_what_it_holds(zgw: Zgw) -> None:
    url = (await zgw.post(CATALOGUES, values(naam="Oud", versie="1")))["url"]
    patched = await zgw.patch(url, {"naam": "Nieuw"})
    assert (patched.status, patched["naam"], patched["versie"]) == (200, "Nieuw", "1")
    replaced = await zgw.put(url, values(domein="ANDER"))
    assert (replaced.status, replaced["domein"], replaced["naam"]) == (200, "ANDER", None)
    assert (await zgw.get(url)).body == replaced.body


async def test_c_02_a_catalogue_is_not_removed(zgw: Zgw) -> None:
    url = await zgw.catalogue()
    assert refusal(await zgw.delete(url)) == (405, "method_not_allowed")
    assert (await zgw.get(url)).status == 200


async def test_g_68_catalogues_are_found_by_domain_and_organisation(zgw: Zgw) -> None:
    for domein, rsin in (("A", RSIN), ("B", RSIN), ("A", OTHER_RSIN)):
        await zgw.catalogue(domein, rsin=rsin)
    found = {
        "domein=A": {("A", RSIN), ("A", OTHER_RSIN)},
        f"domein=A&rsin={RSIN}": {("A", RSIN)},
        "domein__in=A,B&rsin__in=" + RSIN: {("A", RSIN), ("B", RSIN)},
        f"rsin__in={RSIN},{OTHER_RSIN}&domein__in=B": {("B", RSIN)},
        "domein=a": set(),
        "domein__in=": set(),
    }
    for query, expected in found.items():
        results = (await zgw.get(f"{CATALOGUES}?{query}"))["results"]
        assert {(one["domein"], one["rsin"]) for one in results} == expected, query


async def test_c_02_moving_a_catalogue_takes_its_types_along(zgw: Zgw) -> None:
    catalogue = await zgw.catalogue()
    type_ = await zgw.document_type(catalogue=catalogue)
    assert (await zgw.patch(catalogue, {"domein": "ANDER", "rsin": OTHER_RSIN})).status == 200
    assert (await zgw.get(type_))["catalogus"] == catalogue
    assert (await zgw.get(f"{TYPES}?catalogus={catalogue}"))["count"] == 1
