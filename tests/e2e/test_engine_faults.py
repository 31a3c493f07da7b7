"""Engines that fail under the running service: nothing acknowledged is lost, and it recovers by itself."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import AutoReconnect

from tests.contracts.content import pattern
from tests.e2e.conftest import PART, checked, through
from tests.engines import mongodb_url
from tests.failing_proxy import FailingProxy
from tests.moving import sent
from tests.process import ServiceProcess
from tests.zgw import document_values

pytestmark = pytest.mark.engines
DOCUMENTS = "/documenten/api/v1/enkelvoudiginformatieobjecten"
MIB = 2**20


@pytest.fixture
def proxy(environment: dict[str, str]) -> Iterator[FailingProxy]:
    """The line between the node and its S3 store."""
    with through(environment["DMS_CONTENT_URL"]) as (proxy, content_url):
        environment["DMS_CONTENT_URL"] = content_url
        yield proxy


@pytest.fixture
def node(environment: dict[str, str], proxy: FailingProxy, tmp_path: Path) -> Iterator[ServiceProcess]:
    with ServiceProcess(tmp_path / "node", **environment) as node:
        yield node


@pytest.fixture
def type_(node: ServiceProcess) -> str:
    return node.document_type()


def check(node: ServiceProcess, environment: dict[str, str]) -> str:
    """What `dms check` says after it has read every body; it found nothing wrong."""
    return checked(node.data_dir, environment)


def create(node: ServiceProcess, type_: str, content: bytes) -> tuple[int, Any]:
    text = base64.b64encode(content).decode()
    return node.call(
        "POST", DOCUMENTS, {**document_values(type_), "inhoud": text, "bestandsomvang": len(content)}
    )


def waiting(node: ServiceProcess, type_: str, size: int) -> Any:
    """A new document that waits for its parts."""
    values = {**document_values(type_), "inhoud": None, "bestandsomvang": size}
    status, document = node.call("POST", DOCUMENTS, values)
    assert status == 201, document
    return document


def send(node: ServiceProcess, document: Any, number: int, content: bytes) -> int:
    """The status of a part that is sent: that part of the content of a document, counted from 1."""
    part = document["bestandsdelen"][number - 1]
    return sent(node, part["url"], content[(number - 1) * PART :][:PART], document["lock"])


def unlock(node: ServiceProcess, document: Any) -> int:
    return node.call("POST", f"{document['url']}/unlock", {"lock": document["lock"]})[0]


@pytest.mark.parametrize("status", [500, 503])
def test_a_store_that_answers_with_an_error_now_and_then_is_asked_again(
    node: ServiceProcess, environment: dict[str, str], proxy: FailingProxy, type_: str, status: int
) -> None:
    content = pattern(PART + 7)
    document = waiting(node, type_, len(content))
    for number in (1, 2):
        answers = proxy.answer(status, method="PUT", times=2)
        assert send(node, document, number, content) == 200
        assert answers.given == 2
    answers = proxy.answer(status, times=2)
    assert unlock(node, document) == 204
    assert answers.given == 2
    answers = proxy.answer(status, method="GET", times=2)
    assert node.call("GET", f"{document['url']}/download") == (200, content)
    assert answers.given == 2
    answers = proxy.answer(status, method="PUT", times=2)
    assert create(node, type_, b"klein")[0] == 201
    assert answers.given == 2
    assert "2 documents" in check(node, environment)


@pytest.mark.parametrize("status", [500, 503])
def test_a_store_that_answers_with_errors_only_costs_what_comes_meanwhile(
    node: ServiceProcess, environment: dict[str, str], proxy: FailingProxy, type_: str, status: int
) -> None:
    content = pattern(PART + 7)
    document = waiting(node, type_, len(content))
    assert send(node, document, 1, content) == 200
    proxy.answer(status)
    assert send(node, document, 2, content) == 503
    refused, problem = create(node, type_, b"intussen")
    assert (refused, problem["code"]) == (503, "unavailable")
    proxy.release()
    assert send(node, document, 2, content) == 200
    proxy.answer(status)
    assert unlock(node, document) == 503
    proxy.release()
    assert unlock(node, document) == 204
    assert node.call("GET", f"{document['url']}/download") == (200, content)
    assert "1 documents" in check(node, environment)


def test_a_line_that_breaks_in_a_part_costs_that_part_only(
    node: ServiceProcess, environment: dict[str, str], proxy: FailingProxy, type_: str
) -> None:
    content = pattern(2 * PART + 7)
    document = waiting(node, type_, len(content))
    assert send(node, document, 1, content) == 200
    met = proxy.cut(after=PART // 2)
    assert send(node, document, 2, content) == 503
    assert met.is_set()
    assert send(node, document, 2, content) == 200
    assert send(node, document, 3, content) == 200
    assert unlock(node, document) == 204
    assert node.call("GET", f"{document['url']}/download") == (200, content)
    check(node, environment)


def test_a_line_that_breaks_in_base64_leaves_the_whole_document_or_none(
    node: ServiceProcess, environment: dict[str, str], proxy: FailingProxy, type_: str
) -> None:
    content, made = pattern(12 * MIB), 0
    for after in (MIB, 7 * MIB, 11 * MIB):
        met = proxy.cut(after=after)
        status, document = create(node, type_, content)
        assert met.is_set()
        assert status in (201, 503), document
        if status == 201:
            made += 1
            assert node.call("GET", document["inhoud"]) == (200, content)
    status, document = create(node, type_, content)
    assert (status, node.call("GET", document["inhoud"])) == (201, (200, content))
    assert f"{made + 1} documents" in check(node, environment)


def test_a_download_over_a_line_that_breaks_is_taken_up_and_whole(
    node: ServiceProcess, environment: dict[str, str], proxy: FailingProxy, type_: str
) -> None:
    content = pattern(6 * MIB)
    status, document = create(node, type_, content)
    assert status == 201
    for fault in (proxy.cut, proxy.end):
        met = fault(after=2 * MIB, direction="down")
        assert node.call("GET", document["inhoud"]) == (200, content)
        assert met.is_set()
    check(node, environment)


def test_what_the_store_sends_too_little_of_gets_the_right_hash_nevertheless(
    node: ServiceProcess, environment: dict[str, str], proxy: FailingProxy, type_: str
) -> None:
    content = pattern(2 * PART)
    document = waiting(node, type_, len(content))
    assert [send(node, document, number, content) for number in (1, 2)] == [200, 200]
    met = proxy.end(after=PART)
    assert unlock(node, document) == 204
    assert met.is_set()
    assert node.call("GET", f"{document['url']}/download") == (200, content)
    met = proxy.end(after=PART)
    check(node, environment)
    assert met.is_set(), "the check, too, was sent too little"


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


def test_uploads_in_parts_outlive_a_store_that_is_gone_for_a_minute(
    node: ServiceProcess, environment: dict[str, str], proxy: FailingProxy, type_: str
) -> None:
    content = pattern(2 * PART + 7)
    document = waiting(node, type_, len(content))
    assert send(node, document, 1, content) == 200
    proxy.go_away()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert send(node, document, 2, content) == 503
        assert send(node, document, 3, content) == 503
    assert node.call("GET", "/healthz/ready")[0] == 503
    _, now = node.call("GET", document["url"])
    assert [part["voltooid"] for part in now["bestandsdelen"]] == [True, False, False]
    proxy.come_back()
    assert [send(node, document, number, content) for number in (3, 2)] == [200, 200]
    proxy.go_away()
    assert unlock(node, document) == 503
    proxy.come_back()
    assert unlock(node, document) == 204
    assert node.call("GET", f"{document['url']}/download") == (200, content)
    assert node.call("GET", "/healthz/ready")[0] == 200
    assert "1 documents" in check(node, environment)


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
    check(node, environment)
