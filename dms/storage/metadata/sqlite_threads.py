"""Threads that own SQLite connections: calls go in from event loops, answers go back to them."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Job: TypeAlias = Callable[[sqlite3.Connection], T]


class Mailbox:
    """Hands answers to the futures of one event loop; answers that come together wake it once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._answers: deque[tuple[asyncio.Future[Any], Any, Exception | None]] = deque()
        self._woken = False

    def post(self, future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
        """Answer a future of this loop, from any thread. An answer that nobody awaits any more is lost."""
        self._answers.append((future, result, error))
        if not self._woken:
            self._woken = True
            with contextlib.suppress(RuntimeError):  # the loop has been closed
                self._loop.call_soon_threadsafe(self._hand_out)

    def _hand_out(self) -> None:
        # Before emptying, so that an answer that comes in meanwhile wakes the loop again.
        self._woken = False
        while self._answers:
            future, result, error = self._answers.popleft()
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


class Call:
    """A job, where its answer goes, and whether it is done `apart` from others."""

    __slots__ = ("_mailbox", "apart", "future", "job")

    def __init__(
        self, job: Job[Any], loop: asyncio.AbstractEventLoop, mailbox: Mailbox, *, apart: bool = False
    ) -> None:
        self.job = job
        self.apart = apart
        self.future: asyncio.Future[Any] = loop.create_future()
        self._mailbox = mailbox

    def answer(self, result: Any, error: Exception | None = None) -> None:
        """Give the result, or the error. An error of SQLite's leaves as an OSError of its own."""
        if isinstance(error, sqlite3.Error):
            cause, error = error, as_os_error(error)
            error.__cause__ = cause
        self._mailbox.post(self.future, result, error)


def as_os_error(error: sqlite3.Error) -> OSError:
    """The same as an OSError; that of a full disk says so by its number too."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return OSError(errno.ENOSPC, f"SQLite: {error}")
    return OSError(f"SQLite: {error}")


Calls: TypeAlias = SimpleQueue[Call | None]
Serve: TypeAlias = Callable[[sqlite3.Connection, Calls], None]


class ConnectionThreads:
    """Threads with a connection each, that serve one queue."""

    def __init__(self, name: str, connections: Sequence[sqlite3.Connection], serve: Serve) -> None:
        self._calls: Calls = SimpleQueue()
        self._mailboxes: dict[asyncio.AbstractEventLoop, Mailbox] = {}
        self._connections = connections
        # Daemons: a store that was never closed does not keep the process from ending.
        self._threads = [
            threading.Thread(target=serve, args=(each, self._calls), name=name, daemon=True)
            for each in connections
        ]
        for thread in self._threads:
            thread.start()

    async def ask(self, job: Job[T], *, apart: bool = False) -> T:
        """What the job returns or raises, run in one of the threads. It may run even if this is cancelled.
        `apart`: not together with other jobs, as it is a long one."""
        loop = asyncio.get_running_loop()
        call = Call(job, loop, self._mailboxes.get(loop) or self._new_mailbox(loop), apart=apart)
        self._calls.put(call)
        result: T = await call.future
        return result

    def stop(self) -> None:
        """Finish the calls that were made, end the threads and close the connections. Blocks."""
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            thread.join()
        for connection in self._connections:
            connection.close()

    def _new_mailbox(self, loop: asyncio.AbstractEventLoop) -> Mailbox:
        mailbox = Mailbox(loop)
        still_open = {each: box for each, box in self._mailboxes.items() if not each.is_closed()}
        self._mailboxes = {**still_open, loop: mailbox}
        return mailbox


def serve_each(connection: sqlite3.Connection, calls: Calls) -> None:
    """Run the calls one by one, until None."""
    while call := calls.get():
        try:
            call.answer(call.job(connection))
        except Exception as error:
            call.answer(None, error)


class GroupCommit:
    """Runs the calls that wait together in one SQLite transaction, so that they share one flush to disk.

    A call that raises is undone alone. No call is answered before the group is committed; if that fails,
    they all fail.
    """

    def __init__(self, most: int = 256) -> None:
        self.commits = 0
        self._most = most

    def serve(self, connection: sqlite3.Connection, calls: Calls) -> None:
        """Run the calls in groups, in their order, until None."""
        following: Call | None = None
        while call := following or calls.get():
            following, group = None, [call]
            with contextlib.suppress(Empty):
                while len(group) < self._most and not call.apart:
                    if (another := calls.get_nowait()) is None:
                        calls.put(None)
                        break
                    if another.apart:
                        following = another
                        break
                    group.append(another)
            self._run(connection, group)

    def _run(self, connection: sqlite3.Connection, group: list[Call]) -> None:
        answers: list[tuple[Any, Exception | None]]
        try:
            # Takes the write lock at once, for another process that got it first would make the commit fail.
            connection.execute("BEGIN IMMEDIATE")
            if len(group) == 1:
                # Without a savepoint, within which each write takes longer the more there were before it.
                answers = [(group[0].job(connection), None)]
            else:
                answers = [_run_alone(connection, call.job) for call in group]
            connection.execute("COMMIT")
            self.commits += 1
        except Exception as error:
            answers = [(None, error)] * len(group)
            with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                connection.execute("ROLLBACK")
        for call, answer in zip(group, answers, strict=True):
            call.answer(*answer)


def _run_alone(connection: sqlite3.Connection, job: Job[Any]) -> tuple[Any, Exception | None]:
    connection.execute("SAVEPOINT one")
    try:
        answer: tuple[Any, Exception | None] = (job(connection), None)
    except Exception as error:
        if not connection.in_transaction:
            raise  # SQLite has given up the whole group, for want of space for instance
        connection.execute("ROLLBACK TO one")
        answer = (None, error)
    connection.execute("RELEASE one")
    return answer
