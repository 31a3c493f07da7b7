from __future__ import annotations

import json
import os
import tracemalloc
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dms.documenten.upload.base64_text import Base64Text
from dms.documenten.upload.json_members import LargeMember, Split
from dms.model.json_text import Malformed
from dms.model.refusals import Refusal, TooLarge

LIMIT = 10_000
SIZES = [1, 2, 3, 5, 1000, 1_000_000]
FILE = os.urandom(2000)
OTHERS = {
    "titel": 'Een "titel" met \\ en \u00e9\U0001f600',
    "bestandsomvang": 2000,
    "integriteit": {
        "algoritme": "sha_256",
        "inhoud": "niet deze",
        "diep": [{"inhoud": ["a", {"inhoud": 1}]}],
    },
    "trefwoorden": ["inhoud", "[", "}", '"', ""],
    "leeg": [[], {}, [[{}]]],
    "ontvangstdatum": None,
}
FRAGMENTS = rb"""
    { } [ ] " : , "a" "inhoud" "\u0069nhoud" "inhoud":" "inhoud":null {"inhoud":" " ", "}
    \ \\ \" \n \/ \u \u00 3d \ud83d \ude00 \x QUJD QQ== 1 null {"b":[{ }]
""".split()
FRAGMENTS += [
    b" ",
    b"\n",
    b"\x00",
    b"\xc3",
    b"\xa9",
    b"\xf0\x9f",
    b"\x98\x80",
    b"\xff",
    b"\xef\xbb\xbf",
    b"x" * 30,
]

WITH_MEMBER = rb"""
    {"inhoud":""} {"\u0069n\u0068oud":"QUJD"} {"a\"b":1,"inhoud":"QUJD"} {"inhoud.":"x","inhoud":"QUJD"}
""".split()
WITHOUT_MEMBER = rb"""
    {"a":{"inhoud":"x"}} {"a":[{"inhoud":"x"}]} {"a":"inhoud","b":"inhoud"} {"Inhoud":"x"} {"inhoud2":"x"}
    {"a":"{\"inhoud\":\"x\"}"} {"a":[[],"inhoud","x"],"b":{}} {}
""".split()
ESCAPES = rb"""
    QUJD\/\/ \u003d\u003D\u00e9 a\"b\\c\\ \\\" \\\\\" \ud83d\ude00\uD83D\uDE00 \b\f\n\r\t
    \u0000 \\u003d \\\\ud83d
""".split()
FORBIDDEN = rb"\x41 \u12 \u00g0 \ud83d \ude00 \ud83d\u0041 \ud83dx \ud83d\\ude00 \u00\" \'".split()
NOT_ONE_OBJECT = rb"""
    { {"inhoud {"inhoud" {"inhoud": {"inhoud":" {"inhoud":"QUJD {"inhoud":"QUJD"
    {"inhoud":"QUJD\ {"inhoud":"QUJD\"
    {"inhoud":"QUJD", {"inhoud":"QUJD",} {"inhoud":nul} {"inhoud":"QUJD"}x {"inhoud":"QUJD"}{}
    {"inhoud":"QUJD"]
    {"inhoud":"QUJD""b":1} {"inhoud""QUJD"} {"a":NaN} {"a":1e400} {"a":Infinity} {"a":1}]
    {"a":"\ {] }{ ,"inhoud":"x"}
    {'a':1} {"a":1"inhoud":"x"}
""".split()


def cut(text: bytes, size: int) -> Iterator[bytes]:
    return (text[at : at + size] for at in range(0, len(text), size))


def cut_at(text: bytes, points: Iterable[int]) -> Iterator[bytes]:
    at = 0
    for point in [*sorted(points), len(text)]:
        yield text[at:point]
        at = max(at, point)


def split(pieces: Iterable[bytes], limit: int = LIMIT) -> tuple[bytes, Split]:
    member = LargeMember("inhoud", limit)
    content = b"".join(member.feed(piece) for piece in pieces)
    return content, member.close()


def outcome(pieces: Iterable[bytes], limit: int = LIMIT) -> tuple[bytes, Split] | type[Refusal]:
    try:
        return split(pieces, limit)
    except Refusal as refusal:
        return type(refusal)


