"""Two nodes on one MongoDB and one S3 store behave as one service."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from io import BytesIO
from itertools import cycle
from json import dumps
from typing import Any

import aiohttp
import pytest

from dms.outgoing.jwts import make_token
from tests.contracts.content import pattern
from tests.e2e.conftest import PART
from tests.process import CLIENT_ID, CLIENT_SECRET, ServiceProcess
from tests.zgw import document_values

pytestmark = pytest.mark.engines
DOCUMENTS = "/documenten/api/v1/enkelvoudiginformatieobjecten"


class Client:
    """Calls any node as the application with all rights; URLs are made those of that node."""

    def __init__(self, session: aiohttp.ClientSession, nodes: list[ServiceProcess]) -> None:
        self.session = session
        self.nodes = nodes

    async def call(
        self, node: int, method: str, url: str, json: Any = None, data: Any = None
    ) -> tuple[int, Any]:
        """The status, and the JSON or the bytes of the answer."""
        path, text = url, None if json is None else dumps(json)
        for each in self.nodes:  # behind a proxy they would have one address; here, each knows its own only
            path = path.removeprefix(each.address)
            text = text and text.replace(each.address, self.nodes[node].address)
        headers = {"Authorization": f"Bearer {make_token(CLIENT_ID, CLIENT_SECRET)}"}
        if text is not None:
            data, headers["Content-Type"] = text, "application/json"
        address = self.nodes[node].address + path
        async with self.session.request(method, address, data=data, headers=headers) as answer:
            body = await answer.read()
            return answer.status, await answer.json() if answer.content_type.endswith("json") else body

    async def upload(self, node: int, part: Any, content: bytes, lock: str) -> tuple[int, Any]:
        """Send a part through a node."""
        form = aiohttp.FormData()
        form.add_field("inhoud", BytesIO(content), filename="deel", content_type="application/octet-stream")
        form.add_field("lock", lock)
        return await self.call(node, "PUT", part["url"], data=form)


@pytest.fixture
async def client(nodes: list[ServiceProcess]) -> AsyncIterator[Client]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Client(session, nodes)


@pytest.fixture
def type_(nodes: list[ServiceProcess]) -> str:
    return nodes[0].document_type()


async def begun(client: Client, type_: str, size: int) -> Any:
    status, document = await client.call(
        0, "POST", DOCUMENTS, {**document_values(type_), "inhoud": None, "bestandsomvang": size}
    )
    assert status == 201, document
    return document


async def test_parts_of_one_upload_go_through_different_nodes_one_of_which_is_killed(
    client: Client, nodes: list[ServiceProcess], type_: str
) -> None:
    content = pattern(6 * PART + 4321)
    document = await begun(client, type_, len(content))
    parts = list(document["bestandsdelen"])
    random.Random(7).shuffle(parts)

    async def send(part: Any, node: int) -> None:
        start = (part["volgnummer"] - 1) * PART
        status, answer = await client.upload(node, part, content[start : start + PART], document["lock"])
        assert (status, answer.get("voltooid")) == (200, True), answer

    await asyncio.gather(*(send(part, node) for part, node in zip(parts[:4], cycle((0, 1)), strict=False)))
    on_the_way = asyncio.gather(*(send(part, 1) for part in parts[4:]), return_exceptions=True)
    await asyncio.sleep(0.02)
    await asyncio.to_thread(nodes[1].kill)
    await on_the_way
    await asyncio.to_thread(nodes[1].start)
    _, now = await client.call(1, "GET", document["url"])
    missing = [part for part in now["bestandsdelen"] if not part["voltooid"]]
    assert {part["volgnummer"] for part in missing} <= {part["volgnummer"] for part in parts[4:]}
    await asyncio.gather(*(send(part, node) for part, node in zip(missing, cycle((1, 0)), strict=False)))
    assert (await client.call(1, "POST", f"{document['url']}/unlock", {"lock": document["lock"]}))[0] == 204
    for node in (0, 1):
        status, body = await client.call(node, "GET", f"{document['url']}/download")
        assert (status, hashlib.sha256(body).digest()) == (200, hashlib.sha256(content).digest())


async def test_many_clients_lock_change_and_unlock_one_document_and_one_wins_each_time(
    client: Client, type_: str
) -> None:
    values = {**document_values(type_), "inhoud": base64.b64encode(b"begin").decode(), "bestandsomvang": 5}
    _, document = await client.call(0, "POST", DOCUMENTS, values)
    holders: list[int] = []
    most_at_once = changes = 0

    async def one(number: int) -> None:
        nonlocal changes, most_at_once
        node = number % 2
        while True:
            status, answer = await client.call(node, "POST", f"{document['url']}/lock")
            if status == 200:
                break
            code = answer["invalidParams"][0]["code"] if "invalidParams" in answer else answer["code"]
            assert (status, code) in ((400, "existing-lock"), (409, "conflict")), answer
            await asyncio.sleep(random.uniform(0.2, 1.5))
        holders.append(number)
        most_at_once = max(most_at_once, len(holders))
        lock = answer["lock"]
        change = {"lock": lock, "titel": f"van {number}"}
        status, answer = await client.call(1 - node, "PATCH", document["url"], change)
        assert status == 200, answer
        changes += 1
        holders.remove(number)
        status, answer = await client.call(node, "POST", f"{document['url']}/unlock", {"lock": lock})
        assert status == 204, answer

    async with asyncio.timeout(240):
        await asyncio.gather(*(one(number) for number in range(200)))
    assert (changes, most_at_once) == (200, 1)
    _, now = await client.call(1, "GET", document["url"])
    assert (now["versie"], now["locked"]) == (201, False)
    titles: Counter[str] = Counter()
    for version in range(1, 202):
        status, kept = await client.call(version % 2, "GET", f"{document['url']}?versie={version}")
        assert (status, kept["versie"]) == (200, version)
        titles[kept["titel"]] += 1
    assert len(titles) == 201
    _, trail = await client.call(0, "GET", f"{document['url']}/audittrail")
    assert len(trail) == 201


async def test_documents_made_at_once_at_both_nodes_get_numbers_of_their_own(
    client: Client, type_: str
) -> None:
    values = document_values(type_)
    made = await asyncio.gather(*(client.call(number % 2, "POST", DOCUMENTS, values) for number in range(60)))
    assert {status for status, _ in made} == {201}
    assert len({answer["identificatie"] for _, answer in made}) == 60
    _, listed = await client.call(1, "GET", DOCUMENTS)
    assert listed["count"] == 60


async def test_what_one_node_acknowledged_the_other_shows_at_once(client: Client, type_: str) -> None:
    for number in range(30):
        _, made = await client.call(number % 2, "POST", DOCUMENTS, document_values(type_))
        status, shown = await client.call(1 - number % 2, "GET", made["url"])
        assert (status, shown["identificatie"]) == (200, made["identificatie"])
        _, page = await client.call(1 - number % 2, "GET", DOCUMENTS)
        assert page["count"] == number + 1
