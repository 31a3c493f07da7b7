"""Resultaattypen: what follows from the selectielijst, and when archiving begins (RULES 4.6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standard.sub_types import LISTS, NOWHERE, RESULTAATTYPE, Maker
from tests.zgw import Zgw, refusal

KEPT = {"archiefnominatie": "blijvend_bewaren"}
ENDED = {"afleidingswijze": "afgehandeld"}
SET: dict[str, Any] = {
    "datumkenmerk": "einddatum",
    "einddatumBekend": True,
    "objecttype": "pand",
    "registratie": "BAG",
    "procestermijn": "P5Y",
}
UNSET: dict[str, Any] = {
    "datumkenmerk": "",
    "einddatumBekend": False,
    "objecttype": "",
    "registratie": "",
    "procestermijn": None,
}
RULES = {
    "datumkenmerk": "ztc-004",
    "einddatumBekend": "ztc-005",
    "objecttype": "ztc-006",
    "registratie": "ztc-007",
    "procestermijn": "ztc-008",
}
# The table of the standard, row by row: R required, E empty, o as you like.
TABLE = {
    "afgehandeld": ("E", "E", "E", "E", "E"),
    "ander_datumkenmerk": ("R", "o", "R", "R", "E"),
    "eigenschap": ("R", "o", "E", "E", "E"),
    "gerelateerde_zaak": ("E", "o", "E", "E", "E"),
    "hoofdzaak": ("E", "o", "E", "E", "E"),
    "ingangsdatum_besluit": ("E", "o", "E", "E", "E"),
    "termijn": ("E", "E", "E", "E", "R"),
    "vervaldatum_besluit": ("E", "o", "E", "E", "E"),
    "zaakobject": ("R", "o", "R", "E", "E"),
}
CELLS = [(way, field, wanted) for way, row in TABLE.items() for field, wanted in zip(RULES, row, strict=True)]


def procedure(way: str, **fields: Any) -> dict[str, Any]:
    """A procedure that has exactly what its afleidingswijze asks, and then these fields."""
    row = dict(zip(RULES, TABLE[way], strict=True))
    return {
        "afleidingswijze": way,
        **{name: SET[name] if wanted == "R" else UNSET[name] for name, wanted in row.items()},
        **fields,
    }


@pytest.mark.parametrize(
    ("way", "field", "wanted"),
    CELLS,
    ids=[f"{RULES[field]}-{way}-{field}-{wanted}" for way, field, wanted in CELLS],
)
async def test_ztc_004_ztc_005_ztc_006_ztc_007_ztc_008_each_afleidingswijze_has_its_fields(
    maker: Maker, zgw: Zgw, concept: str, way: str, field: str, wanted: str
) -> None:
    name = f"brondatumArchiefprocedure.{field}"
    made = await maker.make(RESULTAATTYPE, concept, brondatumArchiefprocedure=procedure(way))
    assert made["brondatumArchiefprocedure"] == procedure(way)
    cases = ((SET[field], "E", "must-be-empty"), (UNSET[field], "R", "required"))
    for number, (value, forbidden, code) in enumerate(cases):
        given = procedure(way, **{field: value})
        for answer in (
            await maker.sent(
                RESULTAATTYPE, concept, omschrijving=f"x{number}", brondatumArchiefprocedure=given
            ),
            await zgw.patch(made["url"], {"brondatumArchiefprocedure": given}),
        ):
            if wanted == forbidden:
                assert refusal(answer) == (400, code, name)
            else:
                assert answer.status in (200, 201), answer


@pytest.mark.parametrize("field", RULES)
async def test_ztc_004_ztc_008_null_and_nothing_count_as_empty(
    maker: Maker, zgw: Zgw, concept: str, field: str
) -> None:
    given = {"afleidingswijze": "afgehandeld", field: None}
    made = await maker.make(RESULTAATTYPE, concept, brondatumArchiefprocedure=given)
    assert made["brondatumArchiefprocedure"] == {**ENDED, **UNSET}


async def test_ztc_004_ztc_007_all_that_is_wrong_with_a_procedure_is_told_at_once(
    maker: Maker, concept: str
) -> None:
    given = {"afleidingswijze": "ander_datumkenmerk", "procestermijn": "P1Y"}
    refused = await maker.sent(RESULTAATTYPE, concept, brondatumArchiefprocedure=given)
    group = "brondatumArchiefprocedure"
    assert refusal(refused) == (
        400,
        ("required", f"{group}.datumkenmerk"),
        ("required", f"{group}.objecttype"),
        ("required", f"{group}.registratie"),
        ("must-be-empty", f"{group}.procestermijn"),
    )


async def test_zrc_012_a_procedure_names_its_afleidingswijze(maker: Maker, zgw: Zgw, concept: str) -> None:
    made = await maker.make(RESULTAATTYPE, concept)
    refused = await zgw.patch(made["url"], {"brondatumArchiefprocedure": {"datumkenmerk": "x"}})
    assert refusal(refused) == (400, "required", "brondatumArchiefprocedure.afleidingswijze")
    for field, code in (("afleidingswijze", "invalid_choice"), ("objecttype", "invalid_choice")):
        refused = await zgw.patch(made["url"], {"brondatumArchiefprocedure": {**ENDED, field: "x"}})
        assert refusal(refused) == (400, code, f"brondatumArchiefprocedure.{field}")


@pytest.mark.parametrize("way", TABLE)
@pytest.mark.parametrize("term", ["nihil", "geschat", "bestaan", "zonder"])
async def test_ztc_003_the_afleidingswijze_fits_the_procestermijn_of_the_class(
    maker: Maker, concept: str, way: str, term: str
) -> None:
    fits = {
        "nihil": way == "afgehandeld",
        "geschat": way == "termijn",
        "bestaan": way != "afgehandeld",
        "zonder": True,
    }[term]
    answer = await maker.sent(
        RESULTAATTYPE, concept, selectielijstklasse=term, brondatumArchiefprocedure=procedure(way)
    )
    if fits:
        assert answer.status == 201, answer
    else:
        assert refusal(answer) == (400, "invalid-afleidingswijze-for-procestermijn", "nonFieldErrors")


async def test_ztc_003_a_change_of_either_side_is_looked_at(maker: Maker, zgw: Zgw, concept: str) -> None:
    made = await maker.make(
        RESULTAATTYPE, concept, selectielijstklasse="nihil", brondatumArchiefprocedure=ENDED
    )
    wrong = (400, "invalid-afleidingswijze-for-procestermijn", "nonFieldErrors")
    refused = await zgw.patch(made["url"], {"brondatumArchiefprocedure": procedure("termijn")})
    assert refusal(refused) == wrong
    assert refusal(await zgw.patch(made["url"], {"selectielijstklasse": maker.urls["geschat"]})) == wrong
    both = {
        "brondatumArchiefprocedure": procedure("termijn"),
        "selectielijstklasse": maker.urls["geschat"],
    }
    assert (await zgw.patch(made["url"], both)).status == 200


async def test_ztc_002_the_generic_description_is_that_of_the_list(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    made = await maker.make(RESULTAATTYPE, concept, omschrijvingGeneriek="iets anders")
    assert made["omschrijvingGeneriek"] == "Toegekend"
    assert (await zgw.patch(made["url"], {"toelichting": "x"}))["omschrijvingGeneriek"] == "Toegekend"


async def test_ztc_002_what_is_left_out_follows_from_the_class(maker: Maker, zgw: Zgw, concept: str) -> None:
    empty = {"archiefnominatie": "", "archiefactietermijn": None}
    left_out = maker.values(RESULTAATTYPE, concept, brondatumArchiefprocedure=ENDED)
    del left_out["archiefnominatie"]
    for number, values in enumerate((left_out, {**left_out, **empty})):
        made = await zgw.post(RESULTAATTYPE.url, {**values, "omschrijving": f"x{number}"})
        assert (made["archiefnominatie"], made["archiefactietermijn"]) == ("vernietigen", "P10Y")
    given = {**KEPT, "archiefactietermijn": "P1Y"}
    made = await zgw.post(RESULTAATTYPE.url, {**left_out, **given})
    assert {name: made[name] for name in given} == given
    put = await zgw.put(made["url"], left_out)
    assert (put["archiefnominatie"], put["archiefactietermijn"]) == ("vernietigen", "P10Y")


@pytest.mark.parametrize("field", ["selectielijstklasse", "resultaattypeomschrijving"])
async def test_ztc_002_references_into_the_lists_lead_to_what_they_should(
    maker: Maker, zgw: Zgw, concept: str, field: str
) -> None:
    path = {"selectielijstklasse": "resultaten", "resultaattypeomschrijving": "resultaattypeomschrijvingen"}
    wrong = {
        f"{zgw.origin}{LISTS}/{path[field]}/{NOWHERE}": "bad-url",
        f"{zgw.origin}/zaken/api/v1/resultaten/{NOWHERE}": "invalid-resource",
        maker.urls["proces"]: "invalid-resource",
        "http://elders.nl/x": "unknown-service",
        "x": "invalid",
        "": "blank",
    }
    for url, code in wrong.items():
        assert refusal(await maker.sent(RESULTAATTYPE, concept, **{field: url})) == (400, code, field), url
    values = maker.values(RESULTAATTYPE, concept)
    del values[field]
    assert refusal(await zgw.post(RESULTAATTYPE.url, values)) == (400, "required", field)


async def test_ztc_002_the_class_is_of_the_procestype_of_the_zaaktype(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    mismatch = (400, "procestype-mismatch", "nonFieldErrors")
    assert refusal(await maker.sent(RESULTAATTYPE, concept, selectielijstklasse="vreemd")) == mismatch
    made = await maker.make(RESULTAATTYPE, concept)
    refused = await zgw.patch(made["url"], {"selectielijstklasse": maker.urls["vreemd"]})
    assert refusal(refused) == mismatch
    other = await maker.zaaktype(identificatie="ZT-2", selectielijstProcestype=maker.urls["ander"])
    without = await maker.zaaktype(identificatie="ZT-3", selectielijstProcestype="")
    for zaaktype in (other, without):
        assert refusal(await zgw.patch(made["url"], {"zaaktype": zaaktype})) == mismatch
    assert (await maker.sent(RESULTAATTYPE, other, selectielijstklasse="vreemd")).status == 201


async def test_c_70_what_is_to_be_destroyed_has_a_brondatum(maker: Maker, zgw: Zgw, concept: str) -> None:
    required = (400, "required", "brondatumArchiefprocedure")
    destroyed = {"archiefnominatie": "vernietigen"}
    assert refusal(await maker.sent(RESULTAATTYPE, concept, **destroyed)) == required
    made = await maker.make(RESULTAATTYPE, concept)
    assert made["brondatumArchiefprocedure"] is None
    assert refusal(await zgw.put(made["url"], maker.values(RESULTAATTYPE, concept, **destroyed))) == required
    assert refusal(await zgw.patch(made["url"], destroyed)) == required
    both = {**destroyed, "brondatumArchiefprocedure": ENDED}
    assert (await zgw.patch(made["url"], both)).status == 200


async def test_g_78_a_resultaattype_is_shown_with_what_it_refers_to_in_the_lists(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    url = (await maker.make(RESULTAATTYPE, concept, informatieobjecttypen=["Bijlage"]))["url"]
    fields = ("selectielijstklasse", "resultaattypeomschrijving", "informatieobjecttypen")
    shown = (await zgw.get(f"{url}?expand={','.join(fields)}"))["_expand"]
    assert shown["selectielijstklasse"]["naam"] == "zonder"
    assert shown["resultaattypeomschrijving"]["omschrijving"] == "Toegekend"
    assert [each["omschrijving"] for each in shown["informatieobjecttypen"]] == ["Bijlage"]


async def test_c_50_c_51_types_are_named_or_referred_to_and_answered_as_urls(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    type_ = await zgw.document_type(catalogue=maker.catalogue, omschrijving="Besluit")
    made = await maker.make(RESULTAATTYPE, concept, informatieobjecttypen=["Bijlage", type_])
    assert made["informatieobjecttypeOmschrijving"] == ["Bijlage", "Besluit"]
    assert made["informatieobjecttypen"][1] == type_
    for wrong in ("Onbekend", f"{zgw.origin}/catalogi/api/v1/informatieobjecttypen/{NOWHERE}"):
        refused = await zgw.patch(made["url"], {"informatieobjecttypen": [wrong]})
        assert refusal(refused) == (400, "does_not_exist", "informatieobjecttypen.0")
