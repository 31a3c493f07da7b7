"""`dms catalogus new-version`: the next version of a published zaaktype."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from dms.actions.catalogues.selecting import the_catalogue
from dms.actions.catalogues.versions import NewVersion
from dms.actions.catalogues.versions import new_version as make_version
from dms.cli.catalogus.exporting import Catalogue
from dms.cli.catalogus.working import service
from dms.cli.messages import complain
from dms.cli.running import UNCHANGED, Config, read_settings, run
from dms.client.failures import printable
from dms.settings import Settings
from dms.wiring import APIS, collections

Zaaktype = Annotated[
    str, typer.Argument(metavar="ZAAKTYPE", help="Its identificatie, or the UUID or URL of a version.")
]
Begin = Annotated[
    datetime, typer.Option("--begin", formats=["%Y-%m-%d"], help="The first day of the new version.")
]
Concept = Annotated[
    bool, typer.Option("--concept", help="Leave the new version a concept, to be published in time.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would happen.")]


def new_version(
    zaaktype: Zaaktype,
    begin: Begin,
    catalogus: Catalogue = "",
    concept: Concept = False,
    dry_run: DryRun = False,
    config: Config = None,
) -> None:
    """End a published zaaktype the day before, copy it with all that belongs to it, and publish the copy.

    All of it in one transaction, or nothing. With --concept the copy is not published, so that it can be
    changed first; the version before ends all the same, so publish the copy before its first day.

    Ends with 1 if that cannot be; nothing was changed then.

    Example: dms catalogus new-version ZT-001 --begin 2027-01-01
    """
    settings = read_settings(config)
    work = _made(settings, zaaktype, begin.date(), catalogus, concept=concept, dry_run=dry_run)
    made = run(work, stopped=UNCHANGED)
    for outcome in made.refused:
        complain(f"{outcome.kind.resource.singular} {outcome.label}: {'; '.join(outcome.why)}")
    if made.refused or made.new is None:
        complain("Nothing was changed.")
        raise typer.Exit(1)
    before, new = made.before, made.new
    typer.echo(printable(f"{before['identificatie']} that began on {before['beginGeldigheid']}"), nl=False)
    typer.echo(f" ends on {before['eindeGeldigheid']}: {before['url']}")
    state = "a concept" if new["concept"] else "published"
    typer.echo(f"From {new['beginGeldigheid']} on, {state}, with {made.sub_types} sub types: {new['url']}")
    if dry_run:
        typer.echo("Nothing was changed: this was a dry run.")


async def _made(
    settings: Settings, zaaktype: str, begin: date, catalogus: str, *, concept: bool, dry_run: bool
) -> NewVersion:
    async with service(settings) as dms:
        catalogue = await the_catalogue(dms, catalogus) if catalogus else None
        return await make_version(
            dms,
            collections(APIS),
            zaaktype,
            begin=begin,
            catalogue=catalogue,
            concept=concept,
            dry_run=dry_run,
        )
