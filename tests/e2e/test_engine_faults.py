"""Engines that fail under the running service: nothing acknowledged is lost, and it recovers by itself."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from pymongo import MongoClient
from pymongo.errors import AutoReconnect

from dms.autorisaties.tokens import make_token
from tests.contracts.content import pattern
from tests.e2e.conftest import PART
from tests.engines import mongodb_url
from tests.failing_proxy import FailingProxy
from tests.process import CLIENT_ID, CLIENT_SECRET, ServiceProcess
from tests.zgw import document_values

pytestmark = pytest.mark.engines
DOCUMENTS = "/documenten/api/v1/enkelvoudiginformatieobjecten"
MIB = 2**20


@pytest.fixture
def proxy(environment: dict[str, str]) -> Iterator[FailingProxy]:
    """The line between the node and its S3 store."""
    address, _, options = environment["DMS_CONTENT_URL"].partition("?")
    endpoint = next(option for option in options.split("&") if option.startswith("endpoint="))
    with FailingProxy(unquote(endpoint.removeprefix("endpoint="))) as proxy:
        environment["DMS_CONTENT_URL"] = f"{address}?region=us-east-1&endpoint={quote(proxy.address)}"
        yield proxy


@pytest.fixture
def node(environment: dict[str, str], proxy: FailingProxy, tmp_path: Path) -> Iterator[ServiceProcess]:
    with ServiceProcess(tmp_path / "node", **environment) as node:
        yield node


@pytest.fixture
def type_(node: ServiceProcess) -> str:
    return node.document_type()


def check(node: ServiceProcess, environment: dict[str, str]) -> str:
    """What `dms check` says after it has read every body."""
    own = {"DMS_CLIENT_ID": CLIENT_ID, "DMS_CLIENT_SECRET": CLIENT_SECRET, "DMS_DATA_DIR": str(node.data_dir)}
    checked = subprocess.run(
        [sys.executable, "-m", "dms", "check", "--read-bodies"],
        env={**os.environ, **environment, **own},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return checked.stdout


def create(node: ServiceProcess, type_: str, content: bytes) -> tuple[int, Any]:
    text = base64.b64encode(content).decode()
    return node.call(
        "POST", DOCUMENTS, {**document_values(type_), "inhoud": text, "bestandsomvang": len(content)}
    )


def send(part: Any, content: bytes, lock: str) -> int:
    """The status of a part that is sent as a form."""
    body = b"".join(
        (
            b'--x\r\nContent-Disposition: form-data; name="lock"\r\n\r\n' + lock.encode() + b"\r\n",
            b'--x\r\nContent-Disposition: form-data; name="inhoud"; filename="deel"\r\n\r\n',
            content + b"\r\n--x--\r\n",
        )
    )
    headers = {
        "Authorization": f"Bearer {make_token(CLIENT_ID, CLIENT_SECRET)}",
        "Content-Type": "multipart/form-data; boundary=x",
    }
    request = urllib.request.Request(part["url"], method="PUT", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


def test_a_line_that_breaks_in_a_part_costs_that_part_only(
    node: ServiceProcess, environment: dict[str, str], proxy: FailingProxy, type_: str
) -> None:
    content = pattern(2 * PART + 7)
    _, document = node.call(
        "POST", DOCUMENTS, {**document_values(type_), "inhoud": None, "bestandsomvang": len(content)}
    )
    first, second, third = document["bestandsdelen"]
    assert send(first, content[:PART], document["lock"]) == 200
    met = proxy.cut(after=PART // 2)
    assert send(second, content[PART : 2 * PART], document["lock"]) == 503
    assert met.is_set()
    assert send(second, content[PART : 2 * PART], document["lock"]) == 200
    assert send(third, content[2 * PART :], document["lock"]) == 200
    assert node.call("POST", f"{document['url']}/unlock", {"lock": document["lock"]})[0] == 204
    assert node.call("GET", f"{document['url']}/download") == (200, content)
    assert "nothing wrong" in check(node, environment)


def test_a_download_over_a_line_that_breaks_is_taken_up_and_whole(
    node: ServiceProcess, environment: dict[str, str], proxy: FailingProxy, type_: str
) -> None:
    content = pattern(6 * MIB)
    status, document = create(node, type_, content)
    assert status == 201
    met = proxy.cut(after=2 * MIB, direction="down")
    assert node.call("GET", document["inhoud"]) == (200, content)
    assert met.is_set()


def test_while_the_store_is_gone_lists_go_on_and_writes_are_refused(
    node: ServiceProcess, environment: dict[str, str], proxy: FailingProxy, type_: str
) -> None:
    status, kept = create(node, type_, b"van tevoren")
    assert status == 201
    proxy.go_away()
    status, refused = create(node, type_, b"intussen")
    assert (status, refused["code"]) == (503, "unavailable")
    status, refused = node.call("GET", kept["inhoud"])
    assert (status, refused["code"]) == (503, "unavailable")
    status, page = node.call("GET", DOCUMENTS)
    assert (status, page["count"]) == (200, 1)
    proxy.come_back()
    assert node.call("GET", kept["inhoud"]) == (200, b"van tevoren")
    assert create(node, type_, b"daarna")[0] == 201
    assert "2 documents" in check(node, environment)


def test_a_primary_that_steps_down_loses_nothing_that_was_acknowledged(
    node: ServiceProcess, environment: dict[str, str], type_: str
) -> None:
    client: MongoClient[dict[str, Any]] = MongoClient(mongodb_url())
    acknowledged: list[str] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            status, answer = node.call("POST", DOCUMENTS, document_values(type_))
            assert status in (201, 503), answer
            if status == 201:
                acknowledged.append(answer["url"])

    writers = [threading.Thread(target=load) for _ in range(4)]
    for writer in writers:
        writer.start()
    with client:
        for _ in range(2):
            seen = len(acknowledged)
            with suppress(AutoReconnect):  # it breaks the line as it goes
                client.admin.command("replSetStepDown", 2, secondaryCatchUpPeriodSecs=0, force=True)
            turn = threading.Event()
            for _ in range(300):
                if len(acknowledged) > seen + 5:
                    break
                turn.wait(0.1)
            assert len(acknowledged) > seen + 5, "writes go on after the election"
    stop.set()
    for writer in writers:
        writer.join()
    assert all(node.call("GET", url)[0] == 200 for url in acknowledged)
    assert "nothing wrong" in check(node, environment)
