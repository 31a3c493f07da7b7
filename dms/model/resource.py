"""A resource as a value: routes, validation, filters, rights, OpenAPI and docs are all read from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

from dms.model.change import Act, Change, Derivation, Effect, Rule, Values
from dms.model.filters import Filter
from dms.model.links import own
from dms.model.looked_up import Named, Reverse
from dms.model.problems import Problem
from dms.model.query import By, Equals, Order, Query
from dms.model.record import Record, Shape
from dms.model.refusals import Invalid

AnyOf: TypeAlias = tuple[str, ...]
"""Scopes of which one is enough. `zrc:zaken.lezen` is a scope of another component than the resource's."""


def scope_of(scope: str, component: str) -> tuple[str, str]:
    """The component in which a scope is granted, and its name there; by default in this component."""
    other, _, name = scope.rpartition(":")
    return other or component, name


def scope_names(scopes: AnyOf) -> tuple[str, ...]:
    """The scopes as clients know them, without components."""
    return tuple(scope.rpartition(":")[2] for scope in scopes)


ANYONE: AnyOf = ("*",)
"""For whom no scope is asked, nor a token (G-45)."""
NO_ONE: AnyOf = ()
"""For what no scope allows."""

LARGEST_PAGE = 500
"""G-60: records on a page, however many are asked for."""

