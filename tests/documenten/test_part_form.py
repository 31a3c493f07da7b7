from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dms.documenten.upload.part_form import MAX_ASIDE, MAX_FIELDS, MAX_LOCK, BadForm, PartForm

BOUNDARY = "----grens"
CONTENT_TYPE = f'multipart/form-data; boundary="{BOUNDARY}"'
END = b"------grens--\r\n"
SIZES = [1, 2, 3, 5, 1000, 1_000_000]
FILE = os.urandom(2000)
FRAGMENTS = [
    b"\r\n",
    b"\r",
    b"\n",
    b"-",
    b"--",
    b"------grens",
    b"--grens",
    b"\r\n------grens",
    b"\r\n------gren",
]
FRAGMENTS += [
    b" ",
    b"\t",
    b":",
    b"x",
    b"QUJD",
    b"\x00\xff",
    b"Content-Disposition: form-data",
    b'; name="inhoud"',
]
FRAGMENTS += [b'; filename="a"', b'; name="lock"', b"------grens--", b"x" * 700, b"\r\n\r\n", b"--\r\n"]
FILENAMES = [
    (b'filename="caf\xc3\xa9.pdf"', "café.pdf"),
    (b"filename*=UTF-8''caf%C3%A9.pdf", "café.pdf"),
    (b"filename=\"a.pdf\"; filename*=UTF-8''b.pdf", "a.pdf"),
    (b'filename="a;\\"b.pdf"', 'a;"b.pdf'),
    (b"filename=a.pdf", "a.pdf"),
]
UNUSABLE_BOUNDARIES = ['boundary="x "', 'boundary="a\tb"', 'boundary="€"', "boundary*=UTF-8''x"]


@dataclass(frozen=True)
class Form:
    """What came out of a form."""

    content: bytes
    lock: str | None
    filename: str | None
    has_file: bool = True
    inhoud_is_text: bool = False


def field(name: str, value: bytes, filename: str | None = None, headers: bytes = b"") -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n'
    return head.encode() + headers + b"\r\n" + value + b"\r\n"


def cut(text: bytes, size: int) -> Iterator[bytes]:
    return (text[at : at + size] for at in range(0, len(text), size))


def cut_at(text: bytes, points: Iterable[int]) -> Iterator[bytes]:
    at = 0
    for point in [*sorted(points), len(text)]:
        yield text[at:point]
        at = max(at, point)


def parsed(pieces: Iterable[bytes], content_type: str = CONTENT_TYPE) -> Form:
    form = PartForm(content_type)
    content = b"".join(part for piece in pieces for part in form.feed(piece))
    form.close()
    return Form(content, form.lock, form.filename, form.has_file, form.inhoud_is_text)


def outcome(pieces: Iterable[bytes]) -> Form | type[BadForm]:
    try:
        return parsed(pieces)
    except BadForm as error:
        return type(error)


def reason(body: bytes, size: int = 1_000_000) -> str:
    with pytest.raises(BadForm) as caught:
        parsed(cut(body, size))
    return caught.value.reason


def by_the_standard_library(body: bytes) -> dict[str, bytes]:
    """The fields of a sound form by name, from the whole of it."""
    message: Message = message_from_bytes(b"Content-Type: %b\r\n\r\n%b" % (CONTENT_TYPE.encode(), body))
    parts: list[Message] = message.get_payload()  # type: ignore[assignment]
    fields: dict[str, bytes] = {}
    for part in parts:
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        fields[str(part.get_param("name", header="content-disposition"))] = content
    return fields


HALF = field("inhoud", b"half", "a.bin")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "content", [b"", b"\r\n", b"\r\n--", b"\r\n------gren\r\n------gren", b"\r\n------grensX--", FILE]
)
def test_d_47_file_and_lock_come_out_in_either_order(content: bytes, size: int) -> None:
    fields = [field("inhoud", content, "besluit.pdf"), field("lock", b"abc")]
    expected = Form(content, "abc", "besluit.pdf")
    assert parsed(cut(b"".join(fields) + END, size)) == expected
    assert parsed(cut(b"".join(reversed(fields)) + END, size)) == expected


