"""Statustypen: their order, the last of them, and what refers to them (RULES 4.7)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.standard.sub_types import EIGENSCHAP, STATUSTYPE, ZAAKOBJECTTYPE, ZIOT, Kind, Maker
from tests.zgw import Zgw, refusal


async def ends(zgw: Zgw, *urls: str) -> list[bool]:
    """Of each whether it is the last, as it is read by itself; and the same in a list."""
    alone = [(await zgw.get(url))["isEindstatus"] for url in urls]
    listed = {each["url"]: each for each in (await zgw.get(f"{STATUSTYPE.url}?status=alles"))["results"]}
    assert [listed[url]["isEindstatus"] for url in urls] == alone
    return alone


async def test_c_80_the_last_status_is_the_one_with_the_highest_volgnummer(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    first = await maker.make(STATUSTYPE, concept, volgnummer=10)
    assert first["isEindstatus"] is True
    second = await maker.make(STATUSTYPE, concept, volgnummer=9)
    third = await maker.make(STATUSTYPE, concept, volgnummer=11, isEindstatus=False)
    other = await maker.make(STATUSTYPE, await maker.zaaktype(identificatie="ZT-2"), volgnummer=1)
    assert (second["isEindstatus"], third["isEindstatus"]) == (False, True)
    urls = [each["url"] for each in (first, second, third, other)]
    assert await ends(zgw, *urls) == [False, False, True, True]
    await zgw.patch(third["url"], {"volgnummer": 1})
    assert await ends(zgw, *urls) == [True, False, False, True]
    await zgw.delete(first["url"])
    assert await ends(zgw, *urls[1:]) == [True, False, True]


@pytest.mark.parametrize(
    ("number", "code"),
    [(0, "min_value"), (10_000, "max_value"), ("een", "invalid"), (True, "invalid"), (None, "null")],
)
async def test_c_80_a_volgnummer_is_a_number_from_1_to_9999(
    maker: Maker, concept: str, number: Any, code: str
) -> None:
    assert refusal(await maker.sent(STATUSTYPE, concept, volgnummer=number)) == (400, code, "volgnummer")
    for fine in (1, 9999):
        await maker.make(STATUSTYPE, concept, volgnummer=fine)


async def test_c_80_a_statustype_holds_what_is_to_be_looked_at(maker: Maker, zgw: Zgw, concept: str) -> None:
    item = {"itemnaam": "Leges", "vraagstelling": "Zijn de leges betaald?"}
    made = await maker.make(STATUSTYPE, concept, checklistitemStatustype=[item], doorlooptijd="P5D")
    assert made["checklistitemStatustype"] == [{**item, "toelichting": None, "verplicht": False}]
    refused = await zgw.patch(made["url"], {"checklistitemStatustype": [{"itemnaam": "x"}]})
    assert refusal(refused) == (400, "required", "checklistitemStatustype.0.vraagstelling")


async def test_c_81_a_statustype_shows_the_eigenschappen_that_refer_to_it(
    maker: Maker, zgw: Zgw, concept: str
) -> None:
    status = (await maker.make(STATUSTYPE, concept))["url"]
    kept = (await maker.make(EIGENSCHAP, concept, statustype=status))["url"]
    await maker.make(EIGENSCHAP, concept, naam="anders")
    assert (await zgw.get(status))["eigenschappen"] == [kept]
    shown = await zgw.get(f"{status}?expand=eigenschappen")
    assert [each["naam"] for each in shown["_expand"]["eigenschappen"]] == ["hoogte"]


REFERRING = [
    (EIGENSCHAP, "statustype", False),
    (ZIOT, "statustype", False),
    (ZAAKOBJECTTYPE, "statustypen", True),
]


@pytest.mark.parametrize(("kind", "field", "listed"), REFERRING, ids=lambda value: getattr(value, "name", ""))
async def test_c_13_g_124_a_statustype_that_something_refers_to_stays(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind, field: str, listed: bool
) -> None:
    status = (await maker.make(STATUSTYPE, concept))["url"]
    referring = (await maker.make(kind, concept, **{field: [status] if listed else status}))["url"]
    pending = (400, "pending-relations", "nonFieldErrors")
    assert refusal(await zgw.delete(status)) == pending
    another = await maker.zaaktype(identificatie="ZT-2")
    assert refusal(await zgw.patch(status, {"zaaktype": another})) == pending
    assert (await zgw.patch(status, {"zaaktype": concept, "statustekst": "x"})).status == 200
    assert (await zgw.patch(referring, {field: [] if listed else None})).status == 200
    assert (await zgw.delete(status)).status == 204


@pytest.mark.parametrize(("kind", "field", "listed"), REFERRING, ids=lambda value: getattr(value, "name", ""))
async def test_g_124_nothing_comes_to_refer_to_a_statustype_that_goes_at_the_same_time(
    maker: Maker, zgw: Zgw, concept: str, kind: Kind, field: str, listed: bool
) -> None:
    statuses = [(await maker.make(STATUSTYPE, concept, volgnummer=number))["url"] for number in range(1, 9)]
    refer = [
        maker.values(kind, concept, **{field: [url] if listed else url, **_different(kind, number)})
        for number, url in enumerate(statuses, start=1)
    ]
    answers = await asyncio.gather(
        *(
            call
            for pair in zip(
                (zgw.post(kind.url, values) for values in refer),
                (zgw.delete(url) for url in statuses),
                strict=True,
            )
            for call in pair
        )
    )
    assert {answer.status for answer in answers} <= {201, 204, 400}
    there = {each["url"] for each in (await zgw.get(f"{STATUSTYPE.url}?status=alles"))["results"]}
    for each in (await zgw.get(f"{kind.url}?status=alles"))["results"]:
        assert there >= set(each[field] if listed else [each[field]])


def _different(kind: Kind, number: int) -> dict[str, Any]:
    """What makes one differ from all others of its zaaktype."""
    return {
        name: number if isinstance(value, int) else f"naam {number}" for name, value in kind.other.items()
    }
