"""Options that `dms import` and `dms watch` share, most of them fields of documents."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from dms.cli.messages import complain
from dms.client.bulk.fields import WrongFields, checked, of_cells
from dms.model.fields import VERTROUWELIJKHEID, Vertrouwelijkheidaanduiding

_FIELDS = "Fields of documents that have no value of their own"

Type = Annotated[
    str,
    typer.Option(
        "--type",
        envvar="DMS_INFORMATIEOBJECTTYPE",
        metavar="URL",
        help="The informatieobjecttype, by its URL.",
        rich_help_panel=_FIELDS,
    ),
]
Bronorganisatie = Annotated[
    str,
    typer.Option(
        envvar="DMS_BRONORGANISATIE",
        metavar="RSIN",
        help="The organisation that the documents come from: 9 digits that pass the eleven test.",
        rich_help_panel=_FIELDS,
    ),
]
Auteur = Annotated[
    str,
    typer.Option(
        envvar="DMS_AUTEUR",
        metavar="TEXT",
        help="Who made them.",
        show_default="who you are",
        rich_help_panel=_FIELDS,
    ),
]
Taal = Annotated[
    str,
    typer.Option(
        metavar="CODE", help="Their language, in three letters (ISO 639-2/B).", rich_help_panel=_FIELDS
    ),
]
Level = Annotated[
    Vertrouwelijkheidaanduiding | None,
    typer.Option(
        "--vertrouwelijkheidaanduiding",
        metavar="LEVEL",
        help=f"How secret they are: {', '.join(VERTROUWELIJKHEID)}.",
        show_default="as their type",
        rich_help_panel=_FIELDS,
    ),
]
Others = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="NAME=VALUE",
        help="Any other field by the name that the standard gives it; may be repeated.",
        rich_help_panel=_FIELDS,
    ),
]
ReceiptsFile = Annotated[
    Path | None,
    typer.Option("--receipts", metavar="FILE", help="Where the receipts go.", show_default="receipts.csv"),
]
Parallel = Annotated[
    int,
    typer.Option(min=1, max=64, metavar="N", help="How many files, and parts of a large one, go at once."),
]


def given_fields(
    type_: str,
    bronorganisatie: str,
    auteur: str,
    taal: str,
    level: str | None,
    others: dict[str, Any],
) -> dict[str, Any]:
    """The fields that options give, checked. Ends the command if they are wrong."""
    given = {
        "informatieobjecttype": type_,
        "bronorganisatie": bronorganisatie,
        "auteur": auteur or _user(),
        "taal": taal,
        "vertrouwelijkheidaanduiding": level,
    }
    try:
        return checked({name: value for name, value in given.items() if value} | others)
    except WrongFields as wrong:
        complain("What the options say cannot be used:\n" + "\n".join(f"  {it}" for it in wrong.problems))
        raise typer.Exit(2) from None


def other_fields(pairs: list[str] | None) -> dict[str, Any]:
    """The fields in `NAME=VALUE`. Ends the command if they are wrong, or cannot be of all files."""
    cells: dict[str, str] = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals or name in ("identificatie", "bestandsnaam") or name.startswith("integriteit"):
            complain(f"--field {pair!r} is not a NAME=VALUE that documents can have in common.")
            raise typer.Exit(2)
        cells[name] = value
    try:
        return checked(of_cells(cells))
    except WrongFields as wrong:
        complain("\n".join(f"--field {problem}" for problem in wrong.problems))
        raise typer.Exit(2) from None


def _user() -> str:
    """Who is logged in; nobody, if that cannot be told, for every document may have an auteur of its own."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
