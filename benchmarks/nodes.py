"""Nodes that share their stores, and an upload whose parts go through all of them in turn."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any

from benchmarks.plan import Took
from benchmarks.report import MIB
from benchmarks.servers import Server, serving
from benchmarks.wire import Connection, FileBody, Refused, Request
from benchmarks.zgw import Zgw

SENDERS = 2
"""That a node has at once."""
_PATIENCE = 60.0
_WARMING = 6 * MIB


class Node:
    """A service that can be killed and started again. `warm` makes it do everything once before it gets to
    work, as what is made once is not growth. `grown` holds, for each of its processes, by how many bytes it
    grew from then on at most, and its peak."""

    def __init__(
        self, stack: ExitStack, home: Path, settings: dict[str, object], warm: Callable[[Server], None]
    ) -> None:
        self.server: Server
        self.up = threading.Event()
        self.grown: list[tuple[int, int]] = []
        self._stack, self._home, self._settings, self._warm = stack, home, settings, warm
        self._before = 0

    def start(self) -> None:
        """Start it. It ends with the stack."""
        self.server = self._stack.enter_context(serving(self._home, **self._settings))
        self._warm(self.server)
        self.server.process.forget_peak()
        self._before = self.server.process.memory()
        self.up.set()

    def kill(self) -> None:
        """End it as a power cut does."""
        self.look()
        self.up.clear()
        os.kill(self.server.process.pid, signal.SIGKILL)

    def look(self) -> None:
        """See how far the process that runs grew."""
        peak = self.server.process.peak()
        self.grown.append((peak - self._before, peak))


def warmed(server: Server, type_: str, body: FileBody) -> None:
    """Take a small file in and hand it out."""
    zgw = Zgw(server)
    zgw.type = type_
    document = zgw.awaiting(_WARMING)
    zgw.connection.call(zgw.part(document, 0, FileBody(body.fd, _WARMING)))
    zgw.complete(document)
    zgw.connection.call(zgw.request("GET", zgw.call("GET", document["url"])["inhoud"]), keep=False)
    zgw.call("DELETE", document["url"])


@dataclass(frozen=True, slots=True)
class Upload:
    """A document that was uploaded. `again` counts the parts that were sent more than once. The processor
    time of nodes that were started meanwhile is not known."""

    document: Any
    took: Took
    again: int


def upload(
    nodes: Sequence[Node], zgw: Zgw, body: FileBody, midway: Callable[[], None] = lambda: None
) -> Upload:
    """Send a file, one part through one node and the next part through the next. `midway` is done when half
    of the parts have been acknowledged, while others are on their way."""
    servers = [node.server for node in nodes]
    cpu, began = _cpu(servers), time.perf_counter()
    document = zgw.awaiting(body.size)
    sending = _Sending(_parts(zgw, document, body))
    with ThreadPoolExecutor(SENDERS * len(nodes)) as threads:
        numbers = [deque(range(first, len(sending.parts), len(nodes))) for first in range(len(nodes))]
        lines = [
            threads.submit(sending.all_of, node, own)
            for node, own in zip(nodes, numbers, strict=True)
            for _ in range(SENDERS)
        ]
        sending.half.wait()
        midway()
        for line in lines:
            line.result()
    sent = time.perf_counter() - began
    zgw.complete(document)
    whole = time.perf_counter() - began
    same = servers == [node.server for node in nodes]
    return Upload(document, Took(sent, whole, _cpu(servers) - cpu if same else nan), sending.again)


def _cpu(servers: Sequence[Server]) -> float:
    return sum(server.process.cpu() for server in servers)


def _parts(zgw: Zgw, document: Any, body: FileBody) -> list[Request]:
    requests, start = [], 0
    for number, part in enumerate(document["bestandsdelen"]):
        requests.append(zgw.part(document, number, FileBody(body.fd, part["omvang"], start)))
        start += part["omvang"]
    return requests


class _Sending:
    """The parts of one upload. `half` is set when half of them are there, or when there is no hope of it."""

    def __init__(self, parts: list[Request]) -> None:
        self.parts = parts
        self.half = threading.Event()
        self.again = 0
        self._left = len(parts)
        self._counting = threading.Lock()

    def all_of(self, node: Node, numbers: deque[int]) -> None:
        """Send parts through a node, one after another, for as long as there are any."""
        try:
            line = _Line(node)
            while numbers:
                try:
                    number = numbers.popleft()
                except IndexError:
                    return  # the other sender was as quick
                self._count(line.send(self.parts[number]))
        finally:
            self.half.set()

    def _count(self, again: int) -> None:
        with self._counting:
            self.again += again
            self._left -= 1
            if self._left <= len(self.parts) // 2:
                self.half.set()


class _Line:
    """A connection to a node, and another one once the node was killed and is there again."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._server = node.server
        self._connection = Connection(node.server.port)

    def send(self, part: Request) -> int:
        """Send a part until it is acknowledged; returns how often that was more than once."""
        again = 0
        while True:
            try:
                self._connection.call(part)
            except (OSError, Refused):
                was_killed = not self._node.up.is_set() or self._node.server is not self._server
                if not was_killed or not self._node.up.wait(_PATIENCE):
                    raise
                self._connection.close()
                self._server = self._node.server
                self._connection = Connection(self._server.port)
                again += 1
            else:
                return again
