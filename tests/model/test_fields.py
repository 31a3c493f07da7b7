"""Every field type: what it accepts, how that is stored, and with which code it refuses the rest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import create_model

from dms.model.fields import (
    BSN,
    RSIN,
    VERTROUWELIJKHEID,
    Datum,
    Decimal,
    Duur,
    Email,
    Moment,
    Omvang,
    Plain,
    Taal,
    Text,
    Url,
    Vertrouwelijkheidaanduiding,
    is_url,
    moment_text,
    parse_moment,
)
from dms.model.record import Record, Shape
from dms.model.refusals import Invalid

SHORT = Annotated[str, Text(5)]
FILLED = Annotated[str, Text(5, shortest=1)]
LINK = Annotated[str, Url(30)]
LINK_OR_BLANK = Annotated[str, Url(30, blank=True)]
TYPES: dict[str, Any] = {
    "text": SHORT,
    "filled text": FILLED,
    "plain": Plain,
    "rsin": RSIN,
    "bsn": BSN,
    "taal": Taal,
    "datum": Datum,
    "moment": Moment,
    "duur": Duur,
    "url": LINK,
    "url or blank": LINK_OR_BLANK,
    "omvang": Omvang,
    "decimal": Decimal,
    "email": Email,
    "enum": Vertrouwelijkheidaanduiding,
    "enum or blank": Vertrouwelijkheidaanduiding | Literal[""],
    "flag": bool,
    "flag or null": bool | None,
    "list": list[FILLED],
}
SHAPES = {
    name: Shape.of(create_model("Sample", __base__=Record, field=(type_, ...)))
    for name, type_ in TYPES.items()
}


def stored(kind: str, value: object) -> Any:
    """How a field of this kind stores a value."""
    return SHAPES[kind].check({"field": value}).all["field"]


def code(kind: str, value: object) -> str:
    """The code with which a field of this kind refuses a value."""
    with pytest.raises(Invalid) as refused:
        SHAPES[kind].check({"field": value})
    [problem] = refused.value.problems
    assert problem.name == "field"
    assert problem.reason
    return problem.code


@pytest.fixture
def amsterdam(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server stands in Amsterdam."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"flag or null"}))
def test_g_15_null_is_refused_as_null_wherever_it_is_not_allowed(kind: str) -> None:
    assert code(kind, None) == "null"


@pytest.mark.parametrize("kind", TYPES)
def test_g_15_a_field_that_is_missing_is_required(kind: str) -> None:
    with pytest.raises(Invalid) as refused:
        SHAPES[kind].check({})
    assert str(refused.value) == "required @ field"


@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"flag", "flag or null", "enum", "enum or blank"}))
@pytest.mark.parametrize("value", [True, False, {}, {"a": 1}])
def test_g_15_a_flag_or_an_object_is_no_value_of_another_type(kind: str, value: object) -> None:
    assert code(kind, value) == ("not_a_list" if kind == "list" else "invalid")


@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"list", "enum", "enum or blank"}))
def test_g_15_a_list_is_no_value_of_another_type(kind: str) -> None:
    assert code(kind, []) == "invalid"


@pytest.mark.parametrize("value", ["x", 7, True, [], {}])
def test_g_15_what_is_none_of_the_choices_is_an_invalid_choice(value: object) -> None:
    assert code("enum", value) == "invalid_choice"
    assert code("enum or blank", value) == "invalid_choice"


def test_g_16_an_optional_choice_may_be_left_blank() -> None:
    assert stored("enum or blank", "") == ""
    assert code("enum", "") == "invalid_choice"


def test_g_51_the_levels_run_from_openbaar_up_to_zeer_geheim() -> None:
    low = ["openbaar", "beperkt_openbaar", "intern", "zaakvertrouwelijk"]
    high = ["vertrouwelijk", "confidentieel", "geheim", "zeer_geheim"]
    assert list(VERTROUWELIJKHEID) == low + high
    assert list(VERTROUWELIJKHEID.values()) == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("kind", ["filled text", "url", "taal", "rsin"])
@pytest.mark.parametrize("value", ["", " ", "   \t", "\n"])
def test_g_15_text_with_nothing_in_it_is_blank(kind: str, value: str) -> None:
    assert code(kind, value) == "blank"


def test_text_is_counted_without_the_spaces_around_it() -> None:
    assert stored("text", "  12345  ") == "12345"
    assert code("text", "123456") == "max_length"
    assert stored("text", "") == ""


def test_g_12_a_number_is_taken_for_text() -> None:
    assert stored("text", 12) == "12"
    assert stored("text", 1.5) == "1.5"
    assert code("text", 123456) == "max_length"


@pytest.mark.parametrize("kind", ["text", "filled text", "plain"])
def test_text_with_a_nul_is_refused(kind: str) -> None:
    assert code(kind, "a\x00b") == "null_characters_not_allowed"


@pytest.mark.parametrize("value", ["000000000", "123456782", "111222333", 123456782])
def test_g_17_nine_digits_that_pass_the_eleven_test_are_an_rsin(value: object) -> None:
    assert stored("rsin", value) == str(value)
    assert stored("bsn", value) == str(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12345678", "min_length"),
        ("1234567820", "max_length"),
        ("123456781", "invalid"),
        ("111222334", "invalid"),
        ("12345678a", "only-digits"),
        ("12345.782", "only-digits"),
        ("-23456782", "only-digits"),
        ("a", "only-digits"),
        ("١٢٣٤٥٦٧٨٢", "only-digits"),
        ("²23456782", "only-digits"),
    ],
)
def test_g_17_each_fault_in_an_rsin_has_its_own_code(value: str, expected: str) -> None:
    assert code("rsin", value) == expected


@given(st.from_regex(r"\A[0-9]{8}\Z"))
def test_g_17_a_wrong_digit_never_passes_the_eleven_test(first: str) -> None:
    right = [digit for digit in "0123456789" if _passes(first + digit)]
    assert len(right) <= 1


def _passes(digits: str) -> bool:
    try:
        SHAPES["rsin"].check({"field": digits})
    except Invalid:
        return False
    return True


@pytest.mark.parametrize(("value", "kept"), [("nld", "nld"), ("NLD", "nld"), ("Eng", "eng")])
def test_a_taal_of_three_letters_is_kept_in_lower_case(value: str, kept: str) -> None:
    assert stored("taal", value) == kept


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("nl", "min_length"),
        ("nldx", "max_length"),
        ("n1d", "invalid"),
        ("né!", "invalid"),
        ("ßßß", "invalid"),
    ],
)
def test_a_taal_of_anything_but_three_letters_is_refused(value: str, expected: str) -> None:
    assert code("taal", value) == expected


@pytest.mark.parametrize("value", ["2026-11-24", "2024-02-29", "0001-01-01", "9999-12-31"])
def test_g_14_a_calendar_date_is_kept_as_it_is(value: str) -> None:
    assert stored("datum", value) == value


@pytest.mark.parametrize(
    "value",
    ["2026-11-24T00:00:00Z", "2026-11-24T00:00", "2026-02-29", "2026-13-01", "2026-00-10", "0000-01-01",
     "2026-1-1", "20261124", "24-11-2026", "2026-11-24 ", "2026-11-24\n", "２０２６-11-24", "gisteren", "",
     20261124, 1.5],
)  # fmt: skip
def test_g_14_what_is_no_calendar_date_is_invalid(value: object) -> None:
    assert code("datum", value) == "invalid"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("2026-11-24T13:45:00Z", "2026-11-24T13:45:00.000000Z"),
        ("2026-11-24T13:45:00z", "2026-11-24T13:45:00.000000Z"),
        ("2026-11-24t13:45:00+01:00", "2026-11-24T12:45:00.000000Z"),
        ("2026-11-24 13:45:00-0530", "2026-11-24T19:15:00.000000Z"),
        ("2026-11-24T13:45+01", "2026-11-24T12:45:00.000000Z"),
        ("2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00.000000Z"),
        ("2026-11-24T13:45:00.5Z", "2026-11-24T13:45:00.500000Z"),
        ("2026-11-24T13:45:00,123456789Z", "2026-11-24T13:45:00.123456Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000000Z"),
    ],
)
def test_g_14_a_moment_is_stored_as_its_instant_in_utc(value: str, kept: str) -> None:
    assert stored("moment", value) == kept


@pytest.mark.usefixtures("amsterdam")
@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("2026-11-24T13:45:00", "2026-11-24T12:45:00.000000Z"),
        ("2026-07-24T13:45", "2026-07-24T11:45:00.000000Z"),
        ("2026-11-24T13:45:00Z", "2026-11-24T13:45:00.000000Z"),
    ],
)
def test_g_14_a_moment_without_an_offset_is_the_time_at_the_server(value: str, kept: str) -> None:
    assert stored("moment", value) == kept


@pytest.mark.parametrize(
    "value",
    ["2026-11-24", "2026-02-29T00:00:00Z", "2026-11-24T24:00:01Z", "2026-11-24T23:59:60Z",
     "2026-11-24T13:60:00Z", "2026-11-24T13Z", "2026-11-24T13:45:00+25:00", "2026-11-24T13:45:00 Z",
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-W48-2T00:00Z", "13:45:00", "nu", "",
     " 2026-11-24T13:45:00Z", "2026-11-24T13:45:00Z\n", 0, 1790000000, 1.5],
)  # fmt: skip
def test_g_14_what_names_no_instant_is_invalid(value: object) -> None:
    assert code("moment", value) == "invalid"


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=OFFSETS)


@given(MOMENTS, MOMENTS)
def test_stored_moments_sort_as_text_in_the_order_of_time(one: datetime, other: datetime) -> None:
    assert len(moment_text(one)) == len("2026-11-24T13:45:00.000000Z")
    assert (moment_text(one) < moment_text(other)) == (one < other)


@given(MOMENTS)
def test_a_moment_comes_back_as_the_same_instant(moment: datetime) -> None:
    assert parse_moment(moment.isoformat()) == parse_moment(moment_text(moment)) == moment.astimezone(UTC)


@pytest.mark.parametrize("value", ["P5Y4M", "P1D", "PT36H", "P1Y2M3DT4H5M6S", "P0D", "P2W", "PT0.5S"])
def test_g_14_a_duration_is_kept_as_it_was_written(value: str) -> None:
    assert stored("duur", value) == value


@pytest.mark.parametrize(
    "value", ["", "P", "PT", "5 jaar", "P5", "5Y", "-P1D", "p1d", "P1Y2X", "P" + "9" * 400 + "D", 5]
)
def test_g_14_what_is_no_duration_is_invalid(value: object) -> None:
    assert code("duur", value) == "invalid"


@pytest.mark.parametrize(
    "value", ["http://a.nl", "https://a.nl:8000/x?y#z", "ftp://a.nl/b", "http://[::1]/x"]
)
def test_an_absolute_url_with_a_host_is_accepted(value: str) -> None:
    assert stored("url", value) == value
    assert stored("url or blank", value) == value
    assert is_url(value)


@pytest.mark.parametrize(
    "value",
    ["a.nl", "/zaken/api/v1", "//a.nl/x", "http://", "http:///x", "http://a.nl:99999/", "http://a.nl:b/",
     "http://[::1/", "http://a.nl/x y", "http://a\tb.nl", "javascript:alert(1)", "file:///etc/passwd",
     "mailto:a@a.nl", "http://a.nl/\x00", "http://a.nl/\u2028x", "urn:uuid:1", "http://@/"],
)  # fmt: skip
def test_what_is_no_absolute_url_with_a_host_is_invalid(value: str) -> None:
    assert code("url", value) == "invalid"
    assert not is_url(value)


def test_a_url_is_bounded_and_only_blank_where_it_may_be() -> None:
    assert code("url", "http://a.nl/" + "x" * 19) == "max_length"
    assert code("url", "") == "blank"
    assert stored("url or blank", "") == ""


@pytest.mark.parametrize(("value", "kept"), [(0, 0), (2**63 - 1, 2**63 - 1), ("12", 12), (12.0, 12)])
def test_a_size_in_bytes_is_a_whole_number(value: object, kept: int) -> None:
    assert stored("omvang", value) == kept


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-1, "min_value"),
        (2**63, "max_value"),
        (10**300, "max_value"),
        (1e300, "invalid"),
        (1.5, "invalid"),
        ("", "invalid"),
        ("9" * 5000, "invalid"),
    ],
)
def test_a_size_that_is_no_number_of_bytes_is_refused(value: object, expected: str) -> None:
    assert code("omvang", value) == expected


def test_a_decimal_is_a_finite_number() -> None:
    assert stored("decimal", 1) == 1.0
    assert code("decimal", "inf") == "invalid"
    assert code("decimal", "x") == "invalid"


@pytest.mark.parametrize("value", ["", "jan@gemeente.nl", "j.jansen+zaak@sub.gemeente.nl"])
def test_an_email_address_or_none_is_accepted(value: str) -> None:
    assert stored("email", value) == value


@pytest.mark.parametrize("value", ["jan", "@gemeente.nl", "jan@", "jan@gemeente", "jan jansen@gemeente.nl"])
def test_what_is_no_email_address_is_invalid(value: str) -> None:
    assert code("email", value) == "invalid"
    assert code("email", "a" * 250 + "@a.nl") == "max_length"


def test_problems_within_a_list_are_named_by_their_index() -> None:
    with pytest.raises(Invalid) as refused:
        SHAPES["list"].check({"field": ["goed", "", None, True, "veel te lang"]})
    assert str(refused.value) == "blank @ field.1, null @ field.2, invalid @ field.3, max_length @ field.4"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
LIKELY = st.text(alphabet="0123456789-+:TZPYMD.,/ahttp@ \x00é{}%", max_size=40)


@pytest.mark.parametrize("kind", TYPES)
@given(value=JSON | LIKELY | st.datetimes().map(str) | st.dates().map(str))
@example(value="0001-01-01T00:00")
@example(value="9999-12-31T23:59")
@example(value="http://[")
def test_no_value_makes_a_field_raise_anything_but_a_problem(kind: str, value: object) -> None:
    try:
        SHAPES[kind].check({"field": value})
    except Invalid as refused:
        assert refused.problems
