"""Backups of the embedded stores into a directory, made while the service runs, verified and restored.

A backup is whole from the moment that its manifest is there, which is written last and replaced at once.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, cast

from dms.actions.backup_files import (
    MANIFEST,
    Manifest,
    clear_others,
    copy_file,
    is_own,
    kept,
    place,
    read_manifest,
    write_manifest,
    write_private,
)
from dms.actions.bodies import is_referred_to
from dms.actions.migrate_content import (
    CannotMove,
    Copied,
    Destination,
    Progress,
    copy_bodies,
    forget_parts,
    needed,
    read_bodies,
    unwatched,
)
from dms.data_dir import CLIENT, CONTENT, METADATA, RESTORING
from dms.documenten.rights import DOCUMENT
from dms.storage.content.port import ContentStore, KeepsUnfinished, LocalFiles, TakesBodies
from dms.storage.files import sync_directory
from dms.storage.metadata.port import CopiesItself, MetadataStore

_ATTEMPTS = 5
_OWNER_ONLY = 0o700
# The last is what a volume has of itself.
_KNOWN = {CONTENT, "lost+found"}
_ENGINES = (
    "only the stores that come with dms can be backed up by it. For MongoDB and S3 use the backups of those "
    "systems, as docs/engines.md says."
)


class Stores(Protocol):
    """Opens the embedded stores in places other than those of the settings."""

    def metadata(self, file: Path) -> AbstractAsyncContextManager[MetadataStore]:
        """The metadata store in this file."""

    def content(self, directory: Path) -> AbstractAsyncContextManager[ContentStore]:
        """The content store under this directory."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is whole, what was copied for it, and the URLs of documents that waited for parts."""

    manifest: Manifest
    copied: Copied
    waiting: tuple[str, ...] = ()


async def back_up(
    metadata: MetadataStore,
    content: ContentStore,
    directory: Path,
    stores: Stores,
    *,
    version: str,
    client: Path | None = None,
    progress: Progress = unwatched,
) -> Backup:
    """Make a backup in a directory, or bring the one there up to date: only bodies that it lacks are copied.

    Every record of it has its body, unless the service itself lacks that: the manifest then names it in
    `lacking`. Uploads in progress are in it as ones of which no part has come. The service may go on
    meanwhile. Until the new backup is whole, the directory holds the one before. `client` is the file with
    the client that was made at first start. Raises `CannotMove`, and `OSError` if a store or the directory
    cannot be used.
    """
    if not (isinstance(metadata, CopiesItself) and isinstance(content, LocalFiles)):
        raise CannotMove(f"No backup was made: {_ENGINES}")
    with _alone_in(directory):
        if (directory / MANIFEST).exists() and not await metadata.count(DOCUMENT):
            raise CannotMove(
                f"No backup was made, for the service has no documents and {directory} holds a backup: is it "
                "the right service? If it is, name another directory."
            )
        async with stores.content(directory / CONTENT) as bodies:
            target = destination(bodies)
            if isinstance(target, KeepsUnfinished):
                await target.clear_incoming(datetime.now(UTC))
            made = _Making(metadata, metadata, content, target, directory, stores, progress)
            for _ in range(_ATTEMPTS):
                if await made.try_once():
                    break
            else:
                raise CannotMove(
                    "No backup was made: documents were removed while their files were copied, time and "
                    "again. Run this again."
                )
        manifest = await asyncio.to_thread(made.finish, version, client)
        return Backup(manifest, made.copied, tuple(made.waiting))


class _Making:
    """A backup that is being made, in files of its own beside those of the one before."""

    def __init__(
        self,
        metadata: MetadataStore,
        copier: CopiesItself,
        content: ContentStore,
        target: Destination,
        directory: Path,
        stores: Stores,
        progress: Progress,
    ) -> None:
        self.copied = Copied()
        self.waiting: list[str] = []
        self._metadata = metadata
        self._copier = copier
        self._content = content
        self._target = target
        self._directory = directory
        self._stores = stores
        self._progress = progress
        self._stamp = ""

    async def try_once(self) -> bool:
        """Copy the records, then their bodies. A body may have gone in between, with its document: then this
        is false, and the records are to be copied anew. One that is still referred to is lost, and was."""
        self._stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        await self._copier.copy_to(self._file("metadata"))
        async with self._stores.metadata(self._file("metadata")) as records:
            self.waiting = await forget_parts(records)
            self.copied = await copy_bodies(records, self._content, self._target, progress=self._progress)
            await self._list_bodies(records)
        return all([await is_referred_to(self._metadata, key) for key in self.copied.lacking])

    def finish(self, version: str, client: Path | None) -> Manifest:
        """Make it the backup of this directory. Blocks."""
        own = None
        if client is not None and client.exists():
            write_private(self._file("client"), [client.read_text()])
            own = kept(self._file("client"))
        manifest = Manifest(
            version=version,
            made=self._stamp,
            metadata=kept(self._file("metadata")),
            bodies=kept(self._file("bodies")),
            client=own,
            lacking=tuple(sorted(self.copied.lacking)),
        )
        write_manifest(self._directory, manifest)
        return manifest

    async def _list_bodies(self, records: MetadataStore) -> None:
        assert isinstance(self._target, LocalFiles)
        with self._file("bodies").open("x") as listed:
            async for each in needed(records):
                if each.body.key not in self.copied.lacking:
                    path = self._target.path(each.body.key).relative_to(self._directory)
                    listed.write(f"{each.body.sha256}  {path}\n")

    def _file(self, what: str) -> Path:
        endings = {"metadata": ".db", "bodies": ".sha256", "client": ""}
        return self._directory / f"{what}-{self._stamp}{endings[what]}"


