"""The JSON schemas of an OpenAPI document, from the records of its resources."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from dms.api.audit_schema import AUDIT_LINE, FOUT, VALIDATIE_FOUT
from dms.model.record import Record, Shape
from dms.model.resource import Resource

_REF = "#/components/schemas/"
_IGNORED = "Volgt uit andere gegevens; wat een aanvraag hierin noemt, wordt genegeerd."


class Schemas:
    """Gathers schemas by name while a document is written."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {"Fout": FOUT, "ValidatieFout": VALIDATIE_FOUT}

    def answer(self, record: type[Record]) -> dict[str, Any]:
        """The schema of a record as it is answered; what is only written is left out."""
        shape = Shape.of(record)
        schema = self._add(record)
        properties = self.found[record.__name__]["properties"]
        for name in shape.write_only:
            properties.pop(name, None)
        for name in shape.read_only:
            properties[name]["readOnly"] = True
        for name, unset in shape.unset_groups.items():
            group, _ = properties[name]["anyOf"]
            properties[name]["anyOf"] = [group, {"const": dict(unset), "description": "Niet gezet."}]
        _drop_defaults(properties)
        return schema

    def request(self, resource: Resource, *, updating: bool = False, partial: bool = False) -> dict[str, Any]:
        """The schema of what a create, an update or a patch sends."""
        shape = resource.updating if updating else resource.shape
        model = shape.patch if partial else shape.request
        schema = self._add(model)
        properties = self.found[model.__name__]["properties"]
        if partial:
            _drop_defaults(properties)
        if shape.ignored:
            self._list_ignored(shape, properties)
        if resource.streamed:
            content = {
                "type": ["string", "null"],
                "contentEncoding": "base64",
                "description": "Base64, of null.",
            }
            properties[resource.streamed] = content
        return schema

    def _list_ignored(self, shape: Shape, properties: dict[str, Any]) -> None:
        """By the letter of the standard these may be sent; each says that nothing is done with it."""
        self.answer(shape.record)
        for name in sorted(shape.ignored):
            properties[name] = {
                **self.found[shape.record.__name__]["properties"][name],
                "description": _IGNORED,
            }
            properties[name].pop("readOnly")

    def expanded(self, resource: Resource) -> dict[str, Any]:
        """The schema of a record with what was asked to be expanded."""
        plain = self.answer(resource.record)
        if not resource.expands:
            return plain
        name = f"{resource.record.__name__}Expanded"
        fields = {field: {"type": ["object", "array"]} for field in resource.expands}
        expand = {"type": "object", "properties": {"_expand": {"type": "object", "properties": fields}}}
        self.found[name] = {"allOf": [plain, expand]}
        return {"$ref": _REF + name}

    def list(self, resource: Resource) -> dict[str, Any]:
        """A plain array."""
        return {"type": "array", "items": self.expanded(resource)}

    def page(self, resource: Resource) -> dict[str, Any]:
        """A page of a list (G-60)."""
        return self._page(f"Paginated{resource.record.__name__}List", self.list(resource))

    def page_of(self, record: type[Record]) -> dict[str, Any]:
        """A page of something else than the resource's own list."""
        return self._page(f"Page{record.__name__}", {"type": "array", "items": self.answer(record)})

    def _page(self, name: str, results: dict[str, Any]) -> dict[str, Any]:
        url = {"type": ["string", "null"], "format": "uri"}
        self.found[name] = {
            "type": "object",
            "required": ["count", "results"],
            "properties": {"count": {"type": "integer"}, "next": url, "previous": url, "results": results},
        }
        return {"$ref": _REF + name}

    def criteria(self, resource: Resource) -> dict[str, Any]:
        """What `_zoek` takes: the filters as members."""
        known = (*resource.filters, *(resource.criteria or ()))
        properties = {
            found.name: found.schema | ({"x-experimental": True} if found.experimental else {})
            for found in known
        }
        if resource.expands:
            text = {"type": "string"}
            properties["expand"] = {"oneOf": [text, {"type": "array", "items": text}]}
        name = f"{resource.record.__name__}Zoek"
        self.found[name] = {"type": "object", "minProperties": 1, "properties": properties}
        return {"$ref": _REF + name}

    def audit_line(self) -> dict[str, Any]:
        """A line of an audit trail."""
        self.found["AuditTrail"] = AUDIT_LINE
        return {"$ref": _REF + "AuditTrail"}

    def problem(self, status: str) -> dict[str, Any]:
        """A problem document. A bad request names what is wrong with each field, if it could be read."""
        fout, invalid = {"$ref": f"{_REF}Fout"}, {"$ref": f"{_REF}ValidatieFout"}
        return {"anyOf": [invalid, fout]} if status == "400" else fout

    def _add(self, record: type[Record]) -> dict[str, Any]:
        for name, schema in _schemas_of(record).items():
            if name not in self.found:
                self.found[name] = deepcopy(schema)
        return {"$ref": _REF + record.__name__}


@cache
def _schemas_of(record: type[Record]) -> dict[str, Any]:
    """The schemas of a record and what it holds, by name; the same for every document."""
    _, schemas = models_json_schema([(record, "validation")], by_alias=True, ref_template=_REF + "{model}")
    found: dict[str, Any] = schemas.get("$defs", {})
    for schema in found.values():
        _drop_blank_defaults(schema.get("properties", {}))
    return found


def _drop_defaults(properties: dict[str, Any]) -> None:
    """An answer holds what is there, and a patch leaves what it does not hold: neither has defaults."""
    for schema in properties.values():
        schema.pop("default", None)


def _drop_blank_defaults(properties: dict[str, Any]) -> None:
    """The empty text stands for none, and is of no format: a validator would refuse it as a default."""
    for schema in properties.values():
        if schema.get("default") == "" and "format" in schema:
            del schema["default"]
