"""The form of the lists: read whole or not at all, with every problem on its line."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms.model.refusals import ParseError
from zaak_adapters.referentielijsten.form import MOST_BYTES, MOST_ENTRIES, Faulty, read
from zaak_adapters.referentielijsten.positions import lines_of_entries
from zaak_adapters.referentielijsten.sample import FILE

ID = "5a3f0c1e-7f5d-4b0a-9a51-0f2d6f7f0b01"
PROCES = {
    "uuid": ID,
    "nummer": 1,
    "jaar": 2020,
    "naam": "n",
    "omschrijving": "o",
    "toelichting": "",
    "procesobject": "",
}
RESULT = {
    "uuid": ID,
    "procesType": ID,
    "nummer": 1,
    "volledigNummer": "1.1",
    "naam": "n",
    "herkomst": "h",
    "waardering": "vernietigen",
}


def faults(document: dict[str, Any]) -> list[str]:
    """What is wrong with a document, without the reasons."""
    with pytest.raises(Faulty) as refused:
        read(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    return [str(fault).rpartition(": ")[0] for fault in refused.value.faults]


def test_the_sample_says_of_every_entry_that_it_is_an_example() -> None:
    entries = read(FILE.read_bytes())
    assert len(entries) == 7
    assert all("voorbeeld" in str(entry.record).lower() for entry in entries)
    assert all("Voorbeeld" in entry.resource.label(entry.record) for entry in entries)


def test_an_entry_keeps_the_id_that_the_file_gives_it_or_that_its_url_ends_in() -> None:
    others = {name: value for name, value in PROCES.items() if name != "uuid"}
    for given_id in (
        {"uuid": ID},
        {"uuid": ID.upper()},
        {"url": f"https://elders.nl/api/v1/procestypen/{ID}"},
    ):
        [entry] = read(orjson.dumps({"procestypen": [{**others, **given_id}]}))
        assert entry.record["url"] == f"/referentielijsten/api/v1/procestypen/{ID}"
        assert entry.record["_id"] == ID


def test_what_the_api_answers_can_be_read_as_it_is() -> None:
    answered = {
        **{name: value for name, value in RESULT.items() if name != "uuid"},
        "url": f"https://elders.nl/api/v1/resultaten/{ID}",
        "procesType": f"https://elders.nl/api/v1/procestypen/{ID}",
        "generiek": False,
        "specifiek": True,
        "procestermijn": "",
        "procestermijnWeergave": "iets anders",
        "bewaartermijn": None,
    }
    [entry] = read(orjson.dumps({"resultaten": [answered]}))
    assert entry.record["procesType"] == f"/referentielijsten/api/v1/procestypen/{ID}"
    assert (entry.record["generiek"], entry.record["procestermijnWeergave"]) == (True, "")


def test_every_problem_of_a_file_is_told_with_its_line() -> None:
    wrong = {**PROCES, "nummer": True, "naam": "", "kleur": "rood"}
    assert faults({"procestypen": [PROCES, wrong, 7], "resultaten": [{**RESULT, "waardering": "x"}]}) == [
        "line 12: procestypen[1].kleur: unknown",
        "line 12: procestypen[1].nummer: invalid",
        "line 12: procestypen[1].naam: blank",
        "line 22: procestypen[2]: invalid",
        "line 25: resultaten[0].waardering: invalid_choice",
    ]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"uuid": "x"}, "uuid: invalid"),
        ({"uuid": 7}, "uuid: invalid"),
        ({"uuid": None}, "uuid: invalid"),
        ({"procesType": "x"}, "procesType: invalid"),
        ({"procesType": None}, "procesType: null"),
        ({"procesType": "http://elders.nl/x"}, "procesType: invalid"),
        ({"volledigNummer": None}, "volledigNummer: required"),
        ({"volledigNummer": 1.1}, "volledigNummer: required"),
        ({"bewaartermijn": "10 jaar"}, "bewaartermijn: invalid"),
        ({"procestermijn": "nooit"}, "procestermijn: invalid_choice"),
        ({"nummer": 2**31}, "nummer: max_value"),
        ({"naam": "n" * 41}, "naam: max_length"),
        ({"vhrosv": "misschien"}, "vhrosv: invalid"),
    ],
)
def test_r_03_a_result_that_is_wrong_in_itself_is_refused(changed: dict[str, Any], problem: str) -> None:
    assert faults({"resultaten": [{**RESULT, **changed}]}) == [f"line 3: resultaten[0].{problem}"]


def test_an_id_that_comes_twice_is_told_with_both_of_its_lines() -> None:
    with pytest.raises(Faulty, match=r"line 3: procestypen\[1\]\.uuid: unique: .* regel 2"):
        read(b'{"procestypen": [\n' + orjson.dumps(PROCES) + b",\n" + orjson.dumps(PROCES) + b"]}")


def test_a_file_that_holds_no_lists_that_are_known_is_refused() -> None:
    assert faults({"zaken": [], "resultaten": {}, "procestypen": [0] * (MOST_ENTRIES + 1)}) == [
        "line 1: zaken: invalid_choice",
        "line 1: resultaten: not_a_list",
        "line 1: procestypen: max_length",
    ]
    for text in (b"", b"[]", b'{"procestypen": [}', b'{"procestypen": [], "procestypen": []}', b"\xff{}"):
        with pytest.raises(ParseError):
            read(text)
    with pytest.raises(ParseError, match="bytes"):
        read(b" " * (MOST_BYTES + 1))
    assert read(b"\xef\xbb\xbf{}") == []


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), st.lists(PLAIN, max_size=4) | PLAIN, max_size=4), st.booleans())
def test_the_lines_of_entries_are_those_on_which_they_stand(document: dict[str, Any], wide: bool) -> None:
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2 if wide else 0).decode()
    found = lines_of_entries(text)
    assert {name: len(lines) for name, lines in found.items()} == {
        name: len(value) for name, value in document.items() if isinstance(value, list)
    }
    shown = text.split("\n")
    for name, lines in found.items():
        assert lines == sorted(lines)
        for line, element in zip(lines, document[name], strict=True):
            begin = orjson.dumps(element).decode()[:1]
            assert begin in shown[line - 1]
            assert not wide or shown[line - 1].startswith(f"    {begin}")
