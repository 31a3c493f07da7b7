"""A new version of a zaaktype: the one before gets an end, its copy a begin, and both at once or neither."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dms.actions.catalogues.contents import Contents
from dms.actions.catalogues.export import export_zaaktypen
from dms.actions.catalogues.importing import Way, administrator, commit, staged_plan
from dms.actions.catalogues.plan import Outcome
from dms.actions.catalogues.selecting import NotOne, the_zaaktypen
from dms.actions.catalogues.wording import ORIGIN
from dms.actions.change import change
from dms.actions.service import Dms
from dms.actions.writing import until_no_conflict
from dms.model.query import And, Equals
from dms.storage.metadata.port import Collection, Record
from dms.storage.metadata.staged import StagedMetadataStore
from zaak_adapters.catalogi.exchange import KINDS, SUB_TYPES, ZAAKTYPE

_FOREVER = "9999-12-31"


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What was made: the version before, as it is now, and the new one, with how much belongs to it; or what
    was refused, and then nothing was."""

    before: Record
    new: Record | None
    sub_types: int
    refused: list[Outcome]


async def new_version(
    dms: Dms,
    collections: Iterable[Collection],
    meant: str,
    *,
    begin: date,
    catalogue: Record | None = None,
    concept: bool = False,
    dry_run: bool = False,
) -> NewVersion:
    """End the published version that is valid before `begin` the day before that, and publish a copy of it,
    with all that belongs to it, from `begin` on; `concept`: leave the copy a concept.

    Raises `NotOne`, or a `Refusal` when the version cannot get that end; nothing was changed then.
    """
    known = tuple(collections)

    async def attempt() -> NewVersion:
        staged = StagedMetadataStore(dms.metadata, known)
        await staged.hold(kind.collection for kind in KINDS)
        here = replace(dms, metadata=staged)
        old = await _published_before(here, meant, catalogue, begin)
        made = await _succeeded(here, old, begin, concept=concept)
        if not made.refused and not dry_run:
            await commit(staged)
        return made

    return await until_no_conflict(attempt)


async def _published_before(dms: Dms, meant: str, catalogue: Record | None, begin: date) -> Record:
    named = await the_zaaktypen(dms, meant, catalogue)
    # A UUID is that of one version; it stands for the type, whose versions follow each other.
    same = And(
        (Equals("catalogus", named[0]["catalogus"]), Equals("identificatie", named[0]["identificatie"]))
    )
    versions = await dms.metadata.find("zaaktypen", same)
    if there := [each["url"] for each in versions if each["beginGeldigheid"] == begin.isoformat()]:
        raise NotOne(f"There is a version of {meant!r} already that begins on {begin}: {there[0]}")
    before = [
        each for each in versions if not each["concept"] and each["beginGeldigheid"] < begin.isoformat()
    ]
    if not before:
        raise NotOne(f"No version of {meant!r} is published and began before {begin}.")
    return max(before, key=lambda each: str(each["beginGeldigheid"]))


async def _succeeded(dms: Dms, old: Record, begin: date, *, concept: bool) -> NewVersion:
    last_day = (begin - timedelta(days=1)).isoformat()
    if (old["eindeGeldigheid"] or _FOREVER) > last_day:
        ended = {"eindeGeldigheid": last_day}
        old = await change(dms, ZAAKTYPE.resource, old["_id"], ended, administrator(), facts={}, partial=True)
    lists = await export_zaaktypen(dms, [old], ORIGIN)
    copied = {kind.file: lists[kind.file] for kind in (ZAAKTYPE, *SUB_TYPES)}
    first_day = begin.isoformat()
    [zaaktype] = copied[ZAAKTYPE.file]
    zaaktype |= {
        "beginGeldigheid": first_day,
        "eindeGeldigheid": None,
        "versiedatum": first_day,
        "concept": concept,
    }
    plan = await staged_plan(dms, Contents.of(copied), Way(renew=True), lambda done, total: None)
    same = And((*(Equals(field, zaaktype[field]) for field in ZAAKTYPE.identity), _in_the_catalogue(old)))
    made = await dms.metadata.find(ZAAKTYPE.collection, same, limit=1)
    number = sum(each.kind.is_sub_type and each.fate == "new" for each in plan.outcomes)
    return NewVersion(old, made[0] if made else None, number, plan.refused)


def _in_the_catalogue(record: Record) -> Equals:
    return Equals("catalogus", record["catalogus"])
