"""`dms upload`, as people and scripts use it."""

from __future__ import annotations

import getpass
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PART, Commands, ctrl_c
from tests.failing_proxy import FailingProxy
from tests.process import ServiceProcess

Parts = list[dict[str, Any]]


@pytest.fixture
def type_(line: FailingProxy, type_path: str) -> str:
    return line.address + type_path


def made(folder: Path, name: str, size: int = 3 * PART + 5) -> Path:
    file = folder / name
    file.write_bytes(random.Random(size).randbytes(size))
    return file


def content(service: ServiceProcess, url: str) -> bytes:
    status, body = service.call("GET", f"{url}/download")
    assert status == 200
    assert isinstance(body, bytes)
    return body


def test_the_url_of_the_document_is_all_there_is_on_standard_output(
    commands: Commands, service: ServiceProcess, type_: str, tmp_path: Path
) -> None:
    file = made(tmp_path, "verslag.pdf")
    result = commands.run("upload", str(file), "--type", type_)
    assert result.exit_code == 0, result.output
    url = result.stdout.strip()
    assert result.stdout == f"{url}\n"
    assert content(service, url) == file.read_bytes()
    assert "verslag.pdf: 196.6 kB in" in result.stderr


def test_a_document_says_of_itself_what_the_file_says(
    commands: Commands, service: ServiceProcess, type_: str, tmp_path: Path
) -> None:
    file = made(tmp_path, "verslag.pdf", 10)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    document = service.call("GET", commands.run("upload", str(file), "--type", type_).stdout.strip())[1]
    expected = {
        "titel": "verslag.pdf",
        "bestandsnaam": "verslag.pdf",
        "formaat": "application/pdf",
        "creatiedatum": "2023-11-14",
        "auteur": getpass.getuser(),
        "taal": "nld",
        "bronorganisatie": "000000000",
        "vertrouwelijkheidaanduiding": "zaakvertrouwelijk",
        "bestandsomvang": 10,
    }
    assert {name: document[name] for name in expected} == expected


def test_a_document_says_of_itself_what_the_options_say(
    commands: Commands, service: ServiceProcess, type_: str, tmp_path: Path
) -> None:
    options = {
        "titel": "Jaarverslag",
        "auteur": "J. Jansen",
        "taal": "eng",
        "bronorganisatie": "123456782",
        "vertrouwelijkheidaanduiding": "geheim",
        "formaat": "text/x-verslag",
        "creatiedatum": "2020-02-29",
    }
    given = [text for name, value in options.items() for text in (f"--{name}", value)]
    result = commands.run("upload", str(made(tmp_path, "x")), "--type", type_, "--quiet", *given)
    assert (result.exit_code, result.stderr) == (0, "")
    document = service.call("GET", result.stdout.strip())[1]
    assert {name: document[name] for name in options} == options


def test_of_several_files_the_others_go_when_one_fails(
    commands: Commands, service: ServiceProcess, type_: str, tmp_path: Path
) -> None:
    first, last = made(tmp_path, "eerste"), made(tmp_path, "laatste", 0)
    files = [str(first), str(tmp_path / "missing"), str(tmp_path), str(last)]
    result = commands.run("upload", *files, "--type", type_)
    assert result.exit_code == 1
    urls = result.stdout.split()
    assert [content(service, url) for url in urls] == [first.read_bytes(), b""]
    assert "missing cannot be read: No such file" in result.stderr
    assert f"{tmp_path} is not a file" in result.stderr
    assert "2 of 4 files failed." in result.stderr


@pytest.mark.parametrize("value", ["123456789", "12345678", "12345678a", ""])
def test_a_bronorganisatie_that_fails_the_eleven_test_is_refused_before_anything_is_sent(
    value: str, commands: Commands, line: FailingProxy, type_: str, tmp_path: Path
) -> None:
    file = str(made(tmp_path, "x"))
    result = commands.run("upload", file, "--type", type_, "--bronorganisatie", value)
    assert result.exit_code == 2
    assert f"--bronorganisatie {value!r} is not an RSIN" in result.stderr
    assert "eleven test" in result.stderr
    assert line.up == 0


def test_a_bronorganisatie_must_be_given_somewhere(commands: Commands, type_: str, tmp_path: Path) -> None:
    del commands.environment["DMS_BRONORGANISATIE"]
    result = commands.run("upload", str(made(tmp_path, "x")), "--type", type_)
    assert result.exit_code == 2
    assert "--bronorganisatie" in result.stderr


def test_the_type_of_documents_may_come_from_the_environment(
    commands: Commands, type_: str, tmp_path: Path
) -> None:
    file = str(made(tmp_path, "x"))
    result = commands.run("upload", file, DMS_INFORMATIEOBJECTTYPE=type_)
    assert result.exit_code == 0, result.stderr
    assert "--type" in commands.run("upload", file).stderr


def test_a_wrong_secret_is_said_to_be_wrong(commands: Commands, type_: str, tmp_path: Path) -> None:
    file = str(made(tmp_path, "x"))
    result = commands.run("upload", file, "--type", type_, DMS_CLIENT_SECRET="x" * 32)
    assert result.exit_code == 1
    assert "invalid-jwt-signature" in result.stderr
    assert "is het secret juist?" in result.stderr
    assert "The upload failed." in result.stderr


def test_an_unknown_type_is_refused_in_the_words_of_the_server(
    commands: Commands, type_: str, tmp_path: Path
) -> None:
    unknown = type_[:-12] + "000000000000"
    result = commands.run("upload", str(made(tmp_path, "x")), "--type", unknown)
    assert result.exit_code == 1
    assert "x: Ongeldige invoer. (400 invalid)\n  informatieobjecttype: " in result.stderr


