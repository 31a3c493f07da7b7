"""Counters and gauges for operators, in the form that Prometheus reads."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600)


class Metrics:
    """The figures of the service. Labels are few and ours: never a client's text.

    `shared`: a folder in which several processes of one service keep theirs, so that any of them tells all.
    """

    def __init__(self, shared: Path | None = None) -> None:
        self._shared = shared
        self.registry = CollectorRegistry()
        labels = ("api", "resource", "method", "status")
        self.requests = Counter("dms_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "dms_request_seconds",
            "Time until the whole answer was handed over.",
            ("api", "resource", "method"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.received = Counter("dms_received_bytes", "Bytes of bodies received.", registry=self.registry)
        self.sent = Counter("dms_sent_bytes", "Bytes of file bodies sent.", registry=self.registry)
        self.uploads = self._sum("dms_uploads_in_progress", "Bodies being received now.")
        self.downloads = self._sum("dms_downloads_in_progress", "Bodies being sent now.")
        self.locked = self._latest("dms_locked_documents", "Documents that are checked out.")
        self.bodies = self._latest("dms_scanned_bodies", "Bodies by what the virus scanner said.", "verdict")
        self.waiting = self._latest("dms_waiting_uploads", "Documents that wait for parts.")

    def _sum(self, name: str, meaning: str) -> Gauge:
        return Gauge(name, meaning, registry=self.registry, multiprocess_mode="livesum")

    def _latest(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(name, meaning, labels, registry=self.registry, multiprocess_mode="livemostrecent")

    def text(self) -> bytes:
        """All figures."""
        if self._shared is None:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, str(self._shared))  # type: ignore[no-untyped-call]
        return generate_latest(together)
