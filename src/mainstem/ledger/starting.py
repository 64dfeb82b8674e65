"""Starting runs for others than workers and clients of this process: one call, the workflow by its name or id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from mainstem.errors import BadArgument, IdempotencyConflict, NotFound
from mainstem.ids import new_run_id
from mainstem.ledger.call import Call, Row
from mainstem.model import ACTIVE_VERSION

_START = """
select s.run_id, s.answer from mainstem._start_runs_v1(null, array[jsonb_populate_record(null::mainstem._start_record,
  %s::jsonb || jsonb_build_object('org_id', mainstem.current_org(), 'workflow_id', coalesce(%s::uuid,
    (select w.workflow_id from mainstem.user_workflow w where w.org_id = mainstem.current_org() and w.name = %s))))]) s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What a run begins with."""

    workflow: str | None
    workflow_id: UUID | None
    input: bytes
    """The workflow's arguments by name, as JSON."""
    channel: str
    external_id: str | None = None
    version: int = ACTIVE_VERSION
    priority: int = 0
    tags: Sequence[str] = field(default=())
    is_test: bool = False
    test: bytes | None = None
    """What a test run is given in place of its steps, as JSON."""
    queue: str = "default"
    created_by: UUID | None = None
    idempotency_key: str | None = None
    traceparent: str | None = None
    concurrency_key: str | None = None


def start_run(new: NewRun) -> Call[tuple[UUID, bool]]:
    """The run's id, and whether this call began it. Raises NotFound, BadArgument, IdempotencyConflict, ValueRefused."""
    if (new.workflow is None) == (new.workflow_id is None):
        raise BadArgument(
            "a start names its workflow once", hint="give either workflow, its name, or workflow_id"
        )
    record = {
        "run_id": str(new_run_id()), "workflow_version": new.version, "channel": new.channel,
        "external_id": new.external_id, "created_by": None if new.created_by is None else str(new.created_by),
        "priority": new.priority, "tags": list(new.tags), "is_test": new.is_test, "queue": new.queue,
        "idempotency_key": new.idempotency_key, "request_digest": "\\x" + hashlib.sha256(new.input).hexdigest(),
        "traceparent": new.traceparent,
        "concurrency_key": new.concurrency_key,
    }  # fmt: skip
    texts = f'"input_data": {new.input.decode()}, "test": {(new.test or b"null").decode()}'
    text = f"{json.dumps(record)[:-1]}, {texts}}}"
    return Call(_START, [text, new.workflow_id, new.workflow], lambda rows: _answer(rows, new))


def _answer(rows: list[Row], new: NewRun) -> tuple[UUID, bool]:
    [row] = rows
    match row["answer"]:
        case "started" | "existing":
            return row["run_id"], row["answer"] == "started"
        case "conflict":
            raise IdempotencyConflict(
                f"key {new.idempotency_key!r} began another run, {row['run_id']}",
                hint="a new request needs a new key",
            )
        case "no channel":
            raise BadArgument(
                f"this organization has no channel {new.channel!r}",
                hint="GET /channels tells which there are",
            )
        case "no user":
            raise NotFound(f"no user {new.created_by} in this tenant", hint="add the user to app_user")
        case _:
            raise NotFound(
                f"this tenant has no workflow {new.workflow or new.workflow_id}",
                hint="a worker or a client registers it from its code; GET /workflows tells which there are",
            )
