"""Ended runs and steps stay ended, whoever writes: the functions refuse, and so do the tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from callers import Caller
from psycopg.types.json import Jsonb

pytest_plugins = ["shared_ledger"]


RUN_STATES = ("pending", "running", "waiting", "paused", "completed", "failed", "cancelled", "timeout")
STEP_STATES = ("pending", "running", "waiting", "completed", "failed", "skipped", "cancelled")
NOTE = {"event_type": "note", "event_data": {"by": "ann"}}


def retried(kind: str) -> dict[str, Any]:
    return {"event_type": f"{kind}_retried", "event_data": {}}


@dataclass(frozen=True)
class Writer:
    """A superuser who writes the tables past the functions."""

    conn: psycopg.Connection[Any]

    def update(self, table: str, the_id: UUID, **columns: Any) -> bool:
        """Whether an UPDATE passes; what is refused is refused with MS006."""
        changes = ", ".join(f"{column} = %s" for column in columns)
        key = "step_id" if table.endswith("step") else "run_id"
        query = f"update mainstem.{table} set {changes} where {key} = %s"
        try:
            updated = self.conn.execute(query, [*columns.values(), the_id])
        except psycopg.DatabaseError as refused:
            if refused.sqlstate != "MS006" or not refused.diag.message_hint:
                raise
            return False
        assert updated.rowcount == 1
        return True

    def run(self, run_id: UUID, status: str, **columns: Any) -> bool:
        over = status in ("completed", "failed", "cancelled", "timeout")
        return self.update(
            "user_workflow_run", run_id, status=status, ended_at="2040-01-01" if over else None, **columns
        )

    def step(self, step_id: UUID, status: str, **columns: Any) -> bool:
        over = status in ("completed", "failed", "skipped", "cancelled")
        return self.update(
            "user_workflow_run_step",
            step_id,
            status=status,
            ended_at="2040-01-01" if over else None,
            **columns,
        )


@pytest.fixture
def writer(caller: Caller) -> Iterator[Writer]:
    conn = caller.database.connect(None)
    yield Writer(conn)
    conn.close()


def test_no_update_takes_an_ended_run_to_another_state(caller: Caller, writer: Writer) -> None:
    for ending in ("completed", "failed", "cancelled", "timeout"):
        run_id = caller.start_run()
        caller.call("complete_workflow_execution", run_id, ending, "as it went")
        assert [state for state in RUN_STATES if writer.run(run_id, state)] == [ending]


def test_no_update_takes_an_ended_step_to_another_state(caller: Caller, writer: Writer) -> None:
    run_id = caller.start_run()
    for number, ending in enumerate(("completed", "failed", "skipped", "cancelled"), 1):
        step = caller.start_step(run_id, number)
        caller.call("complete_workflow_step", step, ending, None, "as it went")
        assert [state for state in STEP_STATES if writer.step(step, state)] == [ending]


def test_runs_and_steps_that_are_not_over_change_state_freely(caller: Caller, writer: Writer) -> None:
    run_id = caller.start_run()
    step = caller.start_step(run_id)
    assert all(
        writer.run(run_id, state) for state in ("waiting", "paused", "pending", "running", "completed")
    )
    assert all(writer.step(step, state) for state in ("waiting", "pending", "running", "completed"))


def test_a_failed_run_goes_back_only_with_its_old_ending_added_to_its_events(
    caller: Caller, writer: Writer
) -> None:
    run_id = caller.start_run()
    caller.call("add_workflow_event", run_id, "note", '{"by": "ann"}')
    caller.call("complete_workflow_execution", run_id, "failed", "no luck")
    [note] = caller.run(run_id)["events"]
    tricks = {
        "nothing added": [note],
        "something else added": [note, NOTE],
        "put in the place of what was there": [retried("run")],
        "added, and what was there changed": [NOTE, retried("run")],
        "added before what was there": [retried("run"), note],
        "two added": [note, NOTE, retried("run")],
        "the log emptied": [],
    }
    passed = [
        trick for trick, events in tricks.items() if writer.run(run_id, "running", events=Jsonb(events))
    ]
    assert passed == []
    kept = Jsonb([note, retried("run")])
    assert not any(
        writer.run(run_id, state, events=kept) for state in ("waiting", "paused", "completed", "timeout")
    )
    assert writer.run(run_id, "running", events=kept)


def test_a_failed_step_goes_back_only_with_its_failed_attempt_added_to_its_events(
    caller: Caller, writer: Writer
) -> None:
    step = caller.start_step(caller.start_run())
    caller.call("add_workflow_event", step, "note", '{"by": "ann"}')
    caller.call("complete_workflow_step", step, "failed", None, "no luck")
    [note] = caller.step(step)["events"]
    tricks = {
        "nothing added": (1, [note]),
        "something else added": (1, [note, NOTE]),
        "put in the place of what was there": (1, [retried("step")]),
        "added, and what was there changed": (1, [NOTE, retried("step")]),
        "not counted": (0, [note, retried("step")]),
        "counted twice": (2, [note, retried("step")]),
    }
    passed = [
        trick
        for trick, (count, events) in tricks.items()
        if writer.step(step, "running", retry_count=count, events=Jsonb(events))
    ]
    assert passed == []
    kept = {"retry_count": 1, "events": Jsonb([note, retried("step")])}
    assert not any(writer.step(step, state, **kept) for state in ("waiting", "completed", "skipped"))
    assert writer.step(step, "running", **kept)


def test_a_retry_in_the_events_takes_nothing_back_that_is_final(caller: Caller, writer: Writer) -> None:
    for final in ("completed", "cancelled"):
        run_id = caller.start_run()
        step = caller.start_step(run_id)
        caller.call("complete_workflow_step", step, final)
        caller.call("complete_workflow_execution", run_id, final)
        assert not writer.step(step, "running", retry_count=1, events=Jsonb([retried("step")]))
        assert not writer.run(run_id, "running", events=Jsonb([retried("run")]))


def test_a_leaf_made_later_is_guarded_too(caller: Caller, writer: Writer) -> None:
    at = "2019-05-06 07:08:09+00"
    writer.conn.execute("select mainstem.ensure_workflow_leaf(%s)", [at])
    found = writer.conn.execute(
        "with run as (insert into mainstem.user_workflow_run"
        " (run_id, workflow_id, org_id, status, channel, driver, started_at, ended_at)"
        " values (mainstem.new_run_id(%(at)s), %(workflow)s, %(org)s, 'completed', 'web', 'recorded', %(at)s, %(at)s) returning *)"
        " insert into mainstem.user_workflow_run_step (step_id, run_id, step_number, org_id, node_key, status, started_at, ended_at)"
        " select mainstem.step_id(run_id, 1), run_id, 1, org_id, 'read', 'completed', %(at)s, %(at)s from run"
        " returning run_id, step_id",
        {"at": at, "workflow": caller.tenant.workflow_id, "org": caller.tenant.org_id},
    ).fetchone()
    assert found is not None
    assert not writer.run(found["run_id"], "running")
    assert not writer.step(found["step_id"], "running")
