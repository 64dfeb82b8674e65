"""Runs: begin, read, list, ask. Each function gives a Call."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from mainstem.errors import BadArgument, NotFound
from mainstem.ledger.call import Call, Row, nothing, scalar
from mainstem.ledger.records import StartRecord, packed_array
from mainstem.model import ContextEntry, Event, Json, Page, Run, RunStatus, RunSummary, Step, StepStatus
from mainstem.postgres.times import read_time

START = "select place, run_id, answer from mainstem._start_runs_v1(null, %b::mainstem._start_record[])"

_SUMMARY: LiteralString = (
    "r.run_id, r.workflow_id, w.name as workflow, r.status, r.channel, r.external_id, r.driver, r.workflow_version,"
    " r.created_at, r.started_at, r.ended_at, r.duration_ms, r.error_message, r.tags"
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs a list shows; None asks nothing. Times are of the beginning (created_at), since inclusive."""

    workflow: str | None = None
    status: str | None = None
    channel: str | None = None
    external_id: str | None = None
    since: datetime | None = None
    before: datetime | None = None


def start_runs(oids: dict[str, int], records: list[StartRecord]) -> Call[list[tuple[UUID, str]]]:
    """Begin a batch of runs for whichever worker is free: for each its id and answer, in order (see _start_runs_v1)."""
    parameter = packed_array(oids, StartRecord.composite_type, records, 0)
    return Call(START, [parameter], lambda rows: [(row["run_id"], row["answer"]) for row in rows])


def register_workflow(
    name: str,
    description: str | None,
    *,
    input_schema: Mapping[str, Json] | None = None,
    code_version: int | None = None,
) -> Call[UUID]:
    """The id of the workflow of this name, made on the first call. Concurrent calls get the same.

    input_schema, code_version: of its arguments, and of its code, from who has the code.
    """
    return Call(
        "insert into mainstem.user_workflow as w (org_id, name, description, input_schema, code_version)"
        " values (mainstem.current_org(), %s, %s, %s::jsonb, %s)"
        " on conflict (org_id, name) do update set description = coalesce(excluded.description, w.description),"
        " input_schema = coalesce(excluded.input_schema, w.input_schema),"
        " code_version = coalesce(excluded.code_version, w.code_version) returning workflow_id",
        [name, description, None if input_schema is None else json.dumps(input_schema), code_version],
        scalar,
    )


def find_workflow(name: str) -> Call[UUID | None]:
    """The id of the workflow of this name, None when the tenant has none."""
    return Call("select workflow_id from mainstem.user_workflow where name = %s", [name], scalar)


def read_run(run_id: UUID) -> Call[Run]:
    """A run with its steps, in one query. Raises NotFound."""
    return Call(
        "select mainstem.read_workflow_run(%s) as document", [run_id], lambda rows: _run(run_id, scalar(rows))
    )


def list_runs(which: Filter, *, limit: int = 50, after: str | None = None) -> Call[Page]:
    """A page of runs, latest first. after: the `next` of the page before; pages neither skip nor repeat a run.

    Raises BadArgument for a limit outside 1 to 1000 and for a cursor that no page gave.
    """
    if not 1 <= limit <= 1000:
        raise BadArgument(f"a page holds 1 to 1000 runs, not {limit}", hint="give another limit")
    conditions: list[LiteralString] = ["true"]
    values: list[Any] = []
    for condition, value in _conditions(which, after):
        conditions.append(condition)
        values.append(value)
    query: LiteralString = f"{summary_query(' and '.join(conditions))} order by r.run_id desc limit %s"
    return Call(query, [*values, limit + 1], lambda rows: _page(rows, limit))


def summary_query(condition: LiteralString) -> LiteralString:
    """Runs (r) as lists show them, with their workflow (w), under a condition."""
    return (
        f"select {_SUMMARY} from mainstem.user_workflow_run r"
        " join mainstem.user_workflow w on w.org_id = r.org_id and w.workflow_id = r.workflow_id"
        f" where {condition}"
    )


