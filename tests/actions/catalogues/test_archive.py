"""Archives: what hostile and broken ones are refused for, and that what is written is read again."""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo

import pytest

from dms.actions.catalogues import archive
from dms.actions.catalogues.archive import BadArchive, read, write

NAMES = ("Catalogus", "ZaakType")
GOOD = b'[{"url": "https://a/1"}]'


def packed(*entries: tuple[str | ZipInfo, bytes], how: int = ZIP_DEFLATED) -> bytes:
    """A ZIP of these."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", how) as made:
        for name, body in entries:
            made.writestr(name, body, how)
    return buffer.getvalue()


def end(entries: int, directory: int, start: int, *, disk: int = 0) -> bytes:
    """The end of a ZIP that says this of its directory."""
    return struct.pack("<4s4H2LH", b"PK\5\6", disk, disk, entries, entries, directory, start, 0)


def refusal(tmp_path: Path, body: bytes) -> str:
    """Why a file with these bytes is refused."""
    file = tmp_path / "made.zip"
    file.write_bytes(body)
    with pytest.raises(BadArchive) as caught:
        read(file, NAMES)
    return str(caught.value)


def test_what_was_written_as_a_zip_is_read_again_and_always_the_same_bytes(tmp_path: Path) -> None:
    lists: dict[str, list[dict[str, Any]]] = {
        "ZaakType": [{"url": "é", "b": 1, "a": [None]}],
        "Catalogus": [{"url": "x"}],
    }
    for name in ("a.zip", "b.zip"):
        write(tmp_path / name, lists, NAMES)
    assert read(tmp_path / "a.zip", NAMES) == lists
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.zip", "b.zip"]


def test_a_folder_has_a_file_a_list_with_sorted_keys_and_keeps_what_is_not_ours(tmp_path: Path) -> None:
    folder = tmp_path / "catalogus"
    write(folder, {"Catalogus": [{"url": "x"}], "ZaakType": [{"b": 1, "a": 2}]}, NAMES)
    (folder / "README.md").write_text("hoi")
    assert (folder / "ZaakType.json").read_text() == '[\n  {\n    "a": 2,\n    "b": 1\n  }\n]\n'
    write(folder, {"Catalogus": [{"url": "y"}], "ZaakType": []}, NAMES)
    assert sorted(each.name for each in folder.iterdir()) == ["Catalogus.json", "README.md"]
    assert read(folder, NAMES) == {"Catalogus": [{"url": "y"}]}


def test_a_zip_that_was_added_to_file_by_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "made.zip"
    for name in NAMES:
        with ZipFile(file, "a") as made:
            made.writestr(f"{name}.json", GOOD)
    assert list(read(file, NAMES)) == list(NAMES)


@pytest.mark.parametrize(
    "name",
    [
        "../Catalogus.json",
        "/etc/Catalogus.json",
        "..\\Catalogus.json",
        "map/Catalogus.json",
        "Catalogus.json/",
        "catalogus.json",
        "Catalogus",
        "Catalogus.json.exe",
        "C:Catalogus.json",
        "\x1b[31mCatalogus.json",
        "x" * 60_000,
    ],
)
def test_a_name_that_is_no_list_is_refused_with_that_name(tmp_path: Path, name: str) -> None:
    reason = refusal(tmp_path, packed((name, GOOD)))
    assert "no part of a catalogue" in reason
    assert "\x1b" not in reason
    assert len(reason) < 200


def test_a_name_with_a_nul_is_not_read_as_what_stands_before_it(tmp_path: Path) -> None:
    body = packed(("Catalogus.json_x.json", GOOD)).replace(b"Catalogus.json_x", b"Catalogus.json\0x")
    assert "no part of a catalogue" in refusal(tmp_path, body)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_list_that_comes_twice_is_refused(tmp_path: Path) -> None:
    twice = packed(("Catalogus.json", GOOD), ("Catalogus.json", GOOD))
    assert refusal(tmp_path, twice) == "It holds Catalogus.json twice."


def test_a_link_and_a_device_in_a_zip_are_refused(tmp_path: Path) -> None:
    for mode in (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFDIR):
        info = ZipInfo("Catalogus.json")
        info.create_system, info.external_attr = 3, (mode | 0o777) << 16
        assert "ordinary file" in refusal(tmp_path, packed((info, b"/etc/passwd")))


@pytest.mark.parametrize("bit", [0x1, 0x40, 0x2000])
def test_an_encrypted_entry_is_refused(tmp_path: Path, bit: int) -> None:
    body = bytearray(packed(("Catalogus.json", GOOD)))
    at = body.rfind(b"PK\1\2")
    struct.pack_into("<H", body, at + 8, bit)
    assert "encrypted" in refusal(tmp_path, bytes(body))


@pytest.mark.parametrize("how", [ZIP_BZIP2, ZIP_LZMA])
def test_only_deflate_and_stored_are_read(tmp_path: Path, how: int) -> None:
    assert "deflate" in refusal(tmp_path, packed(("Catalogus.json", GOOD), how=how))


def test_a_bomb_that_tells_its_size_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = packed(("Catalogus.json", b" " * (archive.MOST_BYTES + 1)))
    assert len(bomb) < 200_000
    assert refusal(tmp_path, bomb) == f"Catalogus.json holds more than {archive.MOST_BYTES} bytes."


def test_a_bomb_that_lies_about_its_size_is_not_unpacked_further_than_it_says(tmp_path: Path) -> None:
    body = bytearray(packed(("Catalogus.json", b" " * 50_000_000)))
    for signature, offset in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        struct.pack_into("<L", body, body.rfind(signature) + offset, 10)
    assert "damaged" in refusal(tmp_path, bytes(body))


def test_a_size_is_held_to_while_it_is_read_whatever_the_header_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Catalogus.json").write_bytes(b" " * 2000)
    monkeypatch.setattr(archive, "MOST_BYTES", 1000)
    with pytest.raises(BadArchive, match=r"Catalogus\.json holds more than 1000 bytes"):
        read(tmp_path, NAMES)


def test_files_that_are_too_much_together_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES_IN_ALL", 30)
    body = packed(*((f"{name}.json", GOOD) for name in NAMES))
    assert "together hold more" in refusal(tmp_path, body)


def _a_million(count: int, size: int) -> Callable[[], bytes]:
    return lambda: bytes(size) + end(count, size, 0)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (_a_million(65, 100), "65 entries"),
        (_a_million(65_534, 50_000_000), "65534 entries"),
        (_a_million(1, 50_000_000), "1 entries"),
        (_a_million(0xFFFF, 100), "ZIP64"),
        (lambda: b"PK\6\6" + bytes(52) + b"PK\6\7" + bytes(16) + end(1, 76, 0), "ZIP64"),
        (lambda: end(1, 0xFFFFFFFF, 0), "ZIP64"),
        (lambda: end(1, 0, 0, disk=1), "several parts"),
        (lambda: b"", "neither a ZIP nor a folder"),
        (lambda: b"[]" * 100, "neither a ZIP nor a folder"),
        (lambda: b"PK\5\6", "neither a ZIP nor a folder"),
        (lambda: b"before" + packed(("Catalogus.json", GOOD)), "before or behind"),
        (lambda: packed(("Catalogus.json", GOOD)) + b"behind", "before or behind"),
        (lambda: bytes(10) + end(1, 10, 0), "damaged"),
    ],
)
def test_a_zip_is_refused_by_what_its_end_says_before_it_is_walked(
    tmp_path: Path, made: Callable[[], bytes], said: str
) -> None:
    assert said in refusal(tmp_path, made())


def test_a_directory_with_more_entries_than_its_end_says_is_refused(tmp_path: Path) -> None:
    body = packed(*((f"{number}.json", b"") for number in range(100)))
    at = body.rfind(b"PK\5\6")
    few = body[: at + 8] + struct.pack("<2H", 1, 1) + body[at + 12 :]
    assert "100 entries" in refusal(tmp_path, few)


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "made.zip"
    with file.open("wb") as opened:
        opened.truncate(archive.MOST_PACKED + 1)
    with pytest.raises(BadArchive, match="larger than"):
        read(file, NAMES)


def test_damaged_content_is_refused(tmp_path: Path) -> None:
    for how in (ZIP_STORED, ZIP_DEFLATED):
        body = bytearray(packed(("Catalogus.json", GOOD), how=how))
        body[46] ^= 0xFF
        assert "damaged" in refusal(tmp_path, bytes(body))
    raw = zlib.compress(GOOD)
    assert "damaged" in refusal(tmp_path, packed(("Catalogus.json", raw)).replace(b"\3\4", b"\3\5", 1))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{}", "not a list of objects"),
        (b"[1]", "not a list of objects"),
        (b"null", "not a list of objects"),
        (b"[", "not JSON"),
        (b"\xff\xfe[", "not JSON"),
        (b"[" * 5000 + b"]" * 5000, "not JSON"),
        (b'[{"a": 1, "a": 2}]', "duplicate key 'a'"),
        (b"[" + b"0," * archive.MOST_VALUES + b"0]", "values"),
    ],
)
def test_what_is_no_list_of_objects_is_refused(tmp_path: Path, body: bytes, said: str) -> None:
    assert said in refusal(tmp_path, packed(("Catalogus.json", body)))


def test_an_archive_without_any_list_is_refused(tmp_path: Path) -> None:
    assert "no list in it" in refusal(tmp_path, packed())


def test_a_folder_is_held_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = tmp_path / "Catalogus.json"
    link.symlink_to("/etc/passwd")
    with pytest.raises(BadArchive, match="ordinary file"):
        read(tmp_path, NAMES)
    link.unlink()
    (tmp_path / "zaaktype.JSON").touch()
    with pytest.raises(BadArchive, match="no part of a catalogue"):
        read(tmp_path, NAMES)
    (tmp_path / "zaaktype.JSON").unlink()
    for name in NAMES:
        (tmp_path / f"{name}.json").write_bytes(GOOD)
    monkeypatch.setattr(archive, "MOST_BYTES_IN_ALL", 30)
    with pytest.raises(BadArchive, match="together"):
        read(tmp_path, NAMES)
    for number in range(10_000):
        (tmp_path / f"{number}").touch()
    with pytest.raises(BadArchive, match="10000 files"):
        read(tmp_path, NAMES)


def test_what_is_neither_a_file_nor_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "weg.zip", NAMES)
    with pytest.raises(BadArchive, match="neither a ZIP nor a folder"):
        read(Path(os.devnull), NAMES)


def test_a_zip_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.zip").mkdir()
    with pytest.raises(OSError, match="irectory"):
        write(tmp_path / "a.zip", {"Catalogus": [{}]}, NAMES)
    assert [each.name for each in tmp_path.iterdir()] == ["a.zip"]
