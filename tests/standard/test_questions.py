"""How often the store is asked: so often for a page and for a publication, however much there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

import pytest

from dms.actions.service import Dms
from dms.settings import Settings
from dms.storage.metadata.port import MetadataStore
from dms.wiring import wired
from tests.standard.counted import Counted
from tests.standard.sub_types import STATUSTYPE, ZIOT, Maker
from tests.zgw import CATALOGUES, TYPES, Zgw


@pytest.fixture
async def dms(settings: Settings) -> AsyncIterator[Dms]:
    async with wired(settings) as service:
        yield replace(service.dms, metadata=cast(MetadataStore, Counted(service.dms.metadata)))


@pytest.fixture
def counted(dms: Dms) -> Counted:
    """The store of the service."""
    return cast(Counted, dms.metadata)


OF_A_ZAAKTYPE = (
    "statustypen",
    "resultaattypen",
    "eigenschappen",
    "roltypen",
    "zaakobjecttypen",
    "zaaktype-informatieobjecttypen",
)


async def test_c_11_a_zaaktype_is_published_with_one_question_for_each_kind_of_record(
    counted: Counted, maker: Maker, zgw: Zgw
) -> None:
    await zgw.besluittype(catalogue=maker.catalogue)
    concept = await maker.zaaktype(besluittypen=["Toekenning"])
    for number in (1, 2, 3):
        await maker.make(STATUSTYPE, concept, volgnummer=number)
        await maker.make(ZIOT, concept, volgnummer=number)
    counted.asked.clear()
    await maker.publish(concept)
    at = [question.method for question in counted.asked].index("transaction")
    # Itself, its catalogue, the other versions, what it names, and all that keeps whether it is a concept.
    assert Counter(counted.asked[:at]) == Counter(
        [
            ("get", "zaaktypen"),
            ("find", "catalogussen"),
            ("find", "zaaktypen"),
            ("find", "besluittypen"),
            ("find", "informatieobjecttypen"),
            *(("find", kind) for kind in OF_A_ZAAKTYPE),
        ]
    )
    # What the answer shows: the versions, what belongs to it, and what it names.
    assert Counter(counted.asked[at + 1 :]) == Counter(
        [
            ("find", "zaaktypen"),
            ("find", "besluittypen"),
            ("find", "informatieobjecttypen"),
            *(("find", kind) for kind in OF_A_ZAAKTYPE),
        ]
    )


async def test_c_11_nothing_is_asked_about_names_that_a_zaaktype_does_not_have(
    counted: Counted, maker: Maker, concept: str
) -> None:
    await maker.make(STATUSTYPE, concept)
    counted.asked.clear()
    await maker.publish(concept)
    assert not {"besluittypen", "informatieobjecttypen"} & counted.of.keys()


@pytest.mark.parametrize("size", [1, 4])
async def test_g_60_a_page_is_one_question_and_a_count_only_where_more_follows(
    counted: Counted, zgw: Zgw, size: int
) -> None:
    for number in range(4):
        await zgw.catalogue(f"C{'ABCD'[number]}")
    counted.asked.clear()
    answer = await zgw.get(f"{CATALOGUES}?pageSize={size}")
    assert (answer["count"], len(answer["results"])) == (4, size)
    pointing_back = [("find", kind) for kind in ("zaaktypen", "besluittypen", "informatieobjecttypen")]
    count = [("count", "catalogussen")] if size < 4 else []
    assert counted.asked == [("find", "catalogussen"), *count, *pointing_back]


@pytest.mark.parametrize("size", [1, 20])
async def test_g_75_a_level_of_expand_is_one_question_and_one_for_each_list_in_it(
    counted: Counted, zgw: Zgw, size: int
) -> None:
    catalogue = await zgw.catalogue()
    for number in range(size):
        await zgw.document_type(catalogue=catalogue, omschrijving=f"Type {number}")
    counted.asked.clear()
    answer = await zgw.get(f"{TYPES}?expand=catalogus.informatieobjecttypen")
    assert len(answer["results"]) == size
    shown = answer["results"][0]["_expand"]["catalogus"]["_expand"]["informatieobjecttypen"]
    assert len(shown) == size
    types = [
        # A page of them, the other versions of their names, and two lists of what names them.
        ("find", "informatieobjecttypen"),
        ("find", "informatieobjecttypen"),
        ("find", "zaaktype-informatieobjecttypen"),
        ("find", "besluittypen"),
    ]
    catalogues = [
        ("find", "catalogussen"),
        *(("find", kind) for kind in ("zaaktypen", "besluittypen", "informatieobjecttypen")),
    ]
    assert counted.asked == [*types, *catalogues, *types]
