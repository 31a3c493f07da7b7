"""`dms catalogus`: catalogues as files, for functional administrators."""

from __future__ import annotations

import typer

from dms.cli.catalogus.exporting import export
from dms.cli.catalogus.succeeding import new_version
from dms.cli.catalogus.taking import apply, plan

app = typer.Typer(help="Catalogues as files: export, plan, apply; new versions.", no_args_is_help=True)


@app.callback()
def catalogus() -> None:
    """Catalogues as files, in a ZIP as Open Zaak makes it or in a folder for git.

    These commands use the stores directly, with the settings that dms serve has, and can run beside it.
    docs/catalogus.md shows how a catalogue lives in git.
    """


app.command("plan")(plan)
app.command("apply")(apply)
app.command("export")(export)
app.command("new-version")(new_version)
