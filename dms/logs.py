"""Logs: structured, a line per event on standard error, with a request id and without secrets."""

from __future__ import annotations

import logging
import sys
from typing import Any, cast

import orjson
import structlog


def set_up(*, form: str, level: str) -> None:
    """Send all logs, those of libraries too, to standard error: as JSON for machines or text for people."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    _own_logs(shared, form, number)
    _logs_of_libraries(shared, form, number)


def _own_logs(shared: list[Any], form: str, number: int) -> None:
    """Straight to the stream: every request writes a line, and the detour over `logging` costs half of it."""
    renderer, factory = _as_json() if form == "json" else _as_text()
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )


def _as_json() -> tuple[Any, Any]:
    renderer = structlog.processors.JSONRenderer(serializer=orjson.dumps)
    return renderer, structlog.BytesLoggerFactory(cast(Any, Lossy(sys.stderr.buffer)))


def _as_text() -> tuple[Any, Any]:
    return structlog.dev.ConsoleRenderer(), structlog.PrintLoggerFactory(cast(Any, Lossy(sys.stderr)))


class Lossy:
    """A stream for log lines that may be lost: on a full disk the service goes on without its log, and fails
    no request for want of a line. `lost` counts the writes that failed."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.lost = 0

    def write(self, line: Any) -> None:
        """Write a line, if that can be done."""
        try:
            self._stream.write(line)
        except OSError:
            self.lost += 1

    def flush(self) -> None:
        """Hand it to the system, if that can be done; else it may go with the next line."""
        try:
            self._stream.flush()
        except OSError:
            self.lost += 1


def _logs_of_libraries(shared: list[Any], form: str, number: int) -> None:
    renderer: Any = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(number)
    logging.getLogger("aiohttp.access").disabled = True
