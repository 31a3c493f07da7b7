"""The form in which the lists are filled: a JSON object with one or more of them, read whole or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dms.model.change import Values
from dms.model.json_text import parse_json
from dms.model.links import UUID, with_relative
from dms.model.problems import NON_FIELD, Problem
from dms.model.refusals import Invalid, ParseError
from dms.model.resource import Resource
from zaak_adapters.referentielijsten import rules
from zaak_adapters.referentielijsten.api import REFERENTIELIJSTEN
from zaak_adapters.referentielijsten.positions import lines_of_entries
from zaak_adapters.referentielijsten.resources.procestypen import PROCESTYPEN
from zaak_adapters.referentielijsten.resources.resultaten import RESULTATEN

LISTS: dict[str, Resource] = {resource.path: resource for resource in REFERENTIELIJSTEN.resources}
MOST_BYTES = 32 * 2**20
MOST_ENTRIES = 10_000
"""Entries of one list in a file."""

_HERE = "http://localhost"
_ID = re.compile(rf"(?:https?://[^\s?#]+/)?({UUID})")


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as it is to be kept, and the line of the file on which it begins."""

    resource: Resource
    record: Values
    place: str
    line: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a file: on which line it is, where in the document, and what. Line 0 is none: it
    is wrong with what the register holds already."""

    line: int
    place: str
    problem: Problem

    def __str__(self) -> str:
        where = self.place if self.problem.name == NON_FIELD else f"{self.place}.{self.problem.name}"
        line = f"line {self.line}" if self.line else "in the register"
        return f"{line}: {where}: {self.problem.code}: {self.problem.reason}"


class Faulty(Exception):
    """The file cannot be used; nothing was written. `faults` are all that were found."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults[:5]))
        self.faults = faults


def read(text: bytes) -> list[Entry]:
    """The entries of a file, each checked by itself. Raises `Faulty` with all that is wrong with them, and
    `ParseError` for what is no JSON object."""
    if len(text) > MOST_BYTES:
        raise ParseError(f"Een bestand is ten hoogste {MOST_BYTES} bytes groot.")
    document = parse_json(text)
    if not isinstance(document, dict):
        raise ParseError("De JSON moet een object zijn, met een of meer lijsten.")
    lines = lines_of_entries(text.decode("utf-8-sig"))
    faults = [Fault(1, name[:50], problem) for name, problem in _wrong_lists(document)]
    if faults:
        raise Faulty(faults)
    entries: list[Entry] = []
    for name, elements in document.items():
        for index, element in enumerate(elements):
            place, line = f"{name}[{index}]", lines[name][index]
            try:
                entries.append(Entry(LISTS[name], _record(LISTS[name], element), place, line))
            except Invalid as refusal:
                faults += [Fault(line, place, problem) for problem in refusal.problems]
    faults += _given_twice(entries)
    if faults:
        raise Faulty(sorted(faults, key=lambda fault: fault.line))
    return entries


def _wrong_lists(document: Mapping[str, Any]) -> Iterator[tuple[str, Problem]]:
    for name, elements in document.items():
        if name not in LISTS:
            reason = f"Dit is geen van de lijsten {', '.join(LISTS)}."
            yield name, Problem(NON_FIELD, "invalid_choice", reason)
        elif not isinstance(elements, list):
            yield name, Problem(NON_FIELD, "not_a_list", "Dit moet een lijst zijn.")
        elif len(elements) > MOST_ENTRIES:
            yield name, Problem(NON_FIELD, "max_length", f"Een lijst is ten hoogste {MOST_ENTRIES} lang.")


def _given_twice(entries: list[Entry]) -> Iterator[Fault]:
    first: dict[str, Entry] = {}
    for entry in entries:
        before = first.setdefault(entry.record["url"], entry)
        if before is not entry:
            reason = f"Dit id staat ook op regel {before.line}."
            yield Fault(entry.line, entry.place, Problem("uuid", "unique", reason))


def _record(resource: Resource, element: object) -> Values:
    """The record of an entry. Raises `Invalid` with all that is wrong with it by itself."""
    if not isinstance(element, dict):
        raise Invalid([Problem(NON_FIELD, "invalid", "Dit moet een object zijn.")])
    problems = [
        Problem(name[:50], "unknown", "Dit veld is hier niet bekend.")
        for name in element
        if name != "uuid" and name not in resource.shape.answered
    ]
    id = _id_in(element.get("uuid", element.get("url")))
    if id is None:
        problems.append(Problem("uuid", "invalid", "Noem een UUID, of een url die daarop eindigt."))
    sent = dict(element)
    if resource is RESULTATEN:
        problems += _prepare_result(sent)
    try:
        values = resource.shape.check(sent).all
    except Invalid as refusal:
        problems += refusal.problems
    if problems:
        raise Invalid(problems)
    assert id is not None
    record = {"url": resource.url(id), **with_relative(values, resource.shape.urls, _HERE), "_id": id}
    if resource is RESULTATEN:
        rules.complete(record, sent["volledigNummer"])
    return record


def _prepare_result(sent: dict[str, Any]) -> Iterator[Problem]:
    """A result names its procestype by id, or by a URL that ends in it, and has its number from outside."""
    if not isinstance(sent.get("volledigNummer"), str):
        yield Problem("volledigNummer", "required", "Dit veld is vereist, als tekst.")
    if isinstance(sent.get("procesType"), str):
        id = _id_in(sent["procesType"])
        sent["procesType"] = _HERE + PROCESTYPEN.url(id or "")
        if id is None:
            reason = "Noem de UUID van een procestype, of een url die daarop eindigt."
            yield Problem("procesType", "invalid", reason)


def _id_in(value: object) -> str | None:
    found = _ID.fullmatch(value.lower()) if isinstance(value, str) else None
    return found[1] if found else None
