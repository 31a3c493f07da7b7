"""A record: the shape of a resource, from which requests are validated and answers described."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar, NamedTuple, get_args

from annotated_types import GroupedMetadata
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from dms.model.fields import Immutable, OwnUrl, ReadOnly, To, WriteOnly
from dms.model.problems import NON_FIELD, Problem
from dms.model.refusals import Invalid


class Record(BaseModel):
    """The fields of a resource, in snake_case here and camelCase on the wire (G-10).

    Unknown keys are ignored, snake_case keys accepted, numbers taken for text, as clients send them (G-12).
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        coerce_numbers_to_str=True,
        str_strip_whitespace=True,
        frozen=True,
    )


class Group(Record):
    """A group of fields inside a record (zrc-012): null or absent is not set, an object is checked in full.

    `unset` is what an answer shows for a group that is not set: null, or an object with empty members
    where clients expect one (G-130).
    """

    unset: ClassVar[Mapping[str, Any] | None] = None


def _wholly_empty_is_unset(value: object) -> object:
    """An unset group comes back from clients as it was answered, with nothing in it."""
    if isinstance(value, Mapping) and value and all(member in ("", None) for member in value.values()):
        return None
    return value


@dataclass(frozen=True, slots=True)
class GroupOf(GroupedMetadata):
    """Marks a field as a group of this kind, that may be left unset."""

    kind: type[Group]

    def __iter__(self) -> Iterator[object]:
        yield BeforeValidator(_wholly_empty_is_unset)


_CODES = {
    "missing": "required",
    "string_too_long": "max_length",
    "string_too_short": "min_length",
    "too_long": "max_length",
    "literal_error": "invalid_choice",
    "greater_than_equal": "min_value",
    "less_than_equal": "max_value",
    "list_type": "not_a_list",
    "tuple_type": "not_a_list",
}
_REASONS = {
    "required": "Dit veld is vereist.",
    "null": "Dit veld mag niet null zijn.",
    "blank": "Dit veld mag niet leeg zijn.",
    "invalid": "De waarde heeft niet de juiste vorm.",
    "invalid_choice": "Dit is geen van de toegestane waarden.",
    "max_length": "De waarde is te lang.",
    "min_length": "De waarde is te kort.",
    "min_value": "De waarde is te klein.",
    "max_value": "De waarde is te groot.",
    "not_a_list": "Dit moet een lijst zijn.",
}


def problem_of(error: ErrorDetails) -> Problem:
    """The problem, in the codes of the standard (G-15), that an error of pydantic stands for."""
    kind, given = error["type"], error.get("input")
    name = ".".join(_camel(step) for step in error["loc"] if not _is_branch(step)) or NON_FIELD
    if given is None and kind not in {"missing", "value_error"}:
        code = "null"
    elif kind == "string_too_short" and isinstance(given, str) and not given.strip():
        code = "blank"
    elif kind in _CODES:
        code = _CODES[kind]
    elif _WRONG_TYPE.fullmatch(kind):
        code = "invalid"
    else:
        return Problem(name, kind, error["msg"])
    return Problem(name, code, _REASONS[code])


# What pydantic calls the many ways of having another type.
_WRONG_TYPE = re.compile(
    r"(string|int|bool|float|dict|model|finite)_(type|unicode|parsing|parsing_size|from_float|number"
    r"|attributes_type)|value_error"
)


def _camel(step: str | int) -> str:
    """A field that was sent in snake_case is named on the wire in camelCase all the same (G-32)."""
    return to_camel(step) if isinstance(step, str) and "__" not in step else str(step)


def _is_branch(step: str | int) -> bool:
    """Whether a step of pydantic's path names a branch of a union rather than a field."""
    return isinstance(step, str) and (not step.isidentifier() or step in {"str", "int"})


