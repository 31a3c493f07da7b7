"""The composition root: settings in, a service with its stores out. Only here are backends named."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar, get_args
from urllib.parse import urlsplit

from dms.actions.announcing import OUTBOX
from dms.actions.audit import AUDITTRAIL
from dms.actions.idempotency import CREATED_ONCE
from dms.actions.numbering import number_holders
from dms.actions.service import Content, Dms, Limits, Scanning
from dms.actions.turns import TURNS
from dms.autorisaties.applications import Application, Applications, Client
from dms.data_dir import CLIENT, CONTENT, METADATA, keep_client, read_client
from dms.documenten.api import DOCUMENTEN
from dms.documenten.upload.mediatype import Blocked
from dms.documenten.upload.parts import DROPPED_BODIES
from dms.documenten.upload.scans import VERDICTS
from dms.documenten.versions import VERSIONS
from dms.model.resource import Api, Resource
from dms.outgoing.client import Client as OutgoingClient
from dms.outgoing.connection import Connection
from dms.outgoing.credentials import Credentials
from dms.outgoing.names import Lookup, SystemLookup
from dms.outgoing.port import Remote
from dms.outgoing.resources import RemoteResources
from dms.outgoing.services import Known
from dms.settings import BadSetting, Settings, listed
from dms.storage.content.filesystem import FilesystemContentStore
from dms.storage.metadata.port import Collection, Index, MetadataStore
from dms.storage.metadata.sqlite import SqliteMetadataStore
from dms.storage.scanning.clamd import ClamdScanner
from dms.storage.scanning.port import Why
from zaak_adapters.catalogi.api import CATALOGI
from zaak_adapters.referentielijsten.api import REFERENTIELIJSTEN

T = TypeVar("T")
APIS: tuple[Api, ...] = (DOCUMENTEN, CATALOGI, REFERENTIELIJSTEN)


async def _sqlite(url: str, settings: Settings) -> MetadataStore:
    return await SqliteMetadataStore.open(_path(url), collections(APIS), durable=settings.durable)


async def _filesystem(url: str, settings: Settings) -> Content:
    return await FilesystemContentStore.open(_path(url), durable=settings.durable)


async def _mongo(url: str, settings: Settings) -> MetadataStore:
    mongo = _extra("dms.storage.metadata.mongo", "mongodb")
    store: MetadataStore = await mongo.MongoMetadataStore.open(url, collections(APIS))
    return store


async def _s3(url: str, settings: Settings) -> Content:
    s3 = _extra("dms.storage.content.s3.store", "s3")
    store: Content = await s3.S3ContentStore.open(
        url, access_key=settings.s3_access_key, secret_key=settings.s3_secret_key
    )
    return store


def _extra(module: str, name: str) -> Any:
    """A backend whose libraries not everyone installs."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise BadSetting(f"This store needs {error.name}: pip install 'zgw-dms[{name}]'.") from None


METADATA_STORES: dict[str, Callable[[str, Settings], Awaitable[MetadataStore]]] = {
    "sqlite": _sqlite,
    "mongodb": _mongo,
    "mongodb+srv": _mongo,
}
CONTENT_STORES: dict[str, Callable[[str, Settings], Awaitable[Content]]] = {"file": _filesystem, "s3": _s3}


def _scanning(settings: Settings) -> Scanning | None:
    if not settings.clamd_url or settings.scan_policy == "off":
        return None
    try:
        scanner = ClamdScanner(
            listed(settings.clamd_url),
            max_scan_bytes=settings.scan_most_bytes,
            timeout=settings.scan_timeout,
        )
    except ValueError as error:
        raise BadSetting(f"DMS_CLAMD_URL: {error}.") from None
    released = frozenset(listed(settings.scan_released))
    if unknown := sorted(released - frozenset(get_args(Why))):
        raise BadSetting(f"DMS_SCAN_RELEASED knows no {unknown[0]!r}; it can be {', '.join(get_args(Why))}.")
    return Scanning(
        scanner,
        wait_up_to=0 if settings.scan_policy == "quarantine" else settings.scan_wait_size,
        released=released,
    )


def _blocked(settings: Settings) -> Blocked:
    return Blocked(
        extensions=frozenset(each.lstrip(".").lower() for each in listed(settings.blocked_extensions)),
        types=frozenset(each.lower() for each in listed(settings.blocked_types)),
        mismatch=settings.refuse_mismatch,
    )


def _path(url: str) -> Path:
    """`sqlite:///a/b` is /a/b, `sqlite:a/b` is a/b."""
    parts = urlsplit(url)
    return Path(parts.netloc + parts.path)


def collections(apis: tuple[Api, ...]) -> tuple[Collection, ...]:
    """Every collection, with the indexes that follow from what its resource declares."""
    resources = [resource for api in apis for resource in api.resources]
    own = (_collection(resource, resources) for resource in resources)
    return (
        *own,
        AUDITTRAIL,
        CREATED_ONCE,
        OUTBOX,
        DROPPED_BODIES,
        VERDICTS,
        TURNS,
        *number_holders(resources),
        VERSIONS,
    )


