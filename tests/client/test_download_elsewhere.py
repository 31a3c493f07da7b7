"""Downloads from Documenten APIs that say less about their content than ours."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from dms.client.download import download
from dms.client.failures import Damaged, Unreachable
from dms.client.session import Session
from tests.client.scripted import Said, ScriptedServer

CONTENT = b"inhoud van het document"
LOOK, FETCH = "GET /document/1", "GET /document/1/download"
SHORT = Said(body=CONTENT[:5])


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as started:
        _shows(started, bestandsomvang=len(CONTENT))
        yield started


def _shows(server: ScriptedServer, **fields: Any) -> None:
    document = {"bestandsnaam": "kopie", "inhoud": f"{server.address}/document/1/download?versie=1"}
    server.says(LOOK, Said(json=document | fields))


@pytest.fixture
def go(session: Session, server: ScriptedServer, states: Path, tmp_path: Path) -> Any:
    """Downloads the document of that server."""

    async def run() -> bytes:
        url = f"{server.address}/document/1"
        target = await download(session, url, states=states, to=tmp_path, force=True)
        return target.read_bytes()

    return run


async def test_size_alone_decides_where_a_server_gives_no_checksum(go: Any, server: ScriptedServer) -> None:
    server.says(FETCH, Said(body=CONTENT))
    assert await go() == CONTENT
    server.says(FETCH, SHORT)
    with pytest.raises(Damaged):
        await go()


async def test_what_has_neither_size_nor_checksum_is_taken_as_it_comes(
    go: Any, server: ScriptedServer
) -> None:
    _shows(server)
    server.says(FETCH, Said(body=CONTENT))
    assert await go() == CONTENT


@pytest.mark.parametrize("digest", ["md5=:abc=:", "sha-256=:=:", "sha-256=abc"])
async def test_a_checksum_that_cannot_be_read_is_passed_over(
    digest: str, go: Any, server: ScriptedServer
) -> None:
    server.says(FETCH, Said(body=CONTENT, headers={"Repr-Digest": digest}))
    assert await go() == CONTENT


async def test_a_checksum_is_found_among_others(go: Any, server: ScriptedServer) -> None:
    right = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
    server.says(FETCH, Said(body=CONTENT, headers={"Repr-Digest": f"md5=:abc=:, sha-256=:{right}:"}))
    assert await go() == CONTENT
    wrong = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    server.says(FETCH, Said(body=CONTENT, headers={"Repr-Digest": f"sha-256=:{wrong}:"}))
    with pytest.raises(Damaged):
        await go()


async def test_content_is_asked_for_as_it_is_and_not_compressed(go: Any, server: ScriptedServer) -> None:
    server.says(FETCH, Said(body=CONTENT))
    await go()
    assert server.asked[-1].headers["Accept-Encoding"] == "identity"


@pytest.fixture
def broken(tmp_path: Path) -> Callable[..., Said]:
    """Makes an answer that breaks off once its first five bytes are in the file."""
    part = tmp_path / "kopie.part"

    def make(**headers: str) -> Said:
        return Said(body=CONTENT[:5], headers=headers, cut_short=lambda: part.stat().st_size == 5)

    return make


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"weak"'}], ids=["none", "weak"])
async def test_without_a_strong_etag_the_whole_is_asked_for_again(
    headers: dict[str, str], go: Any, server: ScriptedServer, broken: Callable[..., Said]
) -> None:
    server.says(FETCH, broken(**headers), Said(body=CONTENT))
    assert await go() == CONTENT
    assert "Range" not in server.asked[-1].headers


async def test_the_rest_is_asked_for_on_condition_that_the_content_is_the_same(
    go: Any, server: ScriptedServer, broken: Callable[..., Said]
) -> None:
    rest = Said(206, body=CONTENT[5:], headers={"Content-Range": f"bytes 5-22/{len(CONTENT)}"})
    server.says(FETCH, broken(ETag='"a"'), rest)
    assert await go() == CONTENT
    asked = server.asked[-1].headers
    assert (asked["Range"], asked["If-Range"]) == ("bytes=5-", '"a"')


async def test_content_that_is_no_longer_the_same_is_taken_from_its_start(
    go: Any, server: ScriptedServer, broken: Callable[..., Said]
) -> None:
    server.says(FETCH, broken(ETag='"a"'), Said(body=CONTENT, headers={"ETag": '"b"'}))
    assert await go() == CONTENT


@pytest.mark.parametrize(
    "odd",
    [
        Said(206, body=CONTENT[4:], headers={"Content-Range": f"bytes 4-22/{len(CONTENT)}"}),
        Said(206, body=CONTENT[5:]),
        Said(416),
    ],
    ids=["another place", "no place", "no such range"],
)
async def test_a_rest_from_another_place_is_not_added(
    odd: Said, go: Any, server: ScriptedServer, broken: Callable[..., Said]
) -> None:
    server.says(FETCH, broken(ETag='"a"'), odd, Said(body=CONTENT))
    assert await go() == CONTENT
    assert "Range" not in server.asked[-1].headers


async def test_a_server_that_always_breaks_off_at_the_start_is_given_up(
    go: Any, server: ScriptedServer
) -> None:
    server.says(FETCH, Said(broken=True))
    with pytest.raises(Unreachable):
        await go()
