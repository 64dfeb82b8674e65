"""What must be true when the weather is over: each check reads the ledger, and says what is wrong with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from mixed import STAGES

from witness import Told

Rows = list[tuple[Any, ...]]
VALUE = re.compile(r"\b[0-9a-f]{16}\b")
OVER = "('completed', 'failed', 'cancelled', 'timeout')"


@dataclass
class Heard:
    """What the callers and the workflows' code were told, whoever died afterwards."""

    started: dict[UUID, str] = field(default_factory=dict)
    """Runs and their workflows."""
    signals: set[UUID] = field(default_factory=set)
    answers: dict[UUID, str] = field(default_factory=dict)
    told: set[Told] = field(default_factory=set)


@dataclass(frozen=True)
class Ledger:
    """A connection that sees everything, and what was heard."""

    conn: psycopg.Connection[Any]
    heard: Heard

    def rows(self, query: str, *parameters: Any) -> Rows:
        return self.conn.execute(query.encode(), parameters or None).fetchall()


def values_of(document: Any) -> set[str]:
    """Every value of a step's execution within a JSON document."""
    return set(VALUE.findall(str(document)))


def what_was_told_is_there(ledger: Ledger) -> Iterable[str]:
    recorded = {
        (run_id, number): value
        for run_id, number, value in ledger.rows(
            "select run_id, step_number, output_data ->> 2 from mainstem.user_workflow_run_step"
            " where status = 'completed' and jsonb_typeof(output_data) = 'array'"
        )
    }
    for one in ledger.heard.told:
        if recorded.get((one.run_id, one.step_number)) != one.value:
            yield f"{one} was acknowledged, the ledger has {recorded.get((one.run_id, one.step_number))}"


def runs_that_were_acknowledged_are_there(ledger: Ledger) -> Iterable[str]:
    there = {row[0] for row in ledger.rows("select run_id from mainstem.user_workflow_run")}
    yield from (
        f"run {run_id} was acknowledged and is not there" for run_id in set(ledger.heard.started) - there
    )


def runs_end_as_they_should(ledger: Ledger) -> Iterable[str]:
    """Or wait, as the one kind that is to."""
    for run_id, name, status, error in ledger.rows(
        "select r.run_id, w.name, r.status, r.error_message from mainstem.user_workflow_run r"
        " join mainstem.user_workflow w using (org_id, workflow_id)"
    ):
        expected = {"unwanted": {"cancelled"}, "lasting": {"waiting", "cancelled"}}.get(name, {"completed"})
        if status not in expected:
            yield f"run {run_id} of {name} is {status}: {error}"


def outputs_are_what_the_steps_gave(ledger: Ledger) -> Iterable[str]:
    """No step of a fenced worker, none twice, and none that the run's code has not seen."""
    for run_id, name, output, steps in ledger.rows(
        "select r.run_id, w.name, r.output_data, (select jsonb_agg(s.output_data) from mainstem.user_workflow_run_step s"
        " where s.run_id = r.run_id) from mainstem.user_workflow_run r join mainstem.user_workflow w using (org_id, workflow_id)"
        " where r.status = 'completed'"
    ):
        if values_of(output) != values_of(steps):
            yield f"run {run_id} of {name} gave {values_of(output)}, its steps {values_of(steps)}"
    for value, count in ledger.rows(
        "select output_data ->> 2, count(*) from mainstem.user_workflow_run_step"
        " where jsonb_typeof(output_data) = 'array' and output_data ->> 2 ~ '^[0-9a-f]{16}$' and node_key not like 'child:%'"
        " group by 1 having count(*) > 1"
    ):
        yield f"{value} was recorded {count} times"


def steps_end_with_their_run(ledger: Ledger) -> Iterable[str]:
    for run_id, number, status in ledger.rows(
        "select s.run_id, s.step_number, s.status from mainstem.user_workflow_run_step s"
        f" join mainstem.user_workflow_run r using (run_id) where r.status in {OVER}"
        " and s.status in ('pending', 'running', 'waiting')"
    ):
        yield f"run {run_id} is over, its step {number} is {status}"


def what_was_paid_was_recorded(ledger: Ledger) -> Iterable[str]:
    paid = Counter(ledger.rows("select run_id, value from public.payment"))
    recorded = Counter(
        ledger.rows(
            "select run_id, output_data ->> 2 from mainstem.user_workflow_run_step"
            " where node_key = 'pay' and status = 'completed'"
        )
    )
    yield from (f"{one} was paid {paid[one]} times and recorded {recorded[one]}" for one in paid.keys() | recorded.keys()
                if paid[one] != 1 or recorded[one] != 1)  # fmt: skip


def signals_were_taken_once(ledger: Ledger) -> Iterable[str]:
    taken = Counter(
        UUID(row[0])
        for row in ledger.rows(
            "select metadata ->> 'signal_id' from mainstem.user_workflow_run_step where metadata ? 'signal_id'"
        )
    )
    left = {
        UUID(row[0])
        for row in ledger.rows(
            "select e.value ->> 'event_id' from mainstem.user_workflow_run r, jsonb_array_elements(r.events) e"
            " where e.value ->> 'event_type' = 'signal_not_taken'"
        )
    }
    kept = {row[0] for row in ledger.rows("select signal_id from mainstem.user_workflow_signal")}
    yield from (
        f"signal {one} was taken {count} times" for one, count in taken.items() if count > 1 or one in left
    )
    yield from (
        f"signal {one} was acknowledged and is nowhere"
        for one in ledger.heard.signals - set(taken) - left - kept
    )


