"""A round: clients work, the service is killed, and whatever it left is looked at."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from dms.actions.check import check
from dms.actions.collect import collect, remove_dropped
from dms.actions.service import Dms
from dms.demo import demo_types
from dms.model.links import target
from dms.settings import Settings
from dms.wiring import wired
from tests.crash.journal import Journal, content_size, is_content
from tests.crash.line import line_to, together
from tests.crash.load import LARGE, SMALL, Sizes, work
from tests.crash.points import Point
from tests.crash.service import AT_ONCE, Processes, Running
from tests.crash.verifying import verify
from tests.zgw import ALL, SECRET

FEW_CLIENTS = 2
CLIENTS = 4
CLIENTS_AT_A_RANDOM_MOMENT = 8
ROUNDS_AT_ONCE = 3
MOST_SECONDS = 60.0


@dataclass(frozen=True)
class Ground:
    """What rounds are played on: processes, a folder of stores with a catalogue to copy, one of its types."""

    processes: Processes
    folder: Path
    type_: str

    @classmethod
    async def prepare(cls, processes: Processes, folder: Path) -> Ground:
        """Make the stores that each round begins with."""
        async with wired(_settings(folder / "begin", SMALL)) as service:
            assert service.client.application is not None
            types = await demo_types(service.dms, service.client.application)
        return cls(processes, folder, types[0])

    def settings(self, name: str, sizes: Sizes) -> Settings:
        """Fresh stores."""
        shutil.copytree(self.folder / "begin", self.folder / name)
        return _settings(self.folder / name, sizes)


def _settings(data: Path, sizes: Sizes) -> Settings:
    return Settings(
        port=0,
        data_dir=data,
        client_id=ALL,
        client_secret=SECRET,
        part_size=sizes.part,
        collect_every=0.05,
        idle_time=10,
    )


async def repeated(act: Callable[[int], Awaitable[None]], rounds: int) -> None:
    """Play rounds by their numbers, some at a time, for much of the time they wait for a disk."""
    numbers = iter(range(1, rounds + 1))

    async def some() -> None:
        for number in numbers:
            try:
                await act(number)
            except BaseException as error:
                error.add_note(f"in round {number}")
                raise

    await together(*(some() for _ in range(ROUNDS_AT_ONCE)))


async def die_at(ground: Ground, point: Point, number: int, *, soon: bool = False) -> None:
    """A round in which a process dies at this point; `soon`: the first time that it is reached, with few
    clients at work."""
    rng = Random(f"{point.name} {number}")
    settings = ground.settings(f"{point.name}-{number}", LARGE if point.large else SMALL)
    nth = 1 if soon else rng.randint(1, point.most)
    journal = Journal()
    service = await ground.processes.service(
        settings, (point.after or point.announced, 1 if point.after else nth)
    )
    await _worked(ground, service, settings, journal, rng, FEW_CLIENTS if soon else CLIENTS)
    assert await service.died() == signal.SIGKILL
    if point.after:
        await _nothing_is_wrong(settings)
        collector = await ground.processes.collector(settings, (point.announced, nth))
        assert await collector.died() == signal.SIGKILL, "the collector came to its end"
        journal.uploads_may_be_given_up()
    await _verified(ground, settings, journal, rng)


async def die_at_a_random_moment(ground: Ground, number: int) -> None:
    """A round in which the service dies under load, at whatever it was doing."""
    rng = Random(f"random moment {number}")
    sizes = rng.choice((SMALL, SMALL, SMALL, LARGE))
    settings = ground.settings(f"random-{number}", sizes)
    journal = Journal()
    service = await ground.processes.service(settings)
    asyncio.get_running_loop().call_later(rng.uniform(0.01, 0.6), service.kill)
    await _worked(ground, service, settings, journal, rng, CLIENTS_AT_A_RANDOM_MOMENT)
    assert await service.died() == signal.SIGKILL
    await _verified(ground, settings, journal, rng)


async def _worked(
    ground: Ground, service: Running, settings: Settings, journal: Journal, rng: Random, clients: int
) -> None:
    """Clients work until the service dies."""
    sizes = LARGE if settings.part_size == LARGE.part else SMALL
    async with asyncio.timeout(MOST_SECONDS):
        await work(service.origin, journal, ground.type_, rng, sizes, clients=clients)


async def _verified(ground: Ground, settings: Settings, journal: Journal, rng: Random) -> None:
    """All that holds after a crash, and after a second one when nobody was working."""
    await _nothing_is_wrong(settings)
    service = await ground.processes.service(settings)
    async with line_to(service.origin) as line:
        await verify(line, journal, rng)
    service.kill()
    assert await service.died() == signal.SIGKILL
    async with wired(settings) as reopened:
        await _only_documents_remain(reopened.dms, journal)
    _no_files_remain_but_bodies(settings)
    shutil.rmtree(settings.data_dir)


async def _nothing_is_wrong(settings: Settings) -> None:
    async with wired(settings) as reopened:
        findings = await check(reopened.dms, read_bodies=True)
    assert findings.wrong == []


async def _only_documents_remain(dms: Dms, journal: Journal) -> None:
    """The collector, for which everything is old enough, takes what belongs to no document, and no more."""
    await _what_was_destroyed_is_gone(dms, journal)
    await collect(dms, orphan_age=AT_ONCE, upload_age=AT_ONCE, everything=True)
    findings = await check(dms, read_bodies=True)
    assert findings.wrong == []
    assert findings.leftovers.total() == 0, findings.leftovers
    assert [entry async for entry in dms.content.uploads()] == []
    there = [document for document in journal.documents if document.may_be != (None,)]
    assert findings.documents == len(there)
    for document in there:
        link = target(document.url)
        record = await dms.metadata.get(link.resource, link.id) if link else None
        assert record is not None
        assert (record["_body"] is None) == (document.content is None)
        if record["_body"]:
            assert await _bytes(dms, record["_body"]) == document.content


async def _what_was_destroyed_is_gone(dms: Dms, journal: Journal) -> None:
    """drc-008: the content of a deleted document goes because it was dropped, not by being found one day."""
    await remove_dropped(dms)
    destroyed = [
        version.content
        for document in journal.documents
        if document.destroyed is not None
        for version in document.destroyed.versions
        if version.content and content_size(version.content)
    ]
    entries = dms.content.keys()
    for key in [entry.key async for entry in entries]:
        found = await _bytes(dms, key)
        assert not any(is_content(found, content) for content in destroyed)


async def _bytes(dms: Dms, key: str) -> bytes:
    return b"".join([chunk async for chunk in dms.content.read(key)])


def _no_files_remain_but_bodies(settings: Settings) -> None:
    content = settings.data_dir / "content"
    left = [path for path in content.rglob("*") if path.is_file() and content / "bodies" not in path.parents]
    assert left == []
