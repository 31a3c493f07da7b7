"""`dms catalogus export`: a catalogue, or some of its zaaktypen, as a ZIP or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dms.actions.catalogues import archive
from dms.actions.catalogues.archive import Lists
from dms.actions.catalogues.export import export_catalogue, export_zaaktypen
from dms.actions.catalogues.selecting import NotOne, the_catalogue, the_zaaktypen
from dms.cli.catalogus.working import bar, service
from dms.cli.running import UNCHANGED, Config, read_settings, run
from dms.settings import Settings
from zaak_adapters.catalogi.exchange import FILES

_ORIGIN = "http://localhost:8000"

Target = Annotated[
    Path,
    typer.Argument(metavar="TARGET", help="A file that ends in .zip, or a folder; what it has is replaced."),
]
Catalogue = Annotated[
    str,
    typer.Option(metavar="CATALOGUS", help="DOMEIN-RSIN, a UUID or a URL; not needed if there is only one."),
]
Zaaktypen = Annotated[
    list[str] | None,
    typer.Option(
        "--zaaktype",
        metavar="ZAAKTYPE",
        help="Only this zaaktype, by identificatie (all its versions), UUID or URL; may come several times.",
    ),
]


def export(
    target: Target, catalogus: Catalogue = "", zaaktype: Zaaktypen = None, config: Config = None
) -> None:
    """Write a catalogue to TARGET, with one list a resource, as Open Zaak does.

    The same catalogue gives the same bytes, whenever it is exported: a folder of it can live in git. What
    follows from other fields is left out. With --zaaktype the catalogue itself is left out, and of the
    informatieobjecttypen and besluittypen come those that the zaaktypen name.

    Example: dms catalogus export catalogus/ --catalogus UTRE-517439943
    """
    settings = read_settings(config)
    lists = run(_exported(settings, target, catalogus, zaaktype or []), about=str(target), stopped=UNCHANGED)
    for name in FILES:
        if lists.get(name):
            typer.echo(f"{name}: {len(lists[name])}")


async def _exported(settings: Settings, target: Path, catalogus: str, zaaktypen: list[str]) -> Lists:
    origin = settings.public_url or _ORIGIN
    async with service(settings) as dms:
        with bar("exporting"):
            if not zaaktypen:
                lists = await export_catalogue(dms, await the_catalogue(dms, catalogus), origin)
            else:
                catalogue = await the_catalogue(dms, catalogus) if catalogus else None
                found = {
                    each["_id"]: each
                    for meant in zaaktypen
                    for each in await the_zaaktypen(dms, meant, catalogue)
                }
                if len({each["catalogus"] for each in found.values()}) > 1:
                    raise NotOne("The zaaktypen are of several catalogues: export them one by one.")
                lists = await export_zaaktypen(dms, list(found.values()), origin)
            archive.write(target, lists, FILES)
    return lists
