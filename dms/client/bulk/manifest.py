"""A manifest: a CSV file with a row for each document, checked as a whole before anything is sent."""

from __future__ import annotations

import csv
import hashlib
import os
import stat
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from dms.client.bulk.fields import COLUMNS, WrongFields, checked, missing, of_cells, of_file
from dms.client.failures import Failure, printable

BESTAND = "bestand"
_LONGEST_LINE = 256 * 2**10
_MOST_TOLD = 200
_NAMES = {name.casefold(): name for name in (BESTAND, *COLUMNS)}


class Row(NamedTuple):
    """A document to be: the row's line, its file by the name it goes by (relative, with slashes), and the
    values that the row and the defaults give it."""

    line: int
    bestand: str
    file: Path
    size: int
    changed: int
    values: Mapping[str, Any]


class Wrong(NamedTuple):
    """What is wrong with a line."""

    line: int
    text: str

    def __str__(self) -> str:
        return printable(f"line {self.line}: {self.text}")


class Contents(NamedTuple):
    """What a manifest that is right asks for."""

    rows: int
    size: int


class BadManifest(Failure):
    """A manifest with problems, each with its line."""

    def __init__(self, path: Path, problems: list[Wrong], count: int) -> None:
        lines = [f"{path}: nothing was sent, because of {count} problem{'s' if count != 1 else ''}."]
        lines += [f"  {problem}" for problem in problems]
        if count > len(problems):
            lines.append(f"  … and {count - len(problems)} more")
        super().__init__("\n".join(lines))


class Manifest:
    """The rows of a CSV file, with commas or semicolons, in UTF-8; however many there are, one at a time.

    `defaults` are the values of columns that are not there and of cells that are empty.
    """

    def __init__(self, path: Path, defaults: Mapping[str, Any]) -> None:
        self.path = path
        self._folder = path.absolute().parent
        self._root = self._folder.resolve()
        self._defaults = defaults

    def check(self) -> Contents:
        """Read all of it. Raises `BadManifest` with all its problems, or the first of very many."""
        problems: list[Wrong] = []
        count = wrong = size = 0
        seen: dict[bytes, int] = {}
        for row in self.rows():
            found = [row] if isinstance(row, Wrong) else _twins(row, seen)
            problems += found[: _MOST_TOLD - len(problems)]
            wrong += len(found)
            if isinstance(row, Row):
                count, size = count + 1, size + row.size
        if not (count or wrong):
            problems, wrong = [Wrong(1, "there are no rows")], 1
        if wrong:
            raise BadManifest(self.path, problems, wrong)
        return Contents(count, size)

    def rows(self) -> Generator[Row | Wrong, None, None]:
        """Each row, or what is wrong with it; of a header without use, only what is wrong with that."""
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise Failure(f"{self.path} cannot be read: {error.strerror}.") from None
        with file:
            lines = _Lines(file)
            try:
                yield from self._rows(lines)
            except (csv.Error, _Unreadable) as error:
                yield Wrong(lines.number, str(error))

    def _rows(self, lines: _Lines) -> Iterator[Row | Wrong]:
        header, delimiter = _header(lines)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        columns = [
            _NAMES.get(name.strip().casefold(), "")
            for name in next(csv.reader([header], delimiter=delimiter))
        ]
        if problems := list(_column_problems(header, delimiter, columns)):
            yield from (Wrong(lines.number, text) for text in problems)
            return
        while True:
            line = lines.number + 1
            cells = next(reader, None)
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield from self._row(line, columns, cells)

    def _row(self, line: int, columns: list[str], cells: list[str]) -> Iterator[Row | Wrong]:
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            yield Wrong(
                line,
                f"{len(cells)} cells in a row, and {len(columns)} columns: is text with a "
                "separator in it quoted?",
            )
            return
        given = {name: cell for name, cell in zip(columns, cells, strict=False) if cell.strip()}
        bestand = given.pop(BESTAND, "").strip()
        problems: list[str] = []
        values: dict[str, Any] = dict(self._defaults)
        try:
            values |= checked(of_cells(given))
        except WrongFields as wrong:
            problems += wrong.problems
        try:
            found = self._located(bestand)
        except Failure as failure:
            problems.append(f"{BESTAND}: {failure}")
        else:
            name, file, size, changed = found
            told = of_file(file, changed / 1e9) | values
            if not problems:
                problems += [
                    f"{field}: required, and neither in the row nor given as an option"
                    for field in missing(told)
                ]
            if not problems:
                yield Row(line, name, file, size, changed, told)
        yield from (Wrong(line, text) for text in problems)

    def _located(self, bestand: str) -> tuple[str, Path, int, int]:
        """The file that a cell names: its name, path, size and moment of change. Raises `Failure`."""
        if not bestand:
            raise Failure("required: the path of the file, seen from the folder of the manifest")
        if not bestand.isprintable():
            raise Failure("holds characters that cannot be printed")
        name = os.path.normpath(bestand.replace("\\", "/"))
        file = self._folder / name
        try:
            if Path(name).is_absolute() or not file.resolve().is_relative_to(self._root):
                raise Failure(f"{bestand} is not within the folder of the manifest")
            found = file.stat()
        except (OSError, ValueError, RuntimeError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
            raise Failure(f"{bestand} cannot be read: {why}") from None
        if not stat.S_ISREG(found.st_mode):
            raise Failure(f"{bestand} is not a file")
        return name, file, found.st_size, found.st_mtime_ns


class _Unreadable(Exception):
    """The text of the manifest cannot be read on."""


class _Lines:
    """The lines of a file as text, counted, and none without bound."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(_LONGEST_LINE + 1)
        if not raw:
            raise StopIteration
        self.number += 1
        if len(raw) > _LONGEST_LINE:
            raise _Unreadable(f"longer than {_LONGEST_LINE} bytes: is this a CSV file?")
        try:
            return raw.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise _Unreadable("not UTF-8: save it as 'CSV UTF-8'") from None


def _header(lines: _Lines) -> tuple[str, str]:
    """The line with the names of the columns, and what separates them."""
    header = next(lines, "").strip("\r\n")
    if header.lower() in ("sep=;", "sep=,"):  # as Excel likes to be told
        return next(lines, "").strip("\r\n"), header[-1]
    return header, ";" if header.count(";") > header.count(",") else ","


def _column_problems(header: str, delimiter: str, columns: list[str]) -> Iterator[str]:
    names = next(csv.reader([header], delimiter=delimiter))
    for name, column in zip(names, columns, strict=True):
        if not column:
            known = ", ".join(_NAMES.values())
            yield f"{name[:60]!r} is not a column of a manifest. Columns are: {known}"
        elif columns.count(column) > 1 and columns.index(column) == names.index(name):
            yield f"column {column} is there more than once"
    if BESTAND not in columns:
        yield f"the column {BESTAND} is missing, with the path of each file"


def _twins(row: Row, seen: dict[bytes, int]) -> list[Wrong]:
    """Rows before this one that would become the same document, or try to."""
    number = row.values.get("identificatie") or ""
    if number:
        key, what = f"{row.values['bronorganisatie']}\n{number}", f"identificatie {number} is"
    else:
        key, what = f"\n\n{row.bestand}", f"{row.bestand} is without identificatie"
    digest = hashlib.blake2b(key.encode(errors="surrogateescape"), digest_size=16).digest()
    before = seen.setdefault(digest, row.line)
    return [] if before == row.line else [Wrong(row.line, f"{what} in line {before} already")]
