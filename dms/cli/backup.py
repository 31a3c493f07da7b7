"""`dms backup` and `dms restore`: a copy of the embedded stores, and a service made of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal

from dms.actions import backup as action
from dms.actions.check import Findings, check
from dms.actions.migrate_content import CannotMove, Copied
from dms.cli.messages import complain
from dms.cli.migrate import files_shown, tell_lacking
from dms.cli.running import Config, read_settings, run
from dms.data_dir import CLIENT, METADATA
from dms.settings import Settings
from dms.storage.content.port import ContentStore
from dms.storage.metadata.port import MetadataStore
from dms.wiring import open_content, open_metadata, wired

Directory = Annotated[Path, typer.Argument(metavar="DIRECTORY", help="Where the backup is.")]
Verify = Annotated[
    bool, typer.Option("--verify", help="Make none, but read the one there and compare every hash.")
]


def backup(directory: Directory, verify: Verify = False, config: Config = None) -> None:
    """Copy the records and all files of the service into a directory, while it runs.

    Run it into the same directory again, from cron for instance: only files
    that are new are copied, and until it is done the backup from before stays
    whole. When it is broken off, run it again. What the backup needs to be
    restored is all in the directory; keep it as safe as the service itself,
    for the secret of the first client is in it too.

    Ends with 1 if it could not be made, or if the service lacks a file or has a
    damaged one; the backup is whole then, but for that file.

    Examples:

        dms backup /mnt/backup/dms
        dms backup --verify /mnt/backup/dms
    """
    settings = read_settings(config)
    directory = directory.absolute()
    if verify:
        read = run(_verify(directory, settings))
        typer.echo(f"{read.there} files are as they were ({decimal(read.size)} read).")
        tell_lacking(read)
        raise typer.Exit(1 if read.lacking else 0)
    made = run(_back_up(directory, settings))
    copied = made.copied
    typer.echo(
        f"{directory} is a whole backup: {copied.copied} files copied ({decimal(copied.size)}), "
        f"{copied.there} there already."
    )
    if made.waiting:
        typer.echo(
            f"{len(made.waiting)} uploads were in progress: in the backup, all their parts are still to come."
        )
    tell_lacking(copied)
    raise typer.Exit(1 if copied.lacking else 0)


def restore(directory: Directory, config: Config = None) -> None:
    """Fill an empty data directory from a backup, comparing every hash, and check the result.

    The directory is the one that DMS_DATA_DIR names. When it is broken off, run
    it again to go on. Start the service when it is done, not before.

    Ends with 1 if the check finds something wrong, as dms check does.

    Example: DMS_DATA_DIR=/var/lib/dms dms restore /mnt/backup/dms
    """
    settings = read_settings(config)
    if settings.metadata_url or settings.content_url:
        complain(
            "A backup is restored into a data directory: leave DMS_METADATA_URL and DMS_CONTENT_URL empty, "
            "and set DMS_DATA_DIR. From there, dms migrate-metadata and dms migrate-content go on."
        )
        raise typer.Exit(2)
    restored, findings = run(_restore(directory.absolute(), settings))
    tell_lacking(restored.copied)
    for sentence in findings.wrong:
        typer.echo(sentence)
    wrong = f"{len(findings.wrong)} wrong" if findings.wrong else "nothing wrong"
    typer.echo(
        f"{settings.data_dir} is what dms {restored.manifest.version} had at {restored.manifest.made}. "
        f"{findings.documents} documents and {findings.bodies} files checked: {wrong}."
    )
    raise typer.Exit(1 if findings.wrong else 0)


@dataclass(frozen=True, slots=True)
class _Embedded:
    """The stores of a backup, and of what it is restored into."""

    settings: Settings

    @asynccontextmanager
    async def metadata(self, file: Path) -> AsyncIterator[MetadataStore]:
        """In this file."""
        async with open_metadata(f"sqlite:{file}", self.settings) as store:
            yield store

    @asynccontextmanager
    async def content(self, directory: Path) -> AsyncIterator[ContentStore]:
        """Under this directory."""
        async with open_content(f"file:{directory}", self.settings) as store:
            yield store


def _embedded(settings: Settings) -> _Embedded:
    return _Embedded(replace(settings, durable=True))


async def _back_up(directory: Path, settings: Settings) -> action.Backup:
    _see_that_there_is_one(settings)
    async with open_metadata("", settings) as metadata, open_content("", settings) as content:
        with files_shown("copying") as shown:
            return await action.back_up(
                metadata,
                content,
                directory,
                _embedded(settings),
                version=version("zgw-dms"),
                client=settings.data_dir / CLIENT,
                progress=shown,
            )


def _see_that_there_is_one(settings: Settings) -> None:
    """A wrong data directory would otherwise become an empty service, and that a backup."""
    if not (settings.metadata_url or (settings.data_dir / METADATA).exists()):
        raise CannotMove(
            f"There is no service in {settings.data_dir}: set DMS_DATA_DIR or --config as for dms serve."
        )


async def _verify(directory: Path, settings: Settings) -> Copied:
    with files_shown("reading") as shown:
        return await action.verify(directory, _embedded(settings), progress=shown)


async def _restore(directory: Path, settings: Settings) -> tuple[action.Backup, Findings]:
    with files_shown("copying") as shown:
        restored = await action.restore(
            directory, settings.data_dir.absolute(), _embedded(settings), progress=shown
        )
    async with wired(settings) as service:
        return restored, await check(service.dms)
