"""JSON schemas as a reader wants them: a field a row, its type in words, and links to what it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

Schema: TypeAlias = Mapping[str, Any]
EXPERIMENTAL = "x-experimental"
"""Marks what the standard does not have."""

_COMPONENTS = "#/components/schemas/"
_DEEPEST = 6
"""How far into a schema a row looks; what lies deeper is a component of its own, or hostile."""

_LONGEST = 40
_WORDS = {
    "string": "tekst",
    "integer": "geheel getal",
    "number": "getal",
    "boolean": "ja of nee",
    "object": "object",
    "array": "lijst",
}
_FORMATS = {"date": "datum", "date-time": "datum en tijd", "uri": "URL", "uuid": "UUID", "binary": "bytes"}
_LIMITS = {
    "minLength": "lengte ten minste {}",
    "maxLength": "lengte ten hoogste {}",
    "minimum": "ten minste {}",
    "maximum": "ten hoogste {}",
    "exclusiveMinimum": "meer dan {}",
    "exclusiveMaximum": "minder dan {}",
    "minItems": "aantal ten minste {}",
    "maxItems": "aantal ten hoogste {}",
    "pattern": "patroon {}",
    "default": "zonder opgave: {}",
}


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of a type in words; `schema` is the component that it names, or empty."""

    text: str
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A row: a field by its path within the object, and what is said of it. `limits` are sentences,
    `choices` the values of which it must be one."""

    path: str
    type: tuple[Words, ...]
    limits: tuple[str, ...]
    choices: tuple[str, ...]
    description: str
    required: bool
    read_only: bool
    experimental: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """A schema: its type in words, and its fields if it has any."""

    type: tuple[Words, ...]
    fields: tuple[Field, ...]
    limits: tuple[str, ...]
    choices: tuple[str, ...]
    description: str

    @property
    def experimental(self) -> bool:
        """Whether any of its fields is not of the standard."""
        return any(field.experimental for field in self.fields)


def shape(schema: Schema, components: Mapping[str, Schema]) -> Shape:
    """A schema for a reader. If it only names a component, the fields are that component's."""
    name = _named(schema)
    meant = components.get(name, {}) if name else schema
    return Shape(
        type=tuple(_words(schema)),
        fields=tuple(_fields(meant)),
        limits=tuple(_limits(meant)),
        choices=tuple(_choices(meant)),
        description=str(meant.get("description", "")),
    )


def limits_and_choices(schema: Schema) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a value must keep to, in sentences, and the values of which it must be one."""
    return tuple(_limits(schema)), tuple(_choices(schema))


def type_in_words(schema: Schema) -> tuple[Words, ...]:
    """The type of a value: `tekst (datum) of null`."""
    return tuple(_words(schema))


def _named(schema: Schema) -> str:
    """The component that the schema refers to, or empty."""
    reference = str(schema.get("$ref", ""))
    return reference.removeprefix(_COMPONENTS) if reference.startswith(_COMPONENTS) else ""


def _alternatives(schema: Schema) -> list[Schema]:
    return [*schema.get("anyOf", ()), *schema.get("oneOf", ())]


def _words(schema: Schema, depth: int = 0) -> Iterable[Words]:
    if depth > _DEEPEST:
        yield Words("…")
    elif "$ref" in schema:
        name = _named(schema)
        yield Words(name or str(schema["$ref"]), name)
    elif _alternatives(schema):
        yield from _joined([tuple(_words(each, depth + 1)) for each in _alternatives(schema)], " of ")
    elif "allOf" in schema:
        yield from _joined([tuple(_words(each, depth + 1)) for each in schema["allOf"]], " met ")
    else:
        yield from _plain_words(schema, depth)


def _plain_words(schema: Schema, depth: int) -> Iterable[Words]:
    kind = schema.get("type", "object" if "properties" in schema else "")
    types = [kind] if isinstance(kind, str) else list(kind)
    if "const" in schema:
        given = schema["const"]
        yield Words("vaste waarden" if isinstance(given, Mapping) else _value(given))
    elif types == ["array"] and "items" in schema:
        yield Words("lijst van ")
        yield from _words(schema["items"], depth + 1)
    else:
        words = [_WORDS.get(each, str(each) or "van alles") for each in types if each != "null"]
        format = schema.get("format")
        said = " of ".join(words) + (f" ({_FORMATS.get(format, format)})" if format else "")
        yield Words(" of ".join(filter(None, (said, "null" if "null" in types else ""))))


def _joined(pieces: Iterable[tuple[Words, ...]], between: str) -> Iterable[Words]:
    """Each once, in order, with a word between them."""
    for number, piece in enumerate(dict.fromkeys(pieces)):
        if number:
            yield Words(between)
        yield from piece


def _fields(schema: Schema, prefix: str = "", depth: int = 0) -> Iterable[Field]:
    required = frozenset(schema.get("required", ()))
    for name, found in schema.get("properties", {}).items():
        limits, choices = limits_and_choices(found)
        yield Field(
            path=f"{prefix}{name}",
            type=type_in_words(found),
            limits=limits,
            choices=choices,
            description=str(found.get("description", "")),
            required=name in required,
            read_only=bool(found.get("readOnly")),
            experimental=bool(found.get(EXPERIMENTAL)),
        )
        if depth < _DEEPEST:
            yield from _fields(found, f"{prefix}{name}.", depth + 1)
    if depth < _DEEPEST:
        if isinstance(schema.get("items"), Mapping):
            yield from _fields(schema["items"], f"{prefix.removesuffix('.')}[].", depth + 1)
        for part in (*schema.get("allOf", ()), *_alternatives(schema)):
            yield from _fields(part, prefix, depth + 1)


def _limits(schema: Schema, depth: int = 0) -> Iterable[str]:
    exact = "minLength" in schema and schema["minLength"] == schema.get("maxLength")
    if exact:
        yield f"lengte precies {_value(schema['minLength'])}"
    for keyword, sentence in _LIMITS.items():
        is_nothing = keyword == "minLength" and schema.get(keyword) == 0
        if keyword in schema and not is_nothing and not (exact and keyword in ("minLength", "maxLength")):
            yield sentence.format(_value(schema[keyword]))
    if depth < _DEEPEST:
        for part in (*_alternatives(schema), *schema.get("allOf", ())):
            yield from _limits(part, depth + 1)


def _choices(schema: Schema, depth: int = 0) -> Iterable[str]:
    yield from (_value(value) for value in schema.get("enum", ()))
    inner = [schema["items"]] if isinstance(schema.get("items"), Mapping) else []
    if depth < _DEEPEST:
        for part in (*_alternatives(schema), *inner):
            yield from _choices(part, depth + 1)


def _value(value: object) -> str:
    """A value as a reader knows it; a long one is cut."""
    if value == "":
        return "leeg"
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
