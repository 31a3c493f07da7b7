"""An archive of lists in JSON: a ZIP, or a folder for git. What others made is read with bounds on all of it,
and refused whole if anything about it is odd; what is written is the same for the same lists."""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import orjson

from dms.model.json_text import Malformed, parse_json

Lists: TypeAlias = Mapping[str, list[dict[str, Any]]]
"""Records by the name of their list, which is the name of its file without `.json`."""

MOST_ENTRIES = 64
"""An archive has one file a resource, of which there are ten."""
MOST_DIRECTORY = 64 * 1024
"""Bytes of the ZIP's directory; a file takes about a hundred."""
MOST_PACKED = 64 * 2**20
"""Bytes of a whole ZIP: a catalogue of ten thousand zaaktypen takes less."""
MOST_BYTES = 64 * 2**20
"""Bytes of one file: what belongs to ten thousand zaaktypen takes less."""
MOST_BYTES_IN_ALL = 160 * 2**20
"""Bytes of all files: they are held in memory, as a catalogue is taken over whole."""
MOST_VALUES = 5_000_000
"""Members and elements of one file: small ones take more memory than their text."""

_CHUNK = 2**18
_END = struct.Struct("<4s4H2LH")
_SIGNATURE = b"PK\5\6"
_LOCATOR = b"PK\6\7"
"""Before the end, it leads to a second end that may say anything about the directory."""
_LONGEST_COMMENT = 2**16 - 1
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_THE_SAME_DAY = (1980, 1, 1, 0, 0, 0)


class BadArchive(Exception):
    """It is not read. Its text says why, for whoever has the archive; nothing of it was used."""


