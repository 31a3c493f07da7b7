"""Takes over an archive: each record goes through the actions and rules of the API, on what the others have
come to, and all of it is written in one transaction or nothing is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from dms.actions.catalogues.contents import Contents, Item
from dms.actions.catalogues.counterparts import Choices, Counterparts, Elsewhere, NothingToChoose
from dms.actions.catalogues.plan import Difference, Outcome, Plan
from dms.actions.catalogues.wording import ORIGIN, Wording, changed_fields
from dms.actions.change import change, publish
from dms.actions.create import create
from dms.actions.remove import remove
from dms.actions.service import Dms
from dms.actions.writing import until_no_conflict
from dms.autorisaties.access import Access, Grant
from dms.autorisaties.applications import Application
from dms.autorisaties.caller import Caller
from dms.model.change import Values
from dms.model.problems import NON_FIELD
from dms.model.query import Equals
from dms.model.refusals import Invalid, Refusal
from dms.storage.metadata.port import Collection, Conflict, Duplicate, Record
from dms.storage.metadata.staged import StagedMetadataStore
from zaak_adapters.catalogi.exchange import CATALOGUS, KINDS, SUB_TYPES, ZAAKTYPE, Kind
from zaak_adapters.catalogi.scopes import FORCED_REMOVE, FORCED_WRITE, SCOPES

Existing: TypeAlias = Literal["update", "leave", "refuse"]
Progress: TypeAlias = Callable[[int, int], None]
_OPEN = ("new", "changed", "same")
"""What becomes of a record to which others may come."""
_NOT_TAKEN_OVER = "what it belongs to is not taken over"


@dataclass(frozen=True, slots=True)
class Way:
    """How an archive is taken over.

    `renew`: records get new UUIDs, and are recognised by what they are and not by their UUID. `into`: the
    catalogue here that takes the types, whichever they come from. `existing`: what happens to a record that
    is there already and differs. `choices`: types for which those here are used. `prefixes`: beginnings of
    URLs with what replaces them. `prune`: what belongs to a zaaktype here and not in the archive goes.
    `publish`: what is published in the archive is published here. `forced`: as a caller who may change what
    is published.
    """

    renew: bool = False
    into: Record | None = None
    existing: Existing = "update"
    choices: Choices = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    prune: bool = False
    publish: bool = True
    forced: bool = False


def administrator(*, forced: bool = False) -> Caller:
    """Who takes over archives: a caller with rights on the Catalogi API."""
    scopes = {*SCOPES.read, *SCOPES.create, *((FORCED_WRITE, FORCED_REMOVE) if forced else ())}
    access = Access(grants=(Grant("ztc", frozenset(scopes)),))
    application = replace(Application.with_all_rights("dms-catalogus"), access=access)
    return Caller(application, user_id="", user_representation="", origin=ORIGIN)


async def take_over(
    dms: Dms,
    collections: Iterable[Collection],
    contents: Contents,
    way: Way,
    *,
    dry_run: bool,
    progress: Progress = lambda done, total: None,
) -> Plan:
    """Take over all of it in one transaction, or nothing if any of it is refused; return what was done, or in
    a dry run what would be."""
    known = tuple(collections)

    async def attempt() -> Plan:
        staged = StagedMetadataStore(dms.metadata, known)
        await staged.hold(kind.collection for kind in KINDS)
        plan = await staged_plan(replace(dms, metadata=staged), contents, way, progress)
        if not dry_run and not plan.refused:
            await commit(staged)
        return plan

    return await until_no_conflict(attempt)


async def commit(staged: StagedMetadataStore) -> None:
    """Write what is staged. Raises `Conflict` if others were first."""
    try:
        await staged.commit()
    except Duplicate as clash:
        raise Conflict(clash.collection) from clash


async def staged_plan(dms: Dms, contents: Contents, way: Way, progress: Progress) -> Plan:
    """Take it over into a store that only stages."""
    taking = _TakingOver(dms, contents, way)
    total = 3 * len(contents)
    done = 0
    for step in (taking.place, taking.refer, taking.publish):
        for kind in KINDS:
            for item in contents.items[kind]:
                await step(item)
                done += 1
                if done % 50 == 0:
                    progress(done, total)
        if step == taking.place:
            await taking.look_for_more()
    progress(total, total)
    return taking.plan


class _TakingOver:
    """One archive on its way."""

    def __init__(self, dms: Dms, contents: Contents, way: Way) -> None:
        self._dms = dms
        self._contents = contents
        self._way = way
        self._caller = administrator(forced=way.forced)
        self._counterparts = Counterparts(dms, by_uuid=not way.renew)
        self._wording = Wording(contents, way.prefixes)
        self._outcomes: dict[str, Outcome] = {}
        self._ids: dict[str, str] = {}
        self.plan = Plan()

    async def place(self, item: Item) -> None:
        """Make the record, or change the one that is there."""
        outcome = self._outcome(item)
        if item.kind is CATALOGUS and self._way.into is not None:
            self._wording.settle(item.url, self._way.into)
            outcome.fate = "chosen"
        elif not self._is_open(item):
            outcome.fate = "passed"
            outcome.why.append(_NOT_TAKEN_OVER)
        else:
            try:
                await self._place(item, outcome)
            except Refusal as refusal:
                outcome.refuse(told(refusal))
            except Elsewhere:
                above = item.kind.within
                outcome.refuse(f"its UUID is that of a record of another {above} here: renew the UUIDs")
            except NothingToChoose as nothing:
                outcome.refuse(f"there is nothing here with the name {nothing} to be chosen")

    def _outcome(self, item: Item) -> Outcome:
        outcome = Outcome(item.kind, item.label, item.place, item.url, item.within, "new")
        self._outcomes[item.url] = outcome
        self.plan.outcomes.append(outcome)
        return outcome

    def _is_open(self, item: Item) -> bool:
        """Whether what it belongs to is taken over, if the archive has that at all."""
        above = self._outcomes.get(item.within)
        if above is None:
            into = self._way.into
            if into is not None and item.kind.within == "catalogus":
                self._wording.settle(item.within, into)
            return True
        return (above.kind is CATALOGUS and above.fate != "refused") or above.fate in _OPEN

    async def _place(self, item: Item, outcome: Outcome) -> None:
        kind, now = item.kind, [name for name in item.kind.writable if name not in item.kind.later]
        sent = {
            **self._wording.of(item, now),
            **{name: [] for name in kind.later if name in item.values},
        }
        above = str(sent.get(kind.within, "")).removeprefix(ORIGIN)
        chosen = await self._counterparts.chosen(item, self._way.choices, above)
        if chosen is not None:
            outcome.fate = "chosen"
            self._settle(item, chosen)
            return
        checked = kind.resource.shape.check(sent)
        found = await self._counterparts.find(item, checked.all, above)
        if found is not None:
            for name in kind.later:
                sent.pop(name, None)
            outcome.fate = "same"
            self._settle(item, found)
            await self._bring_up_to_date(item, outcome, found, sent)
            return
        id = None if self._way.renew else item.id
        made = await create(self._dms, kind.resource, sent, self._caller, {}, id=id)
        self._counterparts.take(kind, made)
        self._settle(item, made)

    def _settle(self, item: Item, record: Record) -> None:
        self._ids[item.url] = record["_id"]
        self._wording.settle(item.url, record)

    async def _bring_up_to_date(self, item: Item, outcome: Outcome, found: Record, sent: Values) -> None:
        resource = item.kind.resource
        changed = await changed_fields(self._dms, resource, found, sent)
        outcome.differences += [Difference(name, found.get(name), value) for name, value in changed.items()]
        if changed and self._may_change(outcome):
            fields = {name: sent[name] for name in changed}
            await change(self._dms, resource, found["_id"], fields, self._caller, facts={}, partial=True)
            outcome.fate = "changed"

    def _may_change(self, outcome: Outcome) -> bool:
        if self._way.existing == "leave":
            outcome.fate = "left"
        if self._way.existing == "refuse":
            outcome.refuse("it is there already, and differs")
        return self._way.existing == "update"

    async def refer(self, item: Item) -> None:
        """Give the record its names of others of its own kind, as all of these are there now."""
        outcome = self._outcomes[item.url]
        sent = self._wording.of(item, [name for name in item.kind.writable if name in item.kind.later])
        if not sent or outcome.fate not in _OPEN:
            return
        resource, id = item.kind.resource, self._ids[item.url]
        try:
            if outcome.fate != "new":
                found = await self._dms.metadata.get(resource.collection, id)
                assert found is not None
                await self._bring_up_to_date(item, outcome, found, sent)
            elif any(sent.values()):
                await change(self._dms, resource, id, sent, self._caller, facts={}, partial=True)
        except Refusal as refusal:
            outcome.refuse(told(refusal))

    async def publish(self, item: Item) -> None:
        """Publish the record, if it is published in the archive."""
        outcome = self._outcomes[item.url]
        if not (item.kind.is_published and item.values.get("concept") is False and self._way.publish):
            return
        if outcome.fate not in _OPEN:
            return
        resource, id = item.kind.resource, self._ids[item.url]
        record = await self._dms.metadata.get(resource.collection, id)
        assert record is not None
        if not record["concept"] or (outcome.fate != "new" and not self._may_change(outcome)):
            return
        try:
            await publish(self._dms, resource, id, self._caller)
            outcome.published = True
        except Refusal as refusal:
            outcome.refuse(told(refusal))

    async def look_for_more(self) -> None:
        """Find what belongs to zaaktypen here, and not in the archive."""
        for item in self._contents.items[ZAAKTYPE]:
            if self._outcomes[item.url].fate in ("changed", "same"):
                for kind in reversed(SUB_TYPES):
                    await self._look_for_more(item, kind)

    async def _look_for_more(self, item: Item, kind: Kind) -> None:
        of_this = Equals("zaaktype", self._wording.here(item.url) or "")
        for record in await self._dms.metadata.find(kind.collection, of_this):
            if self._counterparts.is_taken(kind, record):
                continue
            outcome = Outcome(kind, kind.label(record), "only here", record["url"], item.url, "only here")
            self.plan.outcomes.append(outcome)
            if not self._way.prune:
                continue
            try:
                await remove(self._dms, kind.resource, record["_id"], self._caller)
                outcome.fate = "removed"
            except Refusal as refusal:
                outcome.refuse(told(refusal))


def told(refusal: Refusal) -> str:
    """Why it was refused, in one line."""
    if not isinstance(refusal, Invalid):
        return refusal.detail
    return "; ".join(
        each.reason if each.name == NON_FIELD else f"{each.name}: {each.reason}"
        for each in refusal.problems[:10]
    )
