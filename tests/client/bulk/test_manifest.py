"""Manifests as people and spreadsheets make them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dms.client.bulk.manifest import BadManifest, Manifest, Row, Wrong
from dms.client.failures import Failure

DEFAULTS = {
    "informatieobjecttype": "https://catalogi.example.nl/typen/1",
    "bronorganisatie": "000000000",
    "auteur": "Postkamer",
    "taal": "nld",
}
Make = Callable[..., Manifest]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A manifest beside files a.pdf, b.pdf and sub/c.pdf, with defaults for all that is required."""
    (tmp_path / "sub").mkdir()
    for name in ("a.pdf", "b.pdf", "sub/c.pdf"):
        (tmp_path / name).write_text(name)

    def made(text: str | bytes, **defaults: str) -> Manifest:
        file = tmp_path / "post.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Manifest(file, defaults or DEFAULTS)

    return made


def rows(manifest: Manifest) -> list[Row]:
    manifest.check()
    return [row for row in manifest.rows() if isinstance(row, Row)]


def problems(manifest: Manifest) -> str:
    with pytest.raises(BadManifest) as refused:
        manifest.check()
    return str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "bestand,titel\na.pdf,Een\nsub/c.pdf,Twee\n",
        "bestand;titel\r\na.pdf;Een\r\nsub\\c.pdf;Twee",
        "\ufeffBestand;TITEL\n\na.pdf;Een\n;;\nsub/../sub/c.pdf;Twee\n",
        "sep=;\r\nbestand;titel\r\na.pdf;Een\r\nsub/c.pdf;Twee;;\r\n",
        'titel,bestand\n"Een","a.pdf"\n"Twee","./sub/c.pdf"\n',
    ],
    ids=["commas", "semicolons", "byte order mark", "sep", "quotes"],
)
def test_a_manifest_is_read_however_a_spreadsheet_wrote_it(make: Make, text: str) -> None:
    found = [(row.bestand, row.values["titel"]) for row in rows(make(text))]
    assert found == [("a.pdf", "Een"), ("sub/c.pdf", "Twee")]


def test_a_row_goes_before_the_options_and_these_before_what_the_file_says(make: Make) -> None:
    (row,) = rows(make("bestand,auteur,titel\na.pdf,J. Jansen,\n", **DEFAULTS, formaat="text/x-brief"))
    assert row.values["auteur"] == "J. Jansen"
    assert row.values["taal"] == "nld"
    assert row.values["formaat"] == "text/x-brief"
    assert row.values["titel"] == row.values["bestandsnaam"] == "a.pdf"
    assert row.size == 5


def test_a_manifest_that_is_right_tells_how_much_there_is(make: Make) -> None:
    assert make("bestand\na.pdf\nsub/c.pdf\n").check() == (2, 14)


def test_all_problems_of_a_manifest_are_told_at_once_with_their_lines(make: Make) -> None:
    text = 'bestand,taal,titel\nweg.pdf,nld,\na.pdf,nederlands,"twee\nregels"\n,nld,\na.pdf,nld,x,y\n'
    told = problems(make(text))
    assert "nothing was sent, because of 4 problems" in told
    assert "line 2: bestand: weg.pdf cannot be read: No such file" in told
    assert "line 3: taal: String should have at most 3 characters ('nederlands')" in told
    assert "line 5: bestand: required" in told
    assert "line 6: 4 cells in a row, and 3 columns" in told


def test_columns_that_do_not_exist_are_named_with_those_that_do(make: Make) -> None:
    told = problems(make("bestnd,titel,titel\na.pdf,x,y\n"))
    assert "line 1: 'bestnd' is not a column of a manifest. Columns are: bestand, identificatie" in told
    assert "line 1: column titel is there more than once" in told
    assert "line 1: the column bestand is missing" in told


def test_what_is_required_and_given_nowhere_is_asked_for(make: Make) -> None:
    told = problems(make("bestand\na.pdf\n", taal="nld"))
    assert "line 2: informatieobjecttype: required, and neither in the row nor given as an option" in told
    assert "line 2: bronorganisatie: required" in told
    assert "line 2: auteur: required" in told


