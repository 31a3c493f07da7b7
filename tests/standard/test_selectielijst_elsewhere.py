"""Resultaattypen whose class and description are in the lists of another service (ztc-001, ztc-002)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from dms.settings import Settings
from tests.outgoing.hosts import Host, serving
from tests.standard.sub_types import RESULTAATTYPE, Maker
from tests.zgw import Zgw, refusal

# As the public service of the standard answers, with what it has beside the fields of the standard.
RESULT: dict[str, Any] = {
    "nummer": 1,
    "volledigNummer": "1.1",
    "generiek": True,
    "specifiek": False,
    "naam": "Ingesteld",
    "omschrijving": "",
    "herkomst": "Risicoanalyse",
    "waardering": "vernietigen",
    "procestermijn": "nihil",
    "procestermijnWeergave": "Nihil",
    "bewaartermijn": "P7Y",
    "toelichting": "",
    "allesAnders": None,
}
PROCESS: dict[str, Any] = {
    "nummer": 1,
    "jaar": 2020,
    "naam": "Instellen",
    "omschrijving": "Instellen",
    "toelichting": "",
    "procesobject": "",
}
ENDED = {"afleidingswijze": "afgehandeld"}


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with serving("127.0.0.2") as host:
        yield host


@pytest.fixture
def settings(settings: Settings, host: Host) -> Settings:
    """The service may ask the host, and asks again every time."""
    return replace(settings, allowed_origins=host.origin, remote_cache=0)


class Lists:
    """The lists on the other host."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.process = self._gives("procestypen", PROCESS)
        self.result = self.gives_result()
        described = {"omschrijving": "Ingesteld", "definitie": "Is er.", "opmerking": ""}
        self.description = self._gives("resultaattypeomschrijvingen", described)

    def _gives(self, name: str, values: dict[str, Any]) -> str:
        path = f"/api/v1/{name}/1"
        return self.host.gives(path, {"url": self.host.origin + path, **values})

    def gives_result(self, **fields: Any) -> str:
        """The URL of a result."""
        return self._gives("resultaten", {**RESULT, "procesType": self.process, **fields})


@pytest.fixture
def lists(host: Host) -> Lists:
    return Lists(host)


async def sent(maker: Maker, zaaktype: str, lists: Lists, **fields: Any) -> Any:
    """A create that refers to the other host."""
    values = {
        "selectielijstklasse": lists.result,
        "resultaattypeomschrijving": lists.description,
        "brondatumArchiefprocedure": ENDED,
        "archiefnominatie": "",
    }
    return await maker.sent(RESULTAATTYPE, zaaktype, **values, **fields)


@pytest.fixture
async def zaaktype(maker: Maker, lists: Lists) -> str:
    """The URL of a zaaktype of the process there."""
    return await maker.zaaktype(selectielijstProcestype=lists.process)


async def test_ztc_002_a_class_of_another_service_fills_in_what_is_left_out(
    maker: Maker, zgw: Zgw, zaaktype: str, lists: Lists
) -> None:
    made = await sent(maker, zaaktype, lists)
    assert made.status == 201, made
    derived = ("archiefnominatie", "archiefactietermijn", "omschrijvingGeneriek")
    assert [made[name] for name in derived] == ["vernietigen", "P7Y", "Ingesteld"]
    shown = await zgw.get(f"{made['url']}?expand=selectielijstklasse,resultaattypeomschrijving")
    assert shown["_expand"]["selectielijstklasse"]["herkomst"] == "Risicoanalyse"
    assert shown["_expand"]["resultaattypeomschrijving"]["definitie"] == "Is er."


async def test_ztc_003_a_change_that_does_not_name_the_class_asks_no_other_service(
    maker: Maker, zgw: Zgw, zaaktype: str, lists: Lists, host: Host
) -> None:
    url = (await sent(maker, zaaktype, lists))["url"]
    host.replies.clear()
    term = {"afleidingswijze": "termijn", "procestermijn": "P1Y"}
    refused = await zgw.patch(url, {"brondatumArchiefprocedure": term})
    assert refusal(refused) == (400, "invalid-afleidingswijze-for-procestermijn", "nonFieldErrors")
    assert (await zgw.patch(url, {"toelichting": "x"})).status == 200


async def test_ztc_002_the_class_there_is_of_the_procestype_of_the_zaaktype(
    maker: Maker, zaaktype: str, concept: str, lists: Lists
) -> None:
    mismatch = (400, "procestype-mismatch", "nonFieldErrors")
    assert refusal(await sent(maker, concept, lists)) == mismatch
    lists.gives_result(procesType="https://elders.test/procestypen/2")
    assert refusal(await sent(maker, zaaktype, lists)) == mismatch


@pytest.mark.parametrize(
    "fields",
    [
        {"waardering": "misschien"},
        {"procesType": None},
        {"procesType": "/referentielijsten/api/v1/procestypen/5a3f0c1e-7f5d-4b0a-9a51-0f2d6f7f1b01"},
        {"nummer": "een"},
    ],
)
async def test_ztc_002_what_is_no_class_is_no_use(
    maker: Maker, zaaktype: str, lists: Lists, fields: dict[str, Any]
) -> None:
    lists.gives_result(**fields)
    assert refusal(await sent(maker, zaaktype, lists)) == (400, "invalid-resource", "selectielijstklasse")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"procestermijn": None}, "P7Y"),
        ({"procestermijn": "anders"}, "P7Y"),
        ({"bewaartermijn": "zeven jaar"}, None),
        ({"bewaartermijn": None}, None),
    ],
)
async def test_ztc_002_what_a_class_tells_in_another_way_is_left_out_of_it(
    maker: Maker, zaaktype: str, lists: Lists, fields: dict[str, Any], expected: str | None
) -> None:
    lists.gives_result(**fields)
    made = await sent(maker, zaaktype, lists)
    assert (made.status, made["archiefactietermijn"]) == (201, expected), made


async def test_g_120_a_class_that_cannot_be_fetched_is_refused(
    maker: Maker, zaaktype: str, lists: Lists, host: Host
) -> None:
    host.replies.pop("/api/v1/resultaten/1")
    assert refusal(await sent(maker, zaaktype, lists)) == (400, "bad-url", "selectielijstklasse")