def summaries_of_rows(rows: list[Row]) -> list[RunSummary]:
    """What such a query answers."""
    return [RunSummary(**{**row, "status": RunStatus(row["status"])}) for row in rows]


def _conditions(which: Filter, after: str | None) -> list[tuple[LiteralString, Any]]:
    asked: list[tuple[LiteralString, Any]] = [
        ("w.name = %s", which.workflow),
        ("r.status = %s", which.status),
        ("r.channel = %s", which.channel),
        ("r.external_id = %s", which.external_id),
        (
            "r.run_id >= mainstem.first_id_at(%s)",
            which.since,
        ),  # an id begins with its time, so leaves are pruned
        ("r.run_id < mainstem.first_id_at(%s)", which.before),
        ("r.run_id < %s", None if after is None else _opened(after)),
    ]
    return [(condition, value) for condition, value in asked if value is not None]


def endings_of(run_ids: list[UUID]) -> Call[list[tuple[UUID, str, Any, str | None]]]:
    """Which of these runs are over: status, output and error message of each."""
    first, last = min(run_ids, default=None), max(run_ids, default=None)  # an array alone prunes nothing
    return Call(
        "select run_id, status, output_data, error_message from mainstem.user_workflow_run"
        " where run_id = any(%s) and run_id between %s and %s and ended_at is not null",
        [run_ids, first, last],
        lambda rows: [
            (row["run_id"], row["status"], row["output_data"], row["error_message"]) for row in rows
        ],
    )


def outcome(run_id: UUID) -> Call[tuple[str, Any, str | None]]:
    """Status, output and error message of a run. Raises NotFound."""
    return Call(
        "select status, output_data, error_message from mainstem.user_workflow_run where run_id = %s",
        [run_id],
        lambda rows: _found(
            rows, run_id, lambda row: (row["status"], row["output_data"], row["error_message"])
        ),
    )


def is_there(run_id: UUID) -> Call[bool]:
    """Whether the tenant has this run."""
    return Call("select exists (select from mainstem.user_workflow_run where run_id = %s)", [run_id], scalar)


def cancel_run(run_id: UUID, reason: str | None) -> Call[str]:
    """`cancelled` when nobody was working on it, else `requested`. Raises NotFound, RunIsOver."""
    return Call("select mainstem.cancel_workflow_run(%s, %s)", [run_id, reason], scalar)


def resume_run(run_id: UUID, *, step_over: bool = False) -> Call[None]:
    """Let a paused run go on, past the breakpoint that it stands before. Raises NotFound, RunIsOver, StateRefused."""
    return Call("select mainstem.resume_workflow_run(%s, %s)", [run_id, step_over], nothing)


def retry_run(run_id: UUID, *, from_step: int | None = None) -> Call[str]:
    """Take back a run that failed, timed out or is paused: `pending` for a worker, `running` for its callers.

    from_step: it and what began after it are set aside and done again. Raises NotFound, RunIsOver, StateRefused,
    DrivenElsewhere.
    """
    return Call("select mainstem.retry_workflow_run(%s, %s)", [run_id, from_step], scalar)


def send_signal(run_id: UUID, name: str, payload: bytes) -> Call[UUID]:
    """The signal's id. Each call sends another. Raises NotFound, RunIsOver, DrivenElsewhere."""
    return Call(
        "select mainstem.send_workflow_signal(%s, %s, %s::jsonb)", [run_id, name, payload.decode()], scalar
    )


def signal_key(workflow: str, key: str, name: str, payload: bytes) -> Call[int]:
    """Signal every run of a workflow that is under way for this external id; how many. Raises NotFound."""
    return Call(
        "select mainstem.send_workflow_signal_by_key(%s, %s, %s, %s::jsonb)",
        [workflow, key, name, payload.decode()],
        scalar,
    )


def cancel_children(run_id: UUID, reason: str) -> Call[int]:
    """Cancel the runs that a run has begun and waits for; how many."""
    return Call("select mainstem._cancel_children(%s, %s)", [run_id, reason], scalar)


