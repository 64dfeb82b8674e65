"""Drawings of a run: its time as spans, its way as a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mainstem.model import Event, Run, RunStatus, Step, StepStatus
from mainstem.postgres.times import LAST, read_time
from mainstem.server.shapes.runs import Edge, Graph, Node, Span, Timeline

_ATTEMPTS = ("step_retried", "attempt_failed")


def key_of(step: Step) -> str:
    """What a step's node is known by: its key in code, its id in a graph."""
    return step.node_key or str(step.node_id)


def timeline(run: Run) -> Timeline:
    """The run, its time in the queue, and of each step its attempts and what it waited for."""
    spans = [*_of_run(run), *(span for step in run.steps for span in _of_step(step))]
    return Timeline(run_id=run.run_id, started_at=run.started_at, ended_at=run.ended_at, spans=spans)


def _of_run(run: Run) -> Iterator[Span]:
    begun = run.started_at or run.ended_at
    if run.created_at < (begun or run.created_at) or (begun is None and not run.status.is_over):
        yield _span(None, "queue", run.created_at, begun, status="completed" if begun else "waiting")
    for event in run.events:
        if event.event_type == "run_retried":
            yield from _attempt(None, event)
    if run.started_at is not None:
        attempt = len(_retries(run.events)) + 1
        yield _span(None, "run", run.started_at, run.ended_at, status=run.status.value, attempt=attempt)


_WAITS = ("wait_for_signal:", "approval:", "child:")
"""How steps are named whose time is somebody else's."""


def _of_step(step: Step) -> Iterator[Span]:
    for event in step.events:
        if event.event_type in _ATTEMPTS:
            yield from _attempt(step, event)
    if step.started_at is not None:
        is_wait = key_of(step).startswith(_WAITS) or key_of(step) == "sleep"
        kind = "wait" if is_wait or step.status is StepStatus.WAITING else "step"
        yield _span(
            step, kind, step.started_at, step.ended_at, status=step.status.value, attempt=step.retry_count + 1
        )


def _attempt(step: Step | None, event: Event) -> Iterator[Span]:
    """A retry tells when the attempt before began and ended; a failed attempt of the engine only that it ended.

    An old system's event of the same name may tell anything: what has no time is not drawn.
    """
    told: Mapping[str, Any] = event.event_data if isinstance(event.event_data, dict) else {}
    ended = _time(told.get("ended_at")) or event.timestamp
    if ended is None:
        return
    number = int(_number(told.get("attempt")) or (_number(told.get("retry_count")) or 0) + 1)
    began = _time(told.get("started_at")) or ended
    yield _span(step, "attempt", began, ended, status=str(told.get("status", "failed")), attempt=number)
    if (rest := _number(told.get("rest_seconds"))) is not None:
        yield _span(step, "wait", ended, _later(ended, rest), status="completed", attempt=number)


def _span(
    step: Step | None, kind: str, began: datetime, ended: datetime | None, *, status: str, attempt: int = 1
) -> Span:
    number, key = (0, None) if step is None else (step.step_number, key_of(step))
    return Span(
        step_number=number, node_key=key, kind=kind, began=began, ended=ended, status=status, attempt=attempt
    )


def _retries(events: list[Event]) -> list[Event]:
    return [event for event in events if event.event_type == "run_retried"]


def _time(text: Any) -> datetime | None:
    try:
        return _aware(read_time(text)) if isinstance(text, str) else None
    except ValueError:
        return None


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) else None


def _later(at: datetime, seconds: float) -> datetime:
    try:
        return at + timedelta(seconds=seconds)
    except OverflowError:
        return LAST


def graph(run: Run) -> Graph:
    """What ran, in its order; over the definition that the run began with, where it has one."""
    nodes: dict[str, Node] = {}
    for step in run.steps:
        key = key_of(step)
        before = nodes.get(key) or Node(key=key, label=key)
        nodes[key] = before.model_copy(
            update={"status": step.status.value, "runs": before.runs + 1, "steps": [*before.steps, step.step_number],
                    "skipped_reason": step.metadata.get("skipped_reason") or before.skipped_reason}
        )  # fmt: skip
    taken = _ways(run.steps)
    defined_nodes, defined_edges = _definition(run)
    for node in defined_nodes:
        told = nodes.get(node.key)
        nodes[node.key] = (
            node.model_copy(update={"skipped_reason": _why_not(run)})
            if told is None
            else told.model_copy(update={"label": node.label, "type": node.type})
        )
    edges = [edge.model_copy(update={"taken": (edge.source, edge.to) in taken}) for edge in defined_edges]
    known = {(edge.source, edge.to) for edge in edges}
    edges += [
        Edge.model_validate({"from": source, "to": to}) for source, to in taken if (source, to) not in known
    ]
    return Graph(nodes=list(nodes.values()), edges=edges)


def _why_not(run: Run) -> str:
    return (
        "the run took another way"
        if run.status is RunStatus.COMPLETED
        else f"not reached: the run is {run.status.value}"
    )


def _ways(steps: list[Step]) -> list[tuple[str, str]]:
    """From each step to the next of its branch, from a branch's opener to its first, and from its last to what follows."""
    last: dict[str, str] = {}
    found: dict[tuple[str, str], None] = {}
    for step in steps:
        path, key = str(step.metadata.get("branch", "")), key_of(step)
        ended = [branch for branch in last if branch.startswith(path) and branch != path]
        sources = [last.pop(branch) for branch in ended]
        if path in last and not sources:
            sources = [last[path]]
        elif not sources:
            sources = [last[outer] for outer in _outwards(path) if outer in last][:1]
        found |= dict.fromkeys((source, key) for source in sources)
        last[path] = key
    return list(found)


def _outwards(path: str) -> Iterator[str]:
    """The branches around one: "1.0/2.1/" is within "1.0/", and that within the run's own code."""
    while path:
        path = path.rstrip("/").rpartition("/")[0]
        path = f"{path}/" if path else ""
        yield path


def _definition(run: Run) -> tuple[list[Node], list[Edge]]:
    """Nodes and edges of the graph in the config that the run began with; none of a workflow of code."""
    config = run.config_snapshot if isinstance(run.config_snapshot, dict) else {}
    drawn = config.get("graph", config)
    if not isinstance(drawn, dict) or not isinstance(drawn.get("nodes"), list):
        return [], []
    nodes = [_node(node) for node in drawn["nodes"] if isinstance(node, dict) and _name(node)]
    edges = [
        Edge.model_validate({"from": str(edge["from"]), "to": str(edge["to"]), "label": edge.get("label")})
        for edge in drawn.get("edges") or []
        if isinstance(edge, dict) and "from" in edge and "to" in edge
    ]
    return nodes, edges


def _node(node: dict[str, Any]) -> Node:
    return Node(key=_name(node), label=str(node.get("label") or _name(node)), type=node.get("type"))


def _name(node: dict[str, Any]) -> str:
    return str(node.get("key") or node.get("id") or "")
