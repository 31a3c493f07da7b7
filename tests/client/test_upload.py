"""Uploads to the real service, over a line that fails in every way."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dms.client.failures import Failure, FileChanged, InUse, Refused
from dms.client.session import Credentials, Patience, Session
from dms.client.upload import Sending, documents_url, upload
from dms.client.watch import Watch
from tests.client.conftest import CREDENTIALS, PART, QUICK
from tests.failing_proxy import FailingProxy
from tests.process import ServiceProcess

Files = Callable[[int], Path]
OVERHEAD = 2 * 2**10
"""More than the headers and the form around a part."""


class Uploads:
    """Uploads of one file to one server, with one set of notes."""

    def __init__(self, file: Path, fields: dict[str, str], states: Path, server: str) -> None:
        self.file, self.fields, self.states, self.server = file, fields, states, server

    async def run(self, session: Session, *, parallel: int = 4, watch: Watch | None = None) -> str:
        sending = Sending(session, self.server, self.states, parallel)
        return await upload(sending, self.file, self.fields, watch=watch)

    async def stopped_halfway(self, session: Session, line: FailingProxy, *, bytes_: int) -> None:
        """Run, and stop as Ctrl-C does once so many bytes were sent."""
        held = line.hold(after=bytes_)
        running = asyncio.ensure_future(self.run(session))
        await asyncio.to_thread(held.wait, 20)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        line.release()
        await asyncio.to_thread(line.settle)

    def note(self) -> Path:
        """The file with what is needed to go on."""
        (found,) = self.states.iterdir()
        return found


@pytest.fixture
def uploads(file_of: Files, fields: dict[str, str], states: Path, line: FailingProxy) -> Uploads:
    """Of sixteen parts, over the line."""
    return Uploads(file_of(16 * PART), fields, states, line.address)


class Seen:
    """A watch that keeps what it was told."""

    def __init__(self) -> None:
        self.size = self.done = self.at = 0

    def begins(self, size: int, done: int) -> None:
        self.size, self.done, self.at = size, done, done

    def moved(self, count: int) -> None:
        self.at += count


def documents(service: ServiceProcess) -> int:
    """How many documents there are."""
    count = service.call("GET", documents_url(service.address))[1]["count"]
    assert isinstance(count, int)
    return count


def completed(service: ServiceProcess, url: str) -> int:
    """How many bytes of a document have arrived in whole parts."""
    parts = service.call("GET", url)[1]["bestandsdelen"]
    return sum(part["omvang"] for part in parts if part["voltooid"])


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 10 * PART + 7])
async def test_what_comes_back_is_the_file_that_went_in(
    size: int,
    session: Session,
    service: ServiceProcess,
    line: FailingProxy,
    file_of: Files,
    fields: dict[str, str],
    states: Path,
) -> None:
    file, seen = file_of(size), Seen()
    url = await upload(Sending(session, line.address, states), file, fields, watch=seen)
    document = service.call("GET", url)[1]
    assert service.call("GET", document["inhoud"]) == (200, file.read_bytes())
    assert (document["bestandsomvang"], document["locked"]) == (size, False)
    assert {name: document[name] for name in fields} == fields
    assert (seen.size, seen.at) == (size, size)
    assert list(states.iterdir()) == []


@pytest.mark.parametrize("parallel", [1, 4])
async def test_as_many_parts_are_on_their_way_at_once_as_was_asked(
    parallel: int, session: Session, line: FailingProxy, uploads: Uploads
) -> None:
    await uploads.run(session, parallel=parallel)
    assert line.most_at_once == parallel


async def test_a_part_whose_connection_is_cut_is_sent_again(
    session: Session, service: ServiceProcess, line: FailingProxy, uploads: Uploads
) -> None:
    cuts = [line.cut(after=place * PART + 1000) for place in (3, 4, 5, 6, 12)]
    seen = Seen()
    url = await uploads.run(session, watch=seen)
    assert all(cut.is_set() for cut in cuts)
    assert service.call("GET", f"{url}/download") == (200, uploads.file.read_bytes())
    assert seen.at == seen.size


async def test_a_line_that_stands_still_is_left_for_a_new_one(
    service: ServiceProcess, line: FailingProxy, uploads: Uploads
) -> None:
    remarks: list[str] = []

    def remark(text: str) -> None:
        remarks.append(text)
        line.release()

    line.hold(after=5 * PART)
    patience = Patience(attempts=3, first_wait=0.01, silence=0.3, answer=0.3)
    async with Session(CREDENTIALS, patience, remark) as session:
        url = await uploads.run(session)
    assert "nothing came in time" in remarks[0]
    assert service.call("GET", f"{url}/download") == (200, uploads.file.read_bytes())


async def test_an_upload_survives_a_crash_and_restart_of_the_service(
    tmp_path: Path, states: Path, file_of: Files, fields: dict[str, str]
) -> None:
    with ServiceProcess(tmp_path / "data", DMS_PART_SIZE=str(PART)) as own, FailingProxy(own.address) as line:
        fields["informatieobjecttype"] = own.document_type().replace(own.address, line.address)
        patient = Patience(attempts=40, first_wait=0.1, longest_wait=0.2)
        file = file_of(16 * PART)
        held = line.hold(after=8 * PART)
        async with Session(CREDENTIALS, patient) as session:
            running = asyncio.ensure_future(upload(Sending(session, line.address, states), file, fields))
            await asyncio.to_thread(held.wait, 20)
            own.kill()
            line.release()
            await asyncio.to_thread(own.start)
            url = await running
        assert own.call("GET", f"{url}/download") == (200, file.read_bytes())


async def test_an_upload_that_was_stopped_goes_on_and_sends_only_what_is_missing(
    session: Session, service: ServiceProcess, line: FailingProxy, uploads: Uploads, remarks: list[str]
) -> None:
    await uploads.stopped_halfway(session, line, bytes_=10 * PART)
    before, seen = documents(service), Seen()
    url = _url(uploads)
    there = completed(service, url)
    assert 0 < there < 16 * PART
    sent = line.up
    assert await uploads.run(session, watch=seen) == url
    missing = 16 * PART - there
    assert line.up - sent <= missing + OVERHEAD * (missing // PART + 4)
    assert there <= seen.done < seen.at == seen.size == 16 * PART
    assert remarks == [f"Going on with {url}."]
    assert service.call("GET", f"{url}/download") == (200, uploads.file.read_bytes())
    assert documents(service) == before


def _url(uploads: Uploads) -> str:
    text = uploads.note().read_text()
    return text.partition('"url": "')[2].partition('"')[0]


async def test_the_note_about_an_upload_holds_no_secret_and_is_private(
    session: Session, line: FailingProxy, uploads: Uploads
) -> None:
    await uploads.stopped_halfway(session, line, bytes_=4 * PART)
    text = uploads.note().read_text()
    assert CREDENTIALS.secret not in text
    assert "Bearer" not in text
    assert stat.S_IMODE(uploads.note().stat().st_mode) == 0o600
    for known in (line.address, '"lock"', str(uploads.file), '"size"', '"mtime"', "informatieobjecttypen"):
        assert known in text


async def test_the_note_is_there_before_the_first_part_goes(
    session: Session, line: FailingProxy, uploads: Uploads
) -> None:
    await uploads.stopped_halfway(session, line, bytes_=1500)
    assert _url(uploads)


async def test_a_document_that_was_complete_after_all_is_not_made_again(
    session: Session, service: ServiceProcess, line: FailingProxy, uploads: Uploads
) -> None:
    """As after a crash between the unlock and the end."""
    await uploads.stopped_halfway(session, line, bytes_=4 * PART)
    note = uploads.note()
    kept = note.read_bytes()
    url = await uploads.run(session)
    note.write_bytes(kept)
    before, sent = documents(service), line.up
    assert await uploads.run(session) == url
    assert documents(service) == before
    assert line.up - sent < OVERHEAD
    assert not note.exists()


async def _removed(service: ServiceProcess, url: str, lock: str) -> None:
    await _forced_open(service, url, lock)
    assert service.call("DELETE", url)[0] == 204


async def _forced_open(service: ServiceProcess, url: str, lock: str) -> None:
    assert service.call("POST", f"{url}/unlock", {})[0] == 204


async def _taken_over(service: ServiceProcess, url: str, lock: str) -> None:
    await _forced_open(service, url, lock)
    other = service.call("POST", f"{url}/lock")[1]["lock"]
    change = {"inhoud": None, "bestandsomvang": 16 * PART, "lock": other}
    assert service.call("PATCH", url, change)[0] == 200


@pytest.mark.parametrize("lost", [_removed, _forced_open, _taken_over])
async def test_an_upload_whose_document_is_lost_starts_again(
    lost: Any,
    session: Session,
    service: ServiceProcess,
    line: FailingProxy,
    uploads: Uploads,
    remarks: list[str],
) -> None:
    await uploads.stopped_halfway(session, line, bytes_=8 * PART)
    url = _url(uploads)
    parts = service.call("GET", url)[1]["bestandsdelen"]
    await lost(service, url, parts[0]["lock"])
    again = await uploads.run(session)
    assert again != url
    assert "no longer at the server: starting again" in remarks[0]
    assert service.call("GET", f"{again}/download") == (200, uploads.file.read_bytes())


def _longer(file: Path) -> None:
    with file.open("ab") as opened:
        opened.write(b"more")


def _shorter(file: Path) -> None:
    os.truncate(file, 10)


def _rewritten(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


@pytest.mark.parametrize("change", [_longer, _shorter, _rewritten])
async def test_a_file_that_changes_meanwhile_is_refused_and_nothing_half_stays(
    change: Callable[[Path], None],
    session: Session,
    service: ServiceProcess,
    line: FailingProxy,
    uploads: Uploads,
) -> None:
    before = documents(service)
    held = line.hold(after=8 * PART)
    running = asyncio.ensure_future(uploads.run(session))
    await asyncio.to_thread(held.wait, 20)
    change(uploads.file)
    line.release()
    with pytest.raises(FileChanged, match=r"verslag\.bin changed while it was being uploaded"):
        await running
    assert documents(service) == before
    assert list(uploads.states.iterdir()) == []


class Rewriting(Seen):
    """A watch that rewrites the file once all of it has gone."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file

    def moved(self, count: int) -> None:
        super().moved(count)
        if self.at == self.size:
            _rewritten(self.file)


