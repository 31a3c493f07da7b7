"""Query parameters: what their text asks of a record, and with which code it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms.model.fields import Datum, Moment
from dms.model.filters import (
    Filter,
    all_in_list,
    asked,
    between,
    contains,
    equals,
    in_list,
    link,
    link_in_list,
    one_of,
    refuse_unknown,
)
from dms.model.query import EVERYTHING, And, AnyElement, Contains, Equals, In, Query, Range
from dms.model.refusals import Invalid

ORIGIN = "http://a.nl"
PATH = "/catalogi/api/v1/catalogussen/0f9ddb1c-1c1b-4c0c-9a0e-3a7b0c5d9e11"
FILTERS: tuple[Filter, ...] = (
    equals("identificatie"),
    equals("volgnummer", int),
    equals("naam", field="_naam"),
    link("catalogus"),
    link_in_list("object", field="_objecten"),
    one_of("domein__in", field="domein"),
    in_list("soort", Literal["zaak", "besluit"], field="_soorten"),
    all_in_list("trefwoorden"),
    contains("titel__icontains", field="titel"),
    *between("startdatum", Datum, "lt", "lte", "gt", "gte"),
    *between("op", Moment, "gte", field="_op"),
)


def asks(**parameters: str) -> Query:
    """What these parameters ask together."""
    return asked(FILTERS, parameters, ORIGIN).query


def refused(given: Mapping[str, str]) -> set[str]:
    """What is wrong with these parameters, as `code @ name`."""
    with pytest.raises(Invalid) as refusal:
        asked(FILTERS, given, ORIGIN)
    assert all(problem.reason for problem in refusal.value.problems)
    return set(str(refusal.value).split(", "))


def test_g_68_without_parameters_everything_is_asked() -> None:
    assert asks() is EVERYTHING


@pytest.mark.parametrize(
    ("name", "text", "query"),
    [
        ("identificatie", "A 1", Equals("identificatie", "A 1")),
        ("volgnummer", "7", Equals("volgnummer", 7)),
        ("naam", "x", Equals("_naam", "x")),
        ("domein__in", "A, B,,C ", In("domein", ("A", "B", "C"))),
        ("domein__in", "", In("domein", ())),
        ("soort", "zaak", AnyElement("_soorten", "zaak")),
        ("trefwoorden", "a", AnyElement("trefwoorden", "a")),
        ("trefwoorden", "a, b", And((AnyElement("trefwoorden", "a"), AnyElement("trefwoorden", "b")))),
        ("trefwoorden", ",", EVERYTHING),
        ("titel__icontains", "x%_y", Contains("titel", "x%_y")),
        ("startdatum__lt", "2026-01-01", Range("startdatum", lt="2026-01-01")),
        ("startdatum__lte", "2026-01-01", Range("startdatum", lte="2026-01-01")),
        ("startdatum__gt", "2026-01-01", Range("startdatum", gt="2026-01-01")),
        ("startdatum__gte", "2026-01-01", Range("startdatum", gte="2026-01-01")),
        ("op__gte", "2026-01-01T01:00:00+01:00", Range("_op", gte="2026-01-01T00:00:00.000000Z")),
    ],
)
def test_g_68_each_kind_of_filter_asks_its_question(name: str, text: str, query: Query) -> None:
    assert asks(**{name: text}) == query


def test_g_68_several_filters_are_asked_together() -> None:
    assert asks(identificatie="A", trefwoorden="a,b", unknown="x") == And(
        (Equals("identificatie", "A"), AnyElement("trefwoorden", "a"), AnyElement("trefwoorden", "b"))
    )


def test_g_67_a_url_is_compared_as_it_is_stored() -> None:
    assert asks(catalogus=ORIGIN + PATH) == Equals("catalogus", PATH)
    assert asks(catalogus="HTTP://A.nl:80" + PATH) == Equals("catalogus", PATH)
    assert asks(object="https://elders.nl/1") == AnyElement("_objecten", "https://elders.nl/1")


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("catalogus", "geen url", "invalid"),
        ("catalogus", PATH, "invalid"),
        ("catalogus", "http://a.nl/" + "x" * 1000, "max_length"),
        ("object", "urn:x", "invalid"),
        ("soort", "rol", "invalid_choice"),
        ("soort", "", "invalid_choice"),
        ("startdatum__gte", "2026-02-30", "invalid"),
        ("startdatum__gte", "2026-01-01T00:00:00Z", "invalid"),
        ("startdatum__lt", "", "invalid"),
        ("op__gte", "gisteren", "invalid"),
        ("volgnummer", "een", "invalid"),
    ],
)
def test_g_66_a_value_that_cannot_be_read_is_refused_by_its_parameter(
    name: str, text: str, code: str
) -> None:
    assert refused({name: text}) == {f"{code} @ {name}"}


def test_g_66_all_unreadable_values_are_refused_at_once() -> None:
    given = {"catalogus": "x", "soort": "rol", "identificatie": "A"}
    assert refused(given) == {"invalid @ catalogus", "invalid_choice @ soort"}


def test_a_default_holds_only_while_the_parameter_is_absent() -> None:
    status = Filter("status", lambda value: Equals("concept", value == "concept"), default="definitief")
    assert asked((status,), {}, ORIGIN).query == Equals("concept", False)
    assert asked((status,), {"status": "concept"}, ORIGIN).query == Equals("concept", True)


def test_a_filter_tells_which_fields_it_looks_at_and_its_schema() -> None:
    by_name = {found.name: found for found in FILTERS}
    assert by_name["naam"].fields == ("_naam",)
    assert by_name["trefwoorden"].elements
    assert not by_name["identificatie"].elements
    assert by_name["startdatum__gte"].schema == {"type": "string", "format": "date"}
    assert by_name["soort"].schema["enum"] == ["zaak", "besluit"]


def test_g_65_a_parameter_that_is_not_known_is_refused() -> None:
    refuse_unknown(["page"], ["page", "expand"])
    refuse_unknown([], [])
    with pytest.raises(Invalid) as refusal:
        refuse_unknown(["pagina", "page", "a" * 99], ["page"])
    assert str(refusal.value) == "unknown-parameters @ nonFieldErrors"
    assert "a" * 50 + ", pagina" in refusal.value.detail
    assert "a" * 51 not in refusal.value.detail


def test_g_65_parameters_are_known_by_their_exact_spelling() -> None:
    for name in ("Page", "page ", "page[]", ""):
        with pytest.raises(Invalid):
            refuse_unknown([name], ["page"])


@given(st.dictionaries(st.sampled_from([found.name for found in FILTERS]), st.text()))
def test_no_text_makes_a_filter_raise_anything_but_a_problem(given: dict[str, Any]) -> None:
    try:
        asked(FILTERS, given, ORIGIN)
    except Invalid as refusal:
        assert {problem.name for problem in refusal.problems} <= given.keys()
