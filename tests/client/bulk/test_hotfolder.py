"""Which files of a hot folder are ready, and which are never touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dms.client.bulk.hotfolder import HotFolder
from dms.client.bulk.leaving import Delete, MoveTo, stay


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "hot"
    folder.mkdir()
    return folder


def ready(folder: HotFolder, now: float) -> list[str]:
    return [found.bestand for found in folder.look(now) if found.ready]


def test_a_file_is_ready_once_it_stayed_the_same_from_look_to_look(root: Path) -> None:
    folder = HotFolder(root, settle=2)
    scan = root / "scan.pdf"
    scan.write_bytes(b"half")
    assert ready(folder, 100) == []
    assert ready(folder, 101.9) == []
    scan.write_bytes(b"half and more")
    assert ready(folder, 102.5) == []
    os.utime(scan, (1, 1))  # the same size, written again
    assert ready(folder, 104) == []
    assert ready(folder, 105.9) == []
    assert ready(folder, 106) == ["scan.pdf"]


def test_one_look_is_never_enough_however_old_the_file_is(root: Path) -> None:
    (root / "scan.pdf").write_bytes(b"x")
    os.utime(root / "scan.pdf", (1, 1))
    folder = HotFolder(root, settle=0)
    assert ready(folder, 1000) == []
    assert ready(folder, 1000) == ["scan.pdf"]


def test_a_sidecar_that_still_changes_keeps_its_file_waiting(root: Path) -> None:
    folder = HotFolder(root, settle=2)
    (root / "scan.pdf").write_bytes(b"x")
    ready(folder, 0)
    (root / "scan.pdf.json").write_text("{")
    assert ready(folder, 2) == []
    assert ready(folder, 4) == ["scan.pdf"]


def test_with_a_marker_a_file_is_ready_when_its_marker_is_there_and_not_before(root: Path) -> None:
    folder = HotFolder(root, settle=2, marker=".ok")
    (root / "scan.pdf").write_bytes(b"x")
    assert ready(folder, 0) == []
    assert ready(folder, 100) == []
    (root / "scan.pdf.ok").touch()
    assert ready(folder, 100) == ["scan.pdf"]


def test_temporary_files_sidecars_and_what_is_to_be_left_are_never_looked_at(root: Path) -> None:
    names = [".scan.pdf", "~$brief.docx", "a.tmp", "b.PART", "c.crdownload", "d.txt~", "Thumbs.db"]
    names += ["defaults.json", "los.pdf.json", "receipts.csv", "twee\nregels"]
    for name in [*names, "goed.pdf"]:
        (root / name).write_bytes(b"x")
    (root / ".git").mkdir()
    (root / ".git" / "x").write_bytes(b"x")
    (root / "done").mkdir()
    (root / "done" / "x").write_bytes(b"x")
    (root / "link.pdf").symlink_to(root / "goed.pdf")
    (root / "links").symlink_to(root.parent)
    os.mkfifo(root / "pijp")
    remarks: list[str] = []
    leave = [root / "receipts.csv", root / "done"]
    folder = HotFolder(root, settle=0, leave=leave, remark=remarks.append)
    for _ in range(2):
        assert [found.bestand for found in folder.look(0)] == ["goed.pdf"]
    (remark,) = remarks
    assert "'twee\\nregels' is left alone" in remark


def test_files_in_folders_go_by_their_path(root: Path) -> None:
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / os.fsdecode(b"caf\xe9.pdf")).write_bytes(b"x")
    (root / "z").write_bytes(b"x")
    found = [file.bestand for file in HotFolder(root, settle=0).look(0)]
    assert found == ["z", os.fsdecode(b"a/b/caf\xe9.pdf")]


def test_folders_are_followed_to_a_bound(root: Path) -> None:
    deep = root
    for _ in range(70):
        deep = deep / "x"
    deep.mkdir(parents=True)
    (deep / "scan.pdf").write_bytes(b"x")
    (root / ("x/" * 60) / "scan.pdf").write_bytes(b"x")
    assert len(HotFolder(root, settle=0).look(0)) == 1


def test_a_folder_that_is_not_there_is_an_error(root: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        HotFolder(root / "weg", settle=0).look(0)


def test_folders_and_files_that_cannot_be_looked_at_do_not_keep_the_others(root: Path) -> None:
    (root / "goed.pdf").write_bytes(b"x")
    at = os.open(root, os.O_RDONLY)
    for _ in range(17):  # until no path reaches so deep any more
        for name in ("x" * 240, "y" * 255):
            os.close(os.open(name, os.O_CREAT, dir_fd=at)) if name[0] == "y" else os.mkdir(name, dir_fd=at)
        below = os.open("x" * 240, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    found = [file.bestand for file in HotFolder(root, settle=0).look(0)]
    assert found[0] == "goed.pdf"
    assert 10 < len(found) < 18


def left(root: Path) -> HotFolder:
    for name in ("sub/scan.pdf", "sub/scan.pdf.json", "sub/scan.pdf.ok"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(name)
    return HotFolder(root, settle=0, marker=".ok")


def test_a_file_that_moves_takes_its_sidecar_and_marker_along(root: Path, tmp_path: Path) -> None:
    for _ in range(2):
        (found,) = left(root).look(0)
        MoveTo(tmp_path / "done", ".ok")(found)
    assert list((root / "sub").iterdir()) == []
    assert {file.name for file in (tmp_path / "done" / "sub").iterdir()} == {
        f"scan{number}.pdf{suffix}" for number in ("", "-1") for suffix in ("", ".json", ".ok")
    }


def test_a_file_that_is_deleted_leaves_nothing_of_its_own(root: Path) -> None:
    (found,) = left(root).look(0)
    Delete(".ok")(found)
    assert list((root / "sub").iterdir()) == []
    Delete(".ok")(found)


@pytest.mark.parametrize("how", ["move", "delete"])
def test_a_file_that_changed_meanwhile_stays_for_it_is_another(root: Path, tmp_path: Path, how: str) -> None:
    (found,) = left(root).look(0)
    (root / "sub" / "scan.pdf").write_text("the next scan")
    leaving = MoveTo(tmp_path / "done", "") if how == "move" else Delete("")
    leaving(found)
    stay(found)
    assert (root / "sub" / "scan.pdf").read_text() == "the next scan"
    assert (root / "sub" / "scan.pdf.json").exists()
