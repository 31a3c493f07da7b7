"""`dms catalogus` as a functional administrator meets it."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import orjson
import pytest
import typer
from typer.testing import CliRunner, Result

from dms.actions.catalogues.archive import read, write
from dms.cli import app
from dms.cli.running import UNCHANGED, run
from dms.model.refusals import InConflict, invalid
from dms.settings import Settings
from dms.wiring import open_metadata, wired
from tests.catalogues import ELSEWHERE, Exported
from tests.standard.sub_types import selectielijst
from zaak_adapters.catalogi.exchange import FILES


class Commands:
    """Runs the commands on a data directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(data_dir=folder / "data", durable=False)

    def run(self, *words: str) -> Result:
        environment = {"DMS_DATA_DIR": str(self.settings.data_dir), "DMS_DURABLE": "false", "NO_COLOR": "1"}
        return CliRunner().invoke(app, ["catalogus", *words], env=environment)

    def archive(self, zaaktypen: int = 2, name: str = "open-zaak.zip") -> str:
        """An archive of another service, whose selectielijst is here."""
        made = Exported(selectielijst=asyncio.run(self._selectielijst()))
        made.whole(zaaktypen)
        path = self.folder / name
        write(path, made.lists, FILES)
        return str(path)

    async def _selectielijst(self) -> dict[str, str]:
        async with wired(self.settings) as service:
            return await selectielijst(service.dms, ELSEWHERE)

    def count(self, collection: str) -> int:
        """How many records there are."""
        return asyncio.run(self._count(collection))

    async def _count(self, collection: str) -> int:
        async with open_metadata("", self.settings) as store:
            return await store.count(collection)


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path)


def change(folder: Path, file: str, number: int, **fields: Any) -> None:
    """Change a record in a folder, as with an editor."""
    path = folder / f"{file}.json"
    records = orjson.loads(path.read_bytes())
    records[number] |= fields
    path.write_bytes(orjson.dumps(records))


def test_a_plan_shows_a_tree_and_changes_nothing(commands: Commands) -> None:
    result = commands.run("plan", commands.archive())
    assert result.exit_code == 0, result.output
    assert "├── catalogussen: 1 new\n│   └── + UTRE (517439943)\n" in result.stdout
    assert "+ ZT-000 (2020-01-01), published: 2 statustypen, 1 eigenschap, 1 roltype, 2 res" in result.stdout
    assert "In all: 25 new.\nNothing was changed: this is the plan.\n" in result.stdout
    assert commands.count("catalogussen") == 0


def test_apply_takes_it_over_and_the_second_time_there_is_nothing_to_do(commands: Commands) -> None:
    archive = commands.archive()
    assert "All of it was taken over." in commands.run("apply", archive).stdout
    again = commands.run("apply", archive)
    assert "In all: 25 as they should be.\nThere was nothing to change.\n" in again.stdout
    assert "There is nothing to change." in commands.run("plan", archive).stdout


def test_a_catalogue_lives_in_a_folder_with_plan_and_apply(commands: Commands, tmp_path: Path) -> None:
    commands.run("apply", commands.archive(), "--concepts")
    folder = tmp_path / "git"
    exported = commands.run("export", str(folder), "--catalogus", "UTRE")
    assert "ZaakType: 2\n" in exported.stdout
    change(folder, "ZaakType", 0, doel="Anders")
    change(folder, "StatusType", 0, omschrijving="Begin")
    plan = commands.run("plan", str(folder))
    assert "~ ZT-000 (2020-01-01)\n" in plan.stdout
    assert 'doel: "Vergunnen" → "Anders"' in plan.stdout
    assert "~ statustype 1" in plan.stdout
    assert "In all: 2 changed, 23 as they should be." in plan.stdout
    assert commands.run("apply", str(folder)).exit_code == 0
    before = read(folder, FILES)
    commands.run("export", str(folder))
    assert read(folder, FILES) == before


def test_what_is_refused_is_told_and_nothing_is_written(commands: Commands, tmp_path: Path) -> None:
    archive = commands.archive(1)
    lists = read(Path(archive), FILES)
    lists["ZaakType"][0]["doel"] = ""
    lists["RolType"][0]["zaaktype"] = "https://elders.example.nl/\x1b[31m"
    write(Path(archive), lists, FILES)
    result = commands.run("apply", archive)
    assert result.exit_code == 1
    assert "! ZT-000 (2020-01-01)" in result.stdout
    assert "doel: Dit veld mag niet leeg zijn." in result.stdout
    assert "of zaaktypen that are not in the archive" in result.stdout
    assert "! statustype" not in result.stdout
    assert "cannot be taken over, so nothing was." in result.stderr
    assert "\x1b" not in result.output
    assert commands.count("catalogussen") == 0


def test_a_long_plan_is_cut_unless_all_is_asked(commands: Commands) -> None:
    archive = commands.archive(45)
    assert "… and 5 more (--all shows them)" in commands.run("plan", archive).stdout
    assert "ZT-044" in commands.run("plan", archive, "--all").stdout


