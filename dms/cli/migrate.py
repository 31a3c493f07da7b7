"""`dms migrate-content` and `dms migrate-metadata`: to other stores, while the service runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import typer
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dms.actions.backup import destination
from dms.actions.migrate_content import CannotMove, Copied, copy_bodies, forget_parts, waiting
from dms.actions.migrate_metadata import Moved, move_records
from dms.actions.turns import TURNS
from dms.cli.messages import complain, console
from dms.cli.running import MISUSED, Config, read_settings, run
from dms.settings import Settings
from dms.wiring import APIS, collections, open_content, open_metadata

_MOST_SHOWN = 20

ContentFrom = Annotated[
    str, typer.Argument(metavar="FROM", help="The content store in use, as DMS_CONTENT_URL names it.")
]
ContentTo = Annotated[str, typer.Argument(metavar="TO", help="Where the files go: file:… or s3://….")]
MetadataFrom = Annotated[
    str, typer.Argument(metavar="FROM", help="The metadata store in use, as DMS_METADATA_URL names it.")
]
MetadataTo = Annotated[
    str, typer.Argument(metavar="TO", help="An empty store for the records: sqlite:… or mongodb://….")
]
Parallel = Annotated[int, typer.Option(min=1, max=64, metavar="N", help="How many files are copied at once.")]
Finish = Annotated[
    bool, typer.Option("--finish", help="The last run, for when the service has been stopped.")
]


def migrate_content(
    source: ContentFrom,
    target: ContentTo,
    finish: Finish = False,
    parallel: Parallel = 4,
    config: Config = None,
) -> None:
    """Copy all files that documents refer to into another content store.

    Files keep their keys, so that nothing changes in the metadata, which is
    read as the settings of dms serve say. The SHA-256 of each file is compared
    before it counts as copied. Nothing is removed, so that you can go back.

    1. Run it while the service runs, as often as you like: what has been
    copied is not copied again. After Ctrl-C, run it again to go on.

    2. Stop the service, and run it with --finish: it copies what came since.
    Parts of uploads that are not complete do not move; with --finish they count
    as not received, and their senders send them again.

    3. Set DMS_CONTENT_URL to TO, and start the service.

    Ends with 1 if FROM lacks a file or has a damaged one; all others are
    copied then. docs/moving.md tells more.

    Example: dms migrate-content file:/var/lib/dms/content file:/mnt/new/content
    """
    settings = _settings(config, source, target)
    copied, unfinished = run(_copy(settings, source, target, finish=finish, parallel=parallel))
    typer.echo(f"{_files(copied.copied)} copied ({decimal(copied.size)}), {copied.there} there already.")
    tell_lacking(copied)
    _tell_unfinished(unfinished, finish=finish)
    if finish and not copied.lacking:
        typer.echo("Everything is there. Set DMS_CONTENT_URL to it, and start the service.")
    raise typer.Exit(1 if copied.lacking else 0)


async def _copy(
    settings: Settings, source: str, target: str, *, finish: bool, parallel: int
) -> tuple[Copied, list[str]]:
    async with (
        open_metadata("", settings) as metadata,
        open_content(source, settings) as old,
        open_content(target, replace(settings, durable=True)) as new,
    ):
        with files_shown("copying") as shown:
            copied = await copy_bodies(metadata, old, destination(new), at_once=parallel, progress=shown)
        if not copied.total:
            raise CannotMove(
                "There are no documents in the metadata: set DMS_DATA_DIR, DMS_METADATA_URL or --config as "
                "for dms serve."
            )
        if finish and not copied.lacking:
            return copied, await forget_parts(metadata, new.new_upload)
        return copied, [document["url"] async for document in waiting(metadata)]


def _tell_unfinished(urls: list[str], *, finish: bool) -> None:
    if not urls:
        return
    if finish:
        complain(f"{_documents(urls)} for parts, all of which are to be sent again:")
    else:
        complain(
            f"{_documents(urls)} for parts, which do not move. Let their senders finish before you switch, "
            "or they send all parts again after it:"
        )
    _listed(urls)


def migrate_metadata(
    source: MetadataFrom,
    target: MetadataTo,
    finish: Finish = False,
    config: Config = None,
) -> None:
    """Copy all records, in their order, and the numbers that were drawn, into another metadata store.

    It goes in rounds, until one finds no difference; then the number of records
    and a hash over all of them are shown for both sides. Nothing changes in FROM.

    1. Run it while the service runs, as often as you like: only what has
    changed is written. After Ctrl-C, run it again to go on.

    2. Stop the service, and run it with --finish. From then on TO takes no
    further run, as the service may be using it.

    3. Set DMS_METADATA_URL to TO, and start the service.

    Ends with 1 if records still differed after the last round, because the
    service goes on changing them. docs/moving.md tells more.

    Example: dms migrate-metadata sqlite:/var/lib/dms/metadata.db sqlite:/mnt/new/metadata.db
    """
    settings = _settings(config, source, target)
    moved = run(_move(settings, source, target, finish=finish))
    for line in _table(moved):
        typer.echo(line)
    if not moved.settled:
        complain(
            f"Records still differed after {moved.rounds} rounds: the service goes on changing them. "
            "Stop it, and run this again with --finish."
        )
        raise typer.Exit(1)
    if finish:
        typer.echo("Both are the same. Set DMS_METADATA_URL to the new one, and start the service.")
    else:
        typer.echo("Both were the same. Before you switch: stop the service, and run this with --finish.")


async def _move(settings: Settings, source: str, target: str, *, finish: bool) -> Moved:
    # Whose turn it is to collect is for the nodes that run now, and no record.
    names = [each.name for each in collections(APIS) if each.name != TURNS.name]
    async with (
        open_metadata(source, settings) as old,
        open_metadata(target, replace(settings, durable=True)) as new,
    ):
        with _bar("records") as bar:
            task = bar.add_task("", total=None)
            return await move_records(
                old,
                new,
                names,
                origin=source,
                finish=finish,
                progress=lambda name, done, total: bar.update(
                    task, description=name, completed=done, total=max(total, done)
                ),
            )


def _table(moved: Moved) -> Iterator[str]:
    width = max(len(each.collection) for each in moved.compared)
    for each in moved.compared:
        for side, tally in (("FROM", each.source), ("TO", each.target)):
            yield f"{each.collection:{width}}  {side:4}  {tally.records:>9}  {tally.sha256}"


def _settings(config: Config, source: str, target: str) -> Settings:
    if source.rstrip("/") == target.rstrip("/"):
        complain("FROM and TO are the same: name another place to go to.")
        raise typer.Exit(MISUSED)
    return read_settings(config)


@contextmanager
def files_shown(what: str) -> Iterator[Callable[[Copied], None]]:
    """A bar over the records whose files are looked at, with the bytes that moved."""
    with _bar("documents and versions") as bar:
        task = bar.add_task(what, total=None)
        yield lambda copied: bar.update(
            task,
            description=f"{what}, {decimal(copied.size)}",
            completed=copied.records,
            total=max(copied.total, copied.records),
        )


def _bar(counted: str) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(counted),
        TimeRemainingColumn(),
        console=console(),
        transient=True,
    )


def tell_lacking(copied: Copied) -> None:
    """Name the files that are not as they should be where they came from."""
    if not copied.lacking:
        return
    complain(f"{_files(len(copied.lacking))} could not be copied. Are they where the service has them, too?")
    _listed(sorted(copied.lacking.values()))


def _listed(lines: list[str]) -> None:
    for line in lines[:_MOST_SHOWN]:
        complain(f"  {line}")
    if len(lines) > _MOST_SHOWN:
        complain(f"  … and {len(lines) - _MOST_SHOWN} more")


def _files(number: int) -> str:
    return f"{number} {'file' if number == 1 else 'files'}"


def _documents(urls: list[str]) -> str:
    return "1 document waits" if len(urls) == 1 else f"{len(urls)} documents wait"
