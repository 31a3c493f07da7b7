"""The OpenAPI document of each API (G-02): valid, complete, and true of what is answered."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from dms.api.openapi import document
from dms.model.resource import ANYONE, Api, Resource, scope_names
from dms.wiring import APIS
from tests.zgw import CATALOGUES, DOCUMENTS, TYPES, Answer, Zgw

RESOURCES = [(api, resource) for api in APIS for resource in api.resources]
METHODS = {"get", "head", "post", "put", "patch", "delete"}
every_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
every_resource = pytest.mark.parametrize(("api", "resource"), RESOURCES, ids=lambda value: value.name)


def operations(described: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The operations of a document by method and path."""
    return {
        (method, path): operation
        for path, item in described["paths"].items()
        for method, operation in item.items()
    }


def parameters(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The query parameters of an operation by name."""
    return {found["name"]: found for found in operation["parameters"] if found["in"] == "query"}


def problems_of(answer: Answer, schema: dict[str, Any], described: dict[str, Any]) -> list[str]:
    """In what an answer differs from the schema that describes it."""
    whole = {**schema, "components": described["components"]}
    found = OAS31Validator(whole).iter_errors(answer.body)
    return [f"{error.json_path}: {error.message}" for error in found]


@every_api
async def test_g_02_the_document_is_served_in_two_forms(zgw: Zgw, api: Api) -> None:
    as_json = await zgw.get(f"/{api.name}/api/v1/openapi.json", headers={"Authorization": ""})
    as_yaml = await zgw.get(f"/{api.name}/api/v1/openapi.yaml", headers={"Authorization": ""})
    assert (as_json.status, as_json.headers["Content-Type"]) == (200, "application/json")
    assert (as_yaml.status, as_yaml.headers["Content-Type"].split(";")[0]) == (200, "application/yaml")
    assert yaml.safe_load(as_yaml.body) == as_json.body == document(api)


@every_api
def test_g_02_the_document_is_valid_openapi_of_this_version(api: Api) -> None:
    described = document(api)
    assert [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()] == []
    assert (described["openapi"], described["info"]["version"]) == ("3.1.0", api.version)


@every_api
async def test_g_05_what_is_served_is_what_is_described(zgw: Zgw, api: Api) -> None:
    described = document(api)
    root = described["servers"][0]["url"]
    app = zgw.client.app
    assert app is not None
    served = {
        (route.method.lower(), route.resource.canonical.removeprefix(root))
        for route in app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith(f"{root}/")
    }
    served = {(method, path) for method, path in served if not path.startswith("/openapi.") and path != "/"}
    ours = set(operations(described))
    assert ours <= served
    assert {method for method, _ in ours} <= METHODS
    # A GET brings a HEAD with it; the standard describes it where there is an ETag.
    assert {(method, path) for method, path in served - ours if method != "head"} == set()


@every_resource
def test_g_65_every_filter_is_described_where_it_may_be_asked(api: Api, resource: Resource) -> None:
    found = operations(document(api))
    expand = {"expand"} if resource.expands else set()
    paging = {"page", "pageSize"} if resource.paginated else set()
    ordering = {"ordering"} if resource.ordering else set()
    if "list" in resource.verbs:
        names = {each.name for each in resource.filters} | expand | paging | ordering
        assert set(parameters(found["get", f"/{resource.path}"])) == names
    if resource.criteria is not None:
        assert set(parameters(found["post", f"/{resource.path}/_zoek"])) == paging | ordering
    for method in ("get", "head") if "fetch" in resource.verbs else ():
        names = {each.name for each in resource.reading} | expand
        assert set(parameters(found[method, f"/{resource.path}/{{uuid}}"])) == names
    roots = {"record": f"/{resource.path}/{{uuid}}", "resource": f"/{resource.path}", "api": ""}
    for operation in resource.operations:
        path = roots[operation.of] + (f"/{operation.suffix}" if operation.suffix else "")
        names = {each.name for each in operation.parameters}
        names |= {"page", "pageSize"} if operation.paginated else set()
        assert set(parameters(found[operation.method.lower(), path])) == names


@every_resource
async def test_g_65_every_described_parameter_is_known_to_the_service(
    zgw: Zgw, api: Api, resource: Resource
) -> None:
    for (method, path), operation in operations(document(api)).items():
        if method == "get" and path == f"/{resource.path}":
            for name in parameters(operation):
                answer = await zgw.get(f"/{api.name}/api/v1{path}?{name}=1")
                text = str(answer.body)
                assert answer.status in (200, 400), (name, answer)
                assert "unknown-parameters" not in text, name


@every_api
def test_c_90_every_operation_names_the_scopes_of_which_one_is_enough(api: Api) -> None:
    by_name = {resource.path: resource for resource in api.resources}
    for (method, path), operation in operations(document(api)).items():
        scopes = [scope for found in operation["security"] for scope in found["JWT-Claims"]]
        resource = by_name.get(path.split("/")[1])
        if resource is not None and resource.scopes.read == ANYONE:
            assert not operation["security"], "G-45: there is no token to ask for"
            continue
        assert scopes, (method, path)
        if resource is None:
            assert operation["x-experimental"], path
            continue
        if path == f"/{resource.path}":
            expected = resource.scopes.read if method == "get" else resource.scopes.create
            assert tuple(scopes) == scope_names(expected)


@every_api
def test_g_34_every_operation_describes_its_answer_and_its_problems(api: Api) -> None:
    ids = []
    for (method, path), operation in operations(document(api)).items():
        ids.append(operation["operationId"])
        good = [status for status in operation["responses"] if status.startswith("2")]
        assert len(good) == 1, (method, path)
        assert {"400", "403", "404", "406", "409", "415", "500"} <= operation["responses"].keys()
        assert "API-version" in operation["responses"][good[0]]["headers"]
    assert len(ids) == len(set(ids))


@every_resource
def test_g_12_a_request_is_described_without_what_only_the_service_writes(
    api: Api, resource: Resource
) -> None:
    schemas = document(api)["components"]["schemas"]
    for shape in (resource.shape, resource.updating):
        for model in (shape.request, shape.patch):
            if model.__name__ not in schemas:
                continue
            properties = schemas[model.__name__]["properties"]
            streamed = {resource.streamed} - {None}
            assert shape.read_only & properties.keys() == shape.ignored | streamed
            assert all("genegeerd" in properties[name]["description"] for name in shape.ignored)
            required = set(schemas[model.__name__].get("required", ()))
            assert not required & shape.ignored
            assert not required or model is shape.request
    shown = schemas[resource.record.__name__]["properties"]
    assert not resource.shape.write_only & shown.keys()
    assert all(shown[name]["readOnly"] for name in resource.shape.read_only)


async def answers(zgw: Zgw, type_: str) -> list[tuple[str, str, str, Answer]]:
    """What is answered to many requests: API, method, path as described, and the answer."""
    catalogue = (await zgw.get(type_))["catalogus"]
    made = await zgw.document(type_, bestandsomvang=150, trefwoorden=["a"], integriteit={
        "algoritme": "md5", "waarde": "x", "datum": "2026-01-01"})  # fmt: skip
    document_, lock = made["url"], made["lock"]
    trail = await zgw.get(f"{document_}/audittrail")
    types, documents, catalogues = "/informatieobjecttypen", "/enkelvoudiginformatieobjecten", "/catalogussen"
    part = await zgw.upload(made["bestandsdelen"][0]["url"], b"x" * 100, lock)
    locked = await zgw.post(f"{(await zgw.document(type_))['url']}/lock")
    return [
        ("catalogi", "get", types, await zgw.get(TYPES)),
        ("catalogi", "get", types, await zgw.get(f"{TYPES}?expand=catalogus")),
        ("catalogi", "get", types + "/{uuid}", await zgw.get(f"{type_}?expand=catalogus")),
        ("catalogi", "post", types + "/{uuid}/publish", await zgw.post(f"{type_}/publish")),
        ("catalogi", "post", types, await zgw.post(TYPES, {})),
        ("catalogi", "get", catalogues, await zgw.get(CATALOGUES)),
        ("catalogi", "get", catalogues + "/{uuid}", await zgw.get(catalogue)),
        ("catalogi", "patch", catalogues + "/{uuid}", await zgw.patch(catalogue, {"naam": "x"})),
        ("catalogi", "get", catalogues + "/{uuid}", await zgw.get(CATALOGUES + "/x")),
        ("documenten", "post", documents, made),
        ("documenten", "get", documents, await zgw.get(f"{DOCUMENTS}?expand=informatieobjecttype")),
        ("documenten", "get", documents + "/{uuid}", await zgw.get(document_)),
        ("documenten", "patch", documents + "/{uuid}",
         await zgw.patch(document_, {"titel": "x", "lock": lock})),
        ("documenten", "post", documents + "/{uuid}/lock", locked),
        ("documenten", "put", "/bestandsdelen/{uuid}", part),
        ("documenten", "get", documents + "/{uuid}/audittrail", trail),
        ("documenten", "get", documents + "/{uuid}/audittrail/{line}",
         await zgw.get(f"{document_}/audittrail/{trail.body[0]['uuid']}")),
    ]  # fmt: skip


async def test_g_02_every_answer_is_as_the_document_describes_it(zgw: Zgw, type_: str) -> None:
    described = {api.name: document(api) for api in APIS}
    for name, method, path, answer in await answers(zgw, type_):
        operation = described[name]["paths"][path][method]
        [content] = operation["responses"][str(answer.status)]["content"].values()
        assert problems_of(answer, content["schema"], described[name]) == [], (method, path)


async def test_g_02_no_answer_holds_what_the_document_does_not_mention(zgw: Zgw, type_: str) -> None:
    schemas = {api.name: document(api)["components"]["schemas"] for api in APIS}
    one = await zgw.get((await zgw.document(type_))["url"])
    assert one.body.keys() == schemas["documenten"]["EnkelvoudigInformatieObject"]["properties"].keys()
    assert (await zgw.get(type_)).body.keys() == schemas["catalogi"]["InformatieObjectType"][
        "properties"
    ].keys()


@every_api
def test_g_02_a_document_is_written_anew_for_everyone_who_asks(api: Api) -> None:
    first = document(api)
    first["paths"].clear()
    assert document(api)["paths"]
