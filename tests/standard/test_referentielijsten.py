"""The Referentielijsten and Selectielijst API: what anyone may read, filled from a file (RULES 11)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from dms.actions.service import Dms
from tests.zgw import Zgw, refusal
from zaak_adapters.referentielijsten.form import LISTS, read
from zaak_adapters.referentielijsten.register import fill
from zaak_adapters.referentielijsten.sample import FILE

ROOT = "/referentielijsten/api/v1"
NOWHERE = "00000000-0000-4000-8000-000000000000"
NO_TOKEN = {"Authorization": ""}
PROCES = "5a3f0c1e-7f5d-4b0a-9a51-0f2d6f7f0b01"
OTHER = "5a3f0c1e-7f5d-4b0a-9a51-0f2d6f7f0b02"
RESULT = f"{ROOT}/resultaten/5a3f0c1e-7f5d-4b0a-9a51-0f2d6f7f0c01"
every_list = pytest.mark.parametrize("name", LISTS)
PAGINATED = {"communicatiekanalen", "resultaten"}


@pytest.fixture
async def lists(dms: Dms) -> dict[str, Any]:
    """The sample, loaded; as its file holds it."""
    await fill(dms.metadata, read(FILE.read_bytes()))
    found: dict[str, Any] = orjson.loads(FILE.read_bytes())
    return found


@every_list
async def test_r_01_anyone_reads_the_lists_without_a_token(
    zgw: Zgw, lists: dict[str, Any], name: str
) -> None:
    answer = await zgw.get(f"{ROOT}/{name}", headers=NO_TOKEN)
    assert (answer.status, answer.headers["API-version"]) == (200, "0.6.0")
    found = answer["results"] if name in PAGINATED else answer.body
    assert {each["url"] for each in found} == {
        f"{zgw.origin}{ROOT}/{name}/{each['uuid']}" for each in lists[name]
    }
    one = await zgw.get(found[0]["url"], headers=NO_TOKEN)
    assert one.body == found[0]


@every_list
async def test_g_45_a_token_that_does_not_hold_is_not_even_looked_at(
    zgw: Zgw, lists: dict[str, Any], name: str
) -> None:
    for token in ("x", zgw.token("unknown"), zgw.token(zgw.register("poor"))):
        assert (await zgw.get(f"{ROOT}/{name}", token=token)).status == 200


@every_list
async def test_g_61_procestypen_and_resultaattypeomschrijvingen_are_plain_arrays(
    zgw: Zgw, lists: dict[str, Any], name: str
) -> None:
    answer = await zgw.get(f"{ROOT}/{name}", headers=NO_TOKEN)
    if name in PAGINATED:
        assert (answer["count"], answer["next"], answer["previous"]) == (len(lists[name]), None, None)
        assert refusal(await zgw.get(f"{ROOT}/{name}?page=2")) == (404, "not_found")
    else:
        assert isinstance(answer.body, list)
        unknown = await zgw.get(f"{ROOT}/{name}?page=1")
        assert refusal(unknown) == (400, "unknown-parameters", "nonFieldErrors")


@every_list
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_r_01_nobody_writes_the_lists_over_the_api(
    zgw: Zgw, lists: dict[str, Any], name: str, method: str
) -> None:
    for url in (f"{ROOT}/{name}", f"{ROOT}/{name}/{lists[name][0]['uuid']}"):
        answer = await zgw.call(method, url, json={})
        assert refusal(answer) == (405, "method_not_allowed")
        assert answer.headers["Allow"] == "GET,HEAD"


@every_list
async def test_g_06_what_is_not_in_a_list_is_not_found(zgw: Zgw, lists: dict[str, Any], name: str) -> None:
    for id in (NOWHERE, "x"):
        assert refusal(await zgw.get(f"{ROOT}/{name}/{id}", headers=NO_TOKEN)) == (404, "not_found")
    assert refusal(await zgw.get(f"{ROOT}/{name}?x=1")) == (400, "unknown-parameters", "nonFieldErrors")


@every_list
async def test_g_86_an_entry_has_an_etag_by_which_it_is_not_sent_twice(
    zgw: Zgw, lists: dict[str, Any], name: str
) -> None:
    url = f"{ROOT}/{name}/{lists[name][0]['uuid']}"
    head = await zgw.call("HEAD", url, headers=NO_TOKEN)
    tag = (await zgw.get(url)).headers["Etag"]
    assert (head.status, head.body, head.headers["Etag"]) == (200, b"", tag)
    again = await zgw.get(url, headers={**NO_TOKEN, "If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")


async def test_g_86_the_etag_of_an_entry_changes_when_a_file_changes_it(
    dms: Dms, zgw: Zgw, lists: dict[str, Any]
) -> None:
    before = (await zgw.get(RESULT)).headers["Etag"]
    lists["resultaten"][0]["bewaartermijn"] = "P2Y"
    await fill(dms.metadata, read(orjson.dumps(lists)))
    after = await zgw.get(RESULT, headers={"If-None-Match": before})
    assert (after.status, after["bewaartermijn"]) == (200, "P2Y")


async def test_r_02_procestypen_are_found_by_their_year(zgw: Zgw, lists: dict[str, Any]) -> None:
    assert len((await zgw.get(f"{ROOT}/procestypen?jaar=1900", headers=NO_TOKEN)).body) == 1
    assert (await zgw.get(f"{ROOT}/procestypen?jaar=2020")).body == []
    for wrong, code in (("x", "invalid"), ("true", "invalid"), ("9" * 30, "max_value")):
        assert refusal(await zgw.get(f"{ROOT}/procestypen?jaar={wrong}")) == (400, code, "jaar")


@pytest.mark.parametrize("name", ["procesType", "proces_type"])
async def test_r_02_resultaten_are_found_by_their_procestype_in_either_spelling(
    dms: Dms, zgw: Zgw, lists: dict[str, Any], name: str
) -> None:
    process = {**lists["procestypen"][0], "uuid": OTHER, "nummer": 9002}
    result = {**lists["resultaten"][0], "uuid": OTHER, "procesType": OTHER, "volledigNummer": "9002.1"}
    await fill(dms.metadata, read(orjson.dumps({"procestypen": [process], "resultaten": [result]})))
    found = {}
    for id in (PROCES, OTHER, NOWHERE):
        asked = f"{ROOT}/resultaten?{name}={zgw.origin}{ROOT}/procestypen/{id}"
        found[id] = [each["volledigNummer"] for each in (await zgw.get(asked, headers=NO_TOKEN))["results"]]
    assert {id: sorted(numbers) for id, numbers in found.items()} == {
        PROCES: ["9001.1", "9001.1.1", "9001.2"],
        OTHER: ["9002.1"],
        NOWHERE: [],
    }
    assert refusal(await zgw.get(f"{ROOT}/resultaten?{name}=x")) == (400, "invalid", name)


async def test_r_03_a_result_tells_whether_it_is_generic_and_its_term_in_words(
    zgw: Zgw, lists: dict[str, Any]
) -> None:
    answer = await zgw.get(f"{ROOT}/resultaten", headers=NO_TOKEN)
    shown = {
        each["volledigNummer"]: (each["generiek"], each["specifiek"], each["procestermijnWeergave"])
        for each in answer["results"]
    }
    assert shown == {
        "9001.1": (True, False, "Nihil"),
        "9001.1.1": (False, True, "Nihil"),
        "9001.2": (True, False, ""),
    }
    assert (await zgw.get(RESULT))["procesType"] == f"{zgw.origin}{ROOT}/procestypen/{PROCES}"