def read(path: Path, names: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The lists in a ZIP or a folder, of those with these names. Raises `BadArchive`, and OSError if there is
    nothing that can be read."""
    lists: dict[str, list[dict[str, Any]]] = {}
    room = MOST_BYTES_IN_ALL
    for name, body in _folder(path, names) if path.is_dir() else _zip(path, names):
        room -= len(body)
        if room < 0:
            raise BadArchive(f"The files together hold more than {MOST_BYTES_IN_ALL} bytes.")
        lists[name] = _records(name, body)
    if not lists:
        raise BadArchive(f"There is no list in it: none of {', '.join(sorted(names))} with .json behind it.")
    return lists


def _records(name: str, body: bytes) -> list[dict[str, Any]]:
    if body.count(b",") + body.count(b"{") + body.count(b"[") > MOST_VALUES:
        raise BadArchive(f"{name}.json holds more than {MOST_VALUES} values.")
    try:
        records = parse_json(body)
    except Malformed as error:
        raise BadArchive(f"{name}.json is not JSON: {error.reason}.") from None
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise BadArchive(f"{name}.json is not a list of objects.")
    return records


def _folder(path: Path, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """What git and people put beside the lists is no matter, but a JSON file with another name is a slip."""
    for count, entry in enumerate(sorted(path.iterdir())):
        if count >= 10_000:
            raise BadArchive("The folder holds more than 10000 files.")
        if entry.suffix.lower() != ".json":
            continue
        name = _known(entry.name, names)
        if not stat.S_ISREG(entry.lstat().st_mode):
            raise BadArchive(f"{entry.name} is not an ordinary file.")
        with entry.open("rb") as opened:
            yield name, _whole(opened, entry.name)


def _known(file: str, names: Collection[str]) -> str:
    name = file.removesuffix(".json")
    if name == file or name not in names:
        shown = file.encode("ascii", "backslashreplace").decode()[:80]
        raise BadArchive(f"It holds {shown!r}, which is no part of a catalogue.")
    return name


def _whole(opened: Any, name: str) -> bytes:
    """All that can be read, if that is not too much: what a header says of the size is not believed."""
    chunks, room = [], MOST_BYTES
    while chunk := opened.read(_CHUNK):
        room -= len(chunk)
        if room < 0:
            raise BadArchive(f"{name} holds more than {MOST_BYTES} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def _zip(path: Path, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
    if not stat.S_ISREG(path.stat().st_mode):
        raise BadArchive("It is neither a ZIP nor a folder.")
    with path.open("rb") as opened:
        _look_at_its_end(opened)
        try:
            with ZipFile(opened) as archive:
                for name, entry in _entries(archive.infolist(), names).items():
                    with archive.open(entry) as file:
                        body = _whole(file, entry.filename)
                    yield name, body
        except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error) as error:
            raise BadArchive(f"The ZIP is damaged: {error}.") from None


def _look_at_its_end(opened: BinaryIO) -> None:
    """Refuse by its size, and by what stands at its end about its directory, before anything walks through
    that."""
    size = opened.seek(0, os.SEEK_END)
    if size > MOST_PACKED:
        raise BadArchive(f"It is larger than {MOST_PACKED} bytes.")
    opened.seek(max(size - _END.size - _LONGEST_COMMENT, 0))
    tail = opened.read()
    at = tail.rfind(_SIGNATURE)
    if at < 0 or len(tail) - at < _END.size:
        raise BadArchive("It is neither a ZIP nor a folder.")
    _, disk, first_disk, here, entries, directory, start, comment = _END.unpack_from(tail, at)
    end = size - len(tail) + at
    is_long = entries == 0xFFFF or 0xFFFFFFFF in (directory, start) or _LOCATOR in tail[max(at - 20, 0) : at]
    if disk or first_disk or here != entries or is_long:
        raise BadArchive("It is a ZIP in several parts, or a ZIP64: a catalogue needs neither.")
    if entries > MOST_ENTRIES or directory > MOST_DIRECTORY:
        raise BadArchive(f"It holds {entries} entries; a catalogue has at most {MOST_ENTRIES}.")
    if start + directory != end or at + _END.size + comment != len(tail):
        raise BadArchive("The ZIP is damaged, or there is something before or behind it.")
    opened.seek(0)


def _entries(infos: list[ZipInfo], names: Collection[str]) -> dict[str, ZipInfo]:
    entries: dict[str, ZipInfo] = {}
    if len(infos) > MOST_ENTRIES:
        raise BadArchive(f"It holds {len(infos)} entries; a catalogue has at most {MOST_ENTRIES}.")
    for info in infos:
        # zipfile ends a name at its first NUL, and turns separators of other systems.
        name = _known(info.orig_filename, names)
        if info.filename != info.orig_filename or name in entries:
            raise BadArchive(f"It holds {name}.json twice.")
        if info.flag_bits & _ENCRYPTED:
            raise BadArchive(f"{info.filename} is encrypted.")
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise BadArchive(f"{info.filename} is packed in a way that is not read; deflate is.")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise BadArchive(f"{info.filename} is not an ordinary file.")
        if info.file_size > MOST_BYTES:
            raise BadArchive(f"{info.filename} holds more than {MOST_BYTES} bytes.")
        entries[name] = info
    return entries


def write(path: Path, lists: Lists, names: Collection[str]) -> None:
    """Write the lists as a ZIP, or as files in a folder if the path has no `.zip` at its end: the same bytes
    for the same lists. An empty list has no file; other files in the folder stay. Files come whole."""
    bodies = {f"{name}.json": _text(lists[name]) for name in names if lists.get(name)}
    if path.suffix.lower() == ".zip":
        _write_zip(path, bodies)
        return
    path.mkdir(parents=True, exist_ok=True)
    for file in (f"{name}.json" for name in names):
        if file in bodies:
            draft = path / f".{file}.{os.getpid()}"
            draft.write_bytes(bodies[file])
            draft.replace(path / file)
        else:
            (path / file).unlink(missing_ok=True)


def _write_zip(path: Path, bodies: Mapping[str, bytes]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with ZipFile(draft, "x") as archive:
            for file, body in bodies.items():
                info = ZipInfo(file, _THE_SAME_DAY)
                info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16
                archive.writestr(info, body, ZIP_DEFLATED, 9)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _text(records: list[dict[str, Any]]) -> bytes:
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(records, option=options)
