"""The fields that people give, as cells and as JSON."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from dms.client.bulk.fields import COLUMNS, WrongFields, checked, missing, of_cells, of_file
from dms.documenten.resources.enkelvoudiginformatieobjecten import ENKELVOUDIGINFORMATIEOBJECTEN


def test_the_columns_are_all_that_a_client_writes_in_the_standard_except_the_content() -> None:
    record = ENKELVOUDIGINFORMATIEOBJECTEN.record
    writable = {
        field.alias or name
        for name, field in record.model_fields.items()
        if not any("ReadOnly" in repr(mark) for mark in field.metadata)
    }
    assert {column.partition(".")[0] for column in COLUMNS} == writable - {"bestandsomvang", "url"}


def test_cells_as_dutch_spreadsheets_write_them_become_values_of_the_standard() -> None:
    cells = {
        "titel": "  Bezwaarschrift ",
        "creatiedatum": "3-11-2026",
        "ontvangstdatum": "2026-11-24",
        "trefwoorden": "bezwaar, , parkeren",
        "indicatieGebruiksrecht": "Nee",
        "tonenAanInitiator": "waar",
        "ondertekening.soort": "digitaal",
        "ondertekening.datum": "04-11-2026",
    }
    assert checked(of_cells(cells)) == {
        "titel": "Bezwaarschrift",
        "creatiedatum": "2026-11-03",
        "ontvangstdatum": "2026-11-24",
        "trefwoorden": ["bezwaar", "parkeren"],
        "indicatieGebruiksrecht": False,
        "tonenAanInitiator": True,
        "ondertekening": {"soort": "digitaal", "datum": "2026-11-04"},
    }


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"titel": "x" * 201}, "titel: String should have at most 200 characters"),
        ({"creatiedatum": "31-02-2026"}, "creatiedatum: Gebruik een bestaande datum"),
        ({"bronorganisatie": "123456789"}, "bronorganisatie: De waarde voldoet niet aan de elfproef"),
        ({"status": "klaar"}, "status: "),
        ({"versie": 3}, "versie: not a field of a document that can be given"),
        ({"inhoud": "eHg="}, "inhoud: not a field of a document that can be given"),
        ({"is_gereed_voor_publicatie": True}, "is_gereed_voor_publicatie: not a field"),
        ({"ondertekening": {"soort": "pki"}}, "ondertekening.datum: Field required"),
        ({"indicatieGebruiksrecht": "misschien"}, "indicatieGebruiksrecht: "),
        ({"titel": "a\x00b"}, "titel: Het teken NUL is niet toegestaan"),
        ({"\x1b[2J": 1}, "[2J: not a field"),
    ],
)
def test_a_value_that_no_server_takes_is_refused_by_the_name_of_its_field(
    values: dict[str, Any], problem: str
) -> None:
    with pytest.raises(WrongFields) as refused:
        checked(values)
    (found,) = refused.value.problems
    assert found.startswith(problem)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(WrongFields) as refused:
        checked({"titel": "", "taal": "n", "auteur": 3})
    assert len(refused.value.problems) == 3


def test_a_file_tells_its_name_media_type_and_day_of_change() -> None:
    told = of_file(Path("a") / os.fsdecode(b"caf\xe9.pdf"), 1_700_000_000)
    assert told == {
        "bestandsnaam": "caf\ufffd.pdf",
        "titel": "caf\ufffd.pdf",
        "formaat": "application/pdf",
        "creatiedatum": "2023-11-14",
    }
    assert missing(told) == ["informatieobjecttype", "bronorganisatie", "auteur", "taal"]
