"""Which bodies are referred to: what moves, is in a backup and stays when the collector comes by."""

from __future__ import annotations

from collections.abc import Sequence

from dms.documenten.rights import DOCUMENT
from dms.documenten.versions import WITH_BODIES
from dms.model.query import In
from dms.storage.metadata.port import MetadataStore


async def unreferenced(metadata: MetadataStore, keys: Sequence[str]) -> list[str]:
    """Those of the keys that no version, and no upload in progress, refers to at this moment."""
    if not keys:
        return []
    asked, referring = tuple(keys), set()
    for collection in WITH_BODIES:
        referring |= {record["_body"] for record in await metadata.find(collection, In("_body", asked))}
    referring |= {record["_upload"] for record in await metadata.find(DOCUMENT, In("_upload", asked))}
    return sorted(set(keys) - referring)


async def is_referred_to(metadata: MetadataStore, key: str) -> bool:
    """Whether a version, or an upload in progress, refers to this body at this moment."""
    return not await unreferenced(metadata, [key])
