"""Tracing: runs and attempts of steps as spans of OpenTelemetry, under the span that the run was started in."""

from __future__ import annotations

from typing import Any

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from mainstem.engine.execute import Failed, Outcome
from mainstem.engine.observing import Attempt, Going
from mainstem.flow.program import Step, StepInfo
from mainstem.flow.traces import current_traceparent
from mainstem.model import ClaimedRun


class Tracing:
    """Needs `mainstem[otel]` and a tracer provider, which the program sets as it does for the rest of its code."""

    def __init__(self, provider: trace.TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer("mainstem", tracer_provider=provider)

    async def run(self, run: ClaimedRun, going: Going) -> str | None:
        attributes: dict[str, str | int] = {
            "mainstem.run_id": str(run.run_id),
            "mainstem.workflow": run.workflow,
            "mainstem.workflow_version": run.workflow_version,
            "mainstem.channel": run.channel,
        }
        parent = _remote(run.traceparent) if run.traceparent else None
        with self._tracer.start_as_current_span(
            f"run {run.workflow}", parent, kind=SpanKind.CONSUMER, attributes=attributes
        ) as span:
            status = await going()
            span.set_attribute("mainstem.status", status or "left")
            _note(span, "failed" if status == "failed" else None)
            return status

    async def step(self, run: ClaimedRun, step: Step[..., Any], info: StepInfo, attempt: Attempt) -> Outcome:
        attributes: dict[str, str | int] = {
            "mainstem.run_id": str(run.run_id),
            "mainstem.step_number": info.step_number,
            "mainstem.attempt": info.attempt,
            "mainstem.executor": step.executor or ("inline" if step.is_async else "thread"),
        }
        with self._tracer.start_as_current_span(f"step {step.name}", attributes=attributes) as span:
            info.traceparent = current_traceparent() or info.traceparent
            outcome = await attempt()
            if isinstance(outcome, Failed):
                span.record_exception(outcome.error)
                _note(span, outcome.message)
            return outcome


def _note(span: Span, failure: str | None) -> None:
    span.set_status(Status(StatusCode.OK) if failure is None else Status(StatusCode.ERROR, failure))


def _remote(traceparent: str) -> Any:
    """The context of a span elsewhere."""
    _, trace_id, span_id, flags = traceparent.split("-")
    found = SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
    )
    return trace.set_span_in_context(NonRecordingSpan(found))
