"""The composition root: settings in, a service with its stores out. Only here are backends named."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from dms.actions.audit import AUDITTRAIL
from dms.actions.service import Content, Dms, Limits
from dms.autorisaties.applications import Application, Applications, Client
from dms.documenten import versions
from dms.documenten.api import DOCUMENTEN
from dms.documenten.upload.parts import DROPPED
from dms.model.resource import Api, Resource
from dms.settings import BadSetting, Settings
from dms.storage.content.filesystem import FilesystemContentStore
from dms.storage.metadata.port import Collection, Index, MetadataStore
from dms.storage.metadata.sqlite import SqliteMetadataStore
from zaak_adapters.catalogi.api import CATALOGI

T = TypeVar("T")
APIS: tuple[Api, ...] = (DOCUMENTEN, CATALOGI)


async def _sqlite(url: str, settings: Settings) -> MetadataStore:
    return await SqliteMetadataStore.open(_path(url), collections(APIS), durable=settings.durable)


async def _filesystem(url: str, settings: Settings) -> Content:
    return await FilesystemContentStore.open(_path(url), durable=settings.durable)


METADATA_STORES: dict[str, Callable[[str, Settings], Awaitable[MetadataStore]]] = {"sqlite": _sqlite}
CONTENT_STORES: dict[str, Callable[[str, Settings], Awaitable[Content]]] = {"file": _filesystem}


def _path(url: str) -> Path:
    """`sqlite:///a/b` is /a/b, `sqlite:a/b` is a/b."""
    parts = urlsplit(url)
    return Path(parts.netloc + parts.path)


def collections(apis: tuple[Api, ...]) -> tuple[Collection, ...]:
    """Every collection, with the indexes that follow from what its resource declares."""
    own = (_collection(resource) for api in apis for resource in api.resources)
    return (
        *own,
        AUDITTRAIL,
        Collection(DROPPED),
        Collection("identificaties", (Index(("holder",)),)),
        Collection(
            versions.COLLECTION,
            (Index(("_document", "beginRegistratie")), Index(("_body",)), Index(("informatieobjecttype",))),
        ),
    )


def _collection(resource: Resource) -> Collection:
    indexes = [Index(fields, unique=True) for fields in resource.unique]
    for parameter in resource.filters:
        indexes += [Index((field,), elements=parameter.elements) for field in parameter.fields]
    indexes += [Index((field,)) for field in resource.indexed]
    if resource.guard is not None:
        indexes.append(Index((resource.guard.type, resource.guard.level)))
    return Collection(resource.collection, tuple(dict.fromkeys(indexes)))


@dataclass(frozen=True, slots=True)
class Wired:
    """What the settings made: the service, and who may call it."""

    dms: Dms
    applications: Applications
    client: Client
    client_is_new: bool


@asynccontextmanager
async def wired(settings: Settings) -> AsyncIterator[Wired]:
    """Open the stores, and close them when the context is left."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    is_new = not (settings.client_id and settings.client_secret) and not _kept(settings).exists()
    client = first_client(settings)
    async with AsyncExitStack() as stack:
        metadata_url = settings.metadata_url or f"sqlite:{settings.data_dir / 'metadata.db'}"
        content_url = settings.content_url or f"file:{settings.data_dir / 'content'}"
        metadata = await _chosen(METADATA_STORES, metadata_url, "DMS_METADATA_URL")(metadata_url, settings)
        stack.push_async_callback(metadata.close)
        content = await _chosen(CONTENT_STORES, content_url, "DMS_CONTENT_URL")(content_url, settings)
        stack.push_async_callback(content.close)
        limits = Limits(
            part_size=settings.part_size,
            most_parts=settings.most_parts,
            most_bytes=settings.most_bytes,
            request_size=settings.request_size,
            json_size=settings.json_size,
            idle_time=settings.idle_time,
            page_size=settings.page_size,
        )
        known = (Client(id, secret) for id, secret in settings.clients.items())
        yield Wired(Dms(metadata, content, APIS, limits), Applications([*known, client]), client, is_new)


def _chosen(stores: dict[str, T], url: str, name: str) -> T:
    scheme = url.partition(":")[0]
    if scheme not in stores:
        raise BadSetting(f"{name} begins with {scheme!r}; it can be {', '.join(sorted(stores))}.")
    return stores[scheme]


def first_client(settings: Settings) -> Client:
    """The application with all rights: as set, else as it was made at first start."""
    id, secret = settings.client_id, settings.client_secret
    if not (id and secret):
        file = _kept(settings)
        if not file.exists():
            _write_once(file, f"{id or 'dms'}\n{secret or secrets.token_urlsafe(32)}\n")
        made_id, made_secret = file.read_text().splitlines()[:2]
        id, secret = id or made_id, secret or made_secret
    return Client(id, secret, Application.with_all_rights(id))


def _kept(settings: Settings) -> Path:
    return settings.data_dir / "client"


def _write_once(file: Path, text: str) -> None:
    """Whole or not at all, readable by its owner only, and the first of several processes wins."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
