"""`dms rescan` as an operator meets it; with a scanner it is tested on a real one."""

from __future__ import annotations

from typer.testing import CliRunner

from dms.cli import app


def test_without_a_scanner_there_is_nothing_to_scan_with() -> None:
    for environment in ({}, {"DMS_CLAMD_URL": "tcp://127.0.0.1:1", "DMS_SCAN_POLICY": "off"}):
        result = CliRunner().invoke(app, ["rescan"], env=environment)
        assert result.exit_code == 2
        assert "DMS_CLAMD_URL" in result.stderr