@pytest.mark.parametrize("size", SIZES)
def test_d_48_an_absent_field_is_told_from_an_empty_one(size: int) -> None:
    assert parsed(cut(END, size)) == Form(b"", None, None, has_file=False)
    assert parsed(cut(field("lock", b"") + END, size)) == Form(b"", "", None, has_file=False)
    assert parsed(cut(field("inhoud", b"", "a") + END, size)) == Form(b"", None, "a")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("filename", [None, ""])
def test_content_without_a_filename_is_text_and_no_file(filename: str | None, size: int) -> None:
    body = field("inhoud", b"abc", filename) + field("lock", b"x") + END
    assert parsed(cut(body, size)) == Form(b"", "x", None, has_file=False, inhoud_is_text=True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("sent", "filename"), FILENAMES)
def test_a_filename_is_known_however_it_is_written(sent: bytes, filename: str, size: int) -> None:
    body = field("inhoud", b"abc", "X").replace(b'filename="X"', sent) + END
    assert parsed(cut(body, size)) == Form(b"abc", None, filename)


@pytest.mark.parametrize("size", SIZES)
def test_unknown_fields_and_headers_are_skipped(size: int) -> None:
    body = (
        field("naam", b"x" * 5000)
        + field("bestand", b"x", "x.bin")
        + field("inhoud", b"abc", "a", b"X-Y: z\r\n")
    )
    body += (
        b"------grens\r\n\r\nno headers\r\n"
        + field("lock", b"abc", headers=b"content-type: text/plain\r\n")
        + END
    )
    assert parsed(cut(body, size)) == Form(b"abc", "abc", "a")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "before", [b"", b"\r\n", b"For those who cannot read forms.\r\n", b"--\r\n-\r\n\r\r\n"]
)
@pytest.mark.parametrize("after", [b"", b"\r\n", b"the end", b"------grens\r\nno form"])
def test_what_stands_around_the_form_is_skipped(before: bytes, after: bytes, size: int) -> None:
    body = before + field("inhoud", b"abc", "a") + END + after
    assert parsed(cut(body, size)) == Form(b"abc", None, "a")


def test_the_lock_is_known_as_soon_as_its_field_has_ended() -> None:
    form = PartForm(CONTENT_TYPE)
    form.feed(field("lock", b"abc"))
    assert form.lock is None
    form.feed(b"--" + BOUNDARY.encode() + b"\r\n")
    assert form.lock == "abc"


def test_a_piece_without_a_boundary_is_handed_on_as_it_is() -> None:
    form = PartForm(CONTENT_TYPE)
    form.feed(HALF[: -len(b"half\r\n")])
    assert form.feed(FILE)[0] is FILE


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "body", [b"", b"------grens", HALF, HALF + b"------grens", HALF + b"------grens-", HALF[:40]]
)
def test_a_form_that_breaks_off_is_refused(body: bytes, size: int) -> None:
    assert reason(body, size) == "the closing boundary is missing"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (HALF + HALF, "a second field 'inhoud'"),
        (HALF + field("inhoud", b"text"), "a second field 'inhoud'"),
        (field("inhoud", b"text") + HALF, "a second field 'inhoud'"),
        (field("lock", b"a") + HALF + field("lock", b"a"), "a second field 'lock'"),
        (field("lock", b"x" * (MAX_LOCK + 1)), "the lock is too long"),
        (field("lock", b"\xff"), "the lock is not UTF-8"),
        (field("x", b"") * (MAX_FIELDS + 1), "too many fields"),
        (b"x" * 1100 + b"\r\n" + HALF, "the first boundary is missing"),
        (b"x" * 3000, "the first boundary is missing"),
        (field("inhoud", b"a", "a", b"content-disposition: form-data\r\n"), "a header comes twice"),
        (field("inhoud", b"QUJD", "a", b"Content-Transfer-Encoding: base64\r\n"),
         "the field 'inhoud' has a content-transfer-encoding"),
    ],
)  # fmt: skip
def test_a_form_that_is_not_as_it_should_be_is_refused(body: bytes, expected: str, size: int) -> None:
    assert reason(body + END, size) == expected


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "headers", [b"X" * 5000, b"X-Y: " + b"z" * 5000 + b"\r\n", b"no colon\r\n", b": x\r\n", b"X: y\rz"]
)
def test_headers_that_are_too_long_or_broken_are_refused(headers: bytes, size: int) -> None:
    assert reason(field("inhoud", b"abc", "a", headers) + END, size)


