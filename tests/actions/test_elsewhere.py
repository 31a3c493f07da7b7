"""Records of other hosts are trusted for what rules will use of them, and no further."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from dms.actions.elsewhere import fetch_elsewhere
from dms.actions.service import Dms
from dms.model.fields import To
from dms.model.problems import Problem
from dms.settings import Settings
from tests.outgoing.hosts import TYPE, Host, serving

TO = To("informatieobjecttypen", published=True)


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with serving("127.0.0.2") as host:
        yield host


@pytest.fixture
def settings(settings: Settings, host: Host) -> Settings:
    """The service may ask the host, and forgets at once what it heard."""
    return replace(settings, allowed_origins=host.origin, remote_cache=0)


async def found(dms: Dms, host: Host, fields: dict[str, Any], to: To = TO) -> Any:
    """What comes of a type with these fields."""
    url = host.gives("/1", {**TYPE, **fields})
    return await fetch_elsewhere(dms, "informatieobjecttype", url, to)


def code(found: Any) -> str:
    assert isinstance(found, Problem)
    assert found.name == "informatieobjecttype"
    return found.code


async def test_the_record_has_the_url_that_was_asked_for_and_only_fields_of_its_shape(
    dms: Dms, host: Host
) -> None:
    record = await found(dms, host, {"_id": "x", "_body": "x", "anders": 1, "eindeGeldigheid": "2030-01-01"})
    assert record == {**TYPE, "url": f"{host.origin}/1", "eindeGeldigheid": "2030-01-01"}


@pytest.mark.parametrize("name", [name for name in TYPE if name != "concept"])
async def test_g_120_without_a_required_field_it_is_no_such_resource(dms: Dms, host: Host, name: str) -> None:
    url = host.gives("/1", {field: value for field, value in TYPE.items() if field != name})
    assert code(await fetch_elsewhere(dms, "informatieobjecttype", url, TO)) == "invalid-resource"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("url", 1),
        ("url", None),
        ("url", "/catalogi/api/v1/informatieobjecttypen/1"),
        ("catalogus", "/catalogi/api/v1/catalogussen/1"),
        ("catalogus", ["https://elders.test/1"]),
        ("omschrijving", {"a": 1}),
        ("vertrouwelijkheidaanduiding", "top secret"),
        ("vertrouwelijkheidaanduiding", ""),
        ("vertrouwelijkheidaanduiding", None),
        ("vertrouwelijkheidaanduiding", []),
        ("beginGeldigheid", "gisteren"),
        ("concept", "false"),
        ("concept", None),
        ("concept", 0),
    ],
)
async def test_g_120_a_required_field_that_is_something_else_makes_no_such_resource(
    dms: Dms, host: Host, name: str, value: object
) -> None:
    assert code(await found(dms, host, {name: value})) == "invalid-resource"


async def test_what_others_keep_longer_or_leave_blank_is_theirs_to_decide(dms: Dms, host: Host) -> None:
    record = await found(dms, host, {"omschrijving": "x" * 200, "informatieobjectcategorie": ""})
    assert (len(record["omschrijving"]), record["informatieobjectcategorie"]) == (200, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eindeGeldigheid", "ooit"),
        ("omschrijvingGeneriek", {"onzin": 1}),
        ("trefwoord", "geen lijst"),
        ("zaaktypen", ["https://elders.test/1", "/catalogi/api/v1/zaaktypen/1"]),
        ("zaaktypen", [1]),
        ("zaaktypen", 1),
    ],
)
async def test_another_field_that_is_wrong_is_left_out(
    dms: Dms, host: Host, name: str, value: object
) -> None:
    record = await found(dms, host, {name: value})
    assert record == {**TYPE, "url": f"{host.origin}/1"}


async def test_links_of_the_other_host_to_others_are_kept(dms: Dms, host: Host) -> None:
    record = await found(dms, host, {"zaaktypen": ["https://elders.test/1"], "besluittypen": []})
    assert (record["zaaktypen"], record["besluittypen"]) == (["https://elders.test/1"], [])


async def test_drc_002_of_a_kind_that_is_not_known_here_a_url_is_asked_and_no_more(
    dms: Dms, host: Host
) -> None:
    to = To("iets-anders")
    record = await found(dms, host, {"_id": "x", "kleur": "blauw"}, to)
    assert record == {**TYPE, "url": f"{host.origin}/1", "kleur": "blauw"}
    assert code(await found(dms, host, {"url": None}, to)) == "invalid-resource"


async def test_drc_002_an_object_elsewhere_is_refused_by_how_it_could_not_be_had(
    dms: Dms, host: Host
) -> None:
    to = To("iets-anders")
    empty = host.replies_with("/empty", b"")
    urls = {
        "bad-url": f"{host.origin}/not-there",
        "invalid-resource": empty,
        "unknown-service": "https://elders.test/1",
    }
    for expected, url in urls.items():
        assert code(await fetch_elsewhere(dms, "informatieobjecttype", url, to)) == expected
