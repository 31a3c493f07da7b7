"""The outbox: what a change announces is kept in the same transaction, and sent from there (G-110 to G-113).

A message holds no content, and its links are kept as those of records are.
"""

from __future__ import annotations

import uuid

from dms.actions.service import Dms
from dms.model.change import Change, Values, Write
from dms.model.resource import Channel, Resource
from dms.storage.metadata.port import Collection, Index, Record

OUTBOX = Collection("outbox", (Index(("hoofdObject",)),))


def announced(dms: Dms, resource: Resource, change: Change) -> list[Write]:
    """The message of a change, if its resource has a channel and somebody is to hear of it. That a type is
    published is not announced (G-112)."""
    channel = resource.channel
    if not dms.announces or channel is None or change.act not in channel.acts or change.publishes:
        return []
    return [Write("insert", OUTBOX.name, _message(resource, channel, change))]


def _message(resource: Resource, channel: Channel, change: Change) -> Record:
    main = change.record if resource.parent is None else change.related[resource.parent.field]
    return {
        "_id": str(uuid.uuid4()),
        "kanaal": channel.name,
        "hoofdObject": resource.main_url(change.record),
        "resource": resource.singular,
        "resourceUrl": change.url,
        "actie": change.act,
        "aanmaakdatum": change.now,
        "kenmerken": _kenmerken(channel, main),
    }


def _kenmerken(channel: Channel, main: Values) -> dict[str, str]:
    """A flat map of texts; before a destroy they are those that the main object had (G-113)."""
    return {name: "" if main[name] is None else str(main[name]) for name in channel.kenmerken}
