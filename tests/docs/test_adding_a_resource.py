"""The resource that docs/adding-a-resource.md adds, as it stands there."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dms import wiring
from dms.actions.announcing import OUTBOX
from dms.actions.service import Dms
from dms.documenten.api import DOCUMENTEN
from dms.model.query import Equals
from dms.model.resource import Resource
from dms.settings import Settings
from tests.standard.documents import ROOT, grant
from tests.zgw import Answer, Zgw, refusal

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-resource.md"
NAME = "dms.documenten.resources.notities"
NOTES = f"{ROOT}/notities"


def code() -> str:
    """The file of the resource."""
    (found,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(found)


@pytest.fixture
def notities(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resource]:
    """The resource of the page, served with the others."""
    module = ModuleType(NAME)
    monkeypatch.setitem(sys.modules, NAME, module)
    exec(compile(code(), str(PAGE), "exec"), module.__dict__)
    resource: Resource = module.NOTITIES
    documenten = replace(DOCUMENTEN, resources=(*DOCUMENTEN.resources, resource))
    others = [api for api in wiring.APIS if api.name != documenten.name]
    monkeypatch.setattr(wiring, "APIS", (documenten, *others))
    yield resource


@pytest.fixture
def settings(settings: Settings, notities: Resource) -> Settings:
    return replace(settings, notifications=True)


@pytest.fixture
async def document(zgw: Zgw, type_: str) -> str:
    return str((await zgw.document(type_))["url"])


async def note(zgw: Zgw, document: str, **fields: Any) -> Answer:
    """A new notitie; asserts that it was made."""
    values = {"informatieobject": document, "onderwerp": "Let op", "tekst": "Bel eerst", **fields}
    answer = await zgw.post(NOTES, values)
    assert answer.status == 201, answer
    return answer


def test_the_resource_of_the_tutorial_is_one_short_file() -> None:
    assert len([line for line in code().splitlines() if line.strip()]) <= 60


async def test_a_notitie_is_checked_by_the_types_of_its_fields(zgw: Zgw, document: str) -> None:
    answer = await note(zgw, document, aanmaakdatum="2001-01-01T00:00:00Z")
    assert answer.body == {
        "url": answer["url"],
        "informatieobject": document,
        "onderwerp": "Let op",
        "tekst": "Bel eerst",
        "aanmaakdatum": answer["aanmaakdatum"],
        "status": "concept",
    }
    assert answer["aanmaakdatum"] > "2002"
    values = {"informatieobject": document, "onderwerp": "x" * 51, "tekst": "x"}
    assert refusal(await zgw.post(NOTES, values)) == (400, "max_length", "onderwerp")
    nowhere = {**values, "onderwerp": "x", "informatieobject": f"{document[:-1]}g"}
    assert refusal(await zgw.post(NOTES, nowhere)) == (400, "object-does-not-exist", "informatieobject")


async def test_its_filters_find_it_and_others_are_refused(zgw: Zgw, type_: str, document: str) -> None:
    other = (await zgw.document(type_))["url"]
    concept = (await note(zgw, document))["url"]
    final = (await note(zgw, document, status="definitief"))["url"]
    await note(zgw, other)

    async def found(query: str) -> list[str]:
        return [each["url"] for each in (await zgw.get(f"{NOTES}?{query}"))["results"]]

    assert await found(f"informatieobject={document}") == [final, concept]
    assert await found(f"informatieobject={document}&status=concept") == [concept]
    assert refusal(await zgw.get(f"{NOTES}?tekst=x"))[1] == "unknown-parameters"


async def test_its_rule_holds_once_it_is_definitive(zgw: Zgw, document: str) -> None:
    url = (await note(zgw, document))["url"]
    assert (await zgw.patch(url, {"status": "definitief"})).status == 200
    assert refusal(await zgw.patch(url, {"tekst": "Toch niet"})) == (
        400,
        "non-concept-object",
        "nonFieldErrors",
    )
    assert (await zgw.delete(url)).status == 204


async def test_its_document_is_expanded_and_gives_the_rights(zgw: Zgw, type_: str, document: str) -> None:
    await note(zgw, document)
    (found,) = (await zgw.get(f"{NOTES}?expand=informatieobject"))["results"]
    assert found["_expand"]["informatieobject"]["url"] == document
    other = await zgw.document_type(catalogue=await zgw.catalogue("ANDER"))
    stranger = zgw.register("stranger", [grant(zgw, other, "lezen")])
    assert (await zgw.get(NOTES, client=stranger))["count"] == 0
    assert refusal(await zgw.get(found["url"], client=stranger)) == (403, "permission_denied")


async def test_its_changes_are_written_down_and_announced_under_its_document(
    zgw: Zgw, dms: Dms, document: str
) -> None:
    url = (await note(zgw, document))["url"]
    await zgw.patch(url, {"tekst": "Bel nu"})
    await zgw.delete(url)
    acts = ["create", "partial_update", "destroy"]
    lines = (await zgw.get(f"{document}/audittrail")).body[1:]
    assert [(line["actie"], line["resource"]) for line in lines] == [(act, "notitie") for act in acts]
    told = await dms.metadata.find(OUTBOX.name, Equals("resource", "notitie"))
    assert sorted(message["actie"] for message in told) == sorted(acts)
    assert all(document.endswith(message["hoofdObject"]) for message in told)


async def test_its_documentation_says_that_it_is_beside_the_standard(zgw: Zgw) -> None:
    described = (await zgw.get(f"{ROOT}/openapi.json")).body["paths"]
    operations = [
        operation
        for path, item in described.items()
        if path.startswith("/notities")
        for method, operation in item.items()
        if method != "parameters"
    ]
    assert len(operations) == 7
    assert all(operation["x-experimental"] for operation in operations)


class TestWithoutExtras:
    """An installation that keeps to the standard."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, extras=False)

    async def test_what_is_beside_the_standard_is_not_there(self, zgw: Zgw) -> None:
        assert (await zgw.get(NOTES)).status == 404