async def test_a_file_that_changes_after_its_last_part_has_gone_is_refused_too(
    session: Session, service: ServiceProcess, uploads: Uploads
) -> None:
    before = documents(service)
    with pytest.raises(FileChanged):
        await uploads.run(session, watch=Rewriting(uploads.file))
    assert documents(service) == before


async def test_a_file_that_changed_since_it_was_stopped_goes_whole_and_the_half_one_is_removed(
    session: Session, service: ServiceProcess, line: FailingProxy, uploads: Uploads, remarks: list[str]
) -> None:
    await uploads.stopped_halfway(session, line, bytes_=8 * PART)
    half = _url(uploads)
    _longer(uploads.file)
    url = await uploads.run(session)
    assert "changed since its upload was stopped" in remarks[0]
    assert service.call("GET", half)[0] == 404
    assert service.call("GET", f"{url}/download") == (200, uploads.file.read_bytes())


async def test_a_half_document_that_may_not_be_removed_is_named(
    session: Session, service: ServiceProcess, line: FailingProxy, uploads: Uploads, remarks: list[str]
) -> None:
    await uploads.stopped_halfway(session, line, bytes_=8 * PART)
    half = _url(uploads)
    await _taken_over(service, half, "")
    _longer(uploads.file)
    url = await uploads.run(session)
    assert f"The unfinished document {half} is still there" in remarks[1]
    assert service.call("GET", url)[1]["inhoud"]


