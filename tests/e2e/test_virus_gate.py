"""The real service with a real clamd: no virus is ever called clean or handed out."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.scanning import EICAR
from tests.e2e.test_engine_faults import send
from tests.engines import clamd_url
from tests.process import ServiceProcess
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
        assert send(part, content[number * PART :][:PART], document["lock"]) == 200
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
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (rescanned.returncode, rescanned.stdout) == (1, "0 pending, 1 clean, 1 infected, 0 unscanned.\n")
    with ServiceProcess(tmp_path / "node", DMS_CLAMD_URL=clamd_url()) as after:
        assert after.call("GET", paths[0]) == (200, b"schoon")
        assert problem(after.call("GET", paths[1])) == (409, "not-cleared")
