"""Several processes of the service behind one port (`DMS_WORKERS`), and one above them that starts again
those that end."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

import structlog
import typer
from prometheus_client import multiprocess

from dms import logs
from dms.cli.starting import greet, starting
from dms.cli.worker import Sharing, run
from dms.settings import Settings
from dms.wiring import Wired

log = structlog.get_logger(part="dms.workers")
_processes = multiprocessing.get_context("spawn")
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_LIVED = 60.0


class CannotStart(Exception):
    """The first worker ended before it listened; it has said why. `code` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def run_workers(settings: Settings, *, demo: bool) -> None:
    """Serve with `settings.workers` processes until stopped. Raises `CannotStart`."""
    logs.set_up(form=settings.log_format, level=settings.log_level)
    figures = Path(tempfile.mkdtemp(prefix="dms-figures-"))
    # Read by prometheus-client in each worker, when it is imported there.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(figures)
    try:
        _Workers(settings, figures, demo=demo).serve()
    finally:
        shutil.rmtree(figures, ignore_errors=True)


class _Workers:
    """The processes, and when each was started."""

    def __init__(self, settings: Settings, figures: Path, *, demo: bool) -> None:
        self._settings = settings
        self._sharing = Sharing(settings.port, figures)
        self._demo = demo
        self._running: dict[BaseProcess, float] = {}
        self._pause = _FIRST_PAUSE
        self._stopping = False

    def serve(self) -> None:
        """Start them, and start again what ends, until told to stop; then wait until all have stopped."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        # The first makes the stores and settles the port; the others find both.
        self._start_first()
        while len(self._running) < self._settings.workers and not self._stopping:
            self._start(None)
        while self._running:
            for sentinel in wait([process.sentinel for process in self._running], timeout=1.0):
                self._ended(next(each for each in self._running if each.sentinel == sentinel))

    def _start_first(self) -> None:
        ours, theirs = _processes.Pipe(duplex=False)
        first = self._start(theirs, demo=self._demo)
        theirs.close()
        try:
            port = int(ours.recv())
        except EOFError:
            first.join()
            if self._stopping:
                return
            raise CannotStart(first.exitcode or 1) from None
        self._sharing = Sharing(port, self._sharing.figures)

    def _start(self, started: Connection | None, *, demo: bool = False) -> BaseProcess:
        process = _processes.Process(
            target=_work, args=(self._settings, self._sharing, started), kwargs={"demo": demo}
        )
        process.start()
        self._running[process] = time.monotonic()
        if self._stopping:  # told so before this one could be found and told too
            process.terminate()
        return process

    def _ended(self, process: BaseProcess) -> None:
        process.join()
        lived = time.monotonic() - self._running.pop(process)
        multiprocess.mark_process_dead(process.pid, str(self._sharing.figures))  # type: ignore[no-untyped-call]
        if self._stopping:
            return
        self._pause = _FIRST_PAUSE if lived > _LIVED else min(self._pause * 2, _LONGEST_PAUSE)
        log.error("worker ended", pid=process.pid, code=process.exitcode, again_in=self._pause)
        time.sleep(self._pause)
        if not self._stopping:
            self._start(None)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        for process in self._running:
            process.terminate()


def _work(settings: Settings, sharing: Sharing, started: Connection | None, *, demo: bool) -> None:
    """The body of a worker. The first tells the port, and the people, that the service listens."""

    def tell(address: str, service: Wired, types: list[str]) -> None:
        if started is not None:
            greet(address, service, settings, types)
            started.send(address.rpartition(":")[2])
            started.close()

    try:
        with starting(settings):
            run(settings, demo=demo, started=tell, sharing=sharing)
    except typer.Exit as end:
        sys.exit(end.exit_code)