async def test_a_half_document_that_is_gone_needs_no_removing(
    session: Session, service: ServiceProcess, line: FailingProxy, uploads: Uploads, remarks: list[str]
) -> None:
    await uploads.stopped_halfway(session, line, bytes_=8 * PART)
    await _removed(service, _url(uploads), "")
    _longer(uploads.file)
    await uploads.run(session)
    assert len(remarks) == 1


async def test_the_same_file_is_not_uploaded_twice_at_the_same_time(
    session: Session, line: FailingProxy, uploads: Uploads
) -> None:
    held = line.hold(after=4 * PART)
    running = asyncio.ensure_future(uploads.run(session))
    await asyncio.to_thread(held.wait, 20)
    with pytest.raises(InUse):
        await uploads.run(session)
    line.release()
    assert await running


async def test_other_fields_make_another_document_than_the_one_that_was_stopped(
    session: Session, line: FailingProxy, uploads: Uploads
) -> None:
    await uploads.stopped_halfway(session, line, bytes_=4 * PART)
    stopped = _url(uploads)
    other = Uploads(uploads.file, uploads.fields | {"titel": "Anders"}, uploads.states, uploads.server)
    assert await other.run(session) != stopped
    assert await uploads.run(session) == stopped


async def test_a_wrong_secret_is_said_to_be_wrong(service: ServiceProcess, uploads: Uploads) -> None:
    async with Session(Credentials(CREDENTIALS.client_id, "x" * 32), QUICK) as session:
        with pytest.raises(Refused, match=r"invalid-jwt-signature[\s\S]*secret"):
            await uploads.run(session)
    assert list(uploads.states.iterdir()) == []


async def test_a_wrong_secret_when_going_on_leaves_the_note_as_it_is(
    session: Session, line: FailingProxy, uploads: Uploads
) -> None:
    await uploads.stopped_halfway(session, line, bytes_=4 * PART)
    url = _url(uploads)
    async with Session(Credentials(CREDENTIALS.client_id, "x" * 32), QUICK) as wrong:
        with pytest.raises(Refused):
            await uploads.run(wrong)
    assert await uploads.run(session) == url


async def test_a_type_that_is_no_type_or_not_published_is_refused_with_the_servers_reason(
    session: Session, line: FailingProxy, types: dict[str, str], uploads: Uploads
) -> None:
    uploads.fields["informatieobjecttype"] = line.address + types["concept"]
    with pytest.raises(Refused, match=r"informatieobjecttype: .* \(not-published\)"):
        await uploads.run(session)
    uploads.fields["informatieobjecttype"] = line.address + types["published"][:-4] + "0000"
    with pytest.raises(Refused, match=r"informatieobjecttype: .+ \(.+\)"):
        await uploads.run(session)


async def test_what_is_not_a_file_is_refused_before_anything_is_sent(
    session: Session, line: FailingProxy, uploads: Uploads, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, reason in (("missing", "No such file"), ("pipe", "not a file"), (".", "not a file")):
        uploads.file = tmp_path / name
        with pytest.raises(Failure, match=reason):
            await uploads.run(session)
    assert line.up == 0


def test_a_server_is_an_origin_or_the_root_of_its_api() -> None:
    assert documents_url("http://a/") == "http://a/documenten/api/v1/enkelvoudiginformatieobjecten"
    assert documents_url("http://a/drc/api/v1/") == "http://a/drc/api/v1/enkelvoudiginformatieobjecten"