def test_a_server_that_is_not_there_is_said_to_be_so(commands: Commands, type_: str, tmp_path: Path) -> None:
    options = ("--type", type_, "--attempts", "1", "--url", "http://127.0.0.1:1")
    result = commands.run("upload", str(made(tmp_path, "x")), *options)
    assert result.exit_code == 1
    assert "The server cannot be reached" in result.stderr


def test_a_service_on_this_machine_tells_its_own_id_and_secret(
    commands: Commands, service: ServiceProcess, type_: str, tmp_path: Path
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "client").write_text(f"{service.client_id}\n{service.client_secret}\n")
    del commands.environment["DMS_CLIENT_ID"], commands.environment["DMS_CLIENT_SECRET"]
    file = str(made(tmp_path, "x"))
    assert commands.run("upload", file, "--type", type_).exit_code == 0
    elsewhere = commands.run("upload", file, "--type", type_, "--data-dir", str(tmp_path / "elders"))
    assert elsewhere.exit_code == 2
    assert f"{tmp_path / 'elders' / 'client'} cannot be read" in elsewhere.stderr


@pytest.mark.parametrize("url", ["https://dms.example.nl", "https://10.0.0.1", "geen-url"])
def test_a_server_elsewhere_gets_only_the_secret_that_was_given_for_it(
    url: str, commands: Commands, type_: str, tmp_path: Path
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "client").write_text("id\nsecret\n")
    del commands.environment["DMS_CLIENT_SECRET"]
    result = commands.run("upload", str(made(tmp_path, "x")), "--type", type_, "--url", url)
    assert result.exit_code == 2
    assert "Give --client-id and --client-secret" in result.stderr


def completed(service: ServiceProcess, url: str) -> int:
    parts: Parts = service.call("GET", url)[1]["bestandsdelen"]
    return sum(part["omvang"] for part in parts if part["voltooid"])


@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)], ids=["ctrl-c", "kill -9"]
)
def test_an_upload_that_was_stopped_goes_on_when_the_command_is_run_again(
    how: signal.Signals,
    code: int,
    commands: Commands,
    service: ServiceProcess,
    line: FailingProxy,
    type_: str,
    tmp_path: Path,
) -> None:
    size = 20 * PART
    file = made(tmp_path, "groot.bin", size)
    command = ("upload", str(file), "--type", type_)
    held = line.hold(after=12 * PART)
    running = commands.start(*command)
    assert held.wait(30)
    running.send_signal(how)
    out, err = running.communicate(timeout=10)
    line.release()
    line.settle()
    assert (running.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert ("Run the same command again" in err) == (how == signal.SIGINT)
    (note,) = commands.state.iterdir()
    assert service.client_secret not in note.read_text()
    url = note.read_text().partition('"url": "')[2].partition('"')[0]
    missing = size - completed(service, url)
    assert missing < size
    sent = line.up
    result = commands.run(*command)
    assert (result.exit_code, result.stdout) == (0, f"{url}\n")
    assert line.up - sent <= missing + 2048 * (missing // PART + 5)
    assert content(service, url) == file.read_bytes()
    assert list(commands.state.iterdir()) == []


def test_ctrl_c_tells_how_to_go_on(
    commands: Commands, line: FailingProxy, type_: str, tmp_path: Path
) -> None:
    held = line.hold(after=12 * PART)
    with ctrl_c(held):
        result = commands.run("upload", str(made(tmp_path, "groot.bin", 20 * PART)), "--type", type_)
    assert (result.exit_code, result.stdout) == (130, "")
    assert "Stopped. Run the same command again to go on where it was." in result.stderr


def test_ctrl_c_tells_which_of_several_files_are_still_to_go(
    commands: Commands, line: FailingProxy, type_: str, tmp_path: Path
) -> None:
    files = [str(made(tmp_path, name, 10 * PART)) for name in ("een", "twee", "drie en verder")]
    held = line.hold(after=15 * PART)
    with ctrl_c(held):
        result = commands.run("upload", *files, "--type", type_)
    assert result.exit_code == 130
    assert len(result.stdout.split()) == 1
    assert f"the files that are not done to go on where it was: {files[1]} '{files[2]}'" in result.stderr


def test_a_name_that_is_not_utf8_still_makes_a_document(
    commands: Commands, service: ServiceProcess, type_: str, tmp_path: Path
) -> None:
    file = tmp_path / os.fsdecode(b"caf\xe9.txt")
    file.write_bytes(b"koffie")
    result = commands.run("upload", str(file), "--type", type_)
    assert result.exit_code == 0, result.stderr
    assert service.call("GET", result.stdout.strip())[1]["bestandsnaam"] == "caf\ufffd.txt"


def test_who_has_no_name_on_this_machine_must_give_one(
    commands: Commands, type_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4242")

    monkeypatch.setattr(getpass, "getuser", nobody)
    file = str(made(tmp_path, "x", 1))
    result = commands.run("upload", file, "--type", type_)
    assert result.exit_code == 2
    assert "give --auteur" in result.stderr
    assert commands.run("upload", file, "--type", type_, "--auteur", "J. Jansen").exit_code == 0


def test_help_teaches_with_an_example_that_names_what_is_required(commands: Commands) -> None:
    text = commands.run("upload", "--help").stdout
    assert "dms upload report.pdf --type TYPE --bronorganisatie 000000000" in text
    assert "XDG_STATE_HOME" in text


def test_the_installed_command_knows_all_its_commands(commands: Commands) -> None:
    running = commands.start("--help")
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 0
    assert {"upload", "download", "token"} <= set(out.split())
