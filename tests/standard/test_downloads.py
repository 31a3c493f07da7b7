"""Downloads: whole or in part, from local files or from a store elsewhere (D-38)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import shutil
import socket
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from dms.actions.service import Content, Dms
from dms.settings import Settings
from dms.storage.content.port import Body, Entry, LocalFiles, Region, Slot
from dms.wiring import wired
from tests.standard.stored import cut, head, until
from tests.zgw import DOCUMENTS, Answer, Zgw, document_values, refusal

DIGITS = b"0123456789"
ETAG = f'"{hashlib.sha256(DIGITS).hexdigest()}"'
SENDING = "dms_downloads_in_progress"
LARGE = bytes(range(256)) * 4096 * 16


class Elsewhere:
    """A content store whose bodies are no files on this machine: they come as streams, and so they go."""

    def __init__(self, store: Content) -> None:
        self._store = store

    async def write(self, chunks: AsyncIterable[bytes]) -> Body:
        return await self._store.write(chunks)

    def read(self, key: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        return self._store.read(key, start, stop)

    async def size(self, key: str) -> int:
        return await self._store.size(key)

    async def remove(self, key: str) -> None:
        await self._store.remove(key)

    def keys(self, since: datetime | None = None) -> AsyncIterator[Entry]:
        return self._store.keys(since)

    async def healthy(self) -> None:
        await self._store.healthy()

    async def close(self) -> None:
        await self._store.close()

    def new_upload(self) -> str:
        return self._store.new_upload()

    def slot(self, upload: str, number: int) -> AbstractAsyncContextManager[Slot]:
        return self._store.slot(upload, number)

    async def seal(self, upload: str, parts: Sequence[tuple[Region, str]]) -> Body:
        return await self._store.seal(upload, parts)

    async def abandon(self, upload: str) -> None:
        await self._store.abandon(upload)

    def uploads(self) -> AsyncIterator[Entry]:
        return self._store.uploads()


@pytest.fixture
def settings(tmp_path: Path, store_settings: dict[str, Any]) -> Settings:
    return Settings(data_dir=tmp_path / "data", idle_time=0.5, durable=False, **store_settings)


@pytest.fixture(params=["local files", "elsewhere"])
async def dms(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Dms]:
    if request.param == "local files" and settings.content_url:
        pytest.skip("there are no local files; run it without --on-engines")
    async with wired(settings) as service:
        dms = service.dms
        if request.param == "elsewhere":
            dms = replace(dms, content=Elsewhere(dms.content))
        assert isinstance(dms.content, LocalFiles) == (request.param == "local files")
        yield dms


@pytest.fixture
async def digits(zgw: Zgw, type_: str) -> str:
    """Where ten digits are downloaded."""
    return str((await zgw.document(type_, content=DIGITS))["inhoud"])


async def test_d_38_a_download_is_the_content_and_tells_all_about_it(zgw: Zgw, digits: str) -> None:
    answer = await zgw.get(digits, headers={"Accept": "image/png"})
    assert (answer.status, answer.body) == (200, DIGITS)
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Length": "10",
        "Content-Disposition": "attachment",
        "Etag": ETAG,
        "Accept-Ranges": "bytes",
        "Repr-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(DIGITS).digest()).decode()}:",
        "X-Content-Type-Options": "nosniff",
        "API-version": "1.7.0",
    }
    assert {name: answer.headers.get(name) for name in headers} == headers


async def test_g_58_a_head_has_the_headers_of_the_get_and_no_body(zgw: Zgw, digits: str) -> None:
    got, looked_at = await zgw.get(digits), await zgw.call("HEAD", digits)
    assert (looked_at.status, looked_at.body) == (200, b"")
    differing = {"Date", "X-Request-ID"}
    assert {n: v for n, v in looked_at.headers.items() if n not in differing} == {
        n: v for n, v in got.headers.items() if n not in differing
    }


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_qd_6_a_document_without_content_is_204(zgw: Zgw, type_: str, method: str) -> None:
    document = await zgw.document(type_)
    for headers in ({}, {"Range": "bytes=0-3"}, {"If-None-Match": "*"}):
        answer = await zgw.call(method, f"{document['url']}/download", headers=headers)
        assert (answer.status, answer.body) == (204, b"")


async def test_d_33_an_empty_file_is_downloaded_as_such(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, bestandsomvang=0)
    answer = await zgw.get(document["inhoud"])
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "0")
    assert refusal(await zgw.get(document["inhoud"], headers={"Range": "bytes=0-"}))[0] == 416


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=2-4", 2, 5),
        ("bytes=9-9", 9, 10),
        ("bytes=4-", 4, 10),
        ("bytes=0-", 0, 10),
        ("bytes=0-9", 0, 10),
        ("bytes=7-99", 7, 10),
        ("bytes=-3", 7, 10),
        ("bytes=-99", 0, 10),
        ("bytes = 2 - 4 ", 2, 5),
    ],
)
async def test_a_range_is_answered_with_just_those_bytes(
    zgw: Zgw, digits: str, asked: str, start: int, stop: int
) -> None:
    answer = await zgw.get(digits, headers={"Range": asked})
    assert (answer.status, answer.body) == (206, DIGITS[start:stop])
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/10"
    assert answer.headers["Content-Length"] == str(stop - start)
    assert answer.headers["Etag"] == ETAG


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-12", "bytes=99-100", "bytes=-0"])
async def test_a_range_beyond_the_content_is_refused_with_its_size(zgw: Zgw, digits: str, asked: str) -> None:
    answer = await zgw.get(digits, headers={"Range": asked})
    assert refusal(answer) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == "bytes */10"


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,3-4",
        "bytes=5-2",
        "bytes=a-b",
        "bytes=-",
        "bytes=",
        "bytes",
        "items=0-1",
        "bytes=1--2",
        "bytes=+1-2",
        "bytes=0-" + "9" * 30,
        "bytes=\u0661-",
    ],
)
async def test_a_range_that_is_not_one_range_is_answered_with_the_whole(
    zgw: Zgw, digits: str, asked: str
) -> None:
    answer = await zgw.get(digits, headers={"Range": asked})
    assert (answer.status, answer.body) == (200, DIGITS)
    assert "Content-Range" not in answer.headers


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (ETAG, 206),
        (f" {ETAG} ", 206),
        (f"W/{ETAG}", 200),
        ('"another"', 200),
        ("Tue, 24 Nov 2026 06:00:00 GMT", 200),
    ],
)
async def test_if_range_asks_for_the_rest_of_the_very_same_content(
    zgw: Zgw, digits: str, condition: str, status: int
) -> None:
    answer = await zgw.get(digits, headers={"Range": "bytes=8-", "If-Range": condition})
    assert (answer.status, answer.body) == (status, b"89" if status == 206 else DIGITS)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("known", "status"),
    [(ETAG, 304), ("*", 304), (f'"x", W/{ETAG}', 304), ('"x"', 200), ("", 200), (ETAG.strip('"'), 200)],
)
async def test_g_86_content_that_the_client_has_is_not_sent_again(
    zgw: Zgw, digits: str, method: str, known: str, status: int
) -> None:
    answer = await zgw.call(method, digits, headers={"If-None-Match": known, "Range": "bytes=0-99"})
    assert answer.status == (206 if status == 200 else 304)
    assert answer.body == (DIGITS if (method, status) == ("GET", 200) else b"")
    assert answer.headers["Etag"] == ETAG


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("brief.pdf", 'attachment; filename="brief.pdf"'),
        (
            "dossier één.pdf",
            "attachment; filename=\"dossier __n.pdf\"; filename*=UTF-8''dossier%20%C3%A9%C3%A9n.pdf",
        ),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
        ("C:\\Users\\x\\y.txt", 'attachment; filename="y.txt"'),
        ("..", "attachment"),
        ("map/", "attachment"),
        ("a\r\nSet-Cookie: b", 'attachment; filename="aSet-Cookie: b"'),
        (
            'a"; filename="b',
            "attachment; filename=\"a__ filename=_b\"; filename*=UTF-8''a%22%3B%20filename%3D%22b",
        ),
        ("100%25.txt", "attachment; filename=\"100_25.txt\"; filename*=UTF-8''100%2525.txt"),
        ("\u202egpj.exe", 'attachment; filename="gpj.exe"'),
        (".verborgen", 'attachment; filename="verborgen"'),
    ],
)
async def test_a_download_is_named_by_its_file_and_by_no_more_than_a_name(
    zgw: Zgw, type_: str, name: str, header: str
) -> None:
    document = await zgw.document(type_, content=DIGITS, bestandsnaam=name)
    answer = await zgw.get(document["inhoud"])
    assert (answer.status, answer.headers["Content-Disposition"]) == (200, header)
    assert "Set-Cookie" not in answer.headers


async def large(zgw: Zgw, type_: str) -> Answer:
    """A document of 16 MiB."""
    body = orjson.dumps(document_values(type_, content=LARGE))
    answer = await zgw.call("POST", DOCUMENTS, data=cut(body), headers={"Content-Type": "application/json"})
    assert answer.status == 201
    return answer


async def test_megabytes_are_downloaded_whole_and_in_ranges_that_join(zgw: Zgw, type_: str) -> None:
    url = (await large(zgw, type_))["inhoud"]
    assert (await zgw.get(url)).body == LARGE
    middle = len(LARGE) // 2 + 1
    halves = [
        await zgw.get(url, headers={"Range": asked})
        for asked in (f"bytes=0-{middle}", f"bytes={middle + 1}-")
    ]
    assert halves[0].body + halves[1].body == LARGE


async def slow_client(zgw: Zgw, url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that asks for a download and has room for little of it until it reads."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, (str(zgw.client.host), zgw.client.port))
    reader, writer = await asyncio.open_connection(sock=narrow, limit=1024)
    writer.write(head(zgw, "GET", url))
    await writer.drain()
    return reader, writer


async def test_a_client_that_stops_reading_is_cut_off_after_the_idle_time(zgw: Zgw, type_: str) -> None:
    url = (await large(zgw, type_))["inhoud"]
    reader, writer = await slow_client(zgw, url)
    await until(zgw, SENDING, 1)
    await until(zgw, SENDING, 0)
    received = b""
    try:
        while piece := await reader.read(2**16):
            received += piece
    except ConnectionResetError:
        pass
    finally:
        writer.close()
    assert len(received) < len(LARGE)
    assert (await zgw.get(url)).body == LARGE


async def test_a_client_that_goes_away_leaves_the_service_to_others(zgw: Zgw, type_: str) -> None:
    url = (await large(zgw, type_))["inhoud"]
    _, writer = await slow_client(zgw, url)
    await until(zgw, SENDING, 1)
    writer.transport.abort()
    await until(zgw, SENDING, 0)
    assert (await zgw.get(url)).body == LARGE


@pytest.mark.usefixtures("embedded")
async def test_a_body_that_is_lost_is_a_fault_and_no_empty_file(
    zgw: Zgw, digits: str, settings: Settings
) -> None:
    shutil.rmtree(settings.data_dir / "content")
    assert refusal(await zgw.get(digits)) == (500, "error")
