from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dms.model.json_text import MAX_DEPTH, Malformed, parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=8,
)
FRAGMENTS = rb"""{ } [ ] " : , "a" "\u0061" 1 - e9 .5 null NaN \ \ud83d \ude00""".split()
FRAGMENTS += [b" ", b"\xc3", b"\xa9", b"\xed\xa0\x80", b"\x00", b"\xef\xbb\xbf"]
SOUND = rb"""
    {} "\ud83d\ude00" -0.0 1e-400 "\u0000" {"":0} {"a":1,"A":2} {"a":{"b":1},"b":{"b":1}}
    [1,2.5,true,null,"\u00e9"]
""".split()
NOT_JSON = rb"""
    { {"a" {"a":1 {"a":1,} [1,] {}x {}{} "abc tru 'a' 01 1. {a:1} {1:2} //c "\x41" "\u12"
""".split()
NOT_QUITE_JSON = [b"", b" ", b"\x0c{}", b"{}\x00", b'"\x00"', b'"\n"', b"[1 2]"]


def reason(text: bytes) -> str:
    with pytest.raises(Malformed) as caught:
        parse_json(text)
    return caught.value.reason


def by_the_standard_library(text: bytes) -> Any:
    """The value by the standard library, with our demands added. Raises `ValueError`."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError
        return dict(pairs)

    def finite(number: str) -> float:
        if math.isinf(float(number)):
            raise ValueError
        return float(number)

    def refused(name: str) -> Any:
        raise ValueError(name)

    plain = text.removeprefix(b"\xef\xbb\xbf").decode()
    value = json.loads(plain, object_pairs_hook=unique, parse_float=finite, parse_constant=refused)
    json.dumps(value, ensure_ascii=False).encode()
    return value


@pytest.mark.parametrize("text", SOUND)
def test_json_means_what_the_standard_library_says(text: bytes) -> None:
    assert parse_json(text) == json.loads(text)


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**30, 10**300])
def test_a_long_whole_number_keeps_all_its_digits(number: int) -> None:
    value = parse_json(str(number).encode())
    assert (value, type(value)) == (number, int)


def test_a_byte_order_mark_at_the_start_is_tolerated_once() -> None:
    assert parse_json(b"\xef\xbb\xbf{}") == {}
    assert reason(b"\xef\xbb\xbf\xef\xbb\xbf{}")


@pytest.mark.parametrize("text", [*NOT_JSON, *NOT_QUITE_JSON])
def test_g_11_text_that_is_not_json_is_malformed(text: bytes) -> None:
    assert reason(text)


@pytest.mark.parametrize(
    "text", [b"NaN", b"[Infinity]", b"-Infinity", b"1e400", b"-1e400", b"1" * 310, b"9" * 5000]
)
def test_a_number_that_no_double_holds_is_malformed(text: bytes) -> None:
    assert reason(text)


@pytest.mark.parametrize(
    "text", [rb'"\ud800"', rb'"\udc00"', rb'"\ud800\u0041"', b'"\xed\xa0\x80"', b'"\xff"', b'"\xc3"']
)
def test_text_that_is_not_unicode_is_malformed(text: bytes) -> None:
    assert reason(text)


@pytest.mark.parametrize("text", [b"\xff\xfe{\x00}\x00", "{}".encode("utf-16"), "{}".encode("utf-32-le")])
def test_json_in_another_encoding_than_utf_8_is_malformed(text: bytes) -> None:
    assert reason(text)


@pytest.mark.parametrize(
    "text",
    [
        b'{"titel": 1, "titel": 2}',
        rb'{"titel": 1, "a": 2, "\u0074itel": null}',
        b'[{"a": {"titel": 1, "titel": 1}}]',
    ],
)
def test_a_name_that_comes_twice_is_malformed_at_any_depth(text: bytes) -> None:
    assert reason(text) == "duplicate key 'titel'"


def test_no_more_than_forty_characters_of_the_body_are_repeated() -> None:
    name = b"x" * 41
    assert reason(b'{"%b": 1, "%b": 2}' % (name, name)) == f"duplicate key '{'x' * 40}'"
    assert reason(b'{"a\\nb": 1, "a\\nb": 2}') == r"duplicate key 'a\nb'"


def test_the_reason_says_where_the_text_goes_wrong() -> None:
    assert reason(b'{\n  "a": x}').endswith("at line 2 column 8")


def test_the_refusal_tells_the_client_the_reason() -> None:
    with pytest.raises(Malformed, match="JSON parse error - duplicate key 'a'") as caught:
        parse_json(b'{"a": 1, "a": 1}')
    assert (caught.value.status, caught.value.code) == (400, "parse_error")


@pytest.mark.parametrize(
    ("opening", "inside", "closing"), [(b"[", b"", b"]"), (b"[", b"1", b"]"), (b'{"a":', b"{}", b"}")]
)
def test_nesting_has_an_end(opening: bytes, inside: bytes, closing: bytes) -> None:
    deepest = MAX_DEPTH - inside.count(b"{")
    parse_json(opening * deepest + inside + closing * deepest)
    for depth in (deepest + 1, 500, 1000, 10_000):
        assert reason(opening * depth + inside + closing * depth)
    assert reason(opening * 100_000)


def test_many_brackets_side_by_side_or_in_text_are_not_deep() -> None:
    wide = [[[]], {"a": "[" * 300}] * 300
    assert parse_json(json.dumps(wide).encode()) == wide
    assert parse_json(json.dumps("{" * 300).encode()) == "{" * 300


@settings(deadline=None, max_examples=50)
@given(VALUES)
def test_what_was_written_as_json_is_read_back(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(FRAGMENTS)).map(b"".join))
def test_what_is_malformed_is_so_by_the_standard_library_too(text: bytes) -> None:
    try:
        expected = by_the_standard_library(text)
    except ValueError:
        assert reason(text)
    else:
        assert parse_json(text) == expected
