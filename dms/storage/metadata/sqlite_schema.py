"""What stands in the SQLite file: its tables, indexes and triggers, made and kept as they are declared."""

# ruff: noqa: S608 - SQL cannot bind names; those put into it are checked, values are always bound.

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dms.storage.metadata.port import Collection, Index, NewerSchema, NotUnique

VERSION = 1

# json_each gives a scalar as if it were a list of one, and the values of an object too.
IS_ELEMENT = "atom IS NOT NULL AND typeof(key) = 'integer'"

_BUSY_SECONDS = 30.0
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_BROKEN_INDEX = re.compile(r"index '[^.]+\.(.+)'")
# Collections contain no point and index names no colon, so no two of these names are the same.
_OWN_TABLES = (
    "CREATE TABLE IF NOT EXISTS _counts(collection TEXT PRIMARY KEY, records INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS _numbers(series TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID",
)


@dataclass(frozen=True, slots=True)
class _Part:
    """A table, index or trigger; `fill` makes it agree with the records that are there already."""

    kind: str
    name: str
    sql: str
    fill: str = ""


def connect(path: Path, *, durable: bool, writes: bool) -> sqlite3.Connection:
    """A connection in autocommit, to be used by one thread at a time. Raises sqlite3.Error."""
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    for setting in (
        "journal_mode = WAL",
        f"synchronous = {'FULL' if durable else 'NORMAL'}",
        "temp_store = MEMORY",
        f"cache_size = -{64_000 if writes else 16_000}",
        f"mmap_size = {256 * 2**20}",
        "wal_autocheckpoint = 4000",
        f"journal_size_limit = {64 * 2**20}",
        # What is destroyed may not be read back from the free pages of the file.
        "secure_delete = ON",
        f"query_only = {'OFF' if writes else 'ON'}",
    ):
        connection.execute(f"PRAGMA {setting}")
    if not writes:
        # Bodies go to the JSON parser as they are.
        connection.text_factory = bytes
    return connection


