"""`dms import`, as a mailroom uses it."""

from __future__ import annotations

import csv
import getpass
import json
import random
from pathlib import Path

import pytest

from tests.cli.conftest import PART, Commands, ctrl_c
from tests.failing_proxy import FailingProxy
from tests.process import ServiceProcess

DOCUMENTS = "/documenten/api/v1/enkelvoudiginformatieobjecten"


@pytest.fixture(autouse=True)
def settings(commands: Commands, line: FailingProxy, type_path: str) -> None:
    commands.environment["DMS_INFORMATIEOBJECTTYPE"] = line.address + type_path


@pytest.fixture
def post(tmp_path: Path) -> Path:
    """A manifest of three files, one of them in parts, that no other test has."""
    folder = tmp_path / "post"
    (folder / "scans").mkdir(parents=True)
    chance = random.Random(str(tmp_path))
    for name, size in (("een.pdf", 1000), ("twee.txt", 10), ("groot.bin", 20 * PART)):
        (folder / "scans" / name).write_bytes(chance.randbytes(size))
    manifest = folder / "post.csv"
    manifest.write_text(
        "bestand;titel;creatiedatum;trefwoorden\r\n"
        "scans/een.pdf;Bezwaarschrift;24-11-2026;bezwaar, parkeren\r\n"
        "scans\\twee.txt;;;\r\n"
        "scans/groot.bin;Tekening;;\r\n"
    )
    return manifest


def receipts(manifest: Path) -> dict[str, dict[str, str]]:
    with (manifest.parent / "receipts.csv").open(newline="") as text:
        return {receipt["bestand"]: receipt for receipt in csv.DictReader(text)}


def count(service: ServiceProcess) -> int:
    return int(service.call("GET", DOCUMENTS)[1]["count"])


def test_each_row_becomes_a_document_with_its_fields_and_a_receipt(
    commands: Commands, service: ServiceProcess, post: Path
) -> None:
    result = commands.run("import", str(post))
    assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    assert f"3 documents sent. Receipts: {post.parent / 'receipts.csv'}" in result.stderr
    found = receipts(post)
    for name, receipt in found.items():
        content = service.call("GET", f"{receipt['document']}/download")[1]
        assert content == (post.parent / name).read_bytes()
        assert (receipt["status"], receipt["bytes"], receipt["error"]) == ("ok", str(len(content)), "")
    document = service.call("GET", found["scans/een.pdf"]["document"])[1]
    expected = {
        "titel": "Bezwaarschrift",
        "creatiedatum": "2026-11-24",
        "trefwoorden": ["bezwaar", "parkeren"],
        "auteur": getpass.getuser(),
        "formaat": "application/pdf",
        "identificatie": found["scans/een.pdf"]["identificatie"],
    }
    assert {name: document[name] for name in expected} == expected
    assert document["integriteit"]["waarde"] == found["scans/een.pdf"]["sha256"]


def test_a_second_run_sends_nothing_and_says_so(
    commands: Commands, service: ServiceProcess, line: FailingProxy, post: Path
) -> None:
    commands.run("import", str(post))
    before, sent = count(service), line.up
    result = commands.run("import", str(post))
    assert result.exit_code == 0
    assert "0 documents sent, 3 had been sent before" in result.stderr
    assert (count(service), line.up) == (before, sent)


def test_without_its_receipts_a_second_run_still_makes_no_second_document(
    commands: Commands, service: ServiceProcess, post: Path
) -> None:
    commands.run("import", str(post))
    first, before = receipts(post), count(service)
    (post.parent / "receipts.csv").unlink()
    assert commands.run("import", str(post), "--quiet").exit_code == 0
    assert {name: receipt["document"] for name, receipt in receipts(post).items()} == {
        name: receipt["document"] for name, receipt in first.items()
    }
    assert count(service) == before


def test_options_are_the_fields_of_rows_that_do_not_say_it(
    commands: Commands, service: ServiceProcess, post: Path
) -> None:
    options = ("--auteur", "Postkamer", "--taal", "eng", "--vertrouwelijkheidaanduiding", "geheim")
    more = ("--field", "titel=Post", "--field", "ontvangstdatum=1-2-2026", "--receipts", "hier.csv")
    assert commands.run("import", str(post), *options, *more).exit_code == 0
    with (commands.folder / "hier.csv").open(newline="") as text:
        urls = {receipt["bestand"]: receipt["document"] for receipt in csv.DictReader(text)}
    first, second = (service.call("GET", urls[f"scans/{name}"])[1] for name in ("een.pdf", "twee.txt"))
    assert (first["titel"], second["titel"]) == ("Bezwaarschrift", "Post")
    assert (second["auteur"], second["taal"], second["ontvangstdatum"]) == ("Postkamer", "eng", "2026-02-01")
    assert second["vertrouwelijkheidaanduiding"] == "geheim"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--field", "titel"), "--field 'titel' is not a NAME=VALUE"),
        (("--field", "identificatie=B-1"), "is not a NAME=VALUE that documents can have in common"),
        (("--field", "titl=x"), "--field titl: not a field of a document"),
        (("--bronorganisatie", "1"), "What the options say cannot be used:\n  bronorganisatie: "),
        (("--client-secret", "", "--url", "https://dms.example.nl"), "Give --client-id and --client-secret"),
        (("--receipts", "/weg/r.csv"), "/weg/r.csv cannot be written: No such file"),
    ],
)
def test_wrong_options_end_with_2_before_anything_is_sent(
    options: tuple[str, ...], told: str, commands: Commands, line: FailingProxy, post: Path
) -> None:
    commands.environment.pop("DMS_CLIENT_SECRET") if "--client-secret" in options else None
    result = commands.run("import", str(post), *options)
    assert result.exit_code == 2
    assert told in result.stderr
    assert line.up == 0


