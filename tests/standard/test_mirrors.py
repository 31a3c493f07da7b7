"""Relations that are told from two sides: one comes and goes with the other, or neither does.

The API is made here: as much of besluiten as relations with documents ask for.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import pytest

from dms import wiring
from dms.autorisaties.access import Grant
from dms.model.change import Values
from dms.model.fields import RSIN, Datum, OwnLink, Plain, To, Url
from dms.model.filters import link
from dms.model.record import Record
from dms.model.resource import Api, Guard, Mirror, Parent, Resource, Scopes
from dms.settings import Settings
from tests.standard.documents import MIRRORS, grant
from tests.zgw import RSIN as ORGANISATION
from tests.zgw import Answer, Zgw, refusal

ROOT = "/besluiten/api/v1"
DENIED = (403, "permission_denied")


class Besluit(Record):
    """A decision, of a type."""

    url: OwnLink = ""
    verantwoordelijke_organisatie: RSIN
    besluittype: Annotated[str, Url(), To("besluittypen", published=True)]
    datum: Datum
    toelichting: Plain = ""


class BesluitInformatieObject(Record):
    """That a document lays a decision down."""

    url: OwnLink = ""
    informatieobject: Annotated[str, Url(), To("enkelvoudiginformatieobjecten")]
    besluit: Annotated[str, Url()]


def as_seen_from_the_document(relation: Values) -> Values:
    return {
        "informatieobject": relation["informatieobject"],
        "object": relation["besluit"],
        "objectType": "besluit",
    }


BESLUITEN = Resource(
    api="besluiten",
    component="brc",
    name="besluiten",
    singular="besluit",
    record=Besluit,
    scopes=Scopes.of("besluiten"),
    guard=Guard("besluittype", level=None),
    audited=True,
)
RELATIONS = Resource(
    api="besluiten",
    component="brc",
    name="besluitinformatieobjecten",
    singular="besluitinformatieobject",
    record=BesluitInformatieObject,
    scopes=Scopes.of("besluiten"),
    verbs=frozenset({"list", "create", "fetch", "remove"}),
    parent=Parent("besluit", "besluiten"),
    guard=Guard("_besluittype", level=None),
    mirrors=(Mirror("objectinformatieobjecten", as_seen_from_the_document),),
    filters=(link("besluit"), link("informatieobject")),
    paginated=False,
    unique=(("besluit", "informatieobject"),),
    audited=True,
)
API = Api(
    name="besluiten",
    component="brc",
    version="1.1.0",
    title="Besluiten API",
    description="Besluiten.",
    resources=(BESLUITEN, RELATIONS),
)


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(wiring, "APIS", (*wiring.APIS, API))
    return settings


@pytest.fixture
async def besluit(zgw: Zgw, type_: str) -> str:
    """The URL of a besluit."""
    type_of_it = (await zgw.get(type_))["catalogus"]
    values = {
        "verantwoordelijkeOrganisatie": ORGANISATION,
        "besluittype": await zgw.besluittype(catalogue=type_of_it),
        "datum": "2026-01-01",
    }
    answer = await zgw.post(f"{ROOT}/besluiten", values)
    assert answer.status == 201, answer
    return str(answer["url"])


@pytest.fixture
async def document(zgw: Zgw, type_: str) -> str:
    return str((await zgw.document(type_))["url"])


async def relate(zgw: Zgw, besluit: str, document: str, **options: Any) -> Answer:
    values = {"besluit": besluit, "informatieobject": document}
    return await zgw.post(f"{ROOT}/besluitinformatieobjecten", values, **options)


async def seen(zgw: Zgw, document: str) -> list[str]:
    """What the document says that it belongs to."""
    return [each["object"] for each in (await zgw.get(f"{MIRRORS}?informatieobject={document}")).body]


async def test_a_relation_is_seen_from_the_document_as_soon_as_it_is_made(
    zgw: Zgw, besluit: str, document: str
) -> None:
    made = await relate(zgw, besluit, document)
    assert made.status == 201, made
    (mirror,) = (await zgw.get(f"{MIRRORS}?object={besluit}")).body
    assert mirror == {
        "url": mirror["url"],
        "informatieobject": document,
        "object": besluit,
        "objectType": "besluit",
    }
    found = await zgw.get(
        f"/documenten/api/v1/enkelvoudiginformatieobjecten?objectinformatieobjecten__object={besluit}"
    )
    assert [each["url"] for each in found["results"]] == [document]


async def test_both_sides_go_together_and_only_from_the_source(zgw: Zgw, besluit: str, document: str) -> None:
    relation = (await relate(zgw, besluit, document))["url"]
    (mirror,) = (await zgw.get(f"{MIRRORS}?object={besluit}")).body
    assert refusal(await zgw.delete(mirror["url"]))[1] == "remote-relation-exists"
    assert refusal(await zgw.delete(document))[1] == "pending-relations"
    assert (await zgw.delete(relation)).status == 204
    assert await seen(zgw, document) == []
    assert (await zgw.delete(document)).status == 204


async def test_what_goes_with_its_main_object_goes_on_the_other_side_too(
    zgw: Zgw, type_: str, besluit: str, document: str
) -> None:
    other = (await zgw.document(type_))["url"]
    for each in (document, other):
        assert (await relate(zgw, besluit, each)).status == 201
    assert (await zgw.delete(besluit)).status == 204
    for each in (document, other):
        assert await seen(zgw, each) == []
        assert (await zgw.delete(each)).status == 204


async def test_a_relation_that_is_refused_leaves_nothing_on_either_side(
    zgw: Zgw, besluit: str, document: str
) -> None:
    assert (await relate(zgw, besluit, document)).status == 201
    assert refusal(await relate(zgw, besluit, document)) == (400, "unique", "nonFieldErrors")
    assert await seen(zgw, document) == [besluit]
    nowhere = f"{document[:-4]}0000"
    assert refusal(await relate(zgw, besluit, nowhere)) == (400, "bad-url", "informatieobject")


async def test_of_many_relations_at_once_each_is_seen_from_both_sides(
    zgw: Zgw, type_: str, document: str
) -> None:
    catalogue = (await zgw.get(type_))["catalogus"]
    type_of_all = await zgw.besluittype(catalogue=catalogue)
    values = {
        "verantwoordelijkeOrganisatie": ORGANISATION,
        "besluittype": type_of_all,
        "datum": "2026-01-01",
    }
    besluiten = [(await zgw.post(f"{ROOT}/besluiten", values))["url"] for _ in range(8)]
    answers = await asyncio.gather(*(relate(zgw, each, document) for each in besluiten))
    assert [answer.status for answer in answers] == [201] * 8
    assert sorted(await seen(zgw, document)) == sorted(besluiten)


async def test_who_may_relate_a_besluit_needs_no_rights_on_documents(
    zgw: Zgw, besluit: str, document: str
) -> None:
    type_of_it = (await zgw.get(besluit))["besluittype"].removeprefix(zgw.origin)
    scopes = frozenset({"besluiten.lezen", "besluiten.aanmaken"})
    decider = zgw.register("decider", [Grant("brc", scopes, type_of_it)])
    assert (await relate(zgw, besluit, document, client=decider)).status == 201
    assert refusal(await zgw.get(document, client=decider)) == DENIED


async def test_of_besluiten_no_level_is_asked_as_they_have_none(zgw: Zgw, besluit: str, type_: str) -> None:
    type_of_it = (await zgw.get(besluit))["besluittype"].removeprefix(zgw.origin)
    scopes = frozenset({"besluiten.lezen"})
    low = zgw.register("low", [Grant("brc", scopes, type_of_it, 1)])
    assert (await zgw.get(besluit, client=low)).status == 200
    assert (await zgw.get(f"{ROOT}/besluiten", client=low))["count"] == 1
    elsewhere = zgw.register("elsewhere", [grant(zgw, type_, "lezen")])
    assert refusal(await zgw.get(besluit, client=elsewhere)) == DENIED