class Checked(NamedTuple):
    """The checked values of a request by wire name: all of them, with defaults, and only those sent."""

    all: dict[str, Any]
    given: dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """What can be asked of a record class: its writable fields, its links, its checks. One per class."""

    record: type[Record]

    @classmethod
    def of(cls, record: type[Record]) -> Shape:
        """The one shape of this class."""
        return _shape(record)

    def wire(self, name: str) -> str:
        """The name of a field on the wire."""
        return self.record.model_fields[name].alias or name

    def _named(self, marker: type) -> frozenset[str]:
        return frozenset(
            self.wire(name) for name, field in self.record.model_fields.items() if _marked(field, marker)
        )

    @cached_property
    def read_only(self) -> frozenset[str]:
        """Wire names of fields that only the service writes."""
        return self._named(ReadOnly)

    @cached_property
    def required(self) -> frozenset[str]:
        """Wire names of fields that a request must hold."""
        fields = self.record.model_fields.items()
        return frozenset(self.wire(name) for name, field in fields if field.is_required()) - self.read_only

    @cached_property
    def ignored(self) -> frozenset[str]:
        """Wire names of read-only fields that a request may hold by the letter of the standard."""
        return frozenset(
            self.wire(name)
            for name, field in self.record.model_fields.items()
            if ReadOnly(listed=True) in _markers(field)
        )

    @cached_property
    def write_only(self) -> frozenset[str]:
        """Wire names of fields that are never answered."""
        return self._named(WriteOnly)

    @cached_property
    def immutable(self) -> frozenset[str]:
        """Wire names of fields that keep their first value."""
        return self._named(Immutable)

    @cached_property
    def urls(self) -> tuple[str, ...]:
        """Wire names of fields that may hold URLs of this installation: a URL, or a list of them. Those of a
        group, or of a list of groups, are paths."""
        within = (
            f"{self.wire(name)}.{url}"
            for name, field in self.record.model_fields.items()
            for group in _groups(field.annotation)
            for url in Shape.of(group).urls
        )
        return tuple(sorted((*self._named(OwnUrl), *within)))

    @cached_property
    def links(self) -> dict[str, To]:
        """Wire names of fields that refer to other resources, with what they refer to."""
        return {
            self.wire(name): marker
            for name, field in self.record.model_fields.items()
            for marker in _markers(field)
            if isinstance(marker, To)
        }

    @cached_property
    def answered(self) -> tuple[str, ...]:
        """Wire names of the fields of an answer, in order."""
        names = (self.wire(name) for name in self.record.model_fields)
        return tuple(name for name in names if name not in self.write_only)

    @cached_property
    def request(self) -> type[Record]:
        """The record without its read-only fields: what POST and PUT are checked against."""
        return self._writable(partial=False)

    @cached_property
    def patch(self) -> type[Record]:
        """The same with every field optional: what PATCH is checked against."""
        return self._writable(partial=True)

    def _writable(self, *, partial: bool) -> type[Record]:
        fields: dict[str, Any] = {}
        for name, field in self.record.model_fields.items():
            if _marked(field, ReadOnly):
                continue
            if partial and field.is_required():
                field = FieldInfo.merge_field_infos(field, default=None)  # noqa: PLW2901
            fields[name] = (field.annotation, field)
        prefix = "Patched" if partial else ""
        return create_model(f"{prefix}{self.record.__name__}Request", __base__=Record, **fields)

    def check(self, sent: Mapping[str, Any], *, partial: bool = False) -> Checked:
        """The values of a request, checked. `partial`: no field is required.

        Raises `Invalid` with all problems at once (G-31).
        """
        model = self.patch if partial else self.request
        try:
            checked = model.model_validate(sent)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False)
            raise Invalid(dict.fromkeys(problem_of(detail) for detail in found)) from None
        values = checked.model_dump(by_alias=True)
        for name, unset in self.unset_groups.items():
            if values.get(name, unset) is None:
                values[name] = dict(unset)
        given = {self.wire(name) for name in checked.model_fields_set}
        return Checked(values, {name: value for name, value in values.items() if name in given})

    @cached_property
    def unset_groups(self) -> dict[str, Mapping[str, Any]]:
        """Wire names of groups that are answered as an object while they are not set, with that object."""
        return {
            self.wire(name): marker.kind.unset
            for name, field in self.record.model_fields.items()
            for marker in _markers(field)
            if isinstance(marker, GroupOf) and marker.kind.unset is not None
        }


def _groups(annotation: Any) -> Iterator[type[Record]]:
    """The classes of records within a type."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        yield annotation
    for part in get_args(annotation):
        yield from _groups(part)


def _marked(field: FieldInfo, marker: type) -> bool:
    return any(isinstance(found, marker) for found in _markers(field))


def _markers(field: FieldInfo) -> Iterator[object]:
    for found in field.metadata:
        yield found
        if isinstance(found, GroupedMetadata):
            yield from found


@cache
def _shape(record: type[Record]) -> Shape:
    return Shape(record)