def answers_stand(ledger: Ledger) -> Iterable[str]:
    given: dict[UUID, str] = dict(
        ledger.rows(
            "select step_id, output_data #>> '{}' from mainstem.user_workflow_run_step where node_key like 'approval:%'"
        )
    )
    yield from (f"approval {one} was answered {answer}, and has {given.get(one)}"
                for one, answer in ledger.heard.answers.items() if given.get(one) != answer)  # fmt: skip


def families_belong_together(ledger: Ledger) -> Iterable[str]:
    """Each child is the one that its parent's step keeps, and each step's child is there."""
    yield from (
        f"run {run_id} says it is of {step_id}, which has not begun it"
        for run_id, step_id in ledger.rows(
            "select r.run_id, r.parent_step_id from mainstem.user_workflow_run r where r.parent_step_id is not null"
            " and not exists (select from mainstem.user_workflow_run_step s where s.step_id = r.parent_step_id"
            " and s.metadata ->> 'child' = r.run_id::text)"
        )
    )
    yield from (
        f"step {step_id} has begun {child}, which is not there"
        for step_id, child in ledger.rows(
            "select s.step_id, s.metadata ->> 'child' from mainstem.user_workflow_run_step s where s.metadata ? 'child'"
            " and not exists (select from mainstem.user_workflow_run r where r.run_id::text = s.metadata ->> 'child')"
        )
    )


def contexts_have_their_last_value(ledger: Ledger) -> Iterable[str]:
    yield from (
        f"run {run_id} ended with stage {stage}"
        for run_id, stage in ledger.rows(
            "select r.run_id, r.context -> 'stage' from mainstem.user_workflow_run r join mainstem.user_workflow w"
            " using (org_id, workflow_id) where w.name = 'staged' and r.status = 'completed'"
            " and r.context -> 'stage' is distinct from to_jsonb(%s)",
            STAGES - 1,
        )
    )


def each_time_was_fired_once(ledger: Ledger) -> Iterable[str]:
    fired = Counter(
        row[0]
        for row in ledger.rows(
            "select (r.input_data ->> 'scheduled_for')::timestamptz from mainstem.user_workflow_run r"
            " join mainstem.user_workflow w using (org_id, workflow_id) where w.name = 'ticking'"
        )
    )
    yield from (f"{one} was fired {count} times" for one, count in fired.items() if count > 1)
    if fired:
        expected = round((max(fired) - min(fired)).total_seconds()) + 1
        if len(fired) != expected:
            yield f"{expected} seconds went by and {len(fired)} times were fired"


def nothing_is_left_of_what_is_over(ledger: Ledger) -> Iterable[str]:
    for table in ("run_queue", "run_context", "signal"):
        yield from (
            f"{table} of run {run_id} was left behind"
            for (run_id,) in ledger.rows(
                f"select t.run_id from mainstem.user_workflow_{table} t left join mainstem.user_workflow_run r using (run_id)"
                f" where r.run_id is null or r.status in {OVER}"
            )
        )


QUEUE = """
select run_id, org_id, queue, state, priority, case when state = 'waiting' then due_at::text end,
       waiting_for, signals, concurrency_key, deadline_at::text
  from mainstem.user_workflow_run_queue order by run_id
"""


def the_queue_is_what_the_runs_imply(ledger: Ledger) -> Iterable[str]:
    """As it would be made anew of the runs alone; and no worker that is gone owns anything."""
    there = {row[0]: row for row in ledger.rows(QUEUE)}
    with ledger.conn.transaction(force_rollback=True):
        ledger.conn.execute("delete from mainstem.user_workflow_run_queue")
        ledger.conn.execute("select mainstem.rebuild_workflow_queue()")
        implied = {row[0]: row for row in ledger.rows(QUEUE)}
    yield from (f"the queue has {there.get(one)}, the run implies {implied.get(one)}"
                for one in there.keys() | implied.keys() if there.get(one) != implied.get(one))  # fmt: skip
    yield from (
        f"run {run_id} is owned by {worker_id}, who is gone"
        for run_id, worker_id in ledger.rows(
            "select q.run_id, q.worker_id from mainstem.user_workflow_run_queue q where (q.state = 'owned') <> (q.worker_id is not null)"
            " or q.worker_id is not null and not exists (select from mainstem.user_workflow_worker w"
            " where w.worker_id = q.worker_id and w.reaped_at is null)"
        )
    )


def no_time_is_of_a_workers_clock(ledger: Ledger) -> Iterable[str]:
    yield from (
        f"step {number} of run {run_id} ended {ended} before it began {began}"
        for run_id, number, began, ended in ledger.rows(
            "select run_id, step_number, started_at, ended_at from mainstem.user_workflow_run_step"
            " where ended_at < started_at or started_at > clock_timestamp() or ended_at > clock_timestamp()"
        )
    )


CHECKS: tuple[Callable[[Ledger], Iterable[str]], ...] = (
    what_was_told_is_there,
    runs_that_were_acknowledged_are_there,
    runs_end_as_they_should,
    outputs_are_what_the_steps_gave,
    steps_end_with_their_run,
    what_was_paid_was_recorded,
    signals_were_taken_once,
    answers_stand,
    families_belong_together,
    contexts_have_their_last_value,
    each_time_was_fired_once,
    nothing_is_left_of_what_is_over,
    the_queue_is_what_the_runs_imply,
    no_time_is_of_a_workers_clock,
)


def faults(ledger: Ledger) -> list[str]:
    return [f"{check.__name__}: {fault}" for check in CHECKS for fault in check(ledger)]