Verb: TypeAlias = Literal["list", "create", "fetch", "update", "patch", "remove"]
ALL_VERBS: frozenset[Verb] = frozenset({"list", "create", "fetch", "update", "patch", "remove"})


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes that each kind of act needs; of several, one is enough."""

    read: AnyOf
    create: AnyOf
    update: AnyOf
    remove: AnyOf

    @classmethod
    def open_to_read(cls) -> Scopes:
        """Those of what anyone may read and no client writes."""
        return cls(ANYONE, NO_ONE, NO_ONE, NO_ONE)

    @classmethod
    def of(cls, name: str) -> Scopes:
        """The four scopes that most APIs have: lezen, aanmaken, bijwerken, verwijderen."""
        return cls(
            (f"{name}.lezen",), (f"{name}.aanmaken",), (f"{name}.bijwerken",), (f"{name}.verwijderen",)
        )


@dataclass(frozen=True, slots=True)
class Guard:
    """The fields of a record on which rights depend (G-46): its type, its level if its kind has one, and
    whether it may be shown to applications that only see what is ready for publication (G-56)."""

    type: str
    level: str | None = "_vertrouwelijkheid"
    published: str | None = None


@dataclass(frozen=True, slots=True)
class Mirror:
    """The other side of a relation, as a record of another resource: it comes and goes with this one, in the
    same transaction, whatever the caller may do there.

    `values` are its fields, made of the record here; together they are unique there.
    """

    resource: str
    values: Callable[[Values], Values]


CHANGES: frozenset[Act] = frozenset({"update", "partial_update", "destroy"})
EVERY_ACT: frozenset[Act] = CHANGES | {"create"}


@dataclass(frozen=True, slots=True)
class Channel:
    """Where the changes of a main object and its sub resources are announced (G-110, G-111).

    `kenmerken` are fields of the main object, which its subscribers can filter on. `acts` are those that are
    announced (G-112).
    """

    name: str
    kenmerken: tuple[str, ...] = ()
    acts: frozenset[Act] = EVERY_ACT

    def only(self, *acts: Act) -> Channel:
        """The same channel, for a resource of which not every act is announced."""
        return replace(self, acts=frozenset(acts))


@dataclass(frozen=True, slots=True)
class Parent:
    """The main object that a sub resource belongs to: its rights and its audit trail are those of that one
    (G-48, G-52, G-102), and it goes when that one goes.

    `field` holds the reference, `resource` names what it refers to. `touch` changes the main object when a
    sub resource comes or goes: given the change and a copy of the main object, which is written after it.
    `keeps` tells which fields a sub resource has of its main object, beside its rights: they follow when that
    one changes. A main object without a guard gives no rights of its own, and is a reference like any other.
    """

    field: str
    resource: str
    touch: Callable[[Change, Values], None] = lambda change, parent: None
    keeps: Callable[[Values], Values] = lambda parent: {}


@dataclass(frozen=True, slots=True)
class Need:
    """Records that rules or effects want to see, found before the rules into `Change.related[name]`.

    Looked up for these acts, and when `when` holds; at most `limit` of them.
    """

    name: str
    collection: str
    query: Callable[[Change], Query]
    acts: frozenset[Act] = CHANGES
    when: Callable[[Change], bool] = lambda change: True
    limit: int | None = None


def pointing_here(by: str) -> Callable[[Change], Query]:
    """The query for the records whose field `by` refers to the record that changes."""
    return lambda change: Equals(by, change.url)


@dataclass(frozen=True, slots=True)
class Ordering:
    """What a list can be ordered by (G-69): the names that clients know, with the field that each means."""

    fields: Mapping[str, str]
    experimental: bool = False

    def read(self, given: str) -> Order:
        """The order that a text asks for. Raises `invalid_choice @ ordering`."""
        order: list[By] = []
        for word in (part.strip() for part in given.split(",")):
            name = word.removeprefix("-")
            if name not in self.fields:
                choices = ", ".join(self.fields)
                reason = f"Kies uit {choices}, elk met of zonder -."
                raise Invalid([Problem("ordering", "invalid_choice", reason)])
            order.append(By(self.fields[name], descending=word.startswith("-")))
        return tuple(order)


@dataclass(frozen=True, slots=True)
class Numbering:
    """How an identification is issued and kept unique (G-131, G-132).

    `PREFIX-YYYY-NNNNNNNNNN`, the year taken from the field `year_of`; unique within the `organisation`,
    over all versions a record ever had.
    """

    field: str
    prefix: str
    organisation: str
    year_of: str
    collection: str = "identificaties"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation beside the usual verbs, such as `POST …/{uuid}/lock`. `name` chooses its handler.

    It is asked of one record, of the resource as a whole, or at the root of the API. `paginated`: it answers
    a page of `answer`. `several`: a list of them, where it was asked for more than one. `experimental`: the
    standard does not have it.
    """

    name: str
    method: Literal["GET", "POST", "PUT"]
    suffix: str
    scopes: AnyOf
    of: Literal["record", "resource", "api"] = "record"
    paginated: bool = False
    several: bool = False
    experimental: bool = False
    status: int = 200
    request: type[Record] | None = None
    answer: type[Record] | None = None
    form: Mapping[str, Any] | None = None
    media_type: str = "application/json"
    parameters: tuple[Filter, ...] = ()
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of one API.

    `record` is its shape; `update_record` and `created_record` differ from it where the standard asks more
    of an update, or shows more after a create. `name` is unique over all APIs; where two of them call a
    resource the same, `in_urls` is what one of them shows (`links.NAMED_ALIKE`).

    `stages` are its rules: those of a stage are asked only when
    the stage before found nothing (G-33). `derivations` run before the rules, `effects` after them.
    `expands` are the fields that may be expanded, each with the resources it may lead to; what leads to none
    of them is left out (G-78).
    `expands_by` names, for a list of objects that hold a reference each, the member that is the reference.
    Its changes are announced on its `channel` and written down if it is `audited`: those of a sub resource
    under its main object. `experimental`: the standard does not have it.
    """

    api: str
    component: str
    name: str
    singular: str
    record: type[Record]
    scopes: Scopes
    in_urls: str = ""
    summary: str = ""
    verbs: frozenset[Verb] = ALL_VERBS
    update_record: type[Record] | None = None
    created_record: type[Record] | None = None
    streamed: str | None = None
    label: Callable[[Values], str] = lambda record: str(record["_id"])
    filters: tuple[Filter, ...] = ()
    reading: tuple[Filter, ...] = ()
    criteria: tuple[Filter, ...] | None = None
    ordering: Ordering | None = None
    paginated: bool = True
    operations: tuple[Operation, ...] = ()
    parent: Parent | None = None
    guard: Guard | None = None
    mirrors: tuple[Mirror, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    indexed: tuple[str, ...] = ()
    expands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    expands_by: Mapping[str, str] = field(default_factory=dict)
    reverses: tuple[Reverse, ...] = ()
    named: tuple[Named, ...] = ()
    numbering: Numbering | None = None
    needs: tuple[Need, ...] = ()
    derivations: tuple[Derivation, ...] = ()
    stages: tuple[tuple[Rule, ...], ...] = ()
    effects: tuple[Effect, ...] = ()
    channel: Channel | None = None
    audited: bool = False
    experimental: bool = False
    extras: bool = True

    @cached_property
    def shape(self) -> Shape:
        """What can be asked of the record's class."""
        return Shape.of(self.record)

    @cached_property
    def updating(self) -> Shape:
        """The shape that PUT and PATCH are checked against."""
        return Shape.of(self.update_record or self.record)

    @cached_property
    def created(self) -> Shape:
        """The shape of the answer to a create."""
        return Shape.of(self.created_record or self.record)

    def operation(self, name: str) -> Operation:
        """The operation of this name. Raises `KeyError` if the resource has none."""
        for found in self.operations:
            if found.name == name:
                return found
        raise KeyError(name)

    def url(self, id: str) -> str:
        """The link to a record as it is stored."""
        return own(self.api, self.path, id)

    def new(self, id: str, values: Values) -> Values:
        """A record that is to be made of these values."""
        return {"url": self.url(id), **self.unwritten, **values, "_id": id}

    def main_url(self, record: Values) -> str:
        """The link to the main object of a record, which is itself where it has none (G-102)."""
        return str(record["url"] if self.parent is None else record[self.parent.field])

    @property
    def path(self) -> str:
        """What it is called in URLs."""
        return self.in_urls or self.name

    @cached_property
    def filled_in(self) -> frozenset[str]:
        """Fields that are made when an answer is given, and not kept."""
        names = {name for each in self.named if each.member is None for name in each.names}
        unwritten = {each.field for each in self.named if not each.written}
        return frozenset({reverse.field for reverse in self.reverses} | names | unwritten)

    @cached_property
    def unwritten(self) -> Mapping[str, Any]:
        """What a new record holds in the fields that are kept and that clients do not write, until something
        is derived for them: values that are shared, and never changed in place."""
        kept = self.shape.read_only - self.filled_in - {"url"}
        wires = {self.shape.wire(name): info for name, info in self.record.model_fields.items()}
        return {
            wire: info.get_default(call_default_factory=True) for wire, info in wires.items() if wire in kept
        }

    @property
    def collection(self) -> str:
        """Where its records are kept."""
        return self.name

    @property
    def has_trail(self) -> bool:
        """Whether it has an audit trail of its own; that of a sub resource is its main object's (G-102)."""
        return self.audited and self.parent is None

    def of_the_standard(self) -> Resource:
        """This resource without what the standard does not have (G-65, QG-2)."""
        return replace(
            self,
            filters=tuple(found for found in self.filters if not found.experimental),
            criteria=self.criteria and tuple(found for found in self.criteria if not found.experimental),
            operations=tuple(found for found in self.operations if not found.experimental),
            ordering=None if self.ordering is None or self.ordering.experimental else self.ordering,
            extras=False,
        )


@dataclass(frozen=True, kw_only=True)
class Api:
    """One API of the standard: what it is called, which version it is, and its resources."""

    name: str
    component: str
    version: str
    title: str
    description: str
    resources: tuple[Resource, ...]

    def of_the_standard(self) -> Api:
        """This API without what the standard does not have."""
        of_it = (found.of_the_standard() for found in self.resources if not found.experimental)
        return replace(self, resources=tuple(of_it))