def _collection(resource: Resource, others: Sequence[Resource]) -> Collection:
    indexes = [Index(fields, unique=True) for fields in resource.unique]
    for parameter in resource.filters:
        indexes += [Index((field,), elements=parameter.elements) for field in parameter.fields]
    indexes += [Index((field,)) for field in resource.indexed]
    indexes += [Index((field,)) for field in (resource.ordering.fields.values() if resource.ordering else ())]
    if resource.parent is not None:
        indexes.append(Index((resource.parent.field,)))
    if resource.guard is not None:
        # By type alone as well, as that index gives the newest first whatever the level.
        indexes.append(Index((resource.guard.type,)))
        if resource.guard.level is not None:
            indexes.append(Index((resource.guard.type, resource.guard.level)))
    indexes += [index for other in others for index in _looked_up(resource, other)]
    return Collection(resource.collection, tuple(dict.fromkeys(indexes)))


def _looked_up(resource: Resource, other: Resource) -> Iterator[Index]:
    """How the answers of another resource find records of this one."""
    for reverse in other.reverses:
        if reverse.collection == resource.collection:
            within = (reverse.within,) if reverse.within and not reverse.elements else ()
            yield Index((*within, reverse.by), elements=reverse.elements)
    for named in other.named:
        if named.collection == resource.collection:
            yield Index((named.within, named.by))


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
    is_new = not (settings.client_id and settings.client_secret) and not (settings.data_dir / CLIENT).exists()
    client = first_client(settings)
    async with AsyncExitStack() as stack:
        metadata = await stack.enter_async_context(open_metadata("", settings))
        content = await stack.enter_async_context(open_content("", settings))
        scanning = _scanning(settings)
        if scanning is not None:
            stack.push_async_callback(scanning.scanner.close)
        limits = Limits(**{each.name: getattr(settings, each.name) for each in fields(Limits)})
        remote = await stack.enter_async_context(open_remote(settings))
        known = (Client(id, secret) for id, secret in settings.clients.items())
        apis = APIS if settings.extras else tuple(api.of_the_standard() for api in APIS)
        dms = Dms(
            metadata,
            content,
            apis,
            limits,
            scanning=scanning,
            blocked=_blocked(settings),
            remote=remote,
            announces=settings.notifications,
        )
        yield Wired(dms, Applications([*known, client]), client, is_new)


async def _opened(
    stores: Mapping[str, Callable[[str, Settings], Awaitable[T]]], url: str, settings: Settings, name: str
) -> T:
    scheme = url.partition(":")[0]
    if scheme not in stores:
        raise BadSetting(f"{name} begins with {scheme!r}; it can be {', '.join(sorted(stores))}.")
    try:
        return await stores[scheme](url, settings)
    except BadSetting:
        raise
    except ValueError as error:
        raise BadSetting(f"{name}: {error}") from None


def first_client(settings: Settings) -> Client:
    """The application with all rights: as set, else as it was made at first start."""
    id, secret = settings.client_id, settings.client_secret
    if not (id and secret):
        if not (settings.data_dir / CLIENT).exists():
            keep_client(settings.data_dir, id or "dms", secret or secrets.token_urlsafe(32))
        made_id, made_secret = read_client(settings.data_dir)
        id, secret = id or made_id, secret or made_secret
    return Client(id, secret, Application.with_all_rights(id))


@asynccontextmanager
async def open_metadata(url: str, settings: Settings) -> AsyncIterator[MetadataStore]:
    """The metadata store at a URL, or that of the settings for an empty one; closed on leaving."""
    url = url or settings.metadata_url or f"sqlite:{settings.data_dir / METADATA}"
    store = await _opened(METADATA_STORES, url, settings, "DMS_METADATA_URL")
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_content(url: str, settings: Settings) -> AsyncIterator[Content]:
    """The content store at a URL, or that of the settings for an empty one; closed on leaving."""
    url = url or settings.content_url or f"file:{settings.data_dir / CONTENT}"
    store = await _opened(CONTENT_STORES, url, settings, "DMS_CONTENT_URL")
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_remote(settings: Settings, lookup: Lookup | None = None) -> AsyncIterator[Remote]:
    """Resources of the other services that the settings know; closed on leaving."""
    try:
        known = Known.of(listed(settings.allowed_origins), settings.services)
    except ValueError as error:
        raise BadSetting(f"DMS_ALLOWED_ORIGINS or [[services]]: {error}.") from None
    async with Connection.opened(
        known, lookup or SystemLookup(), seconds=settings.remote_timeout
    ) as connection:
        client = OutgoingClient(connection, Credentials(connection))
        async with RemoteResources.opened(client, keep=settings.remote_cache) as resources:
            yield resources
