"""Parts of an upload: what is to come, and what is taken in (D-45 to D-49)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData

from dms.actions.collect import remove_dropped
from dms.actions.service import Dms
from dms.settings import Settings
from tests.standard.documents import WRONG_LOCK
from tests.standard.parts import CONTENT, SIZES, begun, bytes_of, send, unlock
from tests.standard.stored import cut, everything, figure, until
from tests.zgw import DOCUMENTS, Answer, Zgw, document_values, refusal

PARTS = "/documenten/api/v1/bestandsdelen"
NOT_FOUND = (404, "not_found")
RECEIVED = "dms_received_bytes_total"
WRONG_SIZE = (400, "file-size", "nonFieldErrors")


@pytest.fixture
def settings(tmp_path: Path, store_settings: dict[str, Any]) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        part_size=100,
        most_parts=5,
        request_size=10_000,
        json_size=5_000,
        durable=False,
        **store_settings,
    )


@pytest.fixture
async def document(zgw: Zgw, type_: str) -> Answer:
    return await begun(zgw, type_)


def complete(document: Answer) -> list[bool]:
    return [part["voltooid"] for part in document["bestandsdelen"]]


async def test_d_46_a_create_with_a_size_only_is_locked_and_lists_its_parts(document: Answer) -> None:
    assert (document["locked"], document["inhoud"], document["bestandsomvang"]) == (True, None, 250)
    assert len(document["lock"]) == 32
    parts = document["bestandsdelen"]
    assert [(part["volgnummer"], part["omvang"]) for part in parts] == list(enumerate(SIZES, start=1))
    assert all(set(part) == {"url", "volgnummer", "omvang", "voltooid", "lock"} for part in parts)
    assert {(part["voltooid"], part["lock"]) for part in parts} == {(False, document["lock"])}
    assert len({part["url"] for part in parts}) == 3


async def test_d_46_the_parts_are_shown_wherever_the_document_is(zgw: Zgw, document: Answer) -> None:
    for url in (document["url"], f"{document['url']}?versie=1"):
        assert (await zgw.get(url))["bestandsdelen"] == document["bestandsdelen"]
    [listed] = (await zgw.get(DOCUMENTS))["results"]
    assert listed["bestandsdelen"] == document["bestandsdelen"]


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (1, [1]),
        (99, [99]),
        (100, [100]),
        (101, [100, 1]),
        (500, [100] * 5),
        (501, [101, 101, 101, 101, 97]),
        (10**6, [200_000] * 5),
    ],
)
async def test_d_45_a_size_is_divided_into_parts_of_which_there_are_not_too_many(
    zgw: Zgw, type_: str, size: int, sizes: list[int]
) -> None:
    document = await zgw.document(type_, bestandsomvang=size)
    assert [part["omvang"] for part in document["bestandsdelen"]] == sizes


@pytest.mark.parametrize("lock_last", [False, True])
async def test_d_47_d_49_a_part_is_answered_as_complete(zgw: Zgw, document: Answer, lock_last: bool) -> None:
    part = document["bestandsdelen"][1]
    answer = await zgw.upload(part["url"], bytes_of(2), document["lock"], lock_last=lock_last)
    assert (answer.status, answer.body) == (200, {**part, "voltooid": True, "inhoud": ""})
    assert complete(await zgw.get(document["url"])) == [False, True, False]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
async def test_d_47_parts_may_come_in_any_order(
    zgw: Zgw, document: Answer, order: tuple[int, int, int]
) -> None:
    await send(zgw, document, *order)
    assert (await unlock(zgw, document)).status == 204
    assert (await zgw.get(f"{document['url']}/download")).body == CONTENT


async def test_d_47_parts_may_come_all_at_once(zgw: Zgw, document: Answer) -> None:
    await asyncio.gather(*(send(zgw, document, number) for number in (1, 2, 3)))
    assert (await unlock(zgw, document)).status == 204
    assert (await zgw.get(f"{document['url']}/download")).body == CONTENT


async def test_d_47_a_part_that_is_sent_again_takes_the_place_of_the_first(
    zgw: Zgw, document: Answer
) -> None:
    await send(zgw, document, 1, 2, 3, content=bytes(250))
    await send(zgw, document, 1, 1, 3)
    assert (await unlock(zgw, document)).status == 204
    assert (await zgw.get(f"{document['url']}/download")).body == bytes_of(1) + bytes(100) + bytes_of(3)


async def test_d_47_a_part_that_is_sent_twice_at_once_is_one_of_the_two(zgw: Zgw, document: Answer) -> None:
    await send(zgw, document, 2, 3)
    ones, twos = b"1" * 250, b"2" * 250
    await asyncio.gather(*(send(zgw, document, 1, content=content) for content in (ones, twos) * 4))
    assert (await unlock(zgw, document)).status == 204
    assert (await zgw.get(f"{document['url']}/download")).body[:100] in (b"1" * 100, b"2" * 100)


FORM = {"Content-Type": "multipart/form-data; boundary=x"}


def form_of(content: bytes, lock: str) -> bytes:
    """A form as it goes over the line, with the lock behind the file."""
    return (
        b'--x\r\nContent-Disposition: form-data; name="inhoud"; filename="a"\r\n\r\n%b\r\n'
        b'--x\r\nContent-Disposition: form-data; name="lock"\r\n\r\n%b\r\n--x--\r\n'
    ) % (content, lock.encode())


async def test_d_47_a_part_comes_through_however_it_is_cut(zgw: Zgw, document: Answer) -> None:
    for number in (1, 2, 3):
        form = cut(form_of(bytes_of(number), document["lock"]), number)
        part = document["bestandsdelen"][number - 1]["url"]
        assert (await zgw.put(part, data=form, headers=FORM)).status == 200
    assert (await unlock(zgw, document)).status == 204
    assert (await zgw.get(f"{document['url']}/download")).body == CONTENT


WRONG = pytest.mark.parametrize(
    ("content", "refused"),
    [
        (bytes(99), WRONG_SIZE),
        (bytes(101), WRONG_SIZE),
        (bytes(9_000), WRONG_SIZE),
        (b"", (400, "empty", "inhoud")),
    ],
)


@pytest.mark.parametrize("lock_last", [False, True])
@WRONG
async def test_d_48_a_part_of_the_wrong_size_is_refused(
    zgw: Zgw, document: Answer, content: bytes, refused: tuple[object, ...], lock_last: bool
) -> None:
    part = document["bestandsdelen"][0]
    answer = await zgw.upload(part["url"], content, document["lock"], lock_last=lock_last)
    assert refusal(answer) == refused
    assert complete(await zgw.get(document["url"])) == [False, False, False]


@WRONG
async def test_d_47_a_refused_part_leaves_the_one_that_came_before(
    zgw: Zgw, document: Answer, content: bytes, refused: tuple[object, ...]
) -> None:
    await send(zgw, document, 1, 2, 3)
    part = document["bestandsdelen"][0]["url"]
    assert refusal(await zgw.upload(part, content, document["lock"])) == refused
    for lock_last in (False, True):
        wrong_lock = await zgw.upload(part, bytes(100), "van een ander", lock_last=lock_last)
        assert refusal(wrong_lock) == WRONG_LOCK
    assert (await unlock(zgw, document)).status == 204
    assert (await zgw.get(f"{document['url']}/download")).body == CONTENT


@pytest.mark.parametrize("lock_last", [False, True])
async def test_d_48_a_part_without_the_right_lock_is_refused(
    zgw: Zgw, document: Answer, lock_last: bool
) -> None:
    part = document["bestandsdelen"][0]["url"]
    for lock, refused in [
        ("van een ander", WRONG_LOCK),
        (document["lock"] + "0", WRONG_LOCK),
        ("", (400, "blank", "lock")),
        (None, (400, "required", "lock")),
    ]:
        answer = await zgw.upload(part, bytes(100), lock, lock_last=lock_last)
        assert refusal(answer) == refused
    assert complete(await zgw.get(document["url"])) == [False, False, False]


async def test_d_48_a_wrong_lock_that_comes_long_after_the_file_is_refused_too(
    zgw: Zgw, document: Answer
) -> None:
    part, whole = document["bestandsdelen"][0]["url"], form_of(bytes(100), "van een ander")
    before = await figure(zgw, RECEIVED)

    async def form() -> AsyncIterator[bytes]:
        yield whole[:-60]
        await until(zgw, RECEIVED, before + len(whole) - 60)
        yield whole[-60:]

    assert refusal(await zgw.put(part, data=form(), headers=FORM)) == WRONG_LOCK
    assert complete(await zgw.get(document["url"])) == [False, False, False]


async def test_d_48_the_fields_of_a_part_are_judged_together(zgw: Zgw, document: Answer) -> None:
    answer = await zgw.upload(document["bestandsdelen"][0]["url"], b"", None)
    assert refusal(answer) == (400, ("required", "lock"), ("empty", "inhoud"))


async def test_d_48_without_a_file_nothing_is_stored(zgw: Zgw, document: Answer) -> None:
    part = document["bestandsdelen"][0]
    no_file = {**part, "inhoud": ""}
    answer = await zgw.upload(part["url"], None, document["lock"])
    assert (answer.status, answer.body) == (200, no_file)
    as_fields = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await zgw.put(part["url"], data=f"lock={document['lock']}", headers=as_fields)
    assert (answer.status, answer.body) == (200, no_file)
    assert refusal(await zgw.upload(part["url"], None, None)) == (400, "required", "lock")


async def test_d_47_a_file_that_comes_as_text_is_refused(zgw: Zgw, document: Answer) -> None:
    part = document["bestandsdelen"][0]["url"]
    form = FormData({"lock": document["lock"], "inhoud": "x" * 100}, default_to_multipart=True)
    assert refusal(await zgw.put(part, data=form)) == (400, "invalid", "inhoud")
    as_fields = {"Content-Type": "application/x-www-form-urlencoded"}
    text = f"lock={document['lock']}&inhoud={'x' * 100}"
    assert refusal(await zgw.put(part, data=text, headers=as_fields)) == (400, "invalid", "inhoud")
    too_much = await zgw.put(part, data="inhoud=" + "x" * 5_000, headers=as_fields)
    assert refusal(too_much) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"lock=\xff"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="lock"\r\n\r\nl'),
    ],
)
async def test_g_11_a_form_that_cannot_be_read_is_a_parse_error(
    zgw: Zgw, document: Answer, media_type: str, body: bytes
) -> None:
    part = document["bestandsdelen"][0]["url"]
    answer = await zgw.put(part, data=body, headers={"Content-Type": media_type})
    assert refusal(answer) == (400, "parse_error")


@pytest.mark.parametrize("media_type", ["application/json", "application/octet-stream", "text/plain"])
async def test_d_47_other_media_types_than_forms_are_refused(
    zgw: Zgw, document: Answer, media_type: str
) -> None:
    part = document["bestandsdelen"][0]["url"]
    answer = await zgw.put(part, data=b"{}", headers={"Content-Type": media_type})
    assert refusal(answer) == (415, "unsupported_media_type")


async def test_d_39_a_part_over_the_limit_of_a_request_is_refused(zgw: Zgw, document: Answer) -> None:
    part = document["bestandsdelen"][0]["url"]
    answer = await zgw.upload(part, bytes(10_000), document["lock"])
    assert refusal(answer) == (413, "request_entity_too_large")


async def test_d_47_parts_are_only_put(zgw: Zgw, document: Answer) -> None:
    part = document["bestandsdelen"][0]["url"]
    for method in ("GET", "PATCH", "DELETE", "POST"):
        assert refusal(await zgw.call(method, part)) == (405, "method_not_allowed")
    assert refusal(await zgw.get(PARTS)) == NOT_FOUND


async def test_a_part_that_never_was_is_not_found(zgw: Zgw) -> None:
    for id in ("1", "00000000-0000-4000-8000-000000000000"):
        assert refusal(await zgw.upload(f"{PARTS}/{id}", b"x", "x")) == NOT_FOUND


async def test_d_54_while_parts_are_to_come_there_is_no_content(zgw: Zgw, document: Answer) -> None:
    await send(zgw, document, 1, 2, 3)
    waiting = await zgw.get(document["url"])
    assert (waiting["inhoud"], complete(waiting)) == (None, [True, True, True])
    assert (await zgw.get(f"{document['url']}/download")).status == 204


async def test_d_52_a_part_on_its_way_when_the_upload_ends_is_not_found(
    zgw: Zgw, dms: Dms, document: Answer
) -> None:
    halfway, go_on = asyncio.Event(), asyncio.Event()

    async def form() -> AsyncIterator[bytes]:
        whole = form_of(bytes(100), document["lock"])
        yield whole[:100]
        halfway.set()
        await go_on.wait()
        yield whole[100:]

    part = document["bestandsdelen"][0]["url"]
    on_its_way = asyncio.create_task(zgw.put(part, data=form(), headers=FORM))
    await halfway.wait()
    new = {"inhoud": base64.b64encode(b"anders").decode(), "bestandsomvang": 6, "lock": document["lock"]}
    assert (await zgw.patch(document["url"], new)).status == 200
    await remove_dropped(dms)
    before = await everything(dms)
    go_on.set()
    assert refusal(await on_its_way) == NOT_FOUND
    assert await everything(dms) == before
    assert (await zgw.get(f"{document['url']}/download")).body == b"anders"


async def test_d_45_a_put_begins_an_upload_as_well(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=b"eerst")
    lock = await zgw.locked(document["url"])
    answer = await zgw.put(document["url"], document_values(type_, bestandsomvang=250, lock=lock))
    assert [part["omvang"] for part in answer["bestandsdelen"]] == list(SIZES)
    assert {part["lock"] for part in answer["bestandsdelen"]} == {lock}
    await send(zgw, answer, 1, 2, 3, lock=lock)
    assert (await unlock(zgw, answer, lock)).status == 204
    assert (await zgw.get(f"{document['url']}/download")).body == CONTENT
    assert (await zgw.get(document["inhoud"])).body == b"eerst"
