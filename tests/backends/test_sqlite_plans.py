"""Searches that an index serves do not read the table for it, nor sort."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dms.model.query import (
    BY_ID,
    EVERYTHING,
    NEWEST_FIRST,
    OLDEST_FIRST,
    And,
    AnyElement,
    By,
    Contains,
    Equals,
    In,
    IsNull,
    Or,
    Order,
    Prefix,
    Query,
    Range,
)
from dms.storage.metadata.sqlite_query import Compiler, Statement
from dms.storage.metadata.sqlite_schema import connect, prepare
from tests.contracts.metadata_searches import INDEXED


@pytest.fixture
def file(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file that holds all that is declared."""
    with closing(connect(tmp_path / "metadata.db", durable=False, writes=True)) as file:
        prepare(file, [INDEXED])
        yield file


def planned(file: sqlite3.Connection, statement: Statement) -> list[str]:
    """The steps by which SQLite will run it. Versions differ in which of them they call covering."""
    plan = file.execute(f"EXPLAIN QUERY PLAN {statement.sql}", statement.values)
    return [step.replace("COVERING INDEX", "INDEX") for _, _, _, step in plan]


def sorts(plan: list[str]) -> bool:
    """Whether something is put in order only after all of it was found."""
    return any("TEMP B-TREE" in step for step in plan)


@pytest.mark.parametrize(
    ("query", "order", "steps"),
    [
        (EVERYTHING, NEWEST_FIRST, ["SCAN geindexeerd USING INDEX geindexeerd.:seq"]),
        (EVERYTHING, OLDEST_FIRST, ["SCAN geindexeerd USING INDEX geindexeerd.:seq"]),
        (EVERYTHING, BY_ID, ["SCAN geindexeerd USING INDEX sqlite_autoindex_geindexeerd_1"]),
        (
            Range("_id", gt="x"),
            BY_ID,
            ["SEARCH geindexeerd USING INDEX sqlite_autoindex_geindexeerd_1 (id>?)"],
        ),
        (
            Equals("tekst", "x"),
            NEWEST_FIRST,
            ["SEARCH geindexeerd USING INDEX geindexeerd.tekst (<expr>=?)"],
        ),
        (EVERYTHING, (By("tekst"),), ["SCAN geindexeerd USING INDEX geindexeerd.tekst"]),
        (EVERYTHING, (By("tekst", descending=True),), ["SCAN geindexeerd USING INDEX geindexeerd.tekst"]),
        (
            And((Equals("groep.tekst", "x"), Range("groep.getal", gt=3))),
            (By("groep.getal"),),
            [
                "SEARCH geindexeerd USING INDEX geindexeerd.groep_tekst_groep_getal "
                "(<expr>=? AND <expr>>? AND <expr><?)"
            ],
        ),
        (
            Prefix("tekst", "x"),
            (By("tekst"),),
            ["SEARCH geindexeerd USING INDEX geindexeerd.tekst (<expr>>? AND <expr><?)"],
        ),
        (
            AnyElement("groep.lijst", "x"),
            NEWEST_FIRST,
            ["SEARCH _0 USING PRIMARY KEY (value=?)"],
        ),
        (
            And((AnyElement("groep.lijst", "x"), AnyElement("groep.lijst", "y"))),
            NEWEST_FIRST,
            [
                "SEARCH _0 USING PRIMARY KEY (value=?)",
                "SEARCH _1 USING INDEX geindexeerd.groep_lijst:seq (seq=? AND value=?)",
            ],
        ),
    ],
)
def test_an_index_serves_the_search_and_its_order(
    file: sqlite3.Connection, query: Query, order: Order, steps: list[str]
) -> None:
    plan = planned(file, Compiler(INDEXED).find(query, order, 100, 0))
    reads = [step for step in plan if step.startswith(("SCAN", "SEARCH")) and step != "SCAN page"]
    assert reads == [*steps, "SEARCH geindexeerd USING INTEGER PRIMARY KEY (rowid=?)"]
    assert not sorts(plan)


@pytest.mark.parametrize("order", [NEWEST_FIRST, OLDEST_FIRST])
def test_alternatives_are_merged_in_order_without_sorting(file: sqlite3.Connection, order: Order) -> None:
    rights = tuple(And((Equals("tekst", f"{n}"), Range("groep.getal", lte=n))) for n in range(100))
    query = And((Or((*rights, AnyElement("groep.lijst", "x"))), IsNull("groep.waar", False)))
    plan = planned(file, Compiler(INDEXED).find(query, order, 100, 0))
    assert plan.count("MERGE (UNION)") == 100
    assert plan.count("SEARCH geindexeerd USING INDEX geindexeerd.tekst (<expr>=?)") == 100
    assert not any(step.startswith("SCAN geindexeerd") for step in plan)
    assert not sorts(plan)


@pytest.mark.parametrize(
    ("query", "step"),
    [
        (EVERYTHING, "SEARCH _counts USING PRIMARY KEY (collection=?)"),
        (And((And(()), And(()))), "SEARCH _counts USING PRIMARY KEY (collection=?)"),
        (Equals("tekst", "x"), "SEARCH geindexeerd USING INDEX geindexeerd.tekst (<expr>=?)"),
        (In("tekst", ("x", "y")), "SEARCH geindexeerd USING INDEX geindexeerd.tekst (<expr>=?)"),
        (IsNull("tekst"), "SEARCH geindexeerd USING INDEX geindexeerd.tekst (<expr>=?)"),
        (AnyElement("groep.lijst", "x"), "SEARCH _0 USING PRIMARY KEY (value=?)"),
    ],
)
def test_counting_what_an_index_knows_reads_no_record(
    file: sqlite3.Connection, query: Query, step: str
) -> None:
    assert planned(file, Compiler(INDEXED).count(query))[0] == step


@pytest.mark.parametrize("field", ["", "a b", "a.", ".a", "a'b", 'a"', "$.a", "a[0]", "é", "a\n", "1a"])
def test_a_field_that_is_no_path_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="not a field"):
        Compiler(INDEXED).count(Contains(field, "x"))
