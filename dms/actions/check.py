"""Consistency: the records against what is stored, and what is stored against the records."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from dms.actions.audit import AUDITTRAIL
from dms.actions.bodies import unreferenced
from dms.actions.checksum import sha256_of
from dms.actions.collect import Collected, batches, collect
from dms.actions.scanning import counted
from dms.actions.service import Dms
from dms.documenten import versions
from dms.documenten.rights import DOCUMENT
from dms.documenten.upload.parts import DROPPED, PARTS
from dms.model.links import target
from dms.model.query import EVERYTHING, In
from dms.storage.content.port import MissingBody
from dms.storage.metadata.port import Record, every

_NEVER = timedelta(days=36500)
"""An upload is given up by the service only, whose setting says when."""


@dataclass(slots=True)
class Findings:
    """What a check found.

    `wrong` lists what should never be, a sentence each: it tells of lost or damaged data. `leftovers` counts
    what the collector will remove once it is old enough. `documents` and `bodies` were looked at. `scans`
    counts bodies by what the virus scanner said of them.
    """

    wrong: list[str] = field(default_factory=list)
    leftovers: Counter[str] = field(default_factory=Counter)
    scans: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    bodies: int = 0
    collected: Collected | None = None


async def check(
    dms: Dms,
    *,
    read_bodies: bool = False,
    repair: timedelta | None = None,
    progress: Callable[[int], None] = lambda documents: None,
) -> Findings:
    """Look at everything. `read_bodies` also reads each body and compares its hash, which takes as long as
    reading the whole store. With `repair`, leftovers that are so old are removed; what is wrong is only
    reported, since no repair of it is free of loss.
    """
    findings = Findings()
    async for batch in every(dms.metadata, DOCUMENT):
        await _check_documents(dms, batch, findings, read_bodies=read_bodies)
        findings.documents += len(batch)
        progress(findings.documents)
    await _check_parts(dms, findings)
    await _count_leftovers(dms, findings)
    findings.scans.update(await counted(dms))
    if repair is not None:
        findings.collected = await collect(dms, orphan_age=repair, upload_age=_NEVER, everything=True)
    return findings


async def _check_documents(dms: Dms, batch: list[Record], findings: Findings, *, read_bodies: bool) -> None:
    suspect = await _problems(dms, batch, findings, read_bodies=read_bodies)
    if not suspect:
        return
    # What changed while it was looked at only seems wrong: look once more.
    again = await dms.metadata.find(DOCUMENT, In("_id", tuple(suspect)))
    for problems in (await _problems(dms, again, Findings(), read_bodies=read_bodies)).values():
        findings.wrong += problems


async def _problems(
    dms: Dms, batch: list[Record], findings: Findings, *, read_bodies: bool
) -> dict[str, list[str]]:
    """The sentences about each document that has something wrong, by its id."""
    urls = tuple(document["url"] for document in batch)
    earlier = await dms.metadata.find(versions.COLLECTION, In("_document", urls))
    lines = await dms.metadata.find(AUDITTRAIL.name, In("hoofdObject", urls))
    parts = await dms.metadata.find(PARTS, In("informatieobject", urls))
    kept, audited = Counter(v["_document"] for v in earlier), Counter(v["hoofdObject"] for v in lines)
    found: dict[str, list[str]] = defaultdict(list)
    for document in batch:
        url = document["url"]
        own_parts = [part for part in parts if part["informatieobject"] == url]
        problems = [*_of_the_record(document, kept[url], audited[url]), *_of_the_upload(document, own_parts)]
        found[document["_id"]] += [f"{url}: {problem}" for problem in problems]
    for record in {record["_body"]: record for record in (*batch, *earlier) if record["_body"]}.values():
        findings.bodies += 1
        async for problem in _of_the_body(dms, record, read=read_bodies):
            id = record["_id"].partition(":")[0]
            found[id].append(f"{record['url']} versie {record['versie']}: {problem}")
    return {id: problems for id, problems in found.items() if problems}


def _of_the_record(document: Record, kept: int, audited: int) -> list[str]:
    problems = []
    if kept != document["versie"] - 1:
        problems.append(f"is at version {document['versie']}, but {kept} earlier versions are kept")
    if audited != document["versie"]:
        problems.append(f"is at version {document['versie']}, but has {audited} lines in its audit trail")
    if document["locked"] != (document["_lock"] is not None):
        problems.append("says it is locked when it is not, or the other way round")
    if (document["inhoud"] is None) != (document["_body"] is None):
        problems.append("says it has content when it has none, or the other way round")
    return problems


def _of_the_upload(document: Record, parts: list[Record]) -> list[str]:
    upload = document["_upload"]
    if upload is None:
        return ["waits for no upload, but has parts"] if parts else []
    problems = []
    if sum(part["omvang"] for part in parts) != document["bestandsomvang"]:
        problems.append("waits for parts that do not add up to its size")
    if any(part["_upload"] != upload for part in parts):
        problems.append("has parts of another upload")
    return problems


async def _of_the_body(dms: Dms, record: Record, *, read: bool) -> AsyncIterator[str]:
    key = record["_body"]
    try:
        size = await dms.content.size(key)
    except MissingBody:
        yield f"its content {key} is missing"
        return
    if size != record["bestandsomvang"]:
        yield f"its content {key} has {size} bytes instead of {record['bestandsomvang']}"
    elif read and await sha256_of(dms.content.read(key)) != record["_sha256"]:
        yield f"its content {key} has another hash than when it came"


async def _check_parts(dms: Dms, findings: Findings) -> None:
    """Parts whose document is gone, and complete parts of which nothing is stored."""
    stored = {entry.key async for entry in dms.content.uploads()}
    async for batch in every(dms.metadata, PARTS):
        links = {part["informatieobject"]: target(part["informatieobject"]) for part in batch}
        ids = tuple(link.id for link in links.values() if link)
        found = {document["url"] for document in await dms.metadata.find(DOCUMENT, In("_id", ids))}
        for part in batch:
            if part["informatieobject"] not in found:
                findings.wrong.append(f"bestandsdeel {part['_id']}: its document is gone")
            elif part["voltooid"] and part["_upload"] not in stored and not await _sealed(dms, part):
                findings.wrong.append(f"bestandsdeel {part['_id']}: is complete, but nothing is stored")


async def _sealed(dms: Dms, part: Record) -> bool:
    """An unlock that broke off may have sealed the upload already; the next one finds it so."""
    try:
        await dms.content.size(part["_upload"])
    except MissingBody:
        return False
    return True


async def _count_leftovers(dms: Dms, findings: Findings) -> None:
    findings.leftovers["dropped"] = await dms.metadata.count(DROPPED, EVERYTHING)
    for name, entries in (("bodies", dms.content.keys()), ("uploads", dms.content.uploads())):
        async for batch in batches(entries):
            keys = [entry.key for entry in batch]
            findings.leftovers[name] += len(await unreferenced(dms.metadata, keys))
