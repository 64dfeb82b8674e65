"""Who observes a worker of the command line: metrics where they are asked for, traces where the program keeps them."""

from __future__ import annotations

import sys

from mainstem.engine.observing import Observer
from mainstem.errors import PortTaken


def observers(slots: int, *, port: int | None, host: str) -> list[Observer]:
    """port: where metrics are served; None for nowhere. Raises PortTaken. After the program's modules were imported."""
    found: list[Observer] = []
    if _keeps_traces():
        from mainstem.engine.tracing import Tracing

        found.append(Tracing())
    if port is not None:
        from mainstem.engine.measured import WorkerMetrics

        measured = WorkerMetrics(slots)
        try:
            measured.serve(port, host)
        except OSError as refused:
            raise PortTaken(
                f"port {port} of {host} cannot be opened: {refused}", hint="give --metrics another port"
            ) from refused
        found.append(measured)
    return found


def _keeps_traces() -> bool:
    """Whether one of the modules has set OpenTelemetry's tracer provider."""
    api = sys.modules.get("opentelemetry.trace")
    return api is not None and not isinstance(api.get_tracer_provider(), api.ProxyTracerProvider)