def test_the_ways_of_taking_over_are_options(commands: Commands, tmp_path: Path) -> None:
    archive = commands.archive(1)
    commands.run("apply", archive)
    renewed = commands.run("plan", archive, "--renew", "--into", "UTRE-517439943", "--choose", "besluittypen")
    assert "> Vergunning (2020-01-01): the one that is there is used" in renewed.stdout
    prefix = f"{ELSEWHERE}/catalogi=https://elders.example.nl"
    assert commands.run("plan", archive, "--replace", prefix).exit_code == 0
    folder = tmp_path / "git"
    commands.run("export", str(folder))
    change(folder, "InformatieObjectType", 0, vertrouwelijkheidaanduiding="geheim")
    roltypen = folder / "RolType.json"
    roltypen.write_text("[]")
    left = commands.run("plan", str(folder), "--existing", "leave")
    assert ". Aanvraag (2020-01-01): is there and differs; it is left as it is, with" in left.stdout
    assert "roltype Aanvrager: is not in the archive; it stays (--prune removes it)" in left.stdout
    refused = commands.run("plan", str(folder))
    assert "Het type is gepubliceerd en ligt vast." in refused.stdout
    assert refused.exit_code == 1
    forced = commands.run("apply", str(folder), "--force", "--prune")
    assert "- roltype Aanvrager" in forced.stdout
    assert forced.exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--choose", "statustypen"), "cannot be chosen"),
        (("--choose", "niets:x"), "cannot be chosen"),
        (("--replace", "zonder"), "is not URL=URL"),
        (("--existing", "anders"), "anders"),
    ],
)
def test_an_option_that_makes_no_sense_ends_with_two(
    commands: Commands, words: tuple[str, ...], said: str
) -> None:
    result = commands.run("plan", "x.zip", *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_what_cannot_be_read_ends_with_one_sentence(commands: Commands, tmp_path: Path) -> None:
    bad = tmp_path / "bad.zip"
    buffer = BytesIO()
    with ZipFile(buffer, "w") as made:
        made.writestr("../Catalogus.json", "[]")
    bad.write_bytes(buffer.getvalue())
    for path, said in (
        (bad, "It holds '../Catalogus.json', which is no part of a catalogue."),
        (tmp_path / "weg.zip", "No such file or directory"),
    ):
        result = commands.run("apply", str(path))
        assert result.exit_code == 1
        assert result.stderr.strip() == f"{path}: {said}"


def test_an_export_of_zaaktypen_is_one_of_one_catalogue(commands: Commands, tmp_path: Path) -> None:
    commands.run("apply", commands.archive(2))
    file = tmp_path / "een.zip"
    result = commands.run("export", str(file), "--zaaktype", "ZT-001", "--zaaktype", "ZT-000")
    assert "ZaakType: 2\n" in result.stdout
    assert "Catalogus.json" not in ZipFile(file).namelist()
    unknown = commands.run("export", str(file), "--zaaktype", "NEE", "--catalogus", "UTRE")
    assert unknown.stderr.strip() == f"{file}: There is no zaaktype 'NEE'."
    assert unknown.exit_code == 1
    second = Exported()
    second.zaaktype(second.catalogue("TWEE"), "ANDER")
    write(tmp_path / "twee", second.lists, FILES)
    commands.run("apply", str(tmp_path / "twee"), "--concepts")
    both = commands.run("export", str(file), "--zaaktype", "ZT-001", "--zaaktype", "ANDER")
    assert "several catalogues" in both.stderr


def test_a_new_version_is_one_command(commands: Commands) -> None:
    commands.run("apply", commands.archive(2))
    dry = commands.run("new-version", "ZT-001", "--begin", "2027-01-01", "--dry-run")
    assert "Nothing was changed" in dry.stdout
    made = commands.run("new-version", "ZT-001", "--begin", "2027-01-01", "--catalogus", "UTRE")
    assert made.exit_code == 0, made.output
    assert "ZT-001 that began on 2020-01-01 ends on 2026-12-31: /catalogi/api/v1/zaaktypen/" in made.stdout
    assert "From 2027-01-01 on, published, with 9 sub types: /catalogi/" in made.stdout
    again = commands.run("new-version", "ZT-001", "--begin", "2027-01-01")
    assert again.exit_code == 1
    assert "There is a version of 'ZT-001' already that begins on 2027-01-01" in again.stderr
    overlapping = commands.run("new-version", "ZT-001", "--begin", "2026-01-01")
    assert overlapping.exit_code == 1
    assert "Nothing was changed." in overlapping.stderr
    concept = commands.run("new-version", "ZT-000", "--begin", "2027-01-01", "--concept")
    assert "a concept" in concept.stdout


def test_nothing_is_taken_over_into_stores_that_are_half_restored(commands: Commands) -> None:
    archive = commands.archive(1)
    (commands.settings.data_dir / "restoring").touch()
    result = commands.run("apply", archive)
    assert result.exit_code == 2
    assert "being restored" in result.stderr


def test_a_bad_setting_ends_with_two(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DMS_METADATA_URL", "floppy:a")
    result = commands.run("export", "x.zip")
    assert result.exit_code == 2
    assert "DMS_METADATA_URL" in result.stderr


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "Stopped; nothing was changed."),
        (InConflict(), 1, f"x.zip: {InConflict.title}"),
        (invalid("unique", "Dat is er al.", "domein"), 1, "x.zip: domein: Dat is er al."),
        (OSError(28, "No space left on device"), 1, "x.zip: No space left on device"),
    ],
)
def test_whatever_stops_a_command_is_a_sentence_and_a_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    async def work() -> None:
        raise error

    with pytest.raises(typer.Exit) as ended:
        run(work(), about="x.zip", stopped=UNCHANGED)
    assert ended.value.exit_code == code
    assert capsys.readouterr().err.strip() == said


@pytest.mark.parametrize("command", ["plan", "apply", "export", "new-version"])
def test_every_command_teaches_with_an_example(commands: Commands, command: str) -> None:
    assert f"Example: dms catalogus {command} " in commands.run(command, "--help").stdout
