"""Objectinformatieobjecten (RULES 2.7): mirrors of relations, read back at their source on another host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from dms import wiring
from dms.actions.service import Dms
from dms.model.fields import OwnLink
from dms.model.record import Record
from dms.model.resource import Api, Resource, Scopes
from dms.settings import Settings
from tests.outgoing.hosts import Host, serving
from tests.standard.documents import MIRRORS, USAGE, grant
from tests.zgw import DOCUMENTS, Answer, Zgw, refusal


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with serving("127.0.0.2") as host:
        yield host


@pytest.fixture
def settings(settings: Settings, host: Host) -> Settings:
    """The service may ask the host."""
    return replace(settings, allowed_origins=host.origin)


def zaak(host: Host, number: int = 1) -> str:
    """The URL of a zaak on the host."""
    path = f"/zaken/api/v1/zaken/{number}"
    return host.gives(path, {"url": host.origin + path})


def relates(
    host: Host, answer: Any, kind: str = "zaken/api/v1/zaakinformatieobjecten", status: int = 200
) -> None:
    """What the host answers when it is asked for its relations."""
    host.gives(f"/{kind}", answer, status=status)


def values(document: str, of: str, kind: str = "zaak") -> dict[str, Any]:
    """The fields of a mirror."""
    return {"informatieobject": document, "object": of, "objectType": kind}


async def mirrored(zgw: Zgw, host: Host, document: str, number: int = 1) -> Answer:
    """A mirror of a relation that the host has; asserts that it was created."""
    relates(host, [{"url": f"{host.origin}/relatie"}])
    answer = await zgw.post(MIRRORS, values(document, zaak(host, number)))
    assert answer.status == 201, answer
    return answer


async def test_drc_004_a_relation_is_mirrored_after_it_was_read_back(
    zgw: Zgw, host: Host, type_: str
) -> None:
    document = (await zgw.document(type_))["url"]
    answer = await mirrored(zgw, host, document)
    assert answer.body == {"url": answer["url"], **values(document, f"{host.origin}/zaken/api/v1/zaken/1")}
    assert (await zgw.get(answer["url"])).body == answer.body
    asked = host.seen[-1]
    assert asked.path == "/zaken/api/v1/zaakinformatieobjecten"
    assert dict(asked.query) == {"zaak": answer["object"], "informatieobject": document}


async def test_g_48_no_source_is_asked_for_a_caller_without_rights_on_the_document(
    zgw: Zgw, host: Host, type_: str
) -> None:
    document = (await zgw.document(type_, vertrouwelijkheidaanduiding="geheim"))["url"]
    writer = zgw.register("writer", [grant(zgw, type_, "aanmaken", level=4)])
    refused = await zgw.post(MIRRORS, values(document, zaak(host)), client=writer)
    assert refusal(refused) == (403, "permission_denied")
    assert host.seen == []


@pytest.mark.parametrize("answer", [[], {"results": []}, {"count": 0, "results": []}])
async def test_drc_004_what_the_source_does_not_know_is_no_relation(
    zgw: Zgw, host: Host, type_: str, answer: Any
) -> None:
    document = (await zgw.document(type_))["url"]
    relates(host, answer)
    refused = await zgw.post(MIRRORS, values(document, zaak(host)))
    assert refusal(refused) == (400, "inconsistent-relation", "nonFieldErrors")


@pytest.mark.parametrize(
    ("answer", "status"), [([], 500), ([], 403), ("x", 200), ({"a": 1}, 200), (None, 200)]
)
async def test_drc_004_a_source_that_cannot_be_asked_is_said_so(
    zgw: Zgw, host: Host, type_: str, answer: Any, status: int
) -> None:
    document = (await zgw.document(type_))["url"]
    relates(host, answer, status=status)
    refused = await zgw.post(MIRRORS, values(document, zaak(host)))
    assert refusal(refused) == (400, "relation-lookup-error", "nonFieldErrors")


async def test_drc_003_a_relation_is_mirrored_once(zgw: Zgw, host: Host, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    await mirrored(zgw, host, document)
    again = await zgw.post(MIRRORS, values(document, zaak(host)))
    assert refusal(again) == (400, "unique", "nonFieldErrors")
    await mirrored(zgw, host, document, 2)
    await mirrored(zgw, host, (await zgw.document(type_))["url"])


async def test_drc_002_the_kind_of_object_is_checked_before_the_object(
    zgw: Zgw, type_: str, host: Host
) -> None:
    document = (await zgw.document(type_))["url"]
    for kind in ("klant", "", "Zaak", ["zaak"], None):
        answer = await zgw.post(MIRRORS, values(document, "https://elders.nl/1", kind))  # type: ignore[arg-type]
        assert answer.status == 400
        assert [problem["name"] for problem in answer["invalidParams"]] == ["objectType"]
    assert refusal(await zgw.post(MIRRORS, values(document, zaak(host), "klant"))) == (
        400,
        "invalid_choice",
        "objectType",
    )


async def test_drc_002_an_object_that_leads_nowhere_is_refused(zgw: Zgw, type_: str, host: Host) -> None:
    document = (await zgw.document(type_))["url"]
    uuid = document.rpartition("/")[2]
    for url, code in (
        (f"{host.origin}/zaken/api/v1/zaken/404", "bad-url"),
        (host.gives("/zaken/api/v1/zaken/7", [1]), "invalid-resource"),
        (host.gives("/x/besluiten/1", {"url": "https://x.nl"}), "invalid-resource"),
        ("https://onbekend.nl/zaken/1", "unknown-service"),
        (f"{zgw.origin}/zaken/api/v1/zaken/{uuid}", "bad-url"),
        (document, "invalid-resource"),
    ):
        assert refusal(await zgw.post(MIRRORS, values(document, url))) == (400, code, "object"), url
    assert refusal(await zgw.post(MIRRORS, values(document, "geen url"))) == (400, "invalid", "object")


async def test_d_71_a_mirror_stays_while_its_source_has_the_relation(
    zgw: Zgw, host: Host, type_: str
) -> None:
    mirror = (await mirrored(zgw, host, (await zgw.document(type_))["url"]))["url"]
    assert refusal(await zgw.delete(mirror)) == (400, "remote-relation-exists", "nonFieldErrors")
    relates(host, [], status=500)
    assert refusal(await zgw.delete(mirror)) == (400, "relation-lookup-error", "nonFieldErrors")
    assert (await zgw.get(mirror)).status == 200
    relates(host, [])
    assert (await zgw.delete(mirror)).status == 204
    assert (await zgw.get(mirror)).status == 404


async def test_d_71_a_mirror_goes_when_its_object_is_gone_altogether(
    zgw: Zgw, host: Host, type_: str
) -> None:
    mirror = (await mirrored(zgw, host, (await zgw.document(type_))["url"]))["url"]
    del host.replies["/zaken/api/v1/zaken/1"]
    relates(host, [])
    assert (await zgw.delete(mirror)).status == 204


async def test_d_72_g_104_a_mirror_is_not_changed_and_writes_no_audit_line(
    zgw: Zgw, host: Host, type_: str
) -> None:
    document = (await zgw.document(type_))["url"]
    mirror = (await mirrored(zgw, host, document))["url"]
    for method in (zgw.put, zgw.patch):
        assert refusal(await method(mirror, {})) == (405, "method_not_allowed")
    assert len((await zgw.get(f"{document}/audittrail")).body) == 1


async def test_d_72_mirrors_are_a_plain_array_by_object_and_by_document(
    zgw: Zgw, host: Host, type_: str
) -> None:
    first, other = [(await zgw.document(type_))["url"] for _ in range(2)]
    one = (await mirrored(zgw, host, first, 1)).body
    two = (await mirrored(zgw, host, other, 2)).body
    assert (await zgw.get(MIRRORS)).body == [two, one]
    assert (await zgw.get(f"{MIRRORS}?object={one['object']}")).body == [one]
    assert (await zgw.get(f"{MIRRORS}?informatieobject={other}")).body == [two]
    assert refusal(await zgw.get(f"{MIRRORS}?page=1")) == (400, "unknown-parameters", "nonFieldErrors")


async def test_drc_008_a_document_with_relations_stays_until_the_last_is_gone(
    zgw: Zgw, host: Host, type_: str
) -> None:
    document = (await zgw.document(type_))["url"]
    mirrors = [(await mirrored(zgw, host, document, number))["url"] for number in (1, 2)]
    relates(host, [])
    for mirror in mirrors:
        assert refusal(await zgw.delete(document)) == (400, "pending-relations", "nonFieldErrors")
        assert (await zgw.delete(mirror)).status == 204
    assert (await zgw.delete(document)).status == 204


async def test_d_95_qd_1_the_documents_of_a_zaak_are_one_list(zgw: Zgw, host: Host, type_: str) -> None:
    documents = [(await zgw.document(type_, titel=str(number)))["url"] for number in range(3)]
    for document in documents[:2]:
        await mirrored(zgw, host, document)

    async def found(query: str) -> list[str]:
        return [each["url"] for each in (await zgw.get(f"{DOCUMENTS}?{query}"))["results"]]

    of = zaak(host)
    for underscores in ("_", "__"):
        named = f"objectinformatieobjecten{underscores}object"
        assert await found(f"{named}={of}") == [documents[1], documents[0]]
        assert await found(f"{named}Type=zaak") == [documents[1], documents[0]]
        assert await found(f"{named}Type=besluit") == []
        assert await found(f"{named}={of}&{named}Type=zaak&expand=informatieobjecttype") == [
            documents[1],
            documents[0],
        ]
    assert await found("objectinformatieobjecten_object=https://elders.nl/iets") == []
    assert await found("zonderRelaties=true") == [documents[2]]
    assert await found("zonderRelaties=false") == [documents[1], documents[0]]


async def test_g_75_a_mirror_is_expanded_with_its_document_and_further(
    zgw: Zgw, host: Host, type_: str
) -> None:
    document = (await zgw.document(type_)).body
    await mirrored(zgw, host, document["url"])
    [found] = (await zgw.get(f"{MIRRORS}?expand=informatieobject.informatieobjecttype,object")).body
    within = found["_expand"]["informatieobject"]
    assert within["titel"] == document["titel"]
    assert within["_expand"]["informatieobjecttype"]["url"] == type_
    assert "object" not in found["_expand"]


async def test_drc_004_a_mirror_made_twice_at_once_is_made_once(
    zgw: Zgw, dms: Dms, host: Host, type_: str
) -> None:
    document = (await zgw.document(type_))["url"]
    relates(host, [{}])
    sent = values(document, zaak(host))
    answers = await asyncio.gather(*(zgw.post(MIRRORS, sent) for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [201, *[400] * 5]
    assert {refusal(answer)[1] for answer in answers if answer.status == 400} == {"unique"}
    record = await dms.metadata.get("enkelvoudiginformatieobjecten", document.rpartition("/")[2])
    assert record is not None
    assert (record["_objecten"], record["_relaties"]) == ([sent["object"]], 1)


async def test_qd_11_mirrors_of_unpublished_documents_are_not_shown(zgw: Zgw, host: Host, type_: str) -> None:
    document = (await zgw.document(type_))["url"]
    mirror = (await mirrored(zgw, host, document))["url"]
    public = zgw.register("public", everything=True, only_published=True)
    assert (await zgw.get(MIRRORS, client=public)).body == []
    assert refusal(await zgw.get(mirror, client=public)) == (403, "permission_denied")
    ready = {"lock": await zgw.locked(document), "isGereedVoorPublicatie": True}
    assert (await zgw.patch(document, ready)).status == 200
    assert [each["url"] for each in (await zgw.get(MIRRORS, client=public)).body] == [mirror]


class ZaakOfOurs(Record):
    """As little of a zaak, or of its relation with a document, as a source must have."""

    url: OwnLink = ""


def resource_of(name: str) -> Resource:
    """A resource of zaken that are kept here."""
    scopes = Scopes.of("zaken")
    return Resource(api="zaken", component="zrc", name=name, singular=name, record=ZaakOfOurs, scopes=scopes)


ZAKEN = Api(
    name="zaken",
    component="zrc",
    version="1.7.0",
    title="Zaken API",
    description="Zo veel van zaken als documenten ervan moeten weten.",
    resources=(resource_of("zaken"), resource_of("zaakinformatieobjecten")),
)


class TestZakenOfOurs:
    """Zaken that this installation keeps itself."""

    @pytest.fixture
    def settings(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
        monkeypatch.setattr(wiring, "APIS", (*wiring.APIS, ZAKEN))
        return settings

    async def test_d_70_qd_12_a_relation_of_ours_is_not_made_by_its_mirror(
        self, zgw: Zgw, dms: Dms, type_: str
    ) -> None:
        document = (await zgw.document(type_))["url"]
        id = "00000000-0000-4000-8000-000000000001"
        zaak = resource_of("zaken").url(id)
        sent = values(document, zgw.origin + zaak)
        assert refusal(await zgw.post(MIRRORS, sent)) == (400, "bad-url", "object")
        await insert(dms, "zaken", {"_id": id, "url": zaak})
        assert refusal(await zgw.post(MIRRORS, sent)) == (400, "inconsistent-relation", "nonFieldErrors")
        relation = {"_id": id, "zaak": zaak, "informatieobject": document.removeprefix(zgw.origin)}
        await insert(dms, "zaakinformatieobjecten", relation)
        mirror = (await zgw.post(MIRRORS, sent))["url"]
        assert refusal(await zgw.post(MIRRORS, sent)) == (400, "unique", "nonFieldErrors")
        assert refusal(await zgw.delete(mirror)) == (400, "remote-relation-exists", "nonFieldErrors")


async def insert(dms: Dms, collection: str, record: dict[str, Any]) -> None:
    """Store a record as its own API would."""
    async with dms.metadata.transaction() as transaction:
        transaction.insert(collection, record)


class TestShortLists:
    """Few records in a list that the standard does not page."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, longest_list=2)

    async def test_g_61_a_list_without_pages_is_refused_rather_than_cut_off(
        self, zgw: Zgw, host: Host, type_: str
    ) -> None:
        document = (await zgw.document(type_))["url"]
        for number in range(3):
            await mirrored(zgw, host, document, number)
        assert refusal(await zgw.get(MIRRORS)) == (400, "too-many-results", "nonFieldErrors")
        assert len((await zgw.get(f"{MIRRORS}?object={zaak(host, 1)}")).body) == 1
        assert (await zgw.get(USAGE)).body == []
