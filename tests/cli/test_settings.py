"""What a command says of settings that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from dms.cli.running import explained, read_settings
from dms.cli.starting import starting
from dms.settings import BadSetting, Settings


def test_a_bad_setting_is_shown_as_it_is_written_brackets_and_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "dms.toml"
    file.write_text('[[services]]\norigin = "https://een.test"\nauth = "[/red]"\n')
    with pytest.raises(typer.Exit) as ended:
        read_settings(file)
    assert ended.value.exit_code == 2
    assert "[[services]] number 1: auth can be none, zgw" in capsys.readouterr().err


def test_what_keeps_a_service_from_starting_is_shown_as_it_is_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for why, code in ((BadSetting("[[services]] [/red]."), 2), (OSError("[[services]] [/red]."), 1)):
        with pytest.raises(typer.Exit) as ended, starting(Settings()):
            raise why
        assert ended.value.exit_code == code
        assert "[[services]] [/red]." in capsys.readouterr().err


def test_a_store_that_cannot_be_used_is_named_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, explained():
        raise PermissionError(13, "Permission denied", "/var/lib/dms")
    assert ended.value.exit_code == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "Permission denied: '/var/lib/dms'" in said
    assert "run the same command again" in said