def by_the_standard_library(text: bytes) -> tuple[bytes, Split]:
    """The same answer for sound text, from the whole of it."""
    document: dict[str, Any] = json.loads(text.removeprefix(b"\xef\xbb\xbf"))
    content = document.get("inhoud")
    if not isinstance(content, str):
        return b"", Split(document, found=False)
    return content.encode(), Split(document | {"inhoud": ""}, found=True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("place", ["first", "last", "between"])
def test_the_content_comes_out_and_the_rest_is_a_document(place: str, indent: int | None, size: int) -> None:
    content = {"inhoud": b64encode(FILE).decode()}
    sent = {
        "first": content | OTHERS,
        "last": OTHERS | content,
        "between": OTHERS | content | {"taal": "nld"},
    }[place]
    text = json.dumps(sent, indent=indent).encode()
    assert split(cut(text, size)) == (b64encode(FILE), Split(sent | {"inhoud": ""}, found=True))


@pytest.mark.parametrize("size", SIZES)
def test_a_document_without_the_member_stays_whole(size: int) -> None:
    assert split(cut(json.dumps(OTHERS).encode(), size)) == (b"", Split(OTHERS, found=False))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "text", [*WITH_MEMBER, b'\xef\xbb\xbf{"inhoud":"QUJD"}', b' \r\n{"inhoud" :\n\t"" , "a": 1}\n']
)
def test_the_member_is_known_however_it_is_written(text: bytes, size: int) -> None:
    assert split(cut(text, size)) == by_the_standard_library(text)
    assert split(cut(text, size))[1].found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "value", [b"null", b"1", b"true", b'["inhoud", "x"]', b'{"inhoud": "x"}', b"[]", b"-1.5e3"]
)
def test_d_30_a_value_that_is_no_text_stays_in_the_document(value: bytes, size: int) -> None:
    text = b'{"a": "x", "inhoud": %b, "b": "y"}' % value
    assert split(cut(text, size)) == (b"", Split(json.loads(text), found=False))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", WITHOUT_MEMBER)
def test_what_only_resembles_the_member_stays_in_the_document(text: bytes, size: int) -> None:
    assert split(cut(text, size)) == (b"", Split(json.loads(text), found=False))


@pytest.mark.parametrize("size", [*SIZES, 4, 7])
@pytest.mark.parametrize(
    "inside", [*ESCAPES, rb"\\" * 50, rb"\"" * 50, b"QUJD\\r\\n" * 50, b"\xc3\xa9\xf0\x9f\x98\x80\x7f"]
)
def test_escapes_are_undone_wherever_they_are_cut(inside: bytes, size: int) -> None:
    text = b'{"inhoud": "%b", "b": "%b"}' % (inside, inside)
    assert split(cut(text, size)) == by_the_standard_library(text)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "inside",
    [*FORBIDDEN, b"\n", b"\r", b"\0", b"\x1f", b"\xff", b"\xc3", b"\xe9x", b"\xed\xa0\x80", b"\xc0\xaf"],
)
def test_a_string_that_json_forbids_is_malformed(inside: bytes, size: int) -> None:
    assert outcome(cut(b'{"inhoud": "QUJD%bQUJD"}' % inside, size)) is Malformed
    assert outcome(cut(b'{"titel": "QUJD%bQUJD"}' % inside, size)) is Malformed
    assert outcome(cut(b'{"QUJD%bQUJD": 1}' % inside, size)) is Malformed


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", [*NOT_ONE_OBJECT, b"", b" "])
def test_text_that_is_not_one_json_object_is_malformed(text: bytes, size: int) -> None:
    assert outcome(cut(text, size)) is Malformed


@pytest.mark.parametrize(
    "text", [b"[]", b'["inhoud","x","inhoud","y"]', b'[{"inhoud":"x"}]', b'"inhoud"', b"1", b"null"]
)
def test_json_that_is_not_an_object_is_malformed(text: bytes) -> None:
    with pytest.raises(Malformed, match="the body is not a JSON object"):
        split([text])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "text",
    [b'{"a":1,"a":2}', rb'{"a":1,"\u0061":2}', b'{"inhoud":"x","b":{"a":1,"a":2}}', b'{"b":[{"a":1,"a":1}]}'],
)
def test_a_name_that_comes_twice_is_malformed(text: bytes, size: int) -> None:
    with pytest.raises(Malformed, match="duplicate key 'a'"):
        split(cut(text, size))


@pytest.mark.parametrize("second", [b'"inhoud"', rb'"inhou\u0064"'])
@pytest.mark.parametrize("value", [b'"QUJD"', b"null", b"{}"])
def test_a_second_member_is_refused_as_soon_as_its_name_is_read(value: bytes, second: bytes) -> None:
    member = LargeMember("inhoud", LIMIT)
    member.feed(b'{"inhoud": %b, ' % value)
    with pytest.raises(Malformed, match="duplicate key 'inhoud'"):
        member.feed(second)