def test_a_wrong_manifest_ends_with_2_and_all_its_problems_before_anything_is_sent(
    commands: Commands, line: FailingProxy, post: Path
) -> None:
    post.write_text("bestand,taal\nweg.pdf,nld\nscans/een.pdf,x\n")
    result = commands.run("import", str(post))
    assert result.exit_code == 2
    assert "line 2: bestand: weg.pdf cannot be read" in result.stderr
    assert "line 3: taal: " in result.stderr
    assert line.up == 0
    assert not (post.parent / "receipts.csv").exists()


def test_a_dry_run_says_what_would_be_sent_and_writes_nothing(
    commands: Commands, line: FailingProxy, post: Path
) -> None:
    result = commands.run("import", str(post), "--dry-run")
    assert result.exit_code == 0
    assert "would be sent: scans/een.pdf (1.0 kB) Bezwaarschrift\n" in result.stdout
    assert "3 of 3 documents would be sent; all of them are 1.3 MB. Nothing was." in result.stderr
    assert line.up == 0
    assert not (post.parent / "receipts.csv").exists()
    commands.run("import", str(post))
    result = commands.run("import", str(post), "--dry-run")
    assert "done before: scans/een.pdf" in result.stdout
    assert "0 of 3 documents would be sent" in result.stderr


def test_what_fails_does_not_keep_the_others_and_goes_again_once_it_is_put_right(
    commands: Commands, service: ServiceProcess, post: Path, type_path: str
) -> None:
    unknown = f"{service.address}{type_path[:-12]}000000000000"
    good = post.read_text()
    rows = good.replace("trefwoorden\n", "trefwoorden;informatieobjecttype\n")
    post.write_text(rows.replace("parkeren\n", f"parkeren;{unknown}\n"))
    result = commands.run("import", str(post))
    assert result.exit_code == 1
    assert "scans/een.pdf: Ongeldige invoer. (400 invalid)" in result.stderr
    assert "2 documents sent, 1 failed.\n" in result.stderr
    assert "says why, in the column error. Put that right and run the same command again" in result.stderr
    receipt = receipts(post)["scans/een.pdf"]
    assert (receipt["status"], receipt["document"]) == ("failed", "")
    assert "informatieobjecttype" in receipt["error"]
    post.write_text(good)
    result = commands.run("import", str(post))
    assert result.exit_code == 0
    assert "1 documents sent, 2 had been sent before" in result.stderr


def test_an_identificatie_that_another_document_has_is_told_with_that_document(
    commands: Commands, post: Path
) -> None:
    number = f"B-{random.randrange(10**12)}"
    post.write_text(f"bestand,identificatie\nscans/een.pdf,{number}\n")
    assert commands.run("import", str(post)).exit_code == 0
    post.write_text(f"bestand,identificatie\nscans/twee.txt,{number}\n")
    result = commands.run("import", str(post))
    assert result.exit_code == 1
    assert f"Identificatie {number} is in use (identificatie-niet-uniek) by " in result.stderr


@pytest.mark.parametrize(
    "options",
    [("--url", "http://127.0.0.1:1"), ("--client-secret", "x" * 32)],
    ids=["gone", "unknown caller"],
)
def test_a_server_that_is_of_no_use_ends_it_without_trying_every_row(
    options: tuple[str, str], commands: Commands, post: Path
) -> None:
    result = commands.run("import", str(post), "--attempts", "1", "--parallel", "1", *options)
    assert result.exit_code == 1
    assert "0 documents sent, 1 failed, 2 were not tried: " in result.stderr


def test_two_imports_with_the_same_receipts_are_one_too_many(
    commands: Commands, line: FailingProxy, post: Path
) -> None:
    held = line.hold(after=10 * PART)
    running = commands.start("import", str(post))
    assert held.wait(30)
    result = commands.run("import", str(post))
    assert result.exit_code == 2
    assert "Another process is at work with" in result.stderr
    line.release()
    assert running.wait(30) == 0
    running.communicate()


def test_ctrl_c_tells_how_to_go_on_and_the_same_command_does(
    commands: Commands, service: ServiceProcess, line: FailingProxy, post: Path
) -> None:
    before = count(service)
    held = line.hold(after=10 * PART)
    with ctrl_c(held):
        result = commands.run("import", str(post))
    line.release()
    assert result.exit_code == 130
    assert "Stopped. Run the same command again to go on where it was." in result.stderr
    (note,) = (json.loads(file.read_text()) for file in commands.state.iterdir())
    assert service.client_secret not in str(note)
    assert commands.run("import", str(post)).exit_code == 0
    assert receipts(post)["scans/groot.bin"]["document"] == note["url"]
    assert count(service) == before + 3


def test_who_has_no_name_on_this_machine_may_leave_it_to_the_manifest(
    commands: Commands, post: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4242")

    monkeypatch.setattr(getpass, "getuser", nobody)
    result = commands.run("import", str(post))
    assert result.exit_code == 2
    assert "line 2: auteur: required" in result.stderr
    assert commands.run("import", str(post), "--auteur", "Postkamer").exit_code == 0


def test_help_teaches_with_a_manifest_and_a_command(commands: Commands) -> None:
    text = commands.run("import", "--help").stdout
    assert "bestand;titel;creatiedatum" in text
    assert "dms import post.csv --type TYPE --bronorganisatie 000000000" in text
