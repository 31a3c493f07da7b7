"""The files of a backup: its manifest, what that names, and copies that are compared as they are made."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from dms.actions.migrate_content import CannotMove
from dms.storage.files import sync_directory

MANIFEST = "manifest.json"
FORMAT = 1
_OWN = ("metadata-", "bodies-", "client-", f"{MANIFEST}.")
_FILE_MODE = 0o600
_PIECE = 1024 * 1024


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kept(_Value):
    """A file of a backup by its name, with its size in bytes and its SHA-256 in hexadecimal."""

    file: str
    size: int
    sha256: str


class Manifest(_Value):
    """What a backup is made of. `made` is a moment (UTC), `version` that of dms.

    `bodies` is a list of all bodies with their hashes, as `sha256sum --check` reads it. `lacking` are the
    keys of bodies that the service itself did not have.
    """

    format: int = FORMAT
    version: str
    made: str
    metadata: Kept
    bodies: Kept
    client: Kept | None = None
    lacking: tuple[str, ...] = ()


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a whole backup. Raises `CannotMove` if there is none that can be used."""
    try:
        text = (directory / MANIFEST).read_text()
    except (FileNotFoundError, NotADirectoryError):
        raise CannotMove(
            f"{directory} holds no whole backup: there is no {MANIFEST} in it. If a backup there was broken "
            f"off, run it again: dms backup {directory}"
        ) from None
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError:
        raise CannotMove(
            f"{directory / MANIFEST} is damaged, or was written by a newer dms: restore with the version "
            "that made it, or take another copy of the backup."
        ) from None
    if manifest.format != FORMAT:
        raise CannotMove(f"{directory} was made by dms {manifest.version}: restore it with that version.")
    return manifest


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """From this moment on, this is the backup in the directory; the files of the one before go."""
    draft = directory / f"{MANIFEST}.draft"
    draft.write_text(manifest.model_dump_json(indent=2) + "\n")
    with draft.open("rb") as opened:
        os.fsync(opened.fileno())
    sync_directory(directory)
    place(draft, directory / MANIFEST)
    clear_others(directory, manifest)


def clear_others(directory: Path, manifest: Manifest | None) -> None:
    """Remove what earlier and broken-off backups left in the directory, bodies excepted."""
    named: Iterable[Kept | None] = (manifest.metadata, manifest.bodies, manifest.client) if manifest else ()
    names = {each.file for each in named if each is not None}
    for path in directory.iterdir():
        if is_own(path) and path.name != MANIFEST and path.name not in names:
            path.unlink()


def is_own(path: Path) -> bool:
    """Whether a file has a name as backups give them."""
    return path.name == MANIFEST or path.name.startswith(_OWN)


def kept(file: Path) -> Kept:
    """A file as it is named in a manifest, after it was brought to stable storage."""
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            digest.update(piece)
            size += len(piece)
        os.fsync(opened.fileno())
    return Kept(file=file.name, size=size, sha256=digest.hexdigest())


def copy_file(directory: Path, wanted: Kept, to: Path) -> None:
    """Copy a file of a backup to a place of its own, readable by its owner only, on stable storage.

    Raises `CannotMove` if it is not what it was, and then there is no copy.
    """
    source, digest = directory / wanted.file, hashlib.sha256()
    draft = to.with_name(f"{to.name}.copying")
    draft.unlink(missing_ok=True)
    try:
        with source.open("rb") as reading, os.fdopen(_private(draft), "wb") as writing:
            while piece := reading.read(_PIECE):
                digest.update(piece)
                writing.write(piece)
            writing.flush()
            os.fsync(writing.fileno())
        if digest.hexdigest() != wanted.sha256:
            raise _damaged(source)
        place(draft, to)
    except FileNotFoundError as why:
        raise _damaged(source) from why
    finally:
        draft.unlink(missing_ok=True)


def _damaged(file: Path) -> CannotMove:
    return CannotMove(
        f"{file} is missing, or is not what it was when the backup was made: take another copy of the backup."
    )


def _private(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)


def write_private(file: Path, lines: Iterable[str]) -> None:
    """Write a new file that only its owner may read."""
    with os.fdopen(_private(file), "w") as opened:
        opened.writelines(lines)


def place(draft: Path, file: Path) -> None:
    """Put a file in its place, for good."""
    draft.replace(file)
    sync_directory(file.parent)