@pytest.mark.parametrize(
    "before", [b'{"a" 1,', b'{"a":1,"a":2,', b"{} {", b"{,", b'{"a":nul,', b"x{", b'{"a":"\n",', b'{"a":[},']
)
def test_what_is_wrong_before_the_member_is_refused_where_it_begins(before: bytes) -> None:
    member = LargeMember("inhoud", LIMIT)
    with pytest.raises(Malformed):
        member.feed(before + b'"inhoud": "')


def test_it_is_known_that_the_member_is_there_before_all_has_come() -> None:
    member = LargeMember("inhoud", LIMIT)
    assert (member.feed(b'{"titel": "x", "inhoud":'), member.found) == (b"", False)
    assert (member.feed(b' "QUJD'), member.found) == (b"QUJD", True)
    assert (member.feed(b'QUJD", "taal'), member.found) == (b"QUJD", True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "text",
    [
        b'{"a": "%s"}',
        b'{"inhoud": "QUJD", "a": "%s"}',
        b'{"a": "%s", "inhoud": "QUJD"}',
        b'{"%s": 1}',
        b" %s",
    ],
)
def test_the_rest_is_limited_in_size(text: bytes, size: int) -> None:
    assert outcome(cut(text % (b"x" * 100), size), limit=100) is TooLarge
    assert outcome(cut(text % (b" " * 100), size), limit=100) is TooLarge
    assert outcome(cut(text % (b"\\n" * 50), size), limit=100) is TooLarge


@pytest.mark.parametrize("size", SIZES)
def test_the_content_does_not_count_for_the_limit(size: int) -> None:
    text = b'{"inhoud": "%b"}' % (b"QUJD" * 1000)
    assert split(cut(text, size), limit=len(b'{"inhoud": ""}')) == (
        b"QUJD" * 1000,
        Split({"inhoud": ""}, found=True),
    )
    assert outcome(cut(text, size), limit=len(b'{"inhoud": ""}') - 1) is TooLarge


@pytest.mark.parametrize("size", [5, 1000])
@pytest.mark.parametrize("deep", [b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000])
def test_deep_json_is_malformed(deep: bytes, size: int) -> None:
    assert outcome(cut(b'{"a": %b}' % deep, size), limit=100_000) is Malformed
    assert outcome(cut(b'{"a": %b, "inhoud": "x"}' % deep, size), limit=100_000) is Malformed


@settings(deadline=None)
@given(
    st.dictionaries(st.text(), st.none() | st.text() | st.lists(st.text()), max_size=4),
    st.text() | st.binary().map(lambda content: b64encode(content).decode()),
    st.booleans(),
    st.lists(st.integers(0, 200)),
)
def test_any_object_is_split_as_the_standard_library_reads_it(
    others: dict[str, Any], content: str, ascii_only: bool, points: list[int]
) -> None:
    text = json.dumps({**others, "inhoud": content, "x": others}, ensure_ascii=ascii_only).encode()
    assert split(cut_at(text, points)) == by_the_standard_library(text)


@settings(deadline=None, max_examples=500)
@given(st.lists(st.sampled_from(FRAGMENTS)).map(b"".join), st.sampled_from([60, LIMIT]), st.data())
def test_any_cut_gives_the_same_answer_or_the_same_error(
    text: bytes, limit: int, data: st.DataObject
) -> None:
    points = data.draw(st.lists(st.integers(0, len(text))))
    for hostile in (text, b'{"inhoud":"' + text, b'{"inhoud":"' + text + b'"}'):
        whole = outcome([hostile], limit)
        assert outcome(cut_at(hostile, points), limit) == outcome(cut(hostile, 1), limit) == whole
        if isinstance(whole, tuple):
            assert whole == by_the_standard_library(hostile)


@pytest.mark.parametrize("piece", [b"QUJD" * 65_536, b"QUJD\\/\\n" * 32_768], ids=["plain", "escaped"])
def test_memory_does_not_grow_with_the_content(piece: bytes) -> None:
    member, text, size = LargeMember("inhoud", LIMIT), Base64Text(), 0
    plain = b"\\" not in piece
    tracemalloc.start()
    try:
        size += len(member.feed(b'{"titel": "x", "inhoud": "'))
        for _ in range(800):
            content = member.feed(piece)
            size += len(text.feed(content) if plain else content)
        assert member.feed(b'"}') == b""
        assert member.close().found
        assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert size > 140 * 1024 * 1024


@pytest.mark.parametrize("piece", [b" ", b"[", b'"', b"\\", b'{"a":'])
def test_memory_does_not_grow_with_what_is_refused(piece: bytes) -> None:
    member = LargeMember("inhoud", LIMIT)
    tracemalloc.start()
    try:
        with pytest.raises(Refusal):
            for _ in range(800):
                member.feed(b'{"a": "' + piece * 50_000)
        assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()
