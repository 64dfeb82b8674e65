"""The queue: workers, leases, claims, requests. Each function gives a Call, for the role mainstem_worker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from mainstem.ledger.call import Call, Row, nothing, scalar
from mainstem.model import ClaimedRun, RecordedStep, Request

MOST_FREED = 500
"""Runs of dead workers that one call frees: it locks them all."""


def register_worker(
    worker_id: UUID, *, host: str, pid: int, capabilities: Mapping[str, Any], ttl: float
) -> Call[None]:
    """Enter a new incarnation, or after a reconnect its new backend. ttl: seconds that its lease lasts."""
    return Call(
        "select mainstem._register_worker_v1(%s, %s, %s, %s::jsonb, make_interval(secs => %s))",
        [worker_id, host, pid, json.dumps(capabilities), ttl],
        nothing,
    )


def heartbeat(worker_id: UUID) -> Call[list[Request]]:
    """Renew the lease; what is asked of the runs that the worker owns. Raises LeaseLost when it was reaped."""
    return Call(
        "select run_id, epoch, cancel_requested, cancel_reason, signals from mainstem._heartbeat_v1(%s)",
        [worker_id],
        lambda rows: [Request(**row) for row in rows],
    )


def reap() -> Call[tuple[int, int]]:
    """Reap silent workers and free their runs, so many at most; how many of each."""
    return Call(
        "select workers, runs from mainstem._reap_v1(%s)",
        [MOST_FREED],
        lambda rows: (rows[0]["workers"], rows[0]["runs"]),
    )


def end_stuck_backends() -> Call[int]:
    """End recorder backends that a stopped worker keeps inside a transaction; how many."""
    return Call("select mainstem._end_stuck_backends_v1()", [], scalar)


def leave(worker_id: UUID) -> Call[int]:
    """The worker leaves; how many of its runs others can take at once."""
    return Call("select mainstem._leave_v1(%s)", [worker_id], scalar)


def claim(
    worker_id: UUID, queues: list[str], wanted: int, bounds: Mapping[str, tuple[int, datetime]]
) -> Call[list[ClaimedRun]]:
    """Take up to `wanted` ready runs. bounds: per queue the priority and due_at of the last claim, {} to look at all."""
    priorities = [bounds[queue][0] if queue in bounds else None for queue in queues]
    times = [bounds[queue][1] if queue in bounds else None for queue in queues]
    return Call(
        "select run_id, org_id, epoch, queue, priority, due_at, cancel_requested, cancel_reason, workflow,"
        " workflow_version, channel, input_data, endpoints_used, attempt, test, steps, traceparent, claimed_at"
        " from mainstem._claim_v1(%s, %s, %s, %s::integer[], %s::timestamptz[])",
        [worker_id, queues, wanted, priorities, times],
        lambda rows: [_claimed(row) for row in rows],
    )


def defer(worker_id: UUID, run_ids: list[UUID], seconds: float) -> Call[None]:
    """Give back runs that this worker has no code for."""
    return Call(
        "select mainstem._defer_v1(%s, %s, make_interval(secs => %s))", [worker_id, run_ids, seconds], nothing
    )


def give_back(worker_id: UUID, kept: list[UUID]) -> Call[int]:
    """Let others take what the worker owns beyond the runs that it knows of; how many."""
    return Call("select mainstem._give_back_v1(%s, %s)", [worker_id, kept], scalar)


def deadline(worker_id: UUID, run: ClaimedRun, timeout: float) -> Call[float]:
    """Seconds that a run of this worker has left. Raises LeaseLost when it is another worker's."""
    return Call(
        "select mainstem._deadline_v1(%s, %s, %s, make_interval(secs => %s))",
        [worker_id, run.run_id, run.epoch, timeout],
        scalar,
    )


def set_context(worker_id: UUID, run: ClaimedRun, key: str, value: bytes) -> Call[None]:
    """Set one key of the context of a run of this worker. Raises LeaseLost when it is another worker's."""
    return Call(
        "select mainstem._set_context_v1(%s, %s, %s, %s, %s::jsonb)",
        [worker_id, run.run_id, run.epoch, key, value.decode()],
        nothing,
    )


def end_overdue() -> Call[int]:
    """End the runs that nobody owns and whose time is over; how many."""
    return Call("select mainstem._end_overdue_v1()", [], scalar)


def ready_in(queues: list[str]) -> Call[float | None]:
    """Seconds until the next waiting run is due, or one of these queues has a permit again for who waits; None for never."""
    return Call("select least(mainstem._ready_in_v1(), mainstem._permit_in_v1(%s))", [queues], scalar)


def _claimed(row: Row) -> ClaimedRun:
    steps = [RecordedStep(**step) for step in row["steps"] or ()]
    return ClaimedRun(**{**row, "steps": steps})
