"""Blocking work in threads, outside the event loop: no job outlives the call that asked for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar, TypeVarTuple

T = TypeVar("T")
Args = TypeVarTuple("Args")

# Most jobs wait for a disk, so there may be more of them than processors.
THREADS = max(16, os.cpu_count() or 1)
LISTED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Returned(Generic[T]):
    value: T


async def over(job: asyncio.Future[T]) -> asyncio.CancelledError | None:
    """Wait until a job is over, well or not; return the cancellation of the caller that came meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    while not job.done():
        try:
            await asyncio.wait([job])
        except asyncio.CancelledError as why:
            cancelled = why
    job.exception()  # seen, so that the loop does not report it as lost
    return cancelled


async def finished(job: asyncio.Future[T]) -> T:
    """The result of a job. A caller that is cancelled stays until the job is over, and then goes."""
    if (cancelled := await over(job)) is not None:
        raise cancelled
    return job.result()


class Threads:
    """A few threads under one name."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix=name)

    def start(self, job: Callable[[*Args], T], *args: *Args) -> asyncio.Future[T]:
        """Start a job; whoever starts it sees to it that it is `finished` before leaving."""
        return asyncio.get_running_loop().run_in_executor(self._pool, job, *args)

    async def run(self, job: Callable[[*Args], T], *args: *Args) -> T:
        """Do a job and return its result."""
        return await finished(self.start(job, *args))

    async def drive(self, steps: Generator[float, None, T]) -> T:
        """Run a generator to its end and return its result. Each step is a job, so that long work leaves room
        for others and can be cancelled; a step yields the seconds to wait before the next one."""
        try:
            while True:
                step = await self.run(_advance, steps)
                if isinstance(step, _Returned):
                    return step.value
                await asyncio.sleep(step)
        except BaseException:
            await self.run(steps.close)
            raise

    async def each(self, items: Generator[T, None, None]) -> AsyncGenerator[T, None]:
        """What a generator yields, fetched a few hundred at a time."""
        try:
            while some := await self.run(_some, items):
                for item in some:
                    yield item
        finally:
            await self.run(items.close)

    async def close(self) -> None:
        """Let the running jobs finish, and end the threads."""
        await asyncio.get_running_loop().run_in_executor(None, self._pool.shutdown)


def _advance(steps: Generator[float, None, T]) -> float | _Returned[T]:
    try:
        return next(steps)
    except StopIteration as end:
        return _Returned(end.value)


def _some(items: Generator[T, None, None]) -> list[T]:
    return list(islice(items, LISTED_AT_ONCE))
