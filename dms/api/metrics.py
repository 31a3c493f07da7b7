"""Counters and gauges for operators, in the form that Prometheus reads."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600)


class Metrics:
    """The figures of one process. Labels are few and ours: never a client's text."""

    def __init__(self) -> None:
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
        self.uploads = Gauge("dms_uploads_in_progress", "Bodies being received now.", registry=self.registry)
        self.downloads = Gauge("dms_downloads_in_progress", "Bodies being sent now.", registry=self.registry)
        self.locked = Gauge("dms_locked_documents", "Documents that are checked out.", registry=self.registry)
        self.waiting = Gauge("dms_waiting_uploads", "Documents that wait for parts.", registry=self.registry)

    def text(self) -> bytes:
        """All figures."""
        return generate_latest(self.registry)
