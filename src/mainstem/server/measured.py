"""Metrics: what a server counts of itself, and the ledger's measures at each scrape, in Prometheus' words."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from mainstem.ledger.measures import Measure

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One application's: two in one process do not add up. No tenant and no run is a label."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "mainstem_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "mainstem_http_request_duration_seconds",
            "From the first byte asked to the last answered.",
            ["method", "route"],
            registry=self.registry,
        )
        self.stream_clients = Gauge(
            "mainstem_stream_clients", "Open streams and sockets of this process.", registry=self.registry
        )
        self.budget_exceeded = Counter(
            "mainstem_query_budget_exceeded", "Requests whose query took too long.", registry=self.registry
        )
        self.database_up = Gauge(
            "mainstem_database_up", "1 when the database answered this scrape.", registry=self.registry
        )
        self.of_ledger = {
            "queue_depth": self._gauge("mainstem_queue_depth", "Runs in the queue.", "state"),
            "oldest_ready_seconds": self._gauge(
                "mainstem_oldest_pending_seconds", "Age of the oldest run that a worker may take.", "queue"
            ),
            "runs_in_five_minutes": self._gauge(
                "mainstem_runs_recent", "Runs that came to this state in the last five minutes.", "status"
            ),
            "workers_live": self._gauge("mainstem_workers_live", "Workers with a living lease.", "kind"),
        }

    def take(self, measures: list[Measure]) -> None:
        """What the ledger says now; what it does not name is gone."""
        for gauge in self.of_ledger.values():
            gauge.clear()
        for one in measures:
            self.of_ledger[one.measure].labels(one.label or "all").set(one.amount)

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, what: str, label: str) -> Gauge:
        return Gauge(name, what, [label], registry=self.registry)