async def verify(directory: Path, stores: Stores, *, progress: Progress = unwatched) -> Copied:
    """Read all of a backup and compare every hash. Writes nothing there. Raises `CannotMove` if there is no
    whole backup, or its records are damaged."""
    manifest = read_manifest(directory)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / METADATA
        await asyncio.to_thread(copy_file, directory, manifest.metadata, file)
        for each in (manifest.bodies, manifest.client):
            if each is not None:
                await asyncio.to_thread(copy_file, directory, each, Path(scratch) / "other")
        async with stores.metadata(file) as records, stores.content(directory / CONTENT) as bodies:
            return await read_bodies(records, bodies, progress=progress)


async def restore(
    directory: Path, data_dir: Path, stores: Stores, *, progress: Progress = unwatched
) -> Backup:
    """Make a data directory of a backup. It must be empty, or hold the beginning of this same restore.

    All is verified as it is copied. The records come to their place last, so that no service can start on
    half of it. Raises `CannotMove`, and `OSError` if a directory cannot be used.
    """
    manifest = read_manifest(directory)
    _claim(data_dir, manifest)
    draft = data_dir / f"{METADATA}.restoring"
    await asyncio.to_thread(copy_file, directory, manifest.metadata, draft)
    async with (
        stores.metadata(draft) as records,
        stores.content(directory / CONTENT) as source,
        stores.content(data_dir / CONTENT) as target,
    ):
        copied = await copy_bodies(records, source, destination(target), progress=progress)
    if manifest.client is not None:
        copy_file(directory, manifest.client, data_dir / CLIENT)
    place(draft, data_dir / METADATA)
    (data_dir / RESTORING).unlink()
    sync_directory(data_dir)
    return Backup(manifest, copied)


def destination(content: ContentStore) -> Destination:
    """The store as one that takes bodies from another. Raises `CannotMove` if it cannot."""
    if not isinstance(content, TakesBodies):
        raise CannotMove("Bodies cannot move to a content store of this kind.")
    return cast(Destination, content)


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Take a directory for a backup: made if need be, without what was left there, and without others at
    work in it."""
    directory.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotMove(f"Another backup is being made in {directory}: wait until it is done.") from None
        others = [path.name for path in directory.iterdir() if path.name not in _KNOWN and not is_own(path)]
        if others:
            raise CannotMove(
                f"{directory} holds other things than a backup, such as {min(others)}: name a directory that "
                "is empty or not there yet."
            )
        clear_others(directory, read_manifest(directory) if (directory / MANIFEST).exists() else None)
        yield
    finally:
        os.close(fd)


def _claim(data_dir: Path, manifest: Manifest) -> None:
    """See that a data directory may be filled, and mark it with what it is filled from."""
    data_dir.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    mark, records = data_dir / RESTORING, data_dir / METADATA
    begun = mark.exists() and mark.read_text() == manifest.metadata.sha256
    others = [path.name for path in data_dir.iterdir() if path.name not in _KNOWN - {CONTENT}]
    if others and not begun:
        raise CannotMove(
            f"{data_dir} is not empty: it holds {min(others)}. A backup is restored into an empty data "
            "directory: name another one by DMS_DATA_DIR, or move this one aside."
        )
    if begun and records.exists() and kept(records).sha256 != manifest.metadata.sha256:
        raise CannotMove(
            f"A service was started in {data_dir} before it was restored: stop it, and move {METADATA} aside."
        )
    for stale in data_dir.glob(f"{METADATA}.restoring*"):
        stale.unlink()
    if not begun:
        write_private(mark, [manifest.metadata.sha256])
        sync_directory(data_dir)
