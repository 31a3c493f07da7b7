"""Who may do what with which documents (RULES 1.5, 1.6, QD-11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from dms.actions.service import Dms
from dms.autorisaties.access import Grant
from dms.model.fields import VERTROUWELIJKHEID
from dms.outgoing.jwts import make_token
from tests.standard.parts import begun
from tests.standard.stored import everything
from tests.zgw import ALL, DOCUMENTS, WITHOUT_APPLICATION, Answer, Zgw, document_values, refusal

DENIED = (403, "permission_denied")
NOT_FOUND = (404, "not_found")
NOWHERE = "00000000-0000-4000-8000-000000000000"
OTHER_TYPE = f"/catalogi/api/v1/informatieobjecttypen/{NOWHERE}"
LEVEL = VERTROUWELIJKHEID["zaakvertrouwelijk"]
"""The level of the documents here, which is that of their type."""

SCOPES = {
    "create": ("documenten.aanmaken",),
    "list": ("documenten.lezen",),
    "fetch": ("documenten.lezen",),
    "look": ("documenten.lezen",),
    "download": ("documenten.lezen",),
    "put": ("documenten.bijwerken", "documenten.geforceerd-bijwerken"),
    "patch": ("documenten.bijwerken", "documenten.geforceerd-bijwerken"),
    "delete": ("documenten.verwijderen",),
    "lock": ("documenten.lock",),
    "unlock": ("documenten.lock", "documenten.geforceerd-unlock"),
    "part": ("documenten.bijwerken",),
    "audit trail": ("audittrails.lezen",),
    "audit line": ("audittrails.lezen",),
}
EVERY_SCOPE = frozenset(scope for scopes in SCOPES.values() for scope in scopes)
ON_ONE = [operation for operation in SCOPES if operation not in ("create", "list")]


@dataclass
class Documents:
    """Two documents, the second of which waits for a part, and their type."""

    type: str
    one: Answer
    uploading: Answer
    line: str


@pytest.fixture
async def documents(zgw: Zgw, type_: str) -> Documents:
    one = await zgw.document(type_, content=b"inhoud")
    [line] = (await zgw.get(f"{one['url']}/audittrail")).body
    return Documents(type_, one, await begun(zgw, type_), line["uuid"])


async def call(zgw: Zgw, operation: str, documents: Documents, **options: Any) -> Answer:
    """The operation on the documents, as good as it can be."""
    url, waiting = documents.one["url"], documents.uploading
    values = document_values(documents.type, lock="x")
    part = waiting["bestandsdelen"][0]["url"]
    match operation:
        case "create":
            return await zgw.post(DOCUMENTS, values, **options)
        case "put" | "patch":
            return await zgw.call(operation.upper(), url, json=values, **options)
        case "lock" | "unlock":
            return await zgw.post(f"{url}/{operation}", {"lock": "x"}, **options)
        case "part":
            return await zgw.upload(part, bytes(100), waiting["lock"], **options)
        case "delete":
            return await zgw.delete(waiting["url"], **options)
    at = {
        "list": DOCUMENTS,
        "fetch": url,
        "look": url,
        "download": f"{url}/download",
        "audit trail": f"{url}/audittrail",
        "audit line": f"{url}/audittrail/{documents.line}",
    }[operation]
    return await zgw.call("HEAD" if operation == "look" else "GET", at, **options)


async def answers(
    zgw: Zgw, operations: Iterable[str], documents: Documents, **options: Any
) -> dict[str, tuple[Any, ...]]:
    """How each of the operations was refused; of a HEAD only the status is known."""
    found = {}
    for operation in operations:
        answer = await call(zgw, operation, documents, **options)
        refused = answer.status >= 400 and operation != "look"
        found[operation] = refusal(answer) if refused else (answer.status,)
    return found


def each(operations: Iterable[str], refused: tuple[Any, ...] = DENIED) -> dict[str, tuple[Any, ...]]:
    """The same refusal of each of the operations."""
    return {operation: refused[:1] if operation == "look" else refused for operation in operations}


def path(zgw: Zgw, url: str) -> str:
    """A URL as a grant holds it."""
    return url.removeprefix(zgw.origin)


def reader(zgw: Zgw, *grants: dict[str, Any], scopes: Iterable[str] = ("documenten.lezen",)) -> str:
    return zgw.register("reader", [Grant("drc", frozenset(scopes), **grant) for grant in grants or ({},)])


@pytest.mark.parametrize("authorization", ["", "Basic eDp4", "Bearer ", "x"])
async def test_g_43_without_a_token_nothing_is_allowed(
    zgw: Zgw, dms: Dms, documents: Documents, authorization: str
) -> None:
    before = await everything(dms)
    headers = {"Authorization": authorization}
    assert await answers(zgw, SCOPES.keys() - {"part"}, documents, headers=headers) == each(
        SCOPES.keys() - {"part"}
    )
    assert refusal(await call(zgw, "part", documents, headers=headers)) == DENIED
    assert await everything(dms) == before


async def test_g_41_each_thing_that_is_wrong_with_a_token_has_its_code(
    zgw: Zgw, documents: Documents
) -> None:
    unknown = zgw.token("nobody")
    forged = make_token(ALL, "the secret of somebody else, as long")
    for token, code in [
        ("geen.jwt", "jwt-decode-error"),
        (unknown, "invalid-client-identifier"),
        (forged, "invalid-jwt-signature"),
    ]:
        assert await answers(zgw, SCOPES, documents, token=token) == each(SCOPES, (403, code))


async def test_g_43_a_client_without_an_application_may_do_nothing(
    zgw: Zgw, dms: Dms, documents: Documents
) -> None:
    before = await everything(dms)
    assert await answers(zgw, SCOPES, documents, client=WITHOUT_APPLICATION) == each(SCOPES)
    assert await everything(dms) == before


@pytest.mark.parametrize("component", ["drc", "zrc"])
async def test_g_46_no_operation_is_allowed_without_one_of_its_scopes(
    zgw: Zgw, dms: Dms, documents: Documents, component: str
) -> None:
    before = await everything(dms)
    for operation, scopes in SCOPES.items():
        others = EVERY_SCOPE.difference(scopes) if component == "drc" else EVERY_SCOPE
        client = zgw.register("other", [Grant(component, others)])
        found = await answers(zgw, [operation], documents, client=client)
        assert found == each([operation])
    assert await everything(dms) == before


@pytest.mark.parametrize("grant", [{"type": OTHER_TYPE}, {"level": LEVEL - 1}])
async def test_g_49_documents_outside_the_grant_are_denied_and_lists_leave_them_out(
    zgw: Zgw, dms: Dms, documents: Documents, grant: dict[str, Any]
) -> None:
    before = await everything(dms)
    client = reader(zgw, grant, scopes=EVERY_SCOPE)
    assert await answers(zgw, ON_ONE, documents, client=client) == each(ON_ONE)
    assert await everything(dms) == before
    listed = await zgw.get(DOCUMENTS, client=client)
    assert (listed.status, listed["count"], listed["results"]) == (200, 0, [])


async def test_g_47_each_operation_is_allowed_with_one_of_its_scopes(zgw: Zgw, documents: Documents) -> None:
    within = {"type": path(zgw, documents.type), "level": LEVEL}
    for operation, scopes in SCOPES.items():
        for scope in scopes:
            client = reader(zgw, within, scopes=[scope])
            assert (await call(zgw, operation, documents, client=client)).status != 403


async def test_g_47_the_scopes_of_all_grants_for_a_document_add_up(zgw: Zgw, documents: Documents) -> None:
    client = zgw.register(
        "several",
        [
            Grant("drc", frozenset({"documenten.lezen"}), type=path(zgw, documents.type), level=LEVEL),
            Grant("drc", frozenset({"documenten.lock"}), type=path(zgw, documents.type), level=8),
            Grant("drc", frozenset({"documenten.bijwerken"}), type=OTHER_TYPE, level=8),
        ],
    )
    assert (await call(zgw, "fetch", documents, client=client)).status == 200
    lock = (await call(zgw, "lock", documents, client=client))["lock"]
    changed = await zgw.patch(documents.one["url"], {"lock": lock}, client=client)
    assert refusal(changed) == DENIED


async def test_g_49_what_does_not_exist_is_not_found_for_holders_of_the_scope_only(
    zgw: Zgw, documents: Documents
) -> None:
    part = {"url": f"/documenten/api/v1/bestandsdelen/{NOWHERE}"}
    nothing = {"url": f"{DOCUMENTS}/{NOWHERE}", "bestandsdelen": [part], "lock": "x"}
    gone = Answer(200, {}, nothing)
    missing = Documents(documents.type, gone, gone, NOWHERE)
    assert await answers(zgw, ON_ONE, missing, client=reader(zgw, scopes=EVERY_SCOPE)) == each(
        ON_ONE, NOT_FOUND
    )
    assert await answers(zgw, ON_ONE, missing, client=reader(zgw, scopes=["anders"])) == each(ON_ONE)


async def test_g_50_lists_and_counts_hold_what_may_be_read(zgw: Zgw, type_: str) -> None:
    catalogue = (await zgw.get(type_))["catalogus"]
    other = await zgw.document_type(catalogue=catalogue, omschrijving="Brief")
    for kind in (type_, other):
        for level in ("openbaar", "intern", "geheim"):
            await zgw.document(kind, vertrouwelijkheidaanduiding=level, titel=f"{level} {kind == other}")
    only, also = path(zgw, type_), path(zgw, other)
    grants: dict[tuple[tuple[str | None, int], ...], set[str]] = {
        ((only, 3),): {"openbaar False", "intern False"},
        ((also, 2),): {"openbaar True"},
        ((None, 1),): {"openbaar False", "openbaar True"},
        ((only, 1), (also, 7)): {"openbaar False", "openbaar True", "intern True", "geheim True"},
    }
    for granted, seen in grants.items():
        client = reader(zgw, *({"type": kind, "level": level} for kind, level in granted))
        listed = await zgw.get(DOCUMENTS, client=client)
        assert {document["titel"] for document in listed["results"]} == seen
        assert listed["count"] == len(seen)


@pytest.mark.parametrize("level", VERTROUWELIJKHEID)
async def test_g_51_the_levels_are_ordered_and_a_maximum_includes_itself(
    zgw: Zgw, type_: str, level: str
) -> None:
    document = await zgw.document(type_, vertrouwelijkheidaanduiding=level)
    for most in VERTROUWELIJKHEID.values():
        answer = await zgw.get(document["url"], client=reader(zgw, {"level": most}))
        assert answer.status == (200 if most >= VERTROUWELIJKHEID[level] else 403)


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({}, None),
        ({"vertrouwelijkheidaanduiding": "intern"}, None),
        ({"vertrouwelijkheidaanduiding": ""}, None),
        ({"vertrouwelijkheidaanduiding": "zaakvertrouwelijk"}, DENIED),
        ({"vertrouwelijkheidaanduiding": "geheim", "titel": ""}, DENIED),
        ({"vertrouwelijkheidaanduiding": "zoek"}, (400, "invalid_choice", "vertrouwelijkheidaanduiding")),
        ({"informatieobjecttype": f"/{NOWHERE}"}, (400, "invalid", "informatieobjecttype")),
        ({"informatieobjecttype": f"https://example.org/{NOWHERE}", "titel": ""}, DENIED),
    ],
)
async def test_g_48_a_create_is_judged_by_the_type_and_level_that_are_sent(
    zgw: Zgw, dms: Dms, type_: str, fields: dict[str, str], refused: tuple[Any, ...] | None
) -> None:
    before = await everything(dms)
    client = reader(zgw, {"type": path(zgw, type_), "level": 3}, scopes=["documenten.aanmaken"])
    answer = await zgw.post(DOCUMENTS, {**document_values(type_, content=b"x"), **fields}, client=client)
    assert (refusal(answer) if answer.status >= 400 else None) == refused
    assert (await everything(dms) == before) == (refused is not None)


async def test_g_53_a_change_is_judged_by_the_document_as_it_is(zgw: Zgw, documents: Documents) -> None:
    client = reader(zgw, {"level": LEVEL}, scopes=EVERY_SCOPE)
    lock = await zgw.locked(documents.one["url"])
    secret = {"vertrouwelijkheidaanduiding": "geheim", "lock": lock}
    assert (await zgw.patch(documents.one["url"], secret, client=client)).status == 200
    assert refusal(await zgw.patch(documents.one["url"], secret, client=client)) == DENIED


async def test_g_47_an_earlier_version_is_judged_by_its_own_level(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=b"x", vertrouwelijkheidaanduiding="geheim")
    lock = await zgw.locked(document["url"])
    lowered = {"vertrouwelijkheidaanduiding": "openbaar", "lock": lock}
    assert (await zgw.patch(document["url"], lowered)).status == 200
    client = reader(zgw, {"level": 1})
    for suffix in ("", "/download"):
        assert (await zgw.get(f"{document['url']}{suffix}", client=client)).status == 200
        earlier = await zgw.get(f"{document['url']}{suffix}?versie=1", client=client)
        assert refusal(earlier) == DENIED


async def test_g_55_ztc_014_who_reads_documents_may_expand_their_types(
    zgw: Zgw, documents: Documents
) -> None:
    without = reader(zgw)
    for url in (documents.one["url"], DOCUMENTS):
        expanded = f"{url}?expand=informatieobjecttype"
        assert (await zgw.get(expanded, client=without)).status == 200


async def test_g_56_qd_11_who_sees_the_published_only_reads_nothing_else(
    zgw: Zgw, documents: Documents
) -> None:
    everything_granted = [Grant("drc", EVERY_SCOPE)]
    client = zgw.register("public", everything_granted, only_published=True)
    hidden = ["fetch", "look", "download", "put", "patch"]
    assert await answers(zgw, hidden, documents, client=client) == each(hidden)
    assert (await zgw.get(DOCUMENTS, client=client))["count"] == 0
    lock = await zgw.locked(documents.one["url"])
    ready = {"isGereedVoorPublicatie": True, "lock": lock}
    assert (await zgw.patch(documents.one["url"], ready)).status == 200
    assert (await zgw.get(documents.one["url"], client=client)).status == 200
    assert (await zgw.get(f"{documents.one['url']}/download", client=client)).body == b"inhoud"
    assert (await zgw.get(DOCUMENTS, client=client))["count"] == 1
    for suffix in ("", "/download"):
        earlier = await zgw.get(f"{documents.one['url']}{suffix}?versie=1", client=client)
        assert refusal(earlier) == DENIED
