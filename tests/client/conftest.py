"""A service that runs, a line to it that can fail, and a session over that line."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from dms.client.session import Credentials, Patience, Session
from tests.failing_proxy import FailingProxy
from tests.process import CLIENT_ID, CLIENT_SECRET, ServiceProcess

PART = 64 * 2**10
CREDENTIALS = Credentials(CLIENT_ID, CLIENT_SECRET)
QUICK = Patience(attempts=4, first_wait=0.01, longest_wait=0.02, silence=20, answer=20)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """One for all tests, with parts of 64 KiB."""
    with ServiceProcess(tmp_path_factory.mktemp("service") / "data", DMS_PART_SIZE=str(PART)) as started:
        yield started


@pytest.fixture(scope="session")
def types(service: ServiceProcess) -> dict[str, str]:
    """The paths of an informatieobjecttype that is published, and of one that is not."""
    published, concept = service.document_type(), service.document_type(published=False)
    return {
        "published": published.removeprefix(service.address),
        "concept": concept.removeprefix(service.address),
    }


@pytest.fixture
def line(service: ServiceProcess) -> Iterator[FailingProxy]:
    """The line to the service."""
    with FailingProxy(service.address) as proxy:
        yield proxy


@pytest.fixture
def remarks() -> list[str]:
    """What the session told the person who waits."""
    return []


@pytest.fixture
async def session(remarks: list[str]) -> AsyncIterator[Session]:
    """Quick to try again."""
    async with Session(CREDENTIALS, QUICK, remark=remarks.append) as opened:
        yield opened


@pytest.fixture
def fields(types: dict[str, str], line: FailingProxy) -> dict[str, str]:
    """What the standard demands of a document, seen from the other end of the line."""
    return {
        "informatieobjecttype": line.address + types["published"],
        "bronorganisatie": "000000000",
        "creatiedatum": "2026-11-24",
        "titel": "Verslag",
        "auteur": "J. Jansen",
        "taal": "nld",
        "bestandsnaam": "verslag.bin",
    }


@pytest.fixture
def states(tmp_path: Path) -> Path:
    """Where notes about transfers go."""
    return tmp_path / "states"


@pytest.fixture
def file_of(tmp_path: Path) -> Callable[[int], Path]:
    """Makes a file of so many bytes that hardly compress and never repeat."""

    def make(size: int) -> Path:
        file = tmp_path / "verslag.bin"
        file.write_bytes(random.Random(size).randbytes(size))
        return file

    return make
