"""`dms referentielijsten load` as an operator meets it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from dms.actions.writing import until_no_conflict
from dms.cli import app
from dms.settings import Settings
from dms.wiring import open_metadata
from zaak_adapters.referentielijsten.register import fill
from zaak_adapters.referentielijsten.sample import FILE, sample

PROCES = "5a3f0c1e-7f5d-4b0a-9a51-0f2d6f7f0b01"


@pytest.fixture
def lists() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(FILE.read_bytes())
    return found


class Loader:
    """Runs the command on a data directory, with what a file is to hold."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(data_dir=folder / "data", durable=False)

    def load(self, document: object, *options: str) -> Result:
        file = self.folder / "lists.json"
        file.write_bytes(document if isinstance(document, bytes) else orjson.dumps(document))
        environment = {"DMS_DATA_DIR": str(self.settings.data_dir), "DMS_DURABLE": "false", "NO_COLOR": "1"}
        return CliRunner().invoke(app, ["referentielijsten", "load", str(file), *options], env=environment)

    def kept(self) -> dict[str, dict[str, Any]]:
        """All that is in the register, by id."""
        return asyncio.run(self._kept())

    async def _kept(self) -> dict[str, dict[str, Any]]:
        async with open_metadata("", self.settings) as store:
            names = ("communicatiekanalen", "procestypen", "selectielijstresultaten")
            found = [record for name in names for record in await store.find(name)]
            found += await store.find("resultaattypeomschrijvingen")
            return {record["_id"]: record for record in found}


@pytest.fixture
def loader(tmp_path: Path) -> Loader:
    return Loader(tmp_path)


def test_a_file_fills_the_register_and_the_same_again_changes_nothing(
    loader: Loader, lists: dict[str, Any]
) -> None:
    first = loader.load(lists)
    assert first.exit_code == 0, first.output
    assert "resultaten: 3 new, 0 changed, 0 as they were" in first.stdout
    before = loader.kept()
    assert len(before) == 7
    again = loader.load(lists)
    assert "resultaten: 0 new, 0 changed, 3 as they were" in again.stdout
    assert loader.kept() == before


def test_a_dry_run_tells_what_would_change_and_writes_nothing(loader: Loader, lists: dict[str, Any]) -> None:
    assert "+ 9001.2 Voorbeeld: bewaren" in loader.load(lists, "--dry-run").stdout
    assert loader.kept() == {}
    loader.load(lists)
    before = loader.kept()
    lists["resultaten"][0] |= {"bewaartermijn": "P2Y", "herkomst": "Een\x1b[31m ander"}
    told = loader.load(lists, "--dry-run").stdout
    assert "~ 9001.1 Voorbeeld: vernietigen" in told
    assert "bewaartermijn: 'P1Y' -> 'P2Y'" in told
    assert "\x1b" not in told
    assert told.endswith("Nothing was written: this was a dry run.\n")
    assert loader.kept() == before


def test_what_a_file_does_not_name_stays_as_it_is(loader: Loader, lists: dict[str, Any]) -> None:
    loader.load(lists)
    before = loader.kept()
    process = {**lists["procestypen"][0], "naam": "Voorbeeld: anders"}
    told = loader.load({"procestypen": [process]}).stdout
    assert told == "procestypen: 0 new, 1 changed, 0 as they were\n"
    after = loader.kept()
    changed = {id for id in before if before[id] != after[id]}
    assert (changed, after[PROCES]["naam"]) == ({PROCES}, "Voorbeeld: anders")
    assert after.keys() == before.keys()


