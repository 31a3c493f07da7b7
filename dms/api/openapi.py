"""The OpenAPI document of an API, read from its resources (G-02)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import yaml
from aiohttp import web

from dms.api.json_response import json_response
from dms.api.schemas import Schemas
from dms.model.filters import Filter
from dms.model.links import root
from dms.model.resource import ANYONE, LARGEST_PAGE, AnyOf, Api, Operation, Resource, scope_names

_PROBLEMS = {
    "400": "Bad request",
    "403": "Forbidden",
    "404": "Not found",
    "406": "Not acceptable",
    "409": "Conflict",
    "413": "Request entity too large",
    "415": "Unsupported media type",
    "500": "Internal server error",
    "503": "Service unavailable",
    "507": "Insufficient storage",
}
_OF_PIECES = {"416": "Range not satisfiable"}
"""What only a body that can be had in pieces answers."""
_JSON = "application/json"
_TAG = {"ETag": {"schema": {"type": "string"}, "description": "Verandert als het object verandert."}}
_VERSION = {"API-version": {"schema": {"type": "string"}, "description": "De versie van de API."}}
_LOCATION = {
    "Location": {"schema": {"type": "string", "format": "uri"}, "description": "URL van het object."}
}


def routes(api: Api) -> Iterable[web.RouteDef]:
    """Where the document is served, for everyone to read (G-45)."""

    @cache
    def written() -> dict[str, Any]:
        return document(api)

    @cache
    def in_yaml() -> str:
        return yaml.safe_dump(written(), sort_keys=False, allow_unicode=True)

    async def as_json(request: web.Request) -> web.StreamResponse:
        return json_response(written())

    async def as_yaml(request: web.Request) -> web.StreamResponse:
        return web.Response(text=in_yaml(), content_type="application/yaml")

    yield web.get(f"{root(api.name)}/openapi.json", as_json)
    yield web.get(f"{root(api.name)}/openapi.yaml", as_yaml)


def document(api: Api) -> dict[str, Any]:
    """The OpenAPI 3.1 document of an API."""
    return _Writer(api).document()


class _Writer:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._schemas = Schemas()

    def document(self) -> dict[str, Any]:
        paths: dict[str, dict[str, Any]] = {}
        for resource in self._api.resources:
            for path, method, operation in self._operations(resource):
                paths.setdefault(path, {})[method] = operation
        bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        return {
            "openapi": "3.1.0",
            "info": {
                "title": self._api.title,
                "version": self._api.version,
                "description": self._api.description,
                "license": {"name": "EUPL 1.2", "identifier": "EUPL-1.2"},
            },
            "servers": [{"url": root(self._api.name)}],
            "paths": paths,
            "components": {"schemas": self._schemas.found, "securitySchemes": {"JWT-Claims": bearer}},
        }

    def _operations(self, resource: Resource) -> Iterable[tuple[str, str, dict[str, Any]]]:
        every, one = f"/{resource.path}", f"/{resource.path}/{{uuid}}"
        yield from self._usual(resource, every, one)
        paths = {"record": one, "resource": every, "api": ""}
        for operation in resource.operations:
            path = paths[operation.of] + (f"/{operation.suffix}" if operation.suffix else "")
            yield path, operation.method.lower(), self._special(resource, operation)
        if resource.criteria is not None:
            yield f"{every}/_zoek", "post", self._zoek(resource)
        if resource.has_trail:
            yield from self._audit(resource, one)

    def _usual(self, resource: Resource, every: str, one: str) -> Iterable[tuple[str, str, dict[str, Any]]]:
        scopes, verbs = resource.scopes, resource.verbs
        name = resource.singular
        expand = [_EXPAND] if resource.expands else []
        if "list" in verbs:
            parameters = [_filter(found) for found in resource.filters] + expand + _paging(resource)
            answer = self._schemas.page(resource) if resource.paginated else self._schemas.list(resource)
            yield (
                every,
                "get",
                self._operation(resource, f"{name}_list", scopes.read, parameters, answer=answer),
            )
        if "create" in verbs:
            body = self._schemas.request(resource)
            answer = self._schemas.answer(resource.created_record or resource.record)
            yield (
                every,
                "post",
                self._operation(
                    resource, f"{name}_create", scopes.create, request=body, answer=answer, status=201
                ),
            )
        if "fetch" in verbs:
            parameters = [_filter(found) for found in resource.reading] + expand
            answer = self._schemas.expanded(resource)
            for method, id in (("get", "retrieve"), ("head", "headers")):
                shown = answer if method == "get" else None
                yield (
                    one,
                    method,
                    self._operation(
                        resource, f"{name}_{id}", scopes.read, [_UUID, *parameters], answer=shown, tagged=True
                    ),
                )
        for verb, method, id in (("update", "put", "update"), ("patch", "patch", "partial_update")):
            if verb in verbs:
                body = self._schemas.request(resource, updating=True, partial=verb == "patch")
                answer = self._schemas.answer(resource.record)
                yield (
                    one,
                    method,
                    self._operation(
                        resource, f"{name}_{id}", scopes.update, [_UUID], request=body, answer=answer
                    ),
                )
        if "remove" in verbs:
            yield (
                one,
                "delete",
                self._operation(resource, f"{name}_destroy", scopes.remove, [_UUID], status=204),
            )

    def _zoek(self, resource: Resource) -> dict[str, Any]:
        described = self._operation(
            resource,
            f"{resource.singular}__zoek",
            resource.scopes.read,
            _paging(resource),
            request=self._schemas.criteria(resource),
            answer=self._schemas.page(resource),
        )
        described["summary"] = "Zoek met criteria in de body."
        return described

    def _special(self, resource: Resource, operation: Operation) -> dict[str, Any]:
        answer: dict[str, Any] | None = None
        if operation.media_type != _JSON:
            answer = {"type": "string", "format": "binary"}
        elif operation.paginated:
            answer = self._schemas.page_of(operation.answer or resource.record)
        elif operation.answer is not None:
            answer = self._schemas.answer(operation.answer)
            if operation.several:
                answer = {"anyOf": [answer, {"type": "array", "items": answer}]}
        request = self._schemas.answer(operation.request) if operation.request else None
        parameters = [_UUID] if operation.of == "record" else []
        parameters += [_filter(found) for found in operation.parameters]
        parameters += [_PAGE, _PAGE_SIZE] if operation.paginated else []
        described = self._operation(
            resource,
            f"{resource.singular}_{operation.name}",
            operation.scopes,
            parameters,
            request=request,
            answer=answer,
            status=operation.status,
            media_type=operation.media_type,
        )
        described["summary"] = operation.summary
        if operation.experimental:
            described |= _EXPERIMENTAL
        if operation.form is not None:
            described["requestBody"] = {"content": {"multipart/form-data": {"schema": operation.form}}}
        return described

    def _audit(self, resource: Resource, one: str) -> Iterable[tuple[str, str, dict[str, Any]]]:
        line = self._schemas.audit_line()
        lines = {"type": "array", "items": line}
        scopes = ("audittrails.lezen",)
        name = f"{resource.singular}_audittrail"
        other = {**_UUID, "name": "line"}
        yield (
            f"{one}/audittrail",
            "get",
            self._operation(resource, f"{name}_list", scopes, [_UUID], answer=lines),
        )
        yield (
            f"{one}/audittrail/{{line}}",
            "get",
            self._operation(resource, f"{name}_retrieve", scopes, [_UUID, other], answer=line),
        )

    def _operation(
        self,
        resource: Resource,
        id: str,
        scopes: AnyOf,
        parameters: Iterable[dict[str, Any]] = (),
        *,
        request: dict[str, Any] | None = None,
        answer: dict[str, Any] | None = None,
        status: int = 200,
        media_type: str = _JSON,
        tagged: bool = False,
    ) -> dict[str, Any]:
        headers = _VERSION | (_TAG if tagged else {}) | (_LOCATION if status == 201 else {})
        success: dict[str, Any] = {"description": "OK", "headers": headers}
        if answer is not None:
            success["content"] = {media_type: {"schema": answer}}
        problems = {
            code: {
                "description": text,
                "content": {"application/problem+json": {"schema": self._schemas.problem(code)}},
            }
            for code, text in (_PROBLEMS | (_OF_PIECES if media_type != _JSON else {})).items()
        }
        operation: dict[str, Any] = {
            "operationId": id,
            "tags": [resource.path],
            "summary": resource.summary,
            "parameters": list(parameters),
            "responses": {str(status): success, **problems},
            "security": []
            if scopes == ANYONE
            else [{"JWT-Claims": [scope]} for scope in scope_names(scopes)],
        }
        if request is not None:
            operation["requestBody"] = {
                "content": {_JSON: {"schema": request}},
                "required": True,
            }
        return operation | (_EXPERIMENTAL if resource.experimental else {})


def _parameter(name: str, schema: dict[str, Any], description: str, where: str = "query") -> dict[str, Any]:
    return {
        "name": name,
        "in": where,
        "required": where == "path",
        "schema": schema,
        "description": description,
    }


_UUID = _parameter("uuid", {"type": "string", "format": "uuid"}, "Identificatie van het object.", "path")


_EXPAND = _parameter("expand", {"type": "string"}, "Verwijzingen om uit te klappen, gescheiden door komma's.")
_PAGE = _parameter("page", {"type": "integer", "minimum": 1}, "Nummer van de pagina.")
_EXPERIMENTAL = {"x-experimental": True}
_PAGE_SIZE = {
    **_parameter(
        "pageSize", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE}, "Grootte van de pagina."
    ),
    **_EXPERIMENTAL,
}


def _paging(resource: Resource) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    if resource.paginated:
        parameters += [_PAGE, *([_PAGE_SIZE] if resource.extras else [])]
    if resource.ordering is not None:
        fields = ", ".join(resource.ordering.fields)
        found = _parameter(
            "ordering", {"type": "string"}, f"Velden om op te ordenen, omgekeerd met -: {fields}."
        )
        parameters.append(found | (_EXPERIMENTAL if resource.ordering.experimental else {}))
    return parameters


def _filter(found: Filter) -> dict[str, Any]:
    described = _parameter(found.name, found.schema, found.description)
    if found.words:
        described |= {"style": "form", "explode": False}
    return described | (_EXPERIMENTAL if found.experimental else {})
