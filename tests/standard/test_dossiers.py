"""The documents of a zaak in one call: how often the store is asked does not depend on how many there are."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import pytest

from dms.actions.service import Dms
from dms.settings import Settings
from dms.storage.metadata.port import MetadataStore
from dms.wiring import wired
from tests.standard.counted import Counted
from tests.standard.documents import grant
from tests.zgw import DOCUMENTS, Answer, Zgw

COLLECTION = "enkelvoudiginformatieobjecten"
ZAAK = "https://zaken.example.nl/zaken/api/v1/zaken/1"
DOSSIER = f"objectinformatieobjecten_object={ZAAK}"


@pytest.fixture
async def dms(settings: Settings) -> AsyncIterator[Dms]:
    async with wired(settings) as service:
        yield replace(service.dms, metadata=cast(MetadataStore, Counted(service.dms.metadata)))


async def dossier(dms: Dms, zgw: Zgw, type_: str, size: int) -> None:
    """Give the zaak this many documents."""
    id = (await zgw.document(type_))["url"].rpartition("/")[2]
    document = await dms.metadata.get(COLLECTION, id)
    assert document is not None
    async with dms.metadata.transaction() as transaction:
        for number in range(size):
            id = str(uuid.uuid4())
            url = f"/documenten/api/v1/{COLLECTION}/{id}"
            linked = {"_objecten": [ZAAK], "_objecttypen": ["zaak"], "_relaties": 1}
            copy = {**document, **linked, "_id": id, "url": url, "identificatie": f"C-{number}"}
            transaction.insert(COLLECTION, copy)


async def asked(dms: Dms, zgw: Zgw, url: str, **options: Any) -> tuple[Answer, list[str]]:
    """The answer, and what the store was asked for it."""
    counted = cast(Counted, dms.metadata)
    counted.asked.clear()
    answer = await zgw.get(url, **options)
    assert answer.status == 200, answer
    return answer, [each.method for each in counted.asked]


@pytest.mark.parametrize("size", [1, 500])
async def test_d_95_a_dossier_with_its_types_takes_as_many_questions_whatever_its_size(
    dms: Dms, zgw: Zgw, type_: str, size: int
) -> None:
    await dossier(dms, zgw, type_, size)
    path = f"{DOCUMENTS}?{DOSSIER}&expand=informatieobjecttype&pageSize=500"
    answer, questions = await asked(dms, zgw, path)
    assert (answer["count"], len(answer["results"])) == (size, size)
    assert {each["_expand"]["informatieobjecttype"]["url"] for each in answer["results"]} == {type_}
    # The documents, their types, and the three lists that a type shows of others.
    assert questions == ["find"] * 5


async def test_g_50_a_caller_with_many_grants_costs_no_more_questions(dms: Dms, zgw: Zgw, type_: str) -> None:
    await dossier(dms, zgw, type_, 50)
    grants = [grant(zgw, f"{type_[:-12]}{number:012d}", "lezen", level=8) for number in range(100)]
    reader = zgw.register("reader", [*grants, grant(zgw, type_, "lezen", level=4)])
    answer, questions = await asked(dms, zgw, f"{DOCUMENTS}?{DOSSIER}", client=reader)
    assert answer["count"] == 50
    assert questions == ["find"]
