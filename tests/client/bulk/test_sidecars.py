"""Fields from defaults.json and from sidecars."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dms.client.bulk.courier import Unusable
from dms.client.bulk.fields import WrongFields
from dms.client.bulk.hotfolder import Found, HotFolder
from dms.client.bulk.sidecars import Fields

GIVEN = {
    "informatieobjecttype": "https://catalogi.example.nl/typen/1",
    "bronorganisatie": "000000000",
    "auteur": "optie",
    "taal": "nld",
}


@pytest.fixture
def found(tmp_path: Path) -> Found:
    (tmp_path / "belasting").mkdir()
    (tmp_path / "belasting" / "scan.pdf").write_bytes(b"x")
    return look(tmp_path)


def look(root: Path) -> Found:
    (file,) = HotFolder(root, settle=0).look(0)
    return file


def test_the_sidecar_goes_before_the_folder_the_folder_above_it_and_the_options(
    found: Found, tmp_path: Path
) -> None:
    below = tmp_path / "belasting"
    (tmp_path / "defaults.json").write_text(
        json.dumps({"auteur": "boven", "beschrijving": "boven", "taal": "eng", "titel": "boven"})
    )
    (below / "defaults.json").write_text(json.dumps({"beschrijving": "map", "titel": "map"}))
    (below / "scan.pdf.json").write_text('\ufeff{"titel": "zelf", "trefwoorden": ["a", "b"]}')
    fields = Fields(tmp_path, GIVEN).item(look(tmp_path)).fields
    names = ("bronorganisatie", "auteur", "beschrijving", "titel", "trefwoorden", "formaat")
    assert [fields[name] for name in names] == [
        "000000000",
        "boven",
        "map",
        "zelf",
        ["a", "b"],
        "application/pdf",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not JSON"),
        ("[" * 50_000, "is not JSON"),
        ("[]", "is not an object of fields"),
        ('{"titl": "x"}', "titl: not a field of a document"),
        ('{"titel": "\xe9"}', "is not JSON"),
        ('{"titel": "' + "x" * 70_000 + '"}', "holds more than 65536 bytes"),
    ],
)
def test_a_sidecar_that_is_wrong_is_of_its_file_and_defaults_are_of_the_folder(
    found: Found, tmp_path: Path, text: str, problem: str
) -> None:
    sidecar, defaults = tmp_path / "belasting" / "scan.pdf.json", tmp_path / "defaults.json"
    sidecar.write_bytes(text.encode("latin-1"))
    fields = Fields(tmp_path, GIVEN)
    with pytest.raises(WrongFields, match=problem):
        fields.item(look(tmp_path))
    defaults.write_bytes(sidecar.read_bytes())
    fields.refresh()
    with pytest.raises(Unusable, match=problem):
        fields.item(found)


def test_a_sidecar_that_is_a_link_is_not_followed(found: Found, tmp_path: Path) -> None:
    (tmp_path / "belasting" / "scan.pdf.json").symlink_to("/etc/hostname")
    with pytest.raises(WrongFields, match="cannot be read"):
        Fields(tmp_path, GIVEN).item(look(tmp_path))


def test_what_is_required_and_given_nowhere_is_asked_for(found: Found, tmp_path: Path) -> None:
    with pytest.raises(WrongFields, match="auteur: required, and given by no option"):
        Fields(tmp_path, {}).item(found)


def test_a_fingerprint_changes_with_the_file_its_options_its_sidecar_and_its_defaults(
    found: Found, tmp_path: Path
) -> None:
    fields = Fields(tmp_path, GIVEN)
    seen = [fields.fingerprint(found)]
    assert fields.fingerprint(found) == seen[0]
    seen.append(Fields(tmp_path, {}).fingerprint(found))
    (tmp_path / "belasting" / "scan.pdf.json").write_text("{}")
    seen.append(fields.fingerprint(look(tmp_path)))
    (tmp_path / "defaults.json").write_text("{}")
    fields.refresh()
    seen.append(fields.fingerprint(look(tmp_path)))
    os.utime(tmp_path / "belasting" / "scan.pdf", (1, 1))
    seen.append(fields.fingerprint(look(tmp_path)))
    assert len(set(seen)) == len(seen)
    assert len({mark.partition("/")[0] for mark in seen}) == 2