def complete_run(run_id: UUID, status: str, error_message: str | None) -> Call[None]:
    """End a run that its callers move. Raises NotFound, RunIsOver, StateRefused, DrivenElsewhere."""
    return Call(
        "select mainstem.complete_workflow_execution(%s, %s, %s)", [run_id, status, error_message], nothing
    )


def set_context(run_id: UUID, key: str, value: bytes) -> Call[None]:
    """Set one key of a run's context. Raises NotFound, RunIsOver, BadArgument."""
    return Call(
        "select mainstem.set_workflow_context(%s, %s, %s::jsonb)", [run_id, key, value.decode()], nothing
    )


def replace_context(
    run_id: UUID, key: str, value: bytes, *, expected: datetime | None, whatever: bool
) -> Call[datetime]:
    """Set one key if it was last set at `expected` (None: it is not there yet), or whatever stands there; when it was set.

    Raises PreconditionFailed, and what `set_context` raises.
    """
    return Call(
        "select mainstem.replace_workflow_context(%s, %s, %s::jsonb, %s, %s)",
        [run_id, key, value.decode(), expected, whatever],
        scalar,
    )


def get_context(run_id: UUID, key: str | None = None) -> Call[list[ContextEntry]]:
    """All keys of a run's context by name, or one."""
    return Call(
        "select key, value, created_at, updated_at from mainstem.get_workflow_context(%s, %s)",
        [run_id, key],
        lambda rows: [ContextEntry(**row) for row in rows],
    )


def _page(rows: list[Row], limit: int) -> Page:
    runs = summaries_of_rows(rows[:limit])
    return Page(runs, _closed(runs[-1].run_id) if len(rows) > limit else None)


def _closed(run_id: UUID) -> str:
    return base64.urlsafe_b64encode(run_id.bytes).decode().rstrip("=")


def _opened(cursor: str) -> UUID:
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=="))
    except ValueError as refusal:
        raise BadArgument(
            f"{cursor!r} is no cursor of a page", hint="pass the `next` of the page before"
        ) from refusal


def _found(rows: list[Row], run_id: UUID, read: Any) -> Any:
    if not rows:
        raise NotFound(f"no run {run_id} in this tenant's ledger", hint="look at the id, then at the tenant")
    return read(rows[0])


def _run(run_id: UUID, document: Mapping[str, Any] | None) -> Run:
    if document is None:
        raise NotFound(f"no run {run_id} in this tenant's ledger", hint="look at the id, then at the tenant")
    log: dict[int, list[Any]] = {}
    for event in document["log"] or ():
        log.setdefault(event.pop("step_number"), []).append(event)
    run = document["run"]
    return Run(
        **{
            **run,
            **_ids(run, "run_id", "workflow_id", "org_id", "created_by", "parent_step_id", "forked_from"),
            **_times(run, "created_at", "started_at", "ended_at", "updated_at"),
            "status": RunStatus(run["status"]),
            "context": {**run["context"], **(document["live_context"] or {})},
            "events": _events(run["events"], log.get(0, [])),
            "steps": [_step(step, log.get(step["step_number"], [])) for step in document["steps"]],
        }
    )


def _step(step: Mapping[str, Any], logged: list[Any]) -> Step:
    return Step(
        **{
            **step,
            **_ids(step, "step_id", "run_id", "node_id"),
            **_times(step, "created_at", "started_at", "ended_at", "updated_at"),
            "status": StepStatus(step["status"]),
            "events": _events(step["events"], logged),
        }
    )


def _events(folded: list[Any], logged: list[Any]) -> list[Event]:
    return [
        Event(
            event_id=UUID(event["event_id"]),
            event_type=event["event_type"],
            event_data=event["event_data"],
            timestamp=None if event["timestamp"] is None else read_time(event["timestamp"]),
        )
        for event in (*folded, *logged)
    ]


def _ids(row: Mapping[str, Any], *names: str) -> dict[str, UUID | None]:
    return {name: None if row[name] is None else UUID(row[name]) for name in names}


def _times(row: Mapping[str, Any], *names: str) -> dict[str, datetime | None]:
    return {name: None if row[name] is None else read_time(row[name]) for name in names}
