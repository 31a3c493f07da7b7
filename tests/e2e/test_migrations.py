"""A service moves to MongoDB and S3 and back, by the commands that an operator runs, and loses nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from pymongo import MongoClient

from tests.e2e.conftest import PART, checked, through
from tests.engines import mongodb_url
from tests.failing_proxy import Direction, FailingProxy
from tests.moving import made_document, sent
from tests.process import ServiceProcess, alone_with
from tests.zgw import DOCUMENTS

pytestmark = pytest.mark.engines
MIB = 2**20
SETTINGS = ("DMS_S3_ACCESS_KEY", "DMS_S3_SECRET_KEY", "DMS_PART_SIZE")
Stores = dict[str, str]


class Mover:
    """A service whose stores change. Commands are told all that it is told, and end well."""

    def __init__(self, data_dir: Path, environment: dict[str, str]) -> None:
        self.data_dir = data_dir
        self.stores: Stores = {}
        self._own = {name: environment[name] for name in SETTINGS}

    def service(self) -> ServiceProcess:
        """The service on the stores that it has now."""
        return ServiceProcess(self.data_dir, **self._own, **self.stores)

    def move(self, command: str, source: str, target: str) -> str:
        """Move for the last time, with the service stopped, and set the service to the target. Returns what
        the command said."""
        kind = command.removeprefix("migrate-").upper()
        said = self._ended(self._begun(command, source, target, "--finish"))
        assert f"Set DMS_{kind}_URL" in said
        self.stores[f"DMS_{kind}_URL"] = target
        return said

    def broken_off(
        self, proxy: FailingProxy, after: int, way: Direction, how: signal.Signals, *args: str
    ) -> int:
        """Begin a move and end it when so many bytes have passed. Returns its exit code."""
        met = proxy.hold(after=after, direction=way)
        with self._begun(*args) as process:
            assert met.wait(60), process.communicate()
            process.send_signal(how)
            process.communicate(timeout=60)
        proxy.go_away()  # what was held up is not to arrive after all
        proxy.release()
        proxy.settle()
        proxy.come_back()
        return process.returncode

    def check(self) -> str:
        """What `dms check` says of the stores that it has now, after it has read every body; it found
        nothing wrong."""
        return checked(self.data_dir, {**self._own, **self.stores})

    def _begun(self, *arguments: str) -> subprocess.Popen[str]:
        own = {**self._own, **self.stores, "DMS_DATA_DIR": str(self.data_dir), "COLUMNS": "200"}
        pipe = subprocess.PIPE
        command = [sys.executable, "-m", "dms", *arguments]
        return subprocess.Popen(command, env=alone_with(own), stdout=pipe, stderr=pipe, text=True)

    @staticmethod
    def _ended(process: subprocess.Popen[str]) -> str:
        with process:
            said, complained = process.communicate(timeout=120)
        assert process.returncode == 0, said + complained
        return said


@pytest.fixture
def mover(environment: dict[str, str], tmp_path: Path) -> Mover:
    return Mover(tmp_path / "data", environment)


@pytest.fixture
def s3_line(environment: dict[str, str]) -> Iterator[tuple[FailingProxy, str]]:
    """A line to S3 that can be held up, and the URL of the bucket over it."""
    with through(environment["DMS_CONTENT_URL"]) as line:
        yield line


@pytest.fixture
def mongo_line(environment: dict[str, str]) -> Iterator[tuple[FailingProxy, str]]:
    """A line to the primary that can be held up, and the URL of the database over it."""
    client: MongoClient[dict[str, Any]] = MongoClient(mongodb_url())
    with client:
        primary = client.admin.command("hello")["primary"]
    with FailingProxy(f"http://{primary}") as proxy:
        parts = urlsplit(environment["DMS_METADATA_URL"])
        user, at, _ = parts.netloc.rpartition("@")
        address = user + at + urlsplit(proxy.address).netloc
        yield proxy, urlunsplit(parts._replace(netloc=address, query="directConnection=true"))


def records(url: str) -> int:
    """How many records a database has, of whatever kind."""
    client: MongoClient[dict[str, Any]] = MongoClient(url)
    with client:
        database = client.get_default_database()
        kinds = [name for name in database.list_collection_names() if not name.startswith("_")]
        return sum(database[name].count_documents({}) for name in kinds)


def in_parts(service: ServiceProcess, type_: str, content: bytes) -> Any:
    """A new document, its content sent in parts."""
    document = made_document(service, type_, bestandsomvang=len(content))
    for number, part in enumerate(document["bestandsdelen"]):
        assert sent(service, part["url"], content[number * PART :][:PART], document["lock"]) == 200
    unlocked = service.call("POST", f"{document['url']}/unlock", {"lock": document["lock"]})
    assert unlocked[0] == 204, unlocked
    return document


def changed(service: ServiceProcess, document: Any, **fields: Any) -> None:
    """A further version of a document."""
    lock = service.call("POST", f"{document['url']}/lock")[1]["lock"]
    if isinstance(content := fields.pop("content", None), bytes):
        fields |= {"inhoud": base64.b64encode(content).decode(), "bestandsomvang": len(content)}
    status, answer = service.call("PATCH", document["url"], {**fields, "lock": lock})
    assert status == 200, answer
    assert service.call("POST", f"{document['url']}/unlock", {"lock": lock})[0] == 204


def filled(service: ServiceProcess) -> str:
    """Documents without content, with little and with much, of one version and of several, some of which
    share their content, and one that was removed. Returns their type."""
    type_ = service.document_type()
    made_document(service, type_)
    for number in range(12):
        made_document(service, type_, random.randbytes(MIB + number), titel=f"Brief {number}")
    for size in (1, PART, 2 * PART + 4321):
        changed(service, in_parts(service, type_, random.randbytes(size)), titel="Nader")
    several = made_document(service, type_, b"eerste versie")
    for content in (None, random.randbytes(3 * MIB), b"", b"vierde inhoud"):
        changed(service, several, titel="Nieuw") if content is None else changed(
            service, several, content=content
        )
    removed = made_document(service, type_, b"tijdelijk")
    assert service.call("DELETE", removed["url"])[0] == 204
    return type_


def everything(service: ServiceProcess) -> list[Any]:
    """All documents as they are listed: each of their versions with the SHA-256 of its content, and their
    audit trails; with no trace of where the service listens."""
    status, page = service.call("GET", DOCUMENTS)
    assert (status, page["next"]) == (200, None)
    found = []
    for document in page["results"]:
        url = document["url"]
        kept = [document, service.call("GET", f"{url}/audittrail")]
        for version in range(1, document["versie"] + 1):
            kept.append(service.call("GET", f"{url}?versie={version}"))
            status, content = service.call("GET", f"{url}/download?versie={version}")
            kept.append((status, hashlib.sha256(content or b"").hexdigest()))
        found.append(kept)
    return list(json.loads(json.dumps(found).replace(service.address, "")))


def goes_on(mover: Mover, before: list[Any], added: bytes) -> list[Any]:
    """See that a service that moved has all that it had, and works: what it has after that."""
    assert f"{len(before)} documents" in mover.check()
    with mover.service() as service:
        assert everything(service) == before
        type_ = before[0][0]["informatieobjecttype"]
        document = made_document(service, service.address + type_, added, titel="Sinds de verhuizing")
        changed(service, document, content=added * 2)
        after = everything(service)
    assert len(after) == len(before) + 1
    return after


def test_a_service_moves_to_mongodb_and_s3_and_back_with_every_byte_of_every_version(
    mover: Mover,
    environment: dict[str, str],
    s3_line: tuple[FailingProxy, str],
    mongo_line: tuple[FailingProxy, str],
    tmp_path: Path,
) -> None:
    embedded = (f"sqlite:{mover.data_dir}/metadata.db", f"file:{mover.data_dir}/content")
    elsewhere = (f"sqlite:{tmp_path}/back.db", f"file:{tmp_path}/back")
    engines = (environment["DMS_METADATA_URL"], environment["DMS_CONTENT_URL"])
    with mover.service() as service:
        filled(service)
        held = everything(service)

    metadata, content = "migrate-metadata", "migrate-content"
    killed, stopped = signal.SIGKILL, signal.SIGINT
    proxy, line = mongo_line
    # Its indexes are there before, so that what goes up the line is records.
    checked(tmp_path / "nothing", {"DMS_METADATA_URL": engines[0]})
    assert mover.broken_off(proxy, 60_000, "up", killed, metadata, embedded[0], line) == -killed
    assert records(engines[0]) > 0
    mover.move(metadata, embedded[0], engines[0])
    (mover.data_dir / "metadata.db").rename(tmp_path / "away.db")
    held = goes_on(mover, held, b"records in MongoDB")

    proxy, line = s3_line
    assert mover.broken_off(proxy, 7 * MIB, "up", killed, content, embedded[1], line) == -killed
    assert " 0 there already" not in mover.move(content, embedded[1], engines[1])
    (mover.data_dir / "content").rename(tmp_path / "away")
    held = goes_on(mover, held, b"files in S3")

    mover.move(metadata, engines[0], elsewhere[0])
    held = goes_on(mover, held, b"records in SQLite again")

    assert mover.broken_off(proxy, 7 * MIB, "down", stopped, content, line, elsewhere[1]) == 130
    assert " 0 there already" not in mover.move(content, engines[1], elsewhere[1])
    goes_on(mover, held, b"files on the disk again")
