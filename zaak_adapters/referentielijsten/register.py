"""The register of lists: what a file would change in it, and the change, all of it or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dms.model.change import Values
from dms.model.problems import Problem
from dms.storage.metadata.port import Conflict, Duplicate, MetadataStore
from zaak_adapters.referentielijsten import rules
from zaak_adapters.referentielijsten.form import LISTS, Entry, Fault, Faulty
from zaak_adapters.referentielijsten.resources.procestypen import PROCESTYPEN
from zaak_adapters.referentielijsten.resources.resultaten import RESULTATEN


@dataclass(frozen=True, slots=True)
class Changed:
    """An entry that is there already, as it is and as it is to be."""

    entry: Entry
    old: Values

    @property
    def fields(self) -> list[str]:
        """The fields that get another value."""
        return [name for name, value in self.entry.record.items() if self.old.get(name) != value]


@dataclass(slots=True)
class Plan:
    """What is to come, what is to change, and how many entries are as they should be."""

    added: list[Entry] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    same: list[Entry] = field(default_factory=list)


async def plan(store: MetadataStore, entries: Sequence[Entry]) -> Plan:
    """What filling the register with these entries does. What they do not name stays as it is.

    Raises `Faulty` when the register would not hold together.
    """
    kept = {
        record["url"]: record
        for resource in LISTS.values()
        for record in await store.find(resource.collection)
    }
    if faults := sorted(_faults(kept, entries), key=lambda fault: fault.line):
        raise Faulty(faults)
    made = Plan()
    for entry in entries:
        old = kept.get(entry.record["url"])
        if old is None:
            made.added.append(entry)
        elif (change := Changed(entry, old)).fields:
            made.changed.append(change)
        else:
            made.same.append(entry)
    return made


async def fill(store: MetadataStore, entries: Sequence[Entry]) -> Plan:
    """Carry out the plan, and return it. Raises `Faulty`, or `Conflict` when another was filling it at the
    same time; nothing was written then."""
    made = await plan(store, entries)
    try:
        async with store.transaction() as transaction:
            for entry in made.added:
                transaction.insert(entry.resource.collection, entry.record)
            for change in made.changed:
                new = {**change.old, **change.entry.record}
                transaction.replace(change.entry.resource.collection, new)
    except Duplicate as clash:
        raise Conflict(clash.collection) from clash
    return made


def _faults(kept: dict[str, Values], entries: Sequence[Entry]) -> Iterator[Fault]:
    """R-03, of all results that there will be: those of the file, and those that its procestypen have."""
    given = {entry.record["url"]: entry for entry in entries}
    whole = kept | {url: entry.record for url, entry in given.items()}
    results = [record for url, record in whole.items() if url.startswith(RESULTATEN.url(""))]
    generic: dict[str, set[str]] = defaultdict(set)
    for result in results:
        if result["generiek"]:
            generic[result["procesType"]].add(result["volledigNummer"])
    for result in results:
        of = result["procesType"]
        for problem in rules.it_is_numbered_after_its_procestype(result, whole.get(of), generic[of]):
            entry = given.get(result["url"]) or given.get(of)
            yield _fault(entry, result, problem)


def _fault(entry: Entry | None, result: Values, problem: Problem) -> Fault:
    if entry is None:
        return Fault(0, result["url"], problem)
    if entry.resource is PROCESTYPEN:
        reason = f"Het resultaat {result['volledigNummer']} in het register past hier niet meer bij."
        return Fault(entry.line, entry.place, Problem("nummer", problem.code, reason))
    return Fault(entry.line, entry.place, problem)
