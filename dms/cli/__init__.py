"""The command line: `dms serve`, and all that clients and operators do with it."""

from __future__ import annotations

import typer

from dms.cli import backup, check, download, migrate, referentielijsten, rescan, serve, token, upload
from dms.cli.bulk import importing, watching
from dms.cli.catalogus import app as catalogus

app = typer.Typer(
    name="dms",
    no_args_is_help=True,
    help="A document service for Dutch government: the ZGW APIs, with file bodies as streams.",
    pretty_exceptions_show_locals=False,
)


@app.callback()
def dms() -> None:
    """The commands; each has a --help of its own."""


app.command("serve")(serve.serve)
app.command("upload")(upload.upload)
app.command("import")(importing.import_)
app.command("watch")(watching.watch)
app.command("download")(download.download)
app.command("token")(token.token)
app.command("check")(check.check)
app.command("rescan")(rescan.rescan)
app.add_typer(referentielijsten.app, name="referentielijsten")
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("migrate-content")(migrate.migrate_content)
app.command("migrate-metadata")(migrate.migrate_metadata)
app.add_typer(catalogus, name="catalogus")


def main() -> None:
    """Run the command line."""
    app()
