"""Informatieobjecttypen (RULES 4.2, 4.3): concepts, their publication, and their versions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dms.autorisaties.access import Grant
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

NOWHERE = "8e4d2f7e-0000-4000-8000-000000000000"
FIXED = (400, "non-concept-object", "nonFieldErrors")
GENERIC = {
    "informatieobjecttypeOmschrijvingGeneriek": "Brief",
    "definitieInformatieobjecttypeOmschrijvingGeneriek": "Een brief",
    "herkomstInformatieobjecttypeOmschrijvingGeneriek": "KING",
    "hierarchieInformatieobjecttypeOmschrijvingGeneriek": "Boven",
    "opmerkingInformatieobjecttypeOmschrijvingGeneriek": "Geen",
}
NOT_GENERIC = {**dict.fromkeys(GENERIC, ""), "opmerkingInformatieobjecttypeOmschrijvingGeneriek": None}


@pytest.fixture
async def catalogue(zgw: Zgw) -> str:
    """The URL of a catalogue."""
    return await zgw.catalogue()


@pytest.fixture
async def concept(zgw: Zgw, catalogue: str) -> str:
    """The URL of a type in that catalogue that was not published."""
    return await zgw.document_type(catalogue=catalogue, published=False)


async def version(zgw: Zgw, catalogue: str, begin: str, end: str | None = None, **fields: Any) -> Answer:
    """A new version of a type, and the answer to its publication."""
    sent = informatieobjecttype_values(catalogue, beginGeldigheid=begin, eindeGeldigheid=end, **fields)
    answer = await zgw.post(TYPES, sent)
    assert answer.status == 201, answer
    return await zgw.post(f"{answer['url']}/publish")


async def test_c_10_a_new_type_is_a_concept_with_all_its_fields(zgw: Zgw, catalogue: str) -> None:
    answer = await zgw.post(TYPES, informatieobjecttype_values(catalogue, concept=False))
    assert answer.status == 201
    assert answer.body == {
        "url": answer["url"],
        **informatieobjecttype_values(catalogue),
        "eindeGeldigheid": None,
        "beginObject": answer["beginObject"],
        "eindeObject": answer["eindeObject"],
        "concept": True,
        "zaaktypen": [],
        "zaaktypeIdentificaties": [],
        "besluittypen": [],
        "besluittypeOmschrijving": [],
        "trefwoord": [],
        "omschrijvingGeneriek": NOT_GENERIC,
    }
    assert (await zgw.get(answer["url"])).body == answer.body


async def test_c_10_a_concept_is_not_used_outside_the_catalogue(zgw: Zgw, concept: str) -> None:
    answer = await zgw.post(DOCUMENTS, document_values(concept))
    assert refusal(answer) == (400, "not-published", "informatieobjecttype")
    await zgw.post(f"{concept}/publish")
    assert (await zgw.post(DOCUMENTS, document_values(concept))).status == 201


async def test_c_10_qg_10_a_concept_may_be_changed_and_removed(
    zgw: Zgw, catalogue: str, concept: str
) -> None:
    patched = await zgw.patch(concept, {"omschrijving": "Brief", "trefwoord": ["a", "b"]})
    assert (patched.status, patched["omschrijving"], patched["concept"]) == (200, "Brief", True)
    replaced = await zgw.put(concept, informatieobjecttype_values(catalogue, concept=False))
    assert (replaced.status, replaced["trefwoord"], replaced["concept"]) == (200, [], True)
    assert (await zgw.delete(concept)).status == 204
    assert refusal(await zgw.get(concept)) == (404, "not_found")


async def test_c_11_publishing_answers_the_type_that_is_no_concept_any_more(zgw: Zgw, concept: str) -> None:
    before = (await zgw.get(concept)).body
    answer = await zgw.post(f"{concept}/publish")
    assert (answer.status, answer.body) == (200, {**before, "concept": False})
    assert (await zgw.get(concept)).body == answer.body


async def test_c_11_publishing_twice_is_the_same_as_once(zgw: Zgw, concept: str) -> None:
    first = await zgw.post(f"{concept}/publish")
    second = await zgw.post(f"{concept}/publish")
    assert (second.status, second.body) == (200, first.body)


async def test_c_11_publishing_needs_no_body_and_ignores_what_it_holds(zgw: Zgw, catalogue: str) -> None:
    for number, body in enumerate((None, {}, {"concept": True, "omschrijving": "Anders"})):
        sent = informatieobjecttype_values(catalogue, omschrijving=str(number))
        url = (await zgw.post(TYPES, sent))["url"]
        answer = await zgw.post(f"{url}/publish", body)
        assert (answer.status, answer["concept"], answer["omschrijving"]) == (200, False, str(number))


async def test_c_11_there_is_no_way_back_to_a_concept(zgw: Zgw, catalogue: str, concept: str) -> None:
    await zgw.post(f"{concept}/publish")
    for change in (zgw.patch, zgw.put):
        answer = await change(concept, informatieobjecttype_values(catalogue, concept=True))
        assert (answer.status, answer["concept"]) == (200, False)


async def test_c_11_what_is_not_there_is_not_published(zgw: Zgw) -> None:
    assert refusal(await zgw.post(f"{TYPES}/{NOWHERE}/publish")) == (404, "not_found")


async def test_ztc_009_a_published_type_stays_as_it_is(zgw: Zgw, catalogue: str, concept: str) -> None:
    await zgw.post(f"{concept}/publish")
    before = (await zgw.get(concept)).body
    writer = zgw.register("writer", [Grant("ztc", frozenset({"catalogi.schrijven"}))])
    both = {"eindeGeldigheid": "2999-01-01", "omschrijving": "Anders"}
    assert refusal(await zgw.put(concept, informatieobjecttype_values(catalogue), client=writer)) == FIXED
    changes: list[dict[str, Any]] = [{"omschrijving": "Anders"}, both, {}, {"trefwoord": []}]
    for sent in changes:
        assert refusal(await zgw.patch(concept, sent, client=writer)) == FIXED
    assert refusal(await zgw.delete(concept, client=writer)) == FIXED
    assert (await zgw.get(concept)).body == before


async def test_ztc_009_a_published_type_may_be_given_an_end(zgw: Zgw, concept: str) -> None:
    await zgw.post(f"{concept}/publish")
    writer = zgw.register("writer", [Grant("ztc", frozenset({"catalogi.schrijven"}))])
    for end in ("2999-01-01", None):
        answer = await zgw.patch(concept, {"eindeGeldigheid": end}, client=writer)
        assert (answer.status, answer["eindeGeldigheid"]) == (200, end)


async def test_ztc_009_who_may_force_it_changes_or_removes_a_published_type(
    zgw: Zgw, catalogue: str, concept: str
) -> None:
    await zgw.post(f"{concept}/publish")
    forced_write, forced_remove = (
        zgw.register(act, [Grant("ztc", frozenset({f"catalogi.geforceerd-{act}"}))])
        for act in ("schrijven", "verwijderen")
    )
    changed = await zgw.patch(concept, {"trefwoord": ["a"]}, client=forced_write)
    assert (changed.status, changed["trefwoord"]) == (200, ["a"])
    assert (await zgw.put(concept, informatieobjecttype_values(catalogue), client=forced_write)).status == 200
    assert refusal(await zgw.delete(concept, client=forced_write)) == (403, "permission_denied")
    assert refusal(await zgw.patch(concept, {"trefwoord": []}, client=forced_remove)) == (
        403,
        "permission_denied",
    )
    assert (await zgw.delete(concept, client=forced_remove)).status == 204


async def test_c_13_g_124_a_type_of_which_there_are_documents_is_not_removed(zgw: Zgw, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    assert refusal(await zgw.delete(type_)) == (400, "pending-relations", "nonFieldErrors")
    assert (await zgw.get(type_)).status == 200
    await zgw.delete(document)
    assert (await zgw.delete(type_)).status == 204


async def test_c_13_a_type_of_an_earlier_version_of_a_document_is_not_removed(zgw: Zgw, type_: str) -> None:
    other = await zgw.document_type(catalogue=(await zgw.get(type_))["catalogus"], omschrijving="Nota")
    document = (await zgw.document(type_))["url"]
    lock = await zgw.locked(document)
    assert (await zgw.patch(document, {"informatieobjecttype": other, "lock": lock})).status == 200
    for used in (type_, other):
        assert refusal(await zgw.delete(used)) == (400, "pending-relations", "nonFieldErrors")


@pytest.mark.parametrize(
    ("begin", "end"),
    [("2019-01-01", "2020-01-01"), ("2020-12-31", None), ("2020-06-01", "2020-06-30"), ("2019-01-01", None)],
)
async def test_ztc_016_published_versions_do_not_overlap(
    zgw: Zgw, catalogue: str, begin: str, end: str | None
) -> None:
    assert (await version(zgw, catalogue, "2020-01-01", "2020-12-31")).status == 200
    answer = await version(zgw, catalogue, begin, end)
    assert refusal(answer) == (400, "overlap", "beginGeldigheid")
    assert (await zgw.get(f"{TYPES}?status=concept"))["count"] == 1


async def test_ztc_016_versions_may_follow_each_other_the_day_after(zgw: Zgw, catalogue: str) -> None:
    for begin, end in (("2020-01-01", "2020-12-31"), ("2021-01-01", None), ("2019-01-01", "2019-12-31")):
        assert (await version(zgw, catalogue, begin, end)).status == 200


async def test_ztc_016_other_types_and_other_catalogues_do_not_count(zgw: Zgw, catalogue: str) -> None:
    assert (await version(zgw, catalogue, "2020-01-01")).status == 200
    assert (await version(zgw, catalogue, "2020-01-01", omschrijving="bijlage")).status == 200
    assert (await version(zgw, await zgw.catalogue("ANDER"), "2020-01-01")).status == 200


async def test_ztc_016_concepts_may_overlap_as_they_like(zgw: Zgw, catalogue: str) -> None:
    assert (await version(zgw, catalogue, "2020-01-01")).status == 200
    for _ in range(2):
        assert (await zgw.post(TYPES, informatieobjecttype_values(catalogue))).status == 201


async def test_ztc_016_an_end_that_makes_versions_overlap_is_refused(zgw: Zgw, catalogue: str) -> None:
    first = (await version(zgw, catalogue, "2020-01-01", "2020-12-31"))["url"]
    assert (await version(zgw, catalogue, "2021-01-01")).status == 200
    for end in ("2021-01-01", None):
        answer = await zgw.patch(first, {"eindeGeldigheid": end})
        assert refusal(answer) == (400, "overlap", "eindeGeldigheid")
    answer = await zgw.patch(first, {"eindeGeldigheid": None, "beginGeldigheid": "2020-02-01"})
    assert refusal(answer) == (400, "overlap", "beginGeldigheid")
    assert (await zgw.patch(first, {"eindeGeldigheid": "2020-11-30"})).status == 200


async def test_ztc_016_a_forced_change_may_not_bring_a_version_into_another(zgw: Zgw, catalogue: str) -> None:
    await version(zgw, catalogue, "2020-01-01")
    other = (await version(zgw, catalogue, "2020-01-01", omschrijving="Nota"))["url"]
    answer = await zgw.patch(other, {"omschrijving": "Bijlage"})
    assert refusal(answer) == (400, "overlap", "beginGeldigheid")


async def test_ztc_016_of_overlapping_versions_published_at_once_one_wins(zgw: Zgw, catalogue: str) -> None:
    for name in ("A", "B", "C", "D"):
        sent = informatieobjecttype_values(catalogue, omschrijving=name)
        urls = [(await zgw.post(TYPES, sent))["url"] for _ in range(5)]
        answers = await asyncio.gather(*(zgw.post(f"{url}/publish") for url in urls))
        assert sorted(answer.status for answer in answers) == [200, 400, 400, 400, 400]
        losers = {refusal(answer) for answer in answers if answer.status == 400}
        assert losers == {(400, "overlap", "beginGeldigheid")}
        assert (await zgw.get(f"{TYPES}?omschrijving={name}"))["count"] == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_c_20_a_type_ends_no_sooner_than_it_begins(
    zgw: Zgw, catalogue: str, concept: str, method: str
) -> None:
    url = TYPES if method == "POST" else concept
    sent = informatieobjecttype_values(catalogue, eindeGeldigheid="2019-12-31")
    assert refusal(await zgw.call(method, url, json=sent)) == (400, "date-mismatch", "nonFieldErrors")
    same_day = informatieobjecttype_values(catalogue, eindeGeldigheid="2020-01-01")
    assert (await zgw.call(method, url, json=same_day)).status in (200, 201)


async def test_c_22_a_list_can_be_of_the_versions_valid_on_a_day(zgw: Zgw, catalogue: str) -> None:
    old = (await version(zgw, catalogue, "2020-01-01", "2020-12-31"))["url"]
    new = (await version(zgw, catalogue, "2021-01-01"))["url"]
    days = {
        "2019-12-31": [],
        "2020-01-01": [old],
        "2020-12-31": [old],
        "2021-01-01": [new],
        "2999-01-01": [new],
    }
    for day, expected in days.items():
        results = (await zgw.get(f"{TYPES}?datumGeldigheid={day}"))["results"]
        assert [found["url"] for found in results] == expected, day
    assert (await zgw.get(TYPES))["count"] == 2


async def test_c_23_a_list_is_of_published_types_unless_asked_otherwise(
    zgw: Zgw, catalogue: str, concept: str
) -> None:
    published = await zgw.document_type(catalogue=catalogue, omschrijving="Nota")
    found = {
        "": [published],
        "?status=definitief": [published],
        "?status=concept": [concept],
        "?status=alles": [published, concept],
        f"?status=alles&catalogus={catalogue}&omschrijving=Nota": [published],
    }
    for query, expected in found.items():
        results = (await zgw.get(TYPES + query))["results"]
        assert [one["url"] for one in results] == expected, query
    for status in ("oud", "Alles", "", "alles,concept"):
        answer = await zgw.get(f"{TYPES}?status={status}")
        assert refusal(answer) == (400, "invalid_choice", "status")


@pytest.mark.parametrize("field", [name for name in informatieobjecttype_values("x") if name != "catalogus"])
async def test_c_85_a_type_has_its_required_fields(zgw: Zgw, catalogue: str, field: str) -> None:
    sent = informatieobjecttype_values(catalogue)
    del sent[field]
    assert refusal(await zgw.post(TYPES, sent)) == (400, "required", field)
    assert refusal(await zgw.post(TYPES, informatieobjecttype_values(catalogue, **{field: None}))) == (
        400,
        "null",
        field,
    )


async def test_c_85_a_generic_description_is_given_whole_or_not_at_all(zgw: Zgw, catalogue: str) -> None:
    answer = await zgw.post(TYPES, informatieobjecttype_values(catalogue, omschrijvingGeneriek=GENERIC))
    assert answer["omschrijvingGeneriek"] == GENERIC
    for name in list(GENERIC)[:4]:
        part = {key: value for key, value in GENERIC.items() if key != name}
        refused = await zgw.patch(answer["url"], {"omschrijvingGeneriek": part})
        assert refusal(refused) == (400, "required", f"omschrijvingGeneriek.{name}")
    for nothing in (None, NOT_GENERIC):
        cleared = await zgw.patch(answer["url"], {"omschrijvingGeneriek": nothing})
        assert cleared["omschrijvingGeneriek"] == NOT_GENERIC


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_g_121_the_catalogue_of_a_type_is_one_that_is_there(
    zgw: Zgw, catalogue: str, concept: str, method: str
) -> None:
    wrong = {
        "http://elders.nl/catalogi/api/v1/catalogussen/1": "no_match",
        f"{zgw.origin}/catalogi/api/v1/onbekend": "no_match",
        f"{zgw.origin}{CATALOGUES}": "no_match",
        f"{zgw.origin}{CATALOGUES}/x": "no_match",
        f"http://a.nl{catalogue.removeprefix(zgw.origin)}": "no_match",
        f"{zgw.origin}{CATALOGUES}/{NOWHERE}": "does_not_exist",
        concept: "incorrect_match",
        "catalogus": "invalid",
        catalogue.removeprefix(zgw.origin): "invalid",
        "": "blank",
    }
    url = TYPES if method == "POST" else concept
    for sent, code in wrong.items():
        answer = await zgw.call(method, url, json=informatieobjecttype_values(sent))
        assert refusal(answer) == (400, code, "catalogus"), sent
    assert (await zgw.get(concept))["catalogus"] == catalogue
