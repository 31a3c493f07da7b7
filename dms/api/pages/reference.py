"""An OpenAPI document as a page shows it: operations by resource, with what goes in and what comes out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dms.api.pages.schemas import EXPERIMENTAL, Schema, Shape, Words, limits_and_choices, shape, type_in_words

METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
_MOST_HOPS = 8
_NO_ANCHOR = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that a caller may send beside the body."""

    name: str
    where: str
    required: bool
    type: tuple[Words, ...]
    limits: tuple[str, ...]
    choices: tuple[str, ...]
    description: str
    experimental: bool


@dataclass(frozen=True, slots=True)
class Body:
    """A body in one media type."""

    media_type: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer by its status: `bodies` in full, `headers` by name with their description."""

    status: str
    description: str
    headers: tuple[tuple[str, str], ...]
    bodies: tuple[Body, ...]

    @property
    def good(self) -> bool:
        """Whether it is what the caller asked for."""
        return self.status.startswith(("2", "3"))


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation; `id` is what links to it end in."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    experimental: bool
    deprecated: bool
    scopes: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    body_required: bool
    bodies: tuple[Body, ...]
    answers: tuple[Answer, ...]

    @property
    def beside_the_standard(self) -> bool:
        """Whether it, or anything of it, is not of the standard."""
        bodies = (*self.bodies, *(body for answer in self.answers for body in answer.bodies))
        return (
            self.experimental
            or any(parameter.experimental for parameter in self.parameters)
            or any(body.shape.experimental for body in bodies)
        )


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of a resource."""

    id: str
    name: str
    description: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Component:
    """A schema that others refer to by its name."""

    id: str
    name: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Reference:
    """The whole document."""

    title: str
    version: str
    description: str
    address: str
    groups: tuple[Group, ...]
    components: tuple[Component, ...]

    @property
    def experimental(self) -> bool:
        """Whether anything in it is not of the standard."""
        operations = [operation for group in self.groups for operation in group.operations]
        return any(component.shape.experimental for component in self.components) or any(
            operation.beside_the_standard for operation in operations
        )


def anchor(kind: str, name: str) -> str:
    """What a link to this ends in: letters, digits and a few signs, whatever the name is."""
    return f"{kind}-{_NO_ANCHOR.sub('-', name).strip('-')}"


def reference(document: Mapping[str, Any]) -> Reference:
    """Read an OpenAPI document, 3.0 or 3.1. What it does not say is left empty, never invented."""
    return _Reader(document).reference()


class _Reader:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._components: Mapping[str, Schema] = document.get("components", {}).get("schemas", {})

    def reference(self) -> Reference:
        info = self._document.get("info", {})
        servers = self._document.get("servers") or [{}]
        return Reference(
            title=str(info.get("title", "")),
            version=str(info.get("version", "")),
            description=str(info.get("description", "")),
            address=str(servers[0].get("url", "")),
            groups=tuple(self._groups()),
            components=tuple(
                Component(anchor("schema", name), name, shape(schema, self._components))
                for name, schema in sorted(self._components.items())
            ),
        )

    def _groups(self) -> Iterable[Group]:
        found: dict[str, list[Operation]] = {}
        for path, item in self._document.get("paths", {}).items():
            shared = self._resolved(item)
            for method in METHODS:
                if method in shared:
                    operation = shared[method]
                    name = (operation.get("tags") or [path.strip("/").partition("/")[0]])[0]
                    found.setdefault(str(name), []).append(self._operation(path, method, operation, shared))
        said = {tag.get("name"): str(tag.get("description", "")) for tag in self._document.get("tags", ())}
        for name, operations in found.items():
            yield Group(anchor("groep", name), name, said.get(name, ""), tuple(operations))

    def _operation(self, path: str, method: str, operation: Schema, shared: Schema) -> Operation:
        request = self._resolved(operation.get("requestBody", {}))
        security = operation.get("security", self._document.get("security", ()))
        scopes = [scope for each in security for names in each.values() for scope in names]
        return Operation(
            id=anchor("operatie", str(operation.get("operationId") or f"{method}{path}")),
            method=method.upper(),
            path=path,
            summary=str(operation.get("summary", "")),
            description=str(operation.get("description", "")),
            experimental=bool(operation.get(EXPERIMENTAL) or shared.get(EXPERIMENTAL)),
            deprecated=bool(operation.get("deprecated")),
            scopes=tuple(dict.fromkeys(scopes)),
            parameters=tuple(self._parameters(operation, shared)),
            body_required=bool(request.get("required")),
            bodies=tuple(self._bodies(request)),
            answers=tuple(self._answers(operation)),
        )

    def _parameters(self, operation: Schema, shared: Schema) -> Iterable[Parameter]:
        """Those of the operation, and those of its path that it does not say itself."""
        found: dict[tuple[str, str], Schema] = {}
        for given in (*shared.get("parameters", ()), *operation.get("parameters", ())):
            parameter = self._resolved(given)
            found[str(parameter.get("name", "")), str(parameter.get("in", ""))] = parameter
        for (name, where), parameter in found.items():
            schema = parameter.get("schema", {})
            limits, choices = limits_and_choices(schema)
            yield Parameter(
                name=name,
                where=where,
                required=bool(parameter.get("required")),
                type=type_in_words(schema),
                limits=limits,
                choices=choices,
                description=str(parameter.get("description", "")),
                experimental=bool(parameter.get(EXPERIMENTAL) or schema.get(EXPERIMENTAL)),
            )

    def _answers(self, operation: Schema) -> Iterable[Answer]:
        for status, given in operation.get("responses", {}).items():
            answer = self._resolved(given)
            headers = ((name, self._resolved(header)) for name, header in answer.get("headers", {}).items())
            yield Answer(
                status=str(status),
                description=str(answer.get("description", "")),
                headers=tuple((name, str(header.get("description", ""))) for name, header in headers),
                bodies=tuple(self._bodies(answer)),
            )

    def _bodies(self, holder: Schema) -> Iterable[Body]:
        for media_type, content in holder.get("content", {}).items():
            yield Body(media_type, shape(content.get("schema", {}), self._components))

    def _resolved(self, value: Schema) -> Schema:
        """What a reference within the document leads to; nothing, if it leads nowhere or round in circles."""
        for _ in range(_MOST_HOPS):
            path = value.get("$ref")
            if path is None:
                return value
            found: Any = self._document
            for step in str(path).removeprefix("#/").split("/"):
                name = step.replace("~1", "/").replace("~0", "~")
                found = found.get(name, {}) if isinstance(found, Mapping) else {}
            value = found if isinstance(found, Mapping) else {}
        return {}