@pytest.mark.parametrize(
    "path", ["../buiten.pdf", "/etc/passwd", "sub/../../buiten.pdf", "link.pdf", "dir/x"]
)
def test_a_path_never_leaves_the_folder_of_the_manifest(make: Make, tmp_path: Path, path: str) -> None:
    (tmp_path.parent / "buiten.pdf").write_text("x")
    (tmp_path / "link.pdf").symlink_to(tmp_path.parent / "buiten.pdf")
    (tmp_path / "dir").symlink_to(tmp_path.parent)
    assert f"{path} is not within the folder of the manifest" in problems(make(f"bestand\n{path}\n"))


def test_a_file_must_be_a_file_with_a_name_that_can_be_printed(make: Make, tmp_path: Path) -> None:
    (tmp_path / "lus").symlink_to(tmp_path / "lus")
    told = problems(make('bestand\nsub\n"a\tb"\nlus\n' + "x" * 300 + "\n"))
    assert "line 2: bestand: sub is not a file" in told
    assert "line 3: bestand: holds characters that cannot be printed" in told
    assert "line 4: bestand: lus cannot be read" in told
    assert "line 5: bestand: xxx" in told


def test_two_rows_that_would_be_the_same_document_are_refused(make: Make) -> None:
    told = problems(make("bestand,identificatie\na.pdf,\na.pdf,B-1\n./a.pdf,\nb.pdf,B-1\n"))
    assert "because of 2 problems" in told
    assert "line 4: a.pdf is without identificatie in line 2 already" in told
    assert "line 5: identificatie B-1 is in line 3 already" in told


def test_the_same_identificatie_of_another_organisation_is_another_document(make: Make) -> None:
    text = "bestand,identificatie,bronorganisatie\na.pdf,B-1,\nb.pdf,B-1,123456782\n"
    assert make(text).check().rows == 2


@pytest.mark.parametrize("text", ["", "bestand\n", "bestand\n\n\n"])
def test_a_manifest_without_rows_is_a_mistake(make: Make, text: str) -> None:
    assert "nothing was sent, because of" in problems(make(text))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("bestand,titel\na.pdf,caf\xe9\n".encode("cp1252"), "line 2: not UTF-8: save it as 'CSV UTF-8'"),
        ("bestand\na.pdf\n".encode("utf-16"), "line 1: not UTF-8"),
        (b'bestand\n"a.pdf"x\n', "line 2: "),
        (b"bestand\n" + b"x" * 300_000, "line 2: longer than 262144 bytes"),
        (b'bestand\n"' + b"x\n" * 200_000, "field larger than field limit"),
    ],
    ids=["cp1252", "utf-16", "quotes", "endless line", "endless cell"],
)
def test_what_is_no_csv_is_told_by_the_line_where_it_stops_to_be(
    make: Make, text: bytes, problem: str
) -> None:
    assert problem in problems(make(text))


def test_of_very_many_problems_the_first_are_shown_and_the_rest_counted(make: Make) -> None:
    told = problems(make("bestand\n" + "weg.pdf\n" * 1000))
    assert "because of 1000 problems" in told
    assert "… and 800 more" in told
    assert told.count("\n") == 201


def test_a_row_whose_file_goes_after_the_check_is_wrong_and_the_others_go(make: Make, tmp_path: Path) -> None:
    manifest = make("bestand\na.pdf\nb.pdf\n")
    manifest.check()
    (tmp_path / "a.pdf").unlink()
    first, second = manifest.rows()
    assert isinstance(first, Wrong)
    assert isinstance(second, Row)


def test_a_manifest_that_cannot_be_read_is_told_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"post\.csv cannot be read: No such file"):
        Manifest(tmp_path / "post.csv", {}).check()


def test_a_manifest_may_be_named_from_where_one_stands(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("bestand\nsub/c.pdf\n")
    monkeypatch.chdir(tmp_path / "sub")
    (row,) = rows(Manifest(Path("..") / "post.csv", DEFAULTS))
    assert (row.bestand, row.file.samefile("c.pdf")) == ("sub/c.pdf", True)
