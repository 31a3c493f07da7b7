"""The real service with a real clamd: no virus is ever called clean or handed out."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.scanning import EICAR
from tests.e2e.conftest import checked
from tests.engines import clamd_url
from tests.failing_proxy import FailingProxy
from tests.moving import sent
from tests.process import ServiceProcess, alone_with
from tests.zgw import document_values

pytestmark = pytest.mark.engines
DOCUMENTS = "/documenten/api/v1/enkelvoudiginformatieobjecten"
MIB = 2**20
PART = 100


@pytest.fixture
def node(tmp_path: Path) -> Iterator[ServiceProcess]:
    settings = {
        "DMS_CLAMD_URL": clamd_url(),
        "DMS_PART_SIZE": str(PART),
        "DMS_SCAN_WAIT_SIZE": str(MIB),
        "DMS_SCAN_MOST_BYTES": str(4 * MIB),
    }
    with ServiceProcess(tmp_path / "node", **settings) as node:
        yield node


@pytest.fixture
def type_(node: ServiceProcess) -> str:
    return node.document_type()


def create(node: ServiceProcess, type_: str, content: bytes) -> tuple[int, Any]:
    text = base64.b64encode(content).decode()
    values = {**document_values(type_), "inhoud": text, "bestandsomvang": len(content)}
    return node.call("POST", DOCUMENTS, values)


def zipped(data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("brief.txt", b"Geachte heer, mevrouw, " * 100)
        archive.writestr("bijlage.com", data)
    return target.getvalue()


def problem(answer: tuple[int, Any]) -> tuple[int, str]:
    status, body = answer
    return status, body["invalidParams"][0]["code"] if "invalidParams" in body else body["code"]


@pytest.mark.parametrize(
    "content", [EICAR, zipped(EICAR), zipped(zipped(EICAR)), bytes(100_000) + zipped(EICAR)]
)
def test_a_virus_that_comes_as_base64_is_refused(node: ServiceProcess, type_: str, content: bytes) -> None:
    assert problem(create(node, type_, content)) == (400, "virus-found")
    assert node.call("GET", DOCUMENTS)[1]["count"] == 0


def test_a_virus_that_is_split_over_parts_is_refused_at_the_unlock(node: ServiceProcess, type_: str) -> None:
    content = bytes(PART - 20) + EICAR + bytes(50)
    _, document = node.call(
        "POST", DOCUMENTS, {**document_values(type_), "inhoud": None, "bestandsomvang": len(content)}
    )
    for number, part in enumerate(document["bestandsdelen"]):
        assert sent(node, part["url"], content[number * PART :][:PART], document["lock"]) == 200
    unlocked = node.call("POST", f"{document['url']}/unlock", {"lock": document["lock"]})
    assert problem(unlocked) == (400, "virus-found")
    assert node.call("GET", f"{document['url']}/download")[0] == 204


def test_a_virus_beyond_what_is_waited_for_is_kept_back_and_found(node: ServiceProcess, type_: str) -> None:
    status, document = create(node, type_, zipped(EICAR) + bytes(2 * MIB))
    assert status == 201
    seen = set()
    while "infected" not in seen:
        assert problem(node.call("GET", document["inhoud"])) == (409, "not-cleared")
        counts = node.call("GET", "/beheer/scans")[1]["aantallen"]
        seen |= {verdict for verdict, number in counts.items() if number}
    assert seen <= {"pending", "infected"}
    assert problem(node.call("GET", document["inhoud"])) == (409, "not-cleared")


def test_a_virus_behind_the_limit_of_the_scanner_is_never_clean(node: ServiceProcess, type_: str) -> None:
    status, document = create(node, type_, bytes(4 * MIB) + EICAR)
    assert status == 201
    counts: dict[str, int] = {}
    while not counts.get("unscanned"):
        counts = node.call("GET", "/beheer/scans")[1]["aantallen"]
        assert not counts["clean"]
    assert problem(node.call("GET", document["inhoud"])) == (409, "not-cleared")


def test_forty_at_once_get_forty_right_answers(node: ServiceProcess, type_: str) -> None:
    contents = [EICAR if number % 3 == 0 else b"brief %d" % number for number in range(40)]
    with ThreadPoolExecutor(40) as senders:
        answers = list(senders.map(lambda content: create(node, type_, content), contents))
    for content, (status, answer) in zip(contents, answers, strict=True):
        if content == EICAR:
            assert problem((status, answer)) == (400, "virus-found")
        else:
            assert (status, node.call("GET", answer["inhoud"])) == (201, (200, content))
    assert node.call("GET", "/beheer/scans")[1]["aantallen"]["clean"] == 26


def test_rescan_gives_what_was_there_before_the_scanner_its_verdict(tmp_path: Path) -> None:
    with ServiceProcess(tmp_path / "node") as before:
        type_ = before.document_type()
        clean, infected = (create(before, type_, content)[1] for content in (b"schoon", EICAR))
    paths = [each["inhoud"].removeprefix(before.address) for each in (clean, infected)]
    environment = {"DMS_DATA_DIR": str(tmp_path / "node"), "DMS_CLAMD_URL": clamd_url()}
    rescanned = subprocess.run(
        [sys.executable, "-m", "dms", "rescan"],
        env=alone_with(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (rescanned.returncode, rescanned.stdout) == (1, "0 pending, 1 clean, 1 infected, 0 unscanned.\n")
    with ServiceProcess(tmp_path / "node", DMS_CLAMD_URL=clamd_url()) as after:
        assert after.call("GET", paths[0]) == (200, b"schoon")
        assert problem(after.call("GET", paths[1])) == (409, "not-cleared")


@pytest.fixture
def clamd_line() -> Iterator[FailingProxy]:
    """The line between the node and its clamd."""
    url = clamd_url().split(",")[0]
    if not url.startswith("tcp://"):
        pytest.skip("a clamd at a socket file has no line to break: name one at tcp://")
    with FailingProxy(url) as proxy:
        yield proxy


def verdicts(node: ServiceProcess, **wanted: int) -> dict[str, int]:
    """The bodies by verdict, once they are what is wanted; or what they are after a minute."""
    turn, counts = threading.Event(), {}
    for _ in range(600):
        counts = {
            name: count for name, count in node.call("GET", "/beheer/scans")[1]["aantallen"].items() if count
        }
        if counts == wanted:
            break
        turn.wait(0.1)
    return counts


def test_a_clamd_that_restarts_under_a_scan_lets_nothing_out_and_scans_it_later(
    tmp_path: Path, clamd_line: FailingProxy
) -> None:
    environment = {"DMS_CLAMD_URL": clamd_line.address.replace("http", "tcp"), "DMS_PART_SIZE": str(4 * MIB)}
    contents = [b"brief" * MIB, bytes(3 * MIB) + zipped(EICAR)]
    with ServiceProcess(tmp_path / "node", **environment) as node, ThreadPoolExecutor() as threads:
        type_ = node.document_type()
        status, before = create(node, type_, b"voor de herstart")
        assert (status, node.call("GET", before["inhoud"])) == (201, (200, b"voor de herstart"))
        clamd_line.settle()
        met = clamd_line.hold(after=2 * MIB)
        under_way = [threads.submit(create, node, type_, content) for content in contents]
        assert met.wait(30)
        clamd_line.go_away()
        clamd_line.release()
        made = [answer.result() for answer in under_way]
        made.append(create(node, type_, b"terwijl hij er niet was"))
        assert [status for status, _ in made] == [201] * 3
        assert verdicts(node, clean=1, unscanned=3) == {"clean": 1, "unscanned": 3}
        for _, document in made:
            assert problem(node.call("GET", document["inhoud"])) == (409, "not-cleared")
        assert "1 clean, 3 unscanned" in checked(node.data_dir, environment)
        clamd_line.come_back()
        assert verdicts(node, clean=3, infected=1) == {"clean": 3, "infected": 1}
        long, infected, short = (document for _, document in made)
        assert node.call("GET", long["inhoud"]) == (200, contents[0])
        assert node.call("GET", short["inhoud"]) == (200, b"terwijl hij er niet was")
        assert problem(node.call("GET", infected["inhoud"])) == (409, "not-cleared")
        assert "3 clean, 1 infected" in checked(node.data_dir, environment)
