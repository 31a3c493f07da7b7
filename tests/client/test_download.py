"""Downloads from the real service, over a line that fails in every way."""

from __future__ import annotations

import asyncio
import base64
import errno
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dms.client.download import download
from dms.client.failures import Damaged, Failure, InUse, Refused
from dms.client.incoming import Incoming
from dms.client.session import Patience, Session
from dms.client.upload import Sending, documents_url, upload
from tests.client.conftest import CREDENTIALS
from tests.failing_proxy import FailingProxy
from tests.process import ServiceProcess

Files = Callable[[int], Path]
SIZE = 3_000_000
BEYOND_THE_START = 1_000_000
"""Further than the answers before the content reach, and not near its end."""


class Downloads:
    """Downloads of one document to one folder."""

    def __init__(self, url: str, content: bytes, folder: Path, states: Path) -> None:
        self.url, self.content, self.folder, self.states = url, content, folder, states
        folder.mkdir()
        self.target = folder / "kopie.bin"
        self.part = folder / "kopie.bin.part"

    async def run(self, session: Session, **options: Any) -> Path:
        options = {"to": self.target} | options
        return await download(session, self.url, states=self.states, **options)

    async def stopped_halfway(self, session: Session, line: FailingProxy) -> None:
        """Run, and stop as Ctrl-C does, when a part of the content has come."""
        held = line.hold(after=BEYOND_THE_START, direction="down")
        running = asyncio.ensure_future(self.run(session))
        await asyncio.to_thread(held.wait, 20)
        while not (self.part.exists() and self.part.stat().st_size > BEYOND_THE_START // 2):
            await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        line.release()

    def nothing_is_left(self) -> bool:
        return list(self.folder.iterdir()) == [] and list(self.states.iterdir()) == []


CONTENT = random.Random(SIZE).randbytes(SIZE)


@pytest.fixture(scope="session")
def stored(service: ServiceProcess, types: dict[str, str]) -> str:
    """The path of a document with that content."""
    return _stored(service, types["published"])


def _stored(service: ServiceProcess, type_: str) -> str:
    values = {
        "informatieobjecttype": service.address + type_,
        "bronorganisatie": "000000000",
        "creatiedatum": "2026-11-24",
        "titel": "Verslag",
        "auteur": "J. Jansen",
        "taal": "nld",
        "inhoud": base64.b64encode(CONTENT).decode(),
    }
    status, document = service.call("POST", documents_url(service.address), values)
    assert status == 201, document
    return str(document["url"]).removeprefix(service.address)


@pytest.fixture
def downloads(line: FailingProxy, stored: str, states: Path, tmp_path: Path) -> Downloads:
    """Of that document, over the line."""
    return Downloads(line.address + stored, CONTENT, tmp_path / "folder", states)


async def test_what_is_downloaded_is_what_was_uploaded(session: Session, downloads: Downloads) -> None:
    assert await downloads.run(session) == downloads.target
    assert downloads.target.read_bytes() == downloads.content
    assert list(downloads.folder.iterdir()) == [downloads.target]
    assert list(downloads.states.iterdir()) == []


async def test_an_empty_document_becomes_an_empty_file(
    session: Session, line: FailingProxy, file_of: Files, fields: dict[str, str], states: Path, tmp_path: Path
) -> None:
    url = await upload(Sending(session, line.address, states), file_of(0), fields)
    target = await download(session, url, states=states, to=tmp_path / "leeg")
    assert target.read_bytes() == b""


@pytest.mark.parametrize("cuts", [1, 3])
async def test_after_a_break_only_the_rest_is_asked_for(
    cuts: int, session: Session, line: FailingProxy, downloads: Downloads, remarks: list[str]
) -> None:
    for number in range(cuts):
        line.cut(after=BEYOND_THE_START + number * 500_000, direction="down")
    before = line.down
    await downloads.run(session)
    assert downloads.target.read_bytes() == downloads.content
    assert len(remarks) == cuts
    assert line.down - before < SIZE + cuts * 400_000


async def test_a_line_that_breaks_more_often_than_there_are_attempts_still_brings_it_home(
    line: FailingProxy, downloads: Downloads
) -> None:
    for number in range(4):
        line.cut(after=500_000 + number * 500_000, direction="down")
    async with Session(CREDENTIALS, Patience(attempts=2, first_wait=0.01)) as session:
        await downloads.run(session)
    assert downloads.target.read_bytes() == downloads.content


async def test_a_line_that_stands_still_is_left_for_a_new_one(
    line: FailingProxy, downloads: Downloads
) -> None:
    line.hold(after=BEYOND_THE_START, direction="down")
    patience = Patience(attempts=3, first_wait=0.01, silence=0.3)
    async with Session(CREDENTIALS, patience, remark=lambda text: line.release()) as session:
        await downloads.run(session)
    assert downloads.target.read_bytes() == downloads.content


async def test_a_download_that_was_stopped_goes_on_where_it_was(
    session: Session, line: FailingProxy, downloads: Downloads
) -> None:
    await downloads.stopped_halfway(session, line)
    assert not downloads.target.exists()
    there, before = downloads.part.stat().st_size, line.down
    await downloads.run(session)
    assert downloads.target.read_bytes() == downloads.content
    assert SIZE - there <= line.down - before < SIZE - there + 400_000


async def test_all_bytes_being_there_already_only_the_check_is_left(
    session: Session, line: FailingProxy, downloads: Downloads
) -> None:
    await downloads.stopped_halfway(session, line)
    downloads.part.write_bytes(downloads.content)
    before = line.down
    await downloads.run(session)
    assert downloads.target.read_bytes() == downloads.content
    assert line.down - before < 10_000


@pytest.mark.parametrize("longer", [0, 1000])
async def test_a_rest_that_does_not_fit_what_was_there_is_downloaded_whole(
    longer: int, session: Session, line: FailingProxy, downloads: Downloads
) -> None:
    await downloads.stopped_halfway(session, line)
    size = SIZE + longer if longer else downloads.part.stat().st_size
    downloads.part.write_bytes(bytes(size))
    await downloads.run(session)
    assert downloads.target.read_bytes() == downloads.content


async def test_bytes_that_changed_on_the_way_are_found_and_not_kept(
    session: Session, line: FailingProxy, downloads: Downloads
) -> None:
    corrupted = line.corrupt(after=BEYOND_THE_START)
    with pytest.raises(Damaged, match="not what the server says it has"):
        await downloads.run(session)
    assert corrupted.is_set()
    assert downloads.nothing_is_left()


async def test_a_file_that_exists_stays_unless_it_is_forced(
    session: Session, line: FailingProxy, downloads: Downloads
) -> None:
    downloads.target.write_text("mijn werk")
    before = line.up
    with pytest.raises(Failure, match=r"kopie\.bin exists already; .* --force"):
        await downloads.run(session)
    assert line.up - before < 2000
    assert downloads.target.read_text() == "mijn werk"
    await downloads.run(session, force=True)
    assert downloads.target.read_bytes() == downloads.content


@pytest.mark.parametrize("links", [True, False])
async def test_a_file_that_appears_meanwhile_is_not_replaced(
    links: bool,
    session: Session,
    line: FailingProxy,
    downloads: Downloads,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not links:
        _without_links(monkeypatch)
    held = line.hold(after=BEYOND_THE_START, direction="down")
    running = asyncio.ensure_future(downloads.run(session))
    await asyncio.to_thread(held.wait, 20)
    downloads.target.write_text("mijn werk")
    line.release()
    with pytest.raises(Failure, match=r"exists; kopie\.bin\.part holds what came in"):
        await running
    assert downloads.target.read_text() == "mijn werk"
    assert downloads.part.read_bytes() == downloads.content


def _without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def link(source: object, target: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", link)


async def test_a_file_system_without_links_will_do(
    session: Session, downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_links(monkeypatch)
    await downloads.run(session)
    assert downloads.target.read_bytes() == downloads.content
    assert list(downloads.folder.iterdir()) == [downloads.target]


async def test_a_half_file_that_is_not_ours_is_left_alone_unless_by_force(
    session: Session, downloads: Downloads
) -> None:
    downloads.part.write_text("van iemand anders")
    with pytest.raises(Failure, match=r"kopie\.bin\.part is in the way"):
        await downloads.run(session)
    assert downloads.part.read_text() == "van iemand anders"
    await downloads.run(session, force=True)
    assert downloads.target.read_bytes() == downloads.content


async def test_a_half_file_that_is_a_link_to_elsewhere_is_not_written_through(
    session: Session, downloads: Downloads, tmp_path: Path
) -> None:
    downloads.part.symlink_to(tmp_path / "elders")
    with pytest.raises(Failure, match="cannot be written"):
        await downloads.run(session)
    assert not (tmp_path / "elders").exists()


async def test_a_disk_that_is_full_is_said_to_be_so_and_not_taken_for_a_broken_line(
    session: Session, downloads: Downloads, remarks: list[str]
) -> None:
    downloads.part.symlink_to("/dev/full")
    opened = os.open

    def following(path: object, flags: int, mode: int = 0o777) -> int:
        return opened(path, flags & ~os.O_NOFOLLOW, mode)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Failure, match="No space left on device"):
        patch.setattr(os, "open", following)
        patch.setattr(Incoming, "start_again", lambda self: None)
        await downloads.run(session, force=True)
    assert remarks == []


async def test_the_name_is_that_of_the_document_made_safe(
    session: Session, line: FailingProxy, downloads: Downloads, fields: dict[str, str], file_of: Files
) -> None:
    fields["bestandsnaam"] = "../../naam.txt"
    url = await upload(Sending(session, line.address, downloads.states), file_of(10), fields)
    target = await download(session, url, states=downloads.states, to=downloads.folder)
    assert target == downloads.folder / "naam.txt"
    fields["bestandsnaam"] = ""
    url = await upload(Sending(session, line.address, downloads.states), file_of(10), fields)
    target = await download(session, url, states=downloads.states, to=downloads.folder)
    assert target == downloads.folder / url.rpartition("/")[2]


async def test_each_version_can_be_had_by_number_or_by_its_own_url(
    session: Session, service: ServiceProcess, types: dict[str, str], downloads: Downloads
) -> None:
    downloads.url = service.address + _stored(service, types["published"])
    lock = service.call("POST", f"{downloads.url}/lock")[1]["lock"]
    change = {"inhoud": "bmlldXc=", "bestandsomvang": 5, "lock": lock}
    assert service.call("PATCH", downloads.url, change)[0] == 200
    newest = await downloads.run(session)
    assert newest.read_bytes() == b"nieuw"
    oldest = await downloads.run(session, versie=1, force=True)
    assert oldest.read_bytes() == downloads.content
    downloads.url += "/download?versie=1"
    by_url = await downloads.run(session, force=True)
    assert by_url.read_bytes() == downloads.content
    with pytest.raises(Refused, match="404"):
        await downloads.run(session, versie=7, force=True)


async def test_a_document_without_content_is_said_to_have_none(
    session: Session, service: ServiceProcess, downloads: Downloads, fields: dict[str, str]
) -> None:
    for values, reason in ((fields, "has no content"), (fields | {"bestandsomvang": 5}, "not finished")):
        status, document = service.call("POST", downloads.url.rpartition("/")[0], values)
        assert status == 201, document
        downloads.url = document["url"]
        with pytest.raises(Failure, match=reason):
            await downloads.run(session)


async def test_a_folder_that_is_not_there_is_named(session: Session, downloads: Downloads) -> None:
    with pytest.raises(Failure, match="nergens is not a folder"):
        await downloads.run(session, to=downloads.folder / "nergens" / "kopie.bin")


async def test_the_same_file_is_not_downloaded_twice_at_the_same_time(
    session: Session, line: FailingProxy, downloads: Downloads
) -> None:
    held = line.hold(after=BEYOND_THE_START, direction="down")
    running = asyncio.ensure_future(downloads.run(session))
    await asyncio.to_thread(held.wait, 20)
    line.release()
    with pytest.raises(InUse):
        await downloads.run(session, force=True)
    await running
