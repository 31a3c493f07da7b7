"""What lies in a data directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from dms.data_dir import CLIENT, keep_client, read_client


def test_the_first_of_several_processes_decides_who_the_client_is(tmp_path: Path) -> None:
    keep_client(tmp_path, "dms", "the first secret")
    keep_client(tmp_path, "dms", "the second secret")
    assert read_client(tmp_path) == ("dms", "the first secret")
    assert [path.name for path in tmp_path.iterdir()] == [CLIENT]


def test_a_client_file_that_holds_something_else_is_told_from_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        read_client(tmp_path)
    (tmp_path / CLIENT).write_text("only an id\n")
    with pytest.raises(ValueError, match="not enough values"):
        read_client(tmp_path)
