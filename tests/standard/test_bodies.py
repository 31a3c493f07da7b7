"""Bodies that no good client sends: refused or cut off, and nothing of them stays (RULES 2.4, G-11)."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from dms.actions.service import Dms
from dms.settings import Settings
from tests.standard.stored import cut, everything, head, sent_raw
from tests.zgw import DOCUMENTS, Answer, Zgw, document_values, refusal

JSON = {"Content-Type": "application/json"}
PARSE_ERROR = (400, "parse_error")
TOO_LARGE = (413, "request_entity_too_large")
CONTENT = bytes(50_000)


@pytest.fixture
def settings(tmp_path: Path, store_settings: dict[str, Any]) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        idle_time=0.5,
        request_size=100_000,
        json_size=20_000,
        durable=False,
        **store_settings,
    )


@pytest.fixture
def nothing_stays(dms: Dms, settings: Settings, type_: str) -> Callable[[], Awaitable[None]]:
    """Asserts, once the service is done with a request, that it left no record, body or half a file."""
    incoming = settings.data_dir / "content" / "incoming"

    async def check() -> None:
        async with asyncio.timeout(5):
            while incoming.exists() and any(
                incoming.iterdir()
            ):  # a client that hung up is noticed a moment later
                await asyncio.sleep(0.01)
        found = await everything(dms)
        assert not any(found.values()), found

    return check


def text_of(type_: str, content: bytes = CONTENT) -> bytes:
    """A good create."""
    return orjson.dumps(document_values(type_, content=content))


async def posted(zgw: Zgw, text: bytes, **headers: str) -> Answer:
    return await zgw.call("POST", DOCUMENTS, data=text, headers={**JSON, **headers})


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("share", [0.2, 0.5, 0.999])
async def test_a_body_that_breaks_off_leaves_nothing(
    zgw: Zgw, type_: str, nothing_stays: Callable[[], Awaitable[None]], share: float
) -> None:
    text = text_of(type_)
    begun = head(zgw, "POST", DOCUMENTS, "Content-Type: application/json", f"Content-Length: {len(text)}")
    assert await sent_raw(zgw, [begun, text[: int(len(text) * share)]], hang_up=True) == b""
    await nothing_stays()
    assert (await zgw.get(DOCUMENTS))["count"] == 0


async def test_a_body_that_stops_coming_is_answered_after_the_idle_time(
    zgw: Zgw, type_: str, nothing_stays: Callable[[], Awaitable[None]]
) -> None:
    text = text_of(type_)
    begun = head(zgw, "POST", DOCUMENTS, "Content-Type: application/json", f"Content-Length: {len(text) + 1}")
    answer = await sent_raw(zgw, [begun, text])
    assert status(answer) == 408
    assert b'"code":"request_timeout"' in answer
    await nothing_stays()


async def test_a_body_longer_than_its_length_says_is_taken_for_that_length(
    zgw: Zgw, type_: str, nothing_stays: Callable[[], Awaitable[None]]
) -> None:
    text = text_of(type_)
    begun = head(zgw, "POST", DOCUMENTS, "Content-Type: application/json", f"Content-Length: {len(text) - 1}")
    answer = await sent_raw(zgw, [begun, text[:-1]])
    assert status(answer) == 400
    assert b'"code":"parse_error"' in answer
    await nothing_stays()


async def test_pieces_whose_sizes_are_no_numbers_are_refused(
    zgw: Zgw, type_: str, nothing_stays: Callable[[], Awaitable[None]]
) -> None:
    begun = head(zgw, "POST", DOCUMENTS, "Content-Type: application/json", "Transfer-Encoding: chunked")
    whole = text_of(type_, b"klein")
    for wrong in (b"zz\r\n", b"-1\r\n", b"%x\r\n%b\r\nzz\r\n" % (len(whole), whole)):
        assert status(await sent_raw(zgw, [begun, wrong])) == 400
    await nothing_stays()


async def test_a_body_that_is_not_in_the_encoding_it_names_is_refused(
    zgw: Zgw, type_: str, nothing_stays: Callable[[], Awaitable[None]]
) -> None:
    for name in ("gzip", "deflate"):
        begun = head(
            zgw,
            "POST",
            DOCUMENTS,
            "Content-Type: application/json",
            f"Content-Encoding: {name}",
            "Content-Length: 5",
        )
        answer = await sent_raw(zgw, [begun, b"hallo"])
        assert status(answer) == 400
        assert b"application/problem+json" in answer
    await nothing_stays()


async def test_d_39_a_compressed_body_is_measured_by_what_comes_out(
    zgw: Zgw, type_: str, nothing_stays: Callable[[], Awaitable[None]]
) -> None:
    bomb = gzip.compress(text_of(type_, bytes(10_000_000)))
    answer = await posted(zgw, bomb, **{"Content-Encoding": "gzip"})
    assert refusal(answer) == TOO_LARGE
    await nothing_stays()
    small = await posted(zgw, gzip.compress(text_of(type_)), **{"Content-Encoding": "gzip"})
    assert small.status == 201


async def test_d_39_a_body_over_the_limit_is_refused_by_its_length_alone(
    zgw: Zgw, type_: str, nothing_stays: Callable[[], Awaitable[None]]
) -> None:
    begun = head(zgw, "POST", DOCUMENTS, "Content-Type: application/json", "Content-Length: 100001")
    answer = await sent_raw(zgw, [begun])
    assert status(answer) == 413
    await nothing_stays()


async def test_d_39_a_body_over_the_limit_is_refused_without_a_length_too(
    zgw: Zgw, type_: str, nothing_stays: Callable[[], Awaitable[None]]
) -> None:
    text = text_of(type_, bytes(90_000))
    answer = await zgw.call("POST", DOCUMENTS, data=cut(text, 10_000), headers=JSON)
    assert refusal(answer) == TOO_LARGE
    await nothing_stays()


@pytest.mark.parametrize("after", [False, True])
async def test_much_json_beside_the_content_is_refused(
    zgw: Zgw, type_: str, nothing_stays: Callable[[], Awaitable[None]], after: bool
) -> None:
    much = b'"x": "%b"' % (b"x" * 20_000)
    good = text_of(type_, b"klein")
    text = good[:-1] + b", " + much + b"}" if after else b"{" + much + b", " + good[1:]
    assert refusal(await posted(zgw, text)) == TOO_LARGE
    await nothing_stays()


def nested(depth: int, closed: bool) -> bytes:
    return b"[" * depth + (b"]" * depth if closed else b"")


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("place", ["before", "after", "alone"])
async def test_json_that_is_nested_ten_thousand_deep_is_refused(
    zgw: Zgw, type_: str, nothing_stays: Callable[[], Awaitable[None]], place: str, closed: bool
) -> None:
    deep, good = nested(9_000, closed), text_of(type_, b"klein")
    text = {
        "before": b'{"x": ' + deep + b", " + good[1:],
        "after": good[:-1] + b', "x": ' + deep + b"}",
        "alone": deep,
    }[place]
    assert refusal(await posted(zgw, text)) == PARSE_ERROR
    await nothing_stays()
    assert (await posted(zgw, good)).status == 201


@pytest.mark.parametrize(
    "tail",
    [
        b', "inhoud": "YQ=="}',
        rb', "inh\u006fud": "YQ=="}',
        b', "titel": "Nog een"}',
        b', "x": {"a": 1, "a": 2}}',
        b', "x": 1,}',
        b', "x": NaN}',
        b', "x": "\x01"}',
        b', "x": "\xff"}',
        rb', "x": "\ud800"}',
        b"} {}",
        b"}}",
        b"",
    ],
)
async def test_json_that_turns_out_wrong_after_the_content_leaves_nothing(
    zgw: Zgw, type_: str, nothing_stays: Callable[[], Awaitable[None]], tail: bytes
) -> None:
    assert refusal(await posted(zgw, text_of(type_)[:-1] + tail)) == PARSE_ERROR
    await nothing_stays()


@pytest.mark.parametrize("wrong", [rb"YQ\x==", b"YQ\x01==", rb"YQ\ud800==", b"YQ\xff=="])
async def test_content_that_is_no_json_text_leaves_nothing(
    zgw: Zgw, type_: str, nothing_stays: Callable[[], Awaitable[None]], wrong: bytes
) -> None:
    text = orjson.dumps(document_values(type_))[:-1] + b', "inhoud": "' + wrong + b'"}'
    assert refusal(await posted(zgw, text)) == PARSE_ERROR
    await nothing_stays()


async def test_a_refused_document_leaves_nothing_of_its_content(
    zgw: Zgw, type_: str, nothing_stays: Callable[[], Awaitable[None]]
) -> None:
    name = "../" * 1000 + "\r\nContent-Type: text/html\r\n" * 250
    wrong_name = document_values(type_, content=CONTENT, bestandsnaam=name)
    assert refusal(await zgw.post(DOCUMENTS, wrong_name)) == (400, "max_length", "bestandsnaam")
    no_type = document_values(f"{zgw.origin}{DOCUMENTS}", content=CONTENT)
    assert refusal(await zgw.post(DOCUMENTS, no_type))[2] == "informatieobjecttype"
    not_there = "00000000-0000-4000-8000-000000000000"
    values = document_values(type_, content=CONTENT, lock="x")
    for method in ("PUT", "PATCH"):
        answer = await zgw.call(method, f"{DOCUMENTS}/{not_there}", json=values)
        assert refusal(answer) == (404, "not_found")
    await nothing_stays()


async def test_content_within_another_member_is_no_content(zgw: Zgw, type_: str) -> None:
    inner = {"x": {"inhoud": "!"}, "y": [{"inhoud": "YQ=="}], "z": "inhoud"}
    answer = await zgw.post(DOCUMENTS, {**inner, **document_values(type_)})
    assert (answer.status, answer["inhoud"]) == (201, None)


async def test_the_name_of_the_content_may_be_escaped_like_any_other(zgw: Zgw, type_: str) -> None:
    text = text_of(type_, b"klein").replace(b'"inhoud"', rb'"inh\u006fud"')
    answer = await posted(zgw, text)
    assert (await zgw.get(answer["inhoud"])).body == b"klein"