def test_a_field_has_no_more_than_a_few_headers() -> None:
    assert reason(field("inhoud", b"abc", "a", b"".join(b"X-%d: y\r\n" % n for n in range(20))) + END)


@pytest.mark.parametrize("size", [1000, 65_536])
@pytest.mark.parametrize("name", ["inhoud", "x"])
def test_what_is_skipped_is_limited_in_size(name: str, size: int) -> None:
    assert parsed(cut(field(name, b"x" * MAX_ASIDE) + END, size)).content == b""
    assert reason(field(name, b"x" * (MAX_ASIDE + 1)) + END, size).startswith("too much beside")
    assert reason(HALF + END + b"x" * (MAX_ASIDE + size), size).startswith("too much beside")


@pytest.mark.parametrize("encoding", [b"binary", b"8bit", b"7BIT"])
def test_an_encoding_that_changes_nothing_is_accepted(encoding: bytes) -> None:
    body = field("inhoud", b"abc", "a", b"Content-Transfer-Encoding: %b\r\n" % encoding) + END
    assert parsed([body]).content == b"abc"


@pytest.mark.parametrize("parameter", ["", "boundary=", f"boundary={'x' * 201}", *UNUSABLE_BOUNDARIES])
def test_a_form_without_a_usable_boundary_is_refused(parameter: str) -> None:
    with pytest.raises(BadForm):
        PartForm(f"multipart/form-data; {parameter}")


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/mixed"])
def test_another_content_type_is_no_form(kind: str) -> None:
    with pytest.raises(BadForm):
        PartForm(f"{kind}; boundary=x")


@pytest.mark.parametrize("boundary", ["x", "----grens", "'()+_,-./:=? x"])
def test_a_boundary_is_read_as_rfc_2046_writes_it(boundary: str) -> None:
    body = (field("inhoud", FILE, "a") + END).replace(BOUNDARY.encode(), boundary.encode())
    assert parsed(cut(body, 5), f'Multipart/Form-Data; charset=utf-8; Boundary="{boundary}"').content == FILE


def test_the_refusal_tells_the_client_the_reason() -> None:
    with pytest.raises(
        BadForm, match="Multipart form parse error - the closing boundary is missing"
    ) as caught:
        parsed([b""])
    assert (caught.value.status, caught.value.code) == (400, "parse_error")


@settings(deadline=None)
@given(
    st.lists(st.binary() | st.sampled_from(FRAGMENTS)).map(b"".join),
    st.text("abc-"),
    st.lists(st.integers(0, 400)),
)
def test_a_form_is_read_as_the_standard_library_reads_it(
    content: bytes, lock: str, points: list[int]
) -> None:
    content = content.replace(BOUNDARY.encode(), b"/")
    body = field("inhoud", content, "a", b"Content-Type: application/octet-stream\r\n")
    body += field("lock", lock.encode()) + END
    assert parsed(cut_at(body, points)) == Form(content, lock, "a")
    assert by_the_standard_library(body) == {"inhoud": content, "lock": lock.encode()}


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(FRAGMENTS)).map(b"".join), st.data())
def test_any_cut_gives_the_same_answer_or_the_same_error(text: bytes, data: st.DataObject) -> None:
    points = data.draw(st.lists(st.integers(0, len(text))))
    for body in (text, text + HALF + END, HALF[:-2] + text + b"\r\n" + END, field("lock", text) + END):
        assert outcome(cut_at(body, points)) == outcome(cut(body, 1)) == outcome([body])


@pytest.mark.parametrize(
    "line", [b"\x00" * 262_144, b"\r\n------gren" * 20_000], ids=["zeros", "almost boundaries"]
)
def test_memory_does_not_grow_with_the_file(line: bytes) -> None:
    form, size = PartForm(CONTENT_TYPE), 0
    tracemalloc.start()
    try:
        form.feed(HALF[:-6])
        for _ in range(800):
            size += sum(len(piece) for piece in form.feed(line))
        size += sum(len(piece) for piece in form.feed(b"\r\n" + END))
        form.close()
        assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert size == 800 * len(line)
