"""The parts in which content is to come: made when an upload begins, gone when it ends (D-45, D-52)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

from dms.model.change import Change, Values, Write
from dms.storage.content.port import Region
from dms.storage.metadata.port import Collection

PARTS = "bestandsdelen"
"""The resource of parts by its name, which is that of the collection that keeps them too."""

DROPPED = "dropped_bodies"
"""Collection of the keys of bodies and uploads that nothing refers to any more; the collector empties it."""
DROPPED_BODIES = Collection(DROPPED)


def regions(size: int, part_size: int, most: int) -> Iterator[Region]:
    """D-45: the parts of a file of `size` bytes, each of `part_size` but the last; larger ones if there
    would be more than `most`."""
    each = max(part_size, -(-size // most))
    for number, offset in enumerate(range(0, size, each), start=1):
        yield Region(number, offset, min(each, size - offset))


def parts_to_come(change: Change) -> Iterable[Write]:
    """D-45, D-52: the parts of an upload that begins; those of one that it replaces go."""
    before, after = _upload(change.old), _upload(change.new)
    if before == after:
        return
    if before:
        yield Write("insert", DROPPED, {"_id": before})
        for part in change.related[PARTS]:
            yield Write("remove", PARTS, part)
    if after:
        size = change.after["bestandsomvang"]
        for region in regions(size, change.facts["part_size"], change.facts["most_parts"]):
            yield Write("insert", PARTS, part_record(change.url, after, region))


def part_record(document: str, upload: str, region: Region) -> Values:
    """A part that has not come yet."""
    return {
        "_id": str(uuid.uuid4()),
        "informatieobject": document,
        "volgnummer": region.number,
        "omvang": region.size,
        "voltooid": False,
        "_offset": region.offset,
        "_upload": upload,
        "_receipt": None,
        "_sha256": None,
    }


def begun_again(document: Values, upload: str) -> Values:
    """The document of an upload that begins again under this key: all its parts are to be sent, and no unlock
    is under way."""
    return {**document, "_upload": upload, "_sealing": False}


def to_be_sent_again(part: Values, upload: str) -> Values:
    """A part of that upload, of which nothing has come."""
    return {**part, "voltooid": False, "_receipt": None, "_sha256": None, "_upload": upload}


def is_uploading(document: Values) -> bool:
    """Whether the document waits for parts."""
    return bool(document.get("_upload"))


def region_of(part: Values) -> Region:
    """Where a part belongs in the whole."""
    return Region(part["volgnummer"], part["_offset"], part["omvang"])


def _upload(record: Values | None) -> str | None:
    return record.get("_upload") if record else None
