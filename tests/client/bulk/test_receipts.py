"""Receipts: durable, readable by people, and never believed when they are torn."""

from __future__ import annotations

import csv
import os
import resource
from pathlib import Path

import pytest

from dms.client.bulk.once import number_of
from dms.client.bulk.receipts import COLUMNS, FAILED, OK, Receipt, Receipts, ReceiptsBroken
from dms.client.failures import Failure, InUse

SHA = "ab" * 32


def ok(bestand: str = "a.pdf", number: str = "", print_: str = "17/x") -> Receipt:
    return Receipt(bestand, OK, "https://x/1", number or number_of(bestand, SHA), SHA, 10, "", print_)


def failed(bestand: str = "a.pdf", error: str = "nee", print_: str = "17/x") -> Receipt:
    return Receipt(bestand, FAILED, "", "", "", 10, error, print_)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "receipts.csv"


def test_a_receipt_is_a_line_that_a_spreadsheet_reads(file: Path) -> None:
    with Receipts(file) as receipts:
        receipts.append(ok("a,b.pdf"))
        receipts.append(failed("=cmd.pdf", "Ongeldig.\n  titel: \x1b[2Jleeg"))
    with file.open(newline="") as text:
        first, second = csv.DictReader(text)
    assert tuple(first) == COLUMNS
    assert (first["bestand"], first["status"], first["document"]) == ("a,b.pdf", "ok", "https://x/1")
    assert (first["sha256"], first["bytes"]) == (SHA, "10")
    assert first["moment"].endswith("Z")
    assert second["bestand"] == "./=cmd.pdf"
    assert second["error"] == "Ongeldig. titel: [2Jleeg"


@pytest.mark.parametrize("name", ["a.pdf", "=a.pdf", "map/-b.pdf", os.fsdecode(b"caf\xe9.pdf"), 'a"b.pdf'])
def test_what_succeeded_is_known_again_by_its_name_size_and_moment(file: Path, name: str) -> None:
    with Receipts(file) as receipts:
        receipts.append(ok(name))
    with Receipts(file) as receipts:
        assert receipts.succeeded(name, "", 10, "17/x")
        assert receipts.succeeded(name, "", 10, "17/other fields")
        assert not receipts.succeeded(name, "", 10, "18/x")
        assert not receipts.succeeded(name, "", 11, "17/x")
        assert not receipts.succeeded(name, "B-1", 10, "17/x")
        assert not receipts.failed(name, "", 10, "17/x")


def test_the_same_file_under_two_numbers_has_two_receipts(file: Path) -> None:
    with Receipts(file) as receipts:
        receipts.append(ok(number="B-1"))
        assert receipts.succeeded("a.pdf", "B-1", 10, "17/x")
        assert not receipts.succeeded("a.pdf", "", 10, "17/x")


def test_receipts_by_file_do_not_look_at_numbers(file: Path) -> None:
    with Receipts(file, by_file=True) as receipts:
        receipts.append(ok(number="B-1"))
        assert receipts.succeeded("a.pdf", "", 10, "17/x")


def test_what_failed_is_known_while_nothing_about_it_changed(file: Path) -> None:
    with Receipts(file) as receipts:
        receipts.append(failed())
        assert receipts.failed("a.pdf", "", 10, "17/x")
        assert not receipts.failed("a.pdf", "", 10, "17/other fields")
        assert not receipts.succeeded("a.pdf", "", 10, "17/x")
        receipts.append(ok())
        assert receipts.succeeded("a.pdf", "", 10, "17/x")


def test_a_last_line_that_a_crash_cut_off_does_not_count_wherever_it_was_cut(file: Path) -> None:
    with Receipts(file) as receipts:
        receipts.append(ok("a.pdf"))
        before = file.stat().st_size
        receipts.append(ok("b.pdf"))
    whole = file.read_bytes()
    for length in range(before, len(whole)):
        file.write_bytes(whole[:length])
        with Receipts(file) as receipts:
            assert receipts.succeeded("a.pdf", "", 10, "17/x")
            assert not receipts.succeeded("b.pdf", "", 10, "17/x")
        assert file.read_bytes() == whole[:before]


def test_a_header_that_a_crash_cut_off_is_written_anew(file: Path) -> None:
    with Receipts(file):
        pass
    header = file.read_bytes()
    for length in range(len(header)):
        file.write_bytes(header[:length])
        with Receipts(file):
            pass
        assert file.read_bytes() == header


@pytest.mark.parametrize("text", [b"bestand;titel\n", b"bestand,status,document\nx,y,z\n", b"x" * 200_000])
def test_a_file_that_is_something_else_is_never_written_to(file: Path, text: bytes) -> None:
    file.write_bytes(text)
    with pytest.raises(Failure, match="not a file of receipts"), Receipts(file):
        pass
    assert file.read_bytes() == text


def test_a_line_without_end_is_not_of_receipts(file: Path) -> None:
    with Receipts(file):
        pass
    with file.open("ab") as more:
        more.write(b"x" * 100_000)
    with pytest.raises(Failure, match="a line has no end"), Receipts(file):
        pass


def test_lines_that_a_person_made_are_passed_over(file: Path) -> None:
    with Receipts(file) as receipts:
        receipts.append(ok())
    with file.open("ab") as more:
        more.write(b'een notitie\nx,ok,,,,geen getal,,,\n"a\rb"c,d\n')
    with Receipts(file) as receipts:
        assert receipts.succeeded("a.pdf", "", 10, "17/x")


def test_only_one_process_writes_receipts_in_a_file(file: Path) -> None:
    with Receipts(file), pytest.raises(InUse, match=r"at work with .*receipts\.csv"), Receipts(file):
        pass


def test_looking_at_receipts_neither_makes_nor_holds_the_file(file: Path) -> None:
    assert not Receipts(file).peek().succeeded("a.pdf", "", 10, "17/x")
    assert not file.exists()
    with Receipts(file) as receipts:
        receipts.append(ok())
        assert Receipts(file).peek().succeeded("a.pdf", "", 10, "17/x")
    file.write_text("iets anders")
    assert not Receipts(file).peek().succeeded("a.pdf", "", 10, "17/x")
    with pytest.raises(Failure, match="cannot be read: Is a directory"):
        Receipts(file.parent).peek()


def test_a_place_where_receipts_cannot_be_is_told(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot be written: No such file"), Receipts(tmp_path / "weg" / "r"):
        pass


@pytest.mark.parametrize("room", [0, 40])
def test_a_receipt_that_does_not_fit_on_the_disk_leaves_nothing_behind(file: Path, room: int) -> None:
    with Receipts(file) as receipts:
        receipts.append(ok())
        before = file.read_bytes()
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + room, limits[1]))
        try:
            with pytest.raises(ReceiptsBroken, match="cannot be written"):
                receipts.append(ok("b.pdf"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert file.read_bytes() == before
        assert not receipts.succeeded("b.pdf", "", 10, "17/x")
