"""The file that is uploaded, and the form that carries a stretch of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dms.client.failures import Failure
from dms.client.part import Part, PartForm
from dms.client.source import SourceFile


def test_a_file_that_the_disk_does_not_give_up_is_said_to_be_unreadable(tmp_path: Path) -> None:
    file = tmp_path / "verslag.bin"
    file.write_bytes(b"1234")
    with SourceFile(file) as source:
        assert source.read(1, 2) == b"23"
        descriptor = os.dup(source._descriptor)
        os.close(source._descriptor)
        with pytest.raises(Failure, match=r"verslag\.bin cannot be read: Bad file descriptor"):
            source.read(0, 4)
        os.dup2(descriptor, source._descriptor)
        os.close(descriptor)


def test_a_part_is_never_made_a_text(tmp_path: Path) -> None:
    file = tmp_path / "verslag.bin"
    file.write_bytes(b"1234")
    with SourceFile(file) as source, pytest.raises(TypeError, match="only streamed"):
        PartForm(source, Part("http://server/1", 0, 4, False), "lock", lambda count: None).decode()
