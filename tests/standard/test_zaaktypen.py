"""Zaaktypen (RULES 4.2, 4.3, 4.5): their fields, their concepts and versions, and what they must hold."""

from __future__ import annotations

from typing import Any

from tests.zgw import ZAAKTYPEN, Zgw, zaaktype_values


async def test_c_10_a_new_zaaktype_is_a_concept_with_all_its_fields(zgw: Zgw) -> None:
    catalogue = await zgw.catalogue()
    sent = zaaktype_values(catalogue)
    answer = await zgw.post(ZAAKTYPEN, {**sent, "concept": False})
    assert answer.status == 201, answer
    empty: dict[str, Any] = {
        "omschrijvingGeneriek": "",
        "toelichting": "",
        "servicenorm": None,
        "verlengingstermijn": None,
        "publicatietekst": "",
        "selectielijstProcestype": "",
        "referentieproces": {"naam": "Vergunnen", "link": ""},
        "broncatalogus": {"url": "", "domein": "", "rsin": ""},
        "bronzaaktype": {"url": "", "identificatie": "", "omschrijving": ""},
        "eindeGeldigheid": None,
        "beginObject": answer["beginObject"],
        "eindeObject": answer["eindeObject"],
        "versiedatum": "2020-01-01",
        "concept": True,
    }
    lists = (
        "trefwoorden verantwoordingsrelatie zaakobjecttypen statustypen resultaattypen eigenschappen "
        "roltypen resultaattypeOmschrijving informatieobjecttypen informatieobjecttypeOmschrijving "
        "deelzaaktypen besluittypeOmschrijving deelzaaktypeIdentificaties"
    )
    assert answer.body == {
        "url": answer["url"],
        **sent,
        **empty,
        **{name: [] for name in lists.split()},
    }
    assert (await zgw.get(answer["url"])).body == answer.body


async def test_c_11_a_published_zaaktype_is_no_concept_any_more(zgw: Zgw) -> None:
    url = await zgw.zaaktype()
    assert (await zgw.get(ZAAKTYPEN))["count"] == 0
    answer = await zgw.post(f"{url}/publish")
    assert (answer.status, answer["concept"]) == (200, False)
    assert (await zgw.get(ZAAKTYPEN))["results"] == [answer.body]
