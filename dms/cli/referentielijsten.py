"""`dms referentielijsten load`: fill the lists that catalogues refer to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from dms.actions.writing import until_no_conflict
from dms.cli.messages import complain
from dms.cli.running import FAILED, UNCHANGED, Config, read_settings, run
from dms.cli.whole import whole
from dms.client.failures import printable
from dms.settings import Settings
from zaak_adapters.referentielijsten.form import LISTS, MOST_BYTES, Entry, Faulty, read
from zaak_adapters.referentielijsten.register import Changed, Plan, fill, plan

_MOST_SHOWN = 100

app = typer.Typer(help="The lists that catalogues refer to.", no_args_is_help=True)


@app.callback()
def referentielijsten() -> None:
    """The lists that catalogues refer to: procestypen, resultaten and others."""


@app.command("load")
def load(
    file: Annotated[Path, typer.Argument(help="A JSON file; docs/referentielijsten.md tells its form.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would change, field by field.")
    ] = False,
    config: Config = None,
) -> None:
    """Add and change entries of the lists, with the settings that dms serve has.

    It can run beside the service.

    All of the file or nothing: if anything is wrong, all of it is told, each with its line. Entries keep the
    ids of the file, so that their URLs stay what they are; the same file twice changes nothing. Entries that
    the file does not name stay.

    Example: dms referentielijsten load --dry-run selectielijst.json
    """
    settings = read_settings(config)
    try:
        made = run(_load(settings, file, dry_run=dry_run), about=str(file), stopped=UNCHANGED)
    except Faulty as error:
        for fault in error.faults[:_MOST_SHOWN]:
            typer.echo(printable(str(fault)))
        more = len(error.faults) - _MOST_SHOWN
        complain(
            f"{file} was not loaded: {len(error.faults)} wrong" + (f", {more} not shown" if more > 0 else "")
        )
        raise typer.Exit(FAILED) from None
    for line in _told(made, in_full=dry_run):
        typer.echo(printable(line))
    if dry_run:
        typer.echo("Nothing was written: this was a dry run.")


async def _load(settings: Settings, file: Path, *, dry_run: bool) -> Plan:
    with file.open("rb") as opened:
        entries = read(opened.read(MOST_BYTES + 1))
    async with whole(settings) as service:
        store = service.dms.metadata
        if dry_run:
            return await plan(store, entries)
        return await until_no_conflict(lambda: fill(store, entries))


def _told(made: Plan, *, in_full: bool) -> Iterator[str]:
    """The plan, list by list."""
    for name, resource in LISTS.items():
        added = [entry for entry in made.added if entry.resource is resource]
        changed = [change for change in made.changed if change.entry.resource is resource]
        same = sum(entry.resource is resource for entry in made.same)
        if added or changed or same:
            yield f"{name}: {len(added)} new, {len(changed)} changed, {same} as they were"
        if in_full:
            yield from (f"  + {_named(entry)}" for entry in added)
            for change in changed:
                yield f"  ~ {_named(change.entry)}"
                yield from _differences(change)


def _named(entry: Entry) -> str:
    return f"{entry.resource.label(entry.record)} ({entry.record['_id']})"


def _differences(change: Changed) -> Iterator[str]:
    for name in change.fields:
        yield f"      {name}: {change.old.get(name)!r} -> {change.entry.record[name]!r}"
