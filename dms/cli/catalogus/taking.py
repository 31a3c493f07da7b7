"""`dms catalogus plan` and `dms catalogus apply`: what an archive changes, and the change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as with_values
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from dms.actions.catalogues import archive
from dms.actions.catalogues.contents import Contents
from dms.actions.catalogues.counterparts import Choices
from dms.actions.catalogues.importing import Existing, Way, take_over
from dms.actions.catalogues.plan import Plan
from dms.actions.catalogues.selecting import the_catalogue
from dms.cli.catalogus.telling import figures, tree
from dms.cli.catalogus.working import bar, output, service
from dms.cli.messages import complain
from dms.cli.running import UNCHANGED, Config, read_settings, run
from dms.settings import Settings
from dms.wiring import APIS, collections
from zaak_adapters.catalogi.exchange import BY_COLLECTION, FILES

Source = Annotated[Path, typer.Argument(metavar="SOURCE", help="A ZIP, or a folder with the lists as JSON.")]
Renew = Annotated[
    bool,
    typer.Option("--renew", help="Give everything new UUIDs, and recognise what is there by what it is."),
]
Into = Annotated[
    str,
    typer.Option(metavar="CATALOGUS", help="The catalogue here that takes the types: DOMEIN-RSIN or a UUID."),
]
IfThere: TypeAlias = Annotated[
    Literal["update", "leave", "refuse"],
    typer.Option("--existing", help="What happens to what is there already, and differs."),
]
Choose = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KIND[:NAME[=NAME HERE]]",
        help="Use the type that is here, and do not take over that of the archive; may come several times.",
    ),
]
Replace = Annotated[
    list[str] | None,
    typer.Option(
        metavar="URL=URL", help="Put the second in the place of the first, wherever a URL begins with it."
    ),
]
Prune = Annotated[
    bool, typer.Option("--prune", help="Remove what belongs to a zaaktype here, and not in the archive.")
]
Concepts = Annotated[bool, typer.Option("--concepts", help="Publish nothing: what is new stays a concept.")]
Force = Annotated[bool, typer.Option("--force", help="Change what is published, too.")]
ShowAll = Annotated[bool, typer.Option("--all", help="Show all of the plan, however long it is.")]


def plan(
    source: Source,
    renew: Renew = False,
    into: Into = "",
    existing: IfThere = "update",
    choose: Choose = None,
    replace: Replace = None,
    prune: Prune = False,
    concepts: Concepts = False,
    force: Force = False,
    show_all: ShowAll = False,
    config: Config = None,
) -> None:
    """Tell what applying SOURCE would change, and change nothing.

    In the tree, + is new, ~ changes (with each field: here → in the archive) and - goes. For what has > the
    one here is used, what has . stays as it is, and what has ! cannot be taken over, with the reason. What is
    as it should be is only counted.

    Ends with 1 if anything cannot be taken over.

    Example: dms catalogus plan catalogus/ --choose informatieobjecttypen:Bijlage
    """
    way = _Asked(renew, into, existing, choose or (), replace or (), prune, concepts, force)
    _take(read_settings(config), source, way, dry_run=True, show_all=show_all)


def apply(
    source: Source,
    renew: Renew = False,
    into: Into = "",
    existing: IfThere = "update",
    choose: Choose = None,
    replace: Replace = None,
    prune: Prune = False,
    concepts: Concepts = False,
    force: Force = False,
    show_all: ShowAll = False,
    config: Config = None,
) -> None:
    """Take over SOURCE: all of it in one transaction, or nothing.

    Everything goes through the rules of the Catalogi API. The same options as for plan, which shows before
    what happens; the same archive twice changes nothing the second time.

    Ends with 1 if anything cannot be taken over; nothing was changed then.

    Example: dms catalogus apply export.zip --renew --into UTRE-517439943
    """
    way = _Asked(renew, into, existing, choose or (), replace or (), prune, concepts, force)
    _take(read_settings(config), source, way, dry_run=False, show_all=show_all)


class _Asked:
    """The options, read; what they refer to in the stores is looked up later."""

    def __init__(
        self,
        renew: bool,
        into: str,
        existing: Existing,
        choose: Sequence[str],
        replace: Sequence[str],
        prune: bool,
        concepts: bool,
        force: bool,
    ) -> None:
        self.into = into
        self.way = Way(
            renew=renew,
            existing=existing,
            choices=_choices(choose),
            prefixes=dict(_pair(each, "--replace", "URL=URL") for each in replace),
            prune=prune,
            publish=not concepts,
            forced=force,
        )


def _choices(given: Sequence[str]) -> Choices:
    choices = {}
    for each in given:
        kind, _, names = each.partition(":")
        name, _, here = names.partition("=")
        if kind not in BY_COLLECTION or not BY_COLLECTION[kind].name:
            kinds = ", ".join(name for name, known in BY_COLLECTION.items() if known.name)
            raise typer.BadParameter(f"{kind!r} cannot be chosen; {kinds} can.", param_hint="--choose")
        choices[kind, name] = here
    return choices


def _pair(given: str, option: str, form: str) -> tuple[str, str]:
    first, separator, second = given.partition("=")
    if not (separator and first and second):
        raise typer.BadParameter(f"{given!r} is not {form}.", param_hint=option)
    return first, second


def _take(settings: Settings, source: Path, asked: _Asked, *, dry_run: bool, show_all: bool) -> None:
    made = run(_taken(settings, source, asked, dry_run=dry_run), about=str(source), stopped=UNCHANGED)
    screen = output()
    screen.print(tree(made, f"{source}", everything=show_all), soft_wrap=False)
    typer.echo(f"In all: {figures(made.outcomes)}.")
    if made.refused:
        complain(f"{len(made.refused)} cannot be taken over, so nothing {'would be' if dry_run else 'was'}.")
        raise typer.Exit(1)
    if dry_run:
        typer.echo(
            "Nothing was changed: this is the plan." if made.changes else "There is nothing to change."
        )
    else:
        typer.echo("All of it was taken over." if made.changes else "There was nothing to change.")


async def _taken(settings: Settings, source: Path, asked: _Asked, *, dry_run: bool) -> Plan:
    contents = Contents.of(archive.read(source, FILES))
    async with service(settings) as dms:
        way = asked.way
        if asked.into:
            way = with_values(way, into=await the_catalogue(dms, asked.into))
        with bar("planning" if dry_run else "taking over") as progress:
            return await take_over(dms, collections(APIS), contents, way, dry_run=dry_run, progress=progress)
