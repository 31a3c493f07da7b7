"""Create and change documents: the usual acts, with the content that came along."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dms.actions.change import change
from dms.actions.checksum import compared
from dms.actions.create import create
from dms.actions.lock import owner
from dms.actions.receive import log_formaat, receive
from dms.actions.service import Dms
from dms.autorisaties.caller import Caller
from dms.documenten.upload.received import Received
from dms.model.fields import Omvang
from dms.model.problems import Problem
from dms.model.refusals import Refusal, TooLarge
from dms.model.resource import Resource
from dms.storage.metadata.port import Record

_OMVANG: TypeAdapter[int] = TypeAdapter(Omvang)


async def create_document(
    dms: Dms, resource: Resource, sent: Mapping[str, Any], came: Received, caller: Caller
) -> Record:
    """Create a document with the content that came, if any; if it is refused the content is thrown away."""
    came = await _with_empty_file(dms, sent, came, {})
    try:
        facts = await _facts(dms, sent, came, caller, {})
        record = await create(dms, resource, sent, caller, facts)
    except Refusal:
        await throw_away(dms, came)
        raise
    if came.body is not None and record["_body"] != came.body.key:
        # A repeat, of which the content was stored the first time.
        await throw_away(dms, came)
    log_formaat(record)
    return record


async def change_document(
    dms: Dms,
    resource: Resource,
    id: str,
    sent: Mapping[str, Any],
    came: Received,
    caller: Caller,
    *,
    partial: bool,
) -> Record:
    """Make a new version of a document; if it is refused the content that came is thrown away."""
    before = (await dms.metadata.get(resource.collection, id) if partial else None) or {}
    came = await _with_empty_file(dms, sent, came, before)
    try:
        facts = await _facts(dms, sent, came, caller, before)
        record = await change(dms, resource, id, sent, caller, facts=facts, partial=partial)
    except Refusal:
        await throw_away(dms, came)
        raise
    log_formaat(record)
    return record


async def _facts(
    dms: Dms, sent: Mapping[str, Any], came: Received, caller: Caller, before: Mapping[str, Any]
) -> dict[str, Any]:
    """What the rules want to know of the content, its checksum first."""
    if came.body is None and (_size(sent, before) or 0) > dms.limits.most_bytes:
        raise TooLarge(f"Een bestand mag ten hoogste {dms.limits.most_bytes} bytes groot zijn.")
    stated = sent.get("integriteit", before.get("integriteit"))
    return {
        "content": await compared(dms.content, came, stated),
        "new_upload": dms.content.new_upload(),
        "part_size": dms.limits.part_size,
        "most_parts": dms.limits.most_parts,
        "owner": owner(caller),
        "blocked": dms.blocked,
    }


async def throw_away(dms: Dms, came: Received) -> None:
    """Only what is known to be refused goes: a change whose end is not known keeps its body, and if it did
    not happen the collector finds it."""
    if came.body is not None:
        await dms.content.remove(came.body.key)


async def _nothing() -> AsyncIterator[bytes]:
    yield b""


def received_nothing(sent: Mapping[str, Any], *, member: bool) -> Received:
    """What came when `inhoud` held no text: a problem if it held anything but null (D-30), or nothing."""
    if sent.get("inhoud") is not None:
        return Received(
            sent=True, problem=Problem("inhoud", "invalid", "De inhoud is base64-tekst, of null.")
        )
    return Received(sent=member)


async def _with_empty_file(
    dms: Dms, sent: Mapping[str, Any], came: Received, before: Mapping[str, Any]
) -> Received:
    """D-33, D-35, D-52: no content, and a size of 0, is an empty file. Content that a PATCH does not speak of
    is no such thing: it stays, and its size with it."""
    stays = not came.sent and before.get("_body") is not None
    if came.body is not None or came.problem is not None or stays or _size(sent, before) != 0:
        return came
    return replace(await receive(dms, _nothing(), 0), sent=came.sent)


def _size(sent: Mapping[str, Any], before: Mapping[str, Any]) -> int | None:
    """The size that the version is to have, read as its field will be; None if that is none."""
    try:
        return _OMVANG.validate_python(sent.get("bestandsomvang", before.get("bestandsomvang")))
    except ValidationError:
        return None
