"""Metrics of a worker, in Prometheus' words."""

from __future__ import annotations

import time
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from mainstem.engine.execute import Failed, Outcome
from mainstem.engine.observing import Attempt, Going
from mainstem.flow.program import Step, StepInfo
from mainstem.model import ClaimedRun


class WorkerMetrics:
    """What one worker does. No tenant and no run is a label; workflows and steps are, as its code names them."""

    def __init__(self, slots: int) -> None:
        self.registry = CollectorRegistry()
        self._slots = self._gauge("mainstem_worker_slots", "Runs that it conducts at once, at most.")
        self._slots.set(slots)
        self._conducting = self._gauge("mainstem_worker_runs_conducting", "Runs that it conducts now.")
        self._executing = self._gauge("mainstem_worker_steps_executing", "Attempts of steps under way.")
        self._runs = Counter(
            "mainstem_worker_runs",
            "Runs that it ended, or left: to wait, or to another worker.",
            ["workflow", "status"],
            registry=self.registry,
        )
        self._attempts = Histogram(
            "mainstem_worker_step_duration_seconds",
            "Attempts of steps, by what became of them.",
            ["step", "outcome"],
            registry=self.registry,
        )

    def serve(self, port: int, host: str = "127.0.0.1") -> None:
        """At /metrics, in a thread, until the process ends. Raises OSError when the port is taken."""
        start_http_server(port, addr=host, registry=self.registry)

    async def run(self, run: ClaimedRun, going: Going) -> str | None:
        status: str | None = None
        with self._conducting.track_inprogress():
            try:
                status = await going()
            finally:
                self._runs.labels(run.workflow, status or "left").inc()
        return status

    async def step(self, run: ClaimedRun, step: Step[..., Any], info: StepInfo, attempt: Attempt) -> Outcome:  # noqa: ARG002  (an Observer's)
        began, said = time.perf_counter(), "stopped"
        with self._executing.track_inprogress():
            try:
                outcome = await attempt()
                said = "failed" if isinstance(outcome, Failed) else "completed"
            finally:
                self._attempts.labels(step.name, said).observe(time.perf_counter() - began)
        return outcome

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(name, what, registry=self.registry)
