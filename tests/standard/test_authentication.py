"""Who may call at all (RULES 1.5): every operation asks for a token, and tells what is wrong with it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import jwt
import pytest
from aiohttp import hdrs

from dms.autorisaties.access import Grant
from dms.outgoing.jwts import make_token
from tests.zgw import ALL, CATALOGUES, DOCUMENTS, SECRET, TYPES, WITHOUT_APPLICATION, Zgw, refusal

NOWHERE = "8e4d2f7e-0000-4000-8000-000000000000"
OPEN = (
    *("/", "/ref/fouten/", "/ref/fouten/{name}/", "/ref/pagina/{name}"),
    *("/healthz/live", "/healthz/ready", "/metrics"),
)
# G-45: the reference lists, and nothing else of any API.
OPEN_LISTS = tuple(
    f"/referentielijsten/api/v1/{name}{one}"
    for name in ("communicatiekanalen", "procestypen", "resultaten", "resultaattypeomschrijvingen")
    for one in ("", "/{uuid}")
)
OPEN_IN_EVERY_API = ("/api/v1", "/api/v1/", "/openapi.json", "/openapi.yaml")


def operations(zgw: Zgw) -> list[tuple[str, str]]:
    """Every method and path of the service that is not for everyone."""
    app = zgw.client.app
    assert app is not None
    found = []
    for route in app.router.routes():
        assert route.resource is not None
        path = route.resource.canonical
        if path in OPEN_LISTS:
            assert route.method in (hdrs.METH_GET, hdrs.METH_HEAD), path
        elif path not in OPEN and not path.endswith(OPEN_IN_EVERY_API):
            found.append((route.method, path.replace("{uuid}", NOWHERE).replace("{line}", NOWHERE)))
    return found


async def raw_status(zgw: Zgw, head: bytes) -> int:
    """The status that these bytes are answered with."""
    reader, writer = await asyncio.open_connection("127.0.0.1", zgw.client.port)
    writer.write(head + b"Host: a.nl\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ")[1])


async def test_g_43_qg_1_no_operation_is_answered_without_a_token(zgw: Zgw) -> None:
    found = operations(zgw)
    assert len(found) > 25
    for method, path in found:
        answer = await zgw.call(method, path, headers={"Authorization": ""})
        assert answer.status == 403, (method, path)
        if method != hdrs.METH_HEAD:
            assert refusal(answer) == (403, "permission_denied"), (method, path)


async def test_g_43_no_operation_is_answered_for_a_client_without_an_application(zgw: Zgw) -> None:
    for method, path in operations(zgw):
        answer = await zgw.call(method, path, client=WITHOUT_APPLICATION)
        assert answer.status == 403, (method, path)


async def test_g_46_no_operation_is_answered_for_an_application_without_rights(zgw: Zgw) -> None:
    nobody = zgw.register("nobody")
    for method, path in operations(zgw):
        answer = await zgw.call(method, path, client=nobody)
        assert answer.status == 403, (method, path)


@pytest.mark.parametrize("header", ["", "Basic YWxsLXJpZ2h0czp4", "Token abc", "Bearer", "Bearer  "])
async def test_g_43_another_scheme_is_no_permission(zgw: Zgw, header: str) -> None:
    answer = await zgw.get(CATALOGUES, headers={"Authorization": header})
    assert refusal(answer) == (403, "permission_denied")


async def test_g_41_qg_1_each_fault_in_a_token_has_its_own_code(zgw: Zgw) -> None:
    now = int(time.time())
    sound = {"iss": ALL, "iat": now, "client_id": ALL}
    tokens = {
        "x.y.z": "jwt-decode-error",
        jwt.encode({"iat": now}, SECRET): "missing-client-identifier",
        jwt.encode({**sound, "client_id": "unknown"}, SECRET): "invalid-client-identifier",
        jwt.encode(sound, SECRET + "!"): "invalid-jwt-signature",
        jwt.encode({"client_id": ALL}, SECRET): "jwt-missing-iat-claim",
        jwt.encode({**sound, "iat": now - 3601}, SECRET): "jwt-expired",
        jwt.encode({**sound, "exp": now - 10}, SECRET): "jwt-expiredsignatureerror",
        jwt.encode({**sound, "nbf": now + 100}, SECRET): "jwt-immaturesignatureerror",
        jwt.encode(sound, None, algorithm="none"): "jwt-invalidalgorithmerror",
    }
    for token, code in tokens.items():
        for url in (CATALOGUES, DOCUMENTS, f"{DOCUMENTS}/{NOWHERE}/download"):
            assert refusal(await zgw.get(url, token=token)) == (403, code)
    assert (await zgw.get(CATALOGUES, token=jwt.encode(sound, SECRET))).status == 200


async def test_g_41_no_bytes_in_the_header_make_the_service_fail(zgw: Zgw) -> None:
    for value in (b"\xff\xfe", b"Bearer \xe9.\xe9.\xe9", b"Bearer " + b"a" * 8000, b"Bearer \x7f"):
        status = await raw_status(
            zgw, b"GET " + CATALOGUES.encode() + b" HTTP/1.1\r\nAuthorization: " + value + b"\r\n"
        )
        assert status in (400, 403)


async def test_g_45_the_openapi_documents_are_for_everyone(zgw: Zgw) -> None:
    for api in ("documenten", "catalogi"):
        for form in ("json", "yaml"):
            answer = await zgw.get(f"/{api}/api/v1/openapi.{form}", headers={"Authorization": ""})
            assert answer.status == 200
            assert (await zgw.get(f"/{api}/api/v1/openapi.{form}", token="x")).status == 200


async def test_g_58_a_head_asks_for_the_same_rights_as_a_get(zgw: Zgw, type_: str) -> None:
    nobody = zgw.register("nobody")
    for url in (type_, CATALOGUES, (await zgw.document(type_))["url"]):
        for client, status in ((ALL, 200), (nobody, 403), (WITHOUT_APPLICATION, 403)):
            for method in ("GET", "HEAD"):
                assert (await zgw.call(method, url, client=client)).status == status
        assert (await zgw.call("HEAD", url, headers={"Authorization": ""})).status == 403


async def test_c_90_each_act_on_a_type_asks_for_its_own_scope(zgw: Zgw) -> None:
    clients = {
        scope: zgw.register(scope, [Grant("ztc", frozenset({f"catalogi.{scope}"}))])
        for scope in ("lezen", "schrijven", "geforceerd-schrijven", "geforceerd-verwijderen")
    }
    concept = await zgw.document_type(published=False)
    acts = {
        ("GET", TYPES): {"lezen"},
        ("GET", concept): {"lezen"},
        ("POST", TYPES): {"schrijven"},
        ("PUT", concept): {"schrijven", "geforceerd-schrijven"},
        ("PATCH", concept): {"schrijven", "geforceerd-schrijven"},
        ("POST", f"{concept}/publish"): {"schrijven"},
        ("DELETE", f"{TYPES}/{NOWHERE}"): {"schrijven", "geforceerd-verwijderen"},
        ("GET", CATALOGUES): {"lezen"},
        ("POST", CATALOGUES): {"schrijven"},
    }
    for (method, url), scopes in acts.items():
        for scope, client in clients.items():
            body: dict[str, Any] | None = {} if method in ("POST", "PUT", "PATCH") else None
            answer = await zgw.call(method, url, json=body, client=client)
            assert (answer.status != 403) == (scope in scopes), (method, url, scope)


async def test_g_46_a_scope_counts_on_its_own_component_only(zgw: Zgw) -> None:
    astray = zgw.register("astray", [Grant("drc", frozenset({"catalogi.lezen", "zaken.lezen"}))])
    assert refusal(await zgw.get(CATALOGUES, client=astray)) == (403, "permission_denied")
    assert refusal(await zgw.get(DOCUMENTS, client=astray)) == (403, "permission_denied")


async def test_g_40_a_secret_belongs_to_one_client_only(zgw: Zgw) -> None:
    token = make_token("nobody", SECRET)
    assert refusal(await zgw.get(CATALOGUES, token=token)) == (403, "invalid-client-identifier")
