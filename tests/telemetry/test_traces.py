"""Traces: a run belongs to the span that it was started in, its steps to the run, and what they call to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem import ONCE, Mainstem, RunFailed, Worker, gather, step, step_info, workflow
from mainstem.engine.tracing import Tracing
from mainstem.flow.traces import current_traceparent

pytestmark = ON_ONE_SERVER
GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@step
def called(number: int) -> str | None:
    return step_info().traceparent


@step(retry=ONCE)
async def failing() -> None:
    raise ValueError("no paper")


@workflow("traced")
async def traced() -> list[str | None]:
    return [await called(0), *await gather(called(1), called(2))]


@workflow("failing")
async def failing_run() -> None:
    await failing()


@pytest.fixture
def spans() -> Iterator[tuple[TracerProvider, InMemorySpanExporter]]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider, exporter
    provider.shutdown()


Spans = tuple[TracerProvider, InMemorySpanExporter]


@pytest.mark.parametrize("where", ["here", "elsewhere"])
async def test_a_run_continues_the_trace_that_it_was_started_in(
    database: Database, ms: Mainstem, spans: Spans, where: str
) -> None:
    """Also when a worker takes it from the queue."""
    provider, exporter = spans
    tracer = provider.get_tracer("a web request")
    async with Mainstem(database.url) as starting:
        worker = Worker(ms, [traced], observers=[Tracing(provider)])
        async with worker:
            with tracer.start_as_current_span("request") as request:
                handle = await (ms if where == "here" else starting).start(traced)
            told = await handle.result()
    found = exporter.get_finished_spans()
    [run] = [span for span in found if span.name == "run traced"]
    steps = [span for span in found if span.name == "step called"]
    assert run.parent is not None
    assert run.parent.span_id == request.get_span_context().span_id
    assert {span.context.trace_id for span in found} == {request.get_span_context().trace_id}
    assert {span.parent.span_id for span in steps if span.parent} == {run.context.span_id}
    assert {f"{span.context.span_id:016x}" for span in steps} == {text.split("-")[2] for text in told}
    assert (run.attributes or {})["mainstem.run_id"] == str(handle.run_id)


async def test_a_failure_is_the_spans_too(ms: Mainstem, spans: Spans) -> None:
    provider, exporter = spans
    async with Worker(ms, [failing_run], observers=[Tracing(provider)]):
        with pytest.raises(RunFailed):
            await (await ms.start(failing_run)).result()
    found = {span.name: span for span in exporter.get_finished_spans()}
    assert not found["step failing"].status.is_ok
    assert found["step failing"].status.description == "no paper"
    assert not found["run failing"].status.is_ok


async def test_a_step_is_told_the_trace_where_its_worker_keeps_none(
    ms: Mainstem, database: Database, spans: Spans
) -> None:
    provider, _ = spans
    async with Worker(ms, [traced]):
        assert await (await ms.start(traced)).result() == [None] * 3
        with provider.get_tracer("a web request").start_as_current_span("request"):
            expected = current_traceparent()
            handle = await ms.start(traced)
        assert await handle.result() == [expected] * 3
    kept = database.value(
        "select metadata ->> 'traceparent' from mainstem.user_workflow_run where run_id = %s", handle.run_id
    )
    assert kept == expected