def prepare(connection: sqlite3.Connection, collections: Sequence[Collection]) -> None:
    """Make what is declared and is not there yet, and drop the indexes that are no longer declared.

    Raises `NewerSchema`, and `NotUnique` if records break a unique index that is new.
    """
    _refuse_newer(connection)
    wanted = {part.name: part for each in collections for part in _parts(each)}
    if len(wanted) != sum(1 for each in collections for _ in _parts(each)):
        raise ValueError("two collections, or two indexes of one collection, have the same name")
    if not any(_differences(connection, collections, wanted)) and _version(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        # Another process may have done it while this one waited.
        _refuse_newer(connection)
        for table in _OWN_TABLES:
            connection.execute(table)
        outdated, missing = _differences(connection, collections, wanted)
        for kind, name in outdated:
            # An index may have gone with its table.
            connection.execute(f"DROP {kind} IF EXISTS {quoted(name)}")
        for part in missing:
            _make(connection, part)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def quoted(name: str) -> str:
    """The name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


@cache
def expression(field: str, row: str = "") -> str:
    """The SQL for the value of a field, NULL if null or missing. Indexes serve only this very expression."""
    return "id" if field == "_id" else f"json_extract({row}body, {_path(field)})"


@cache
def elements(field: str, row: str = "") -> str:
    """The SQL for a source of the elements of a field, each as `atom`, where `IS_ELEMENT` holds."""
    return f"json_each({row}body, {_path(field)})"


def elements_table(collection: Collection, index: Index) -> str:
    """The name of the table of (value, seq) that serves this index."""
    return f"{collection.name}.{index.name}:elements"


def broken_index(error: sqlite3.IntegrityError) -> str:
    """The name of the index whose uniqueness was broken, or `_id`."""
    found = _BROKEN_INDEX.search(str(error))
    return found[1] if found else "_id"


def _path(field: str) -> str:
    if not _FIELD.fullmatch(field):
        raise ValueError(f"not a field: {field!r}")
    return f"'$.{field}'"


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _refuse_newer(connection: sqlite3.Connection) -> None:
    if (version := _version(connection)) > VERSION:
        raise NewerSchema("The metadata file", version, VERSION)


def _differences(
    connection: sqlite3.Connection, collections: Sequence[Collection], wanted: dict[str, _Part]
) -> tuple[list[tuple[str, str]], list[_Part]]:
    """What is there and should not be, as kind and name, and what is to be made."""
    owners = {collection.name for collection in collections}
    there = {
        name: (kind, sql)
        for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_schema")
        if name.partition(".")[0] in owners
    }
    # A collection's own table, which alone has a name without a point, is never dropped.
    outdated = sorted(
        (kind, name)
        for name, (kind, sql) in there.items()
        if "." in name and (name not in wanted or wanted[name].sql != sql)
    )
    gone = {name for _, name in outdated}
    return outdated, [part for name, part in wanted.items() if name not in there or name in gone]


def _make(connection: sqlite3.Connection, part: _Part) -> None:
    try:
        connection.execute(part.sql)
    except sqlite3.IntegrityError as error:
        raise NotUnique(part.name.partition(".")[0], broken_index(error)) from error
    if part.fill:
        connection.execute(part.fill)


def _parts(collection: Collection) -> Iterator[_Part]:
    collection.must_have_a_name()
    name, table = collection.name, quoted(collection.name)
    yield _Part(
        "table",
        name,
        f"CREATE TABLE {table}(seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, "
        "rev INTEGER NOT NULL, body TEXT NOT NULL)",
        f"INSERT INTO _counts VALUES ('{name}', 0)",
    )
    # The order of insertion without the bodies between, for pages deep down.
    yield _index(f"{name}.:seq", f"{table}(seq)")
    yield _trigger(f"{name}.:inserted", f"INSERT ON {table}", _counted(name, "+"))
    yield _trigger(f"{name}.:removed", f"DELETE ON {table}", _counted(name, "-"))
    for index in dict.fromkeys(collection.indexes):
        if index.elements:
            yield from _elements(collection, index)
        else:
            columns = ", ".join("seq" if field == "_created" else expression(field) for field in index.fields)
            yield _index(f"{name}.{index.name}", f"{table}({columns})", unique=index.unique)


def _elements(collection: Collection, index: Index) -> Iterator[_Part]:
    """A side table, kept by triggers so that no writer can forget it."""
    (field,) = index.fields
    stem, table, side = (
        f"{collection.name}.{index.name}",
        quoted(collection.name),
        elements_table(collection, index),
    )
    # OR IGNORE, as a list may hold a value twice.
    fill = f"INSERT OR IGNORE INTO {quoted(side)} SELECT atom, {{}} FROM {{}} WHERE {IS_ELEMENT}"
    filled = fill.format("new.seq", elements(field, "new."))
    emptied = f"DELETE FROM {quoted(side)} WHERE seq = old.seq"
    changed = f"{expression(field, 'old.')} IS NOT {expression(field, 'new.')}"
    yield _Part(
        "table",
        side,
        f"CREATE TABLE {quoted(side)}(value NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (value, seq)) "
        "WITHOUT ROWID",
        fill.format("seq", f"{table}, {elements(field)}"),
    )
    yield _index(f"{stem}:seq", f"{quoted(side)}(seq)")
    yield _trigger(f"{stem}:inserted", f"INSERT ON {table}", filled)
    yield _trigger(f"{stem}:removed", f"DELETE ON {table}", emptied)
    yield _trigger(f"{stem}:replaced", f"UPDATE OF body ON {table} WHEN {changed}", f"{emptied}; {filled}")


def _index(name: str, columns: str, *, unique: bool = False) -> _Part:
    return _Part("index", name, f"CREATE {'UNIQUE ' if unique else ''}INDEX {quoted(name)} ON {columns}")


def _trigger(name: str, event: str, action: str) -> _Part:
    return _Part("trigger", name, f"CREATE TRIGGER {quoted(name)} AFTER {event} BEGIN {action}; END")


def _counted(name: str, sign: str) -> str:
    return f"UPDATE _counts SET records = records {sign} 1 WHERE collection = '{name}'"