def test_one_wrong_entry_keeps_all_of_the_file_out(loader: Loader, lists: dict[str, Any]) -> None:
    lists["resultaten"][2]["waardering"] = "misschien"
    text = orjson.dumps(lists, option=orjson.OPT_INDENT_2)
    line = text[: text.index(lists["resultaten"][2]["uuid"].encode())].count(b"\n")
    refused = loader.load(text)
    assert refused.exit_code == 1
    assert f"line {line}: resultaten[2].waardering: invalid_choice" in refused.stdout
    assert "was not loaded: 1 wrong" in refused.stderr
    assert loader.kept() == {}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"volledigNummer": "9002.2"}, "resultaten[2].volledigNummer: invalid"),
        ({"volledigNummer": "9001.3"}, "resultaten[2].volledigNummer: invalid"),
        ({"volledigNummer": "9001"}, "resultaten[2].volledigNummer: invalid"),
        ({"volledigNummer": "9001.1.1.2"}, "resultaten[2].volledigNummer: invalid"),
        ({"volledigNummer": "9001.7.2"}, "resultaten[2].volledigNummer: does_not_exist"),
        ({"procesType": PROCES.replace("5a", "6a")}, "resultaten[2].procesType: does_not_exist"),
    ],
)
def test_r_03_results_that_do_not_hold_together_are_refused(
    loader: Loader, lists: dict[str, Any], changed: dict[str, Any], told: str
) -> None:
    lists["resultaten"][2] |= changed
    refused = loader.load(lists)
    assert (refused.exit_code, told in refused.stdout) == (1, True), refused.stdout
    assert loader.kept() == {}


def test_r_03_what_is_kept_must_hold_together_with_what_comes(loader: Loader, lists: dict[str, Any]) -> None:
    loader.load(lists)
    process = {**lists["procestypen"][0], "nummer": 9002}
    refused = loader.load({"procestypen": [process]})
    assert refused.stdout.count("line 1: procestypen[0].nummer: invalid: Het resultaat 9001.1") == 2
    generic = {**lists["resultaten"][0], "nummer": 3, "volledigNummer": "9001.3"}
    refused = loader.load({"resultaten": [generic]})
    assert refused.exit_code == 1
    assert refused.stdout.startswith("in the register: /referentielijsten/api/v1/resultaten/")


def test_many_problems_are_counted_but_not_all_shown(loader: Loader) -> None:
    refused = loader.load({"procestypen": [7] * 150})
    assert len(refused.stdout.splitlines()) == 100
    assert "150 wrong, 50 not shown" in refused.stderr


def test_what_cannot_be_read_ends_with_a_sentence(loader: Loader, tmp_path: Path) -> None:
    broken = loader.load(b'{"procestypen":\n [}')
    assert (broken.exit_code, "line 2 column 3" in broken.stderr) == (1, True), broken.stderr
    absent = CliRunner().invoke(app, ["referentielijsten", "load", str(tmp_path / "absent.json")])
    assert (absent.exit_code, "absent.json" in absent.stderr) == (1, True)
    environment = {"DMS_METADATA_URL": "gopher://x", "DMS_DATA_DIR": str(tmp_path / "data")}
    unset = CliRunner().invoke(app, ["referentielijsten", "load", str(FILE)], env=environment)
    assert (unset.exit_code, "DMS_METADATA_URL" in unset.stderr) == (2, True)


def test_nothing_is_loaded_into_what_is_still_being_restored(loader: Loader, lists: dict[str, Any]) -> None:
    loader.settings.data_dir.mkdir()
    (loader.settings.data_dir / "restoring").write_text("0")
    refused = loader.load(lists)
    assert (refused.exit_code, "run the same dms restore again" in " ".join(refused.stderr.split())) == (
        2,
        True,
    )
    assert not (loader.settings.data_dir / "metadata.db").exists()


async def test_two_who_fill_it_at_once_make_every_entry_once(loader: Loader) -> None:
    loader.settings.data_dir.mkdir(parents=True)
    async with open_metadata("", loader.settings) as store:
        made = await asyncio.gather(*(until_no_conflict(lambda: fill(store, sample())) for _ in range(4)))
        assert sorted((len(each.added), len(each.same)) for each in made) == [(0, 7)] * 3 + [(7, 0)]
        assert len(await store.find("selectielijstresultaten")) == 3
