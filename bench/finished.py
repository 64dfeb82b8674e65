"""A million finished runs in one hot leaf, and a hundred thousand that wait: what a ledger carries while it goes on working."""

from __future__ import annotations

import asyncio
import json
from typing import LiteralString

import psycopg

from mainstem.ids import new_run_id
from mainstem.ledger.recorder import STARTS, WAITS, Recorder
from mainstem.ledger.records import StartRecord, WaitRecord
from mainstem.model import DEFAULT_ORG
from turns import Ledger, opened
from work import STEPS, VALUE

DAYS = 20
"""Over so many days; none of its leaves is sealed."""

STEPPED = 5
"""One run of so many has its ten steps."""

IN_FLIGHT = 512
WAITS_FOR = 3 * 24 * 3600.0

RUNS: LiteralString = """
insert into mainstem.user_workflow_run
  (run_id, org_id, workflow_id, status, channel, external_id, started_at, ended_at, duration_ms, driver, created_at, updated_at, input_data, output_data)
select mainstem.new_run_id(at), %(org)s, %(workflow)s, 'completed', 'web', 'c-' || n, at, at + interval '2 s', 2000, 'engine', at, at,
       %(value)s::jsonb || jsonb_build_object('claim', 'c-' || n), %(value)s::jsonb
  from generate_series(1, %(runs)s) n
 cross join lateral (select now() - %(days)s * interval '1 day' * (1 - n / (%(runs)s + 1.0)) as at) t
"""

STEPS_OF_RUNS: LiteralString = """
insert into mainstem.user_workflow_run_step
  (step_id, run_id, org_id, step_number, node_key, iteration, status, started_at, ended_at, duration_ms, created_at, updated_at, input_data, output_data)
select mainstem.step_id(r.run_id, k), r.run_id, r.org_id, k, 'noop', k, 'completed', r.started_at, r.ended_at, 2000, r.created_at, r.created_at,
       %(value)s::jsonb, %(value)s::jsonb
  from (select r.*, row_number() over (order by r.run_id) as n from mainstem.user_workflow_run r) r cross join generate_series(1, %(steps)s) k
 where r.n %% %(stepped)s = 0
"""

LEAVES: LiteralString = """
select mainstem.ensure_workflow_leaf(week) from generate_series(now() - %(days)s * interval '1 day', now() + interval '1 week', interval '1 week') week
"""

COUNTED: LiteralString = """
select (select count(*) from mainstem.user_workflow_run where ended_at is not null), (select count(*) from mainstem.user_workflow_run_step),
       (select count(*) from mainstem.user_workflow_run_queue where state = 'waiting'), pg_database_size(current_database()) / 2.0 ^ 30
"""


def make_past(url: str, runs: int) -> None:
    """Finished runs, vacuumed and analyzed."""
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as conn:
        [(workflow,)] = conn.execute(
            "insert into mainstem.user_workflow (org_id, name) values (%s, 'past') returning workflow_id",
            [DEFAULT_ORG],
        ).fetchall()
        given = {"runs": runs, "org": DEFAULT_ORG, "workflow": workflow, "value": json.dumps(VALUE), "days": DAYS, "steps": STEPS, "stepped": STEPPED}  # fmt: skip
        for statement in (LEAVES, RUNS, STEPS_OF_RUNS):
            conn.execute(statement, given)
    settle(url)


def settle(url: str) -> None:
    """What autovacuum would have done by then."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("vacuum analyze")
        conn.execute("checkpoint")


def told(url: str) -> str:
    """What a ledger has, in a sentence."""
    with psycopg.connect(url) as conn:
        [(ended, steps, waiting, gigabytes)] = conn.execute(COUNTED).fetchall()
    return f"{ended:,} finished runs, {steps:,} steps, {waiting:,} runs that wait, {gigabytes:.1f} GiB"


def waiting(url: str) -> int:
    """How many runs wait."""
    with psycopg.connect(url) as conn:
        [(found,)] = conn.execute(
            "select count(*) from mainstem.user_workflow_run_queue where state = 'waiting'"
        ).fetchall()
    return int(found)


async def make_waiting(url: str, runs: int) -> None:
    """Runs that wait for a signal, three days at most: begun and suspended by a recorder, as a worker does it."""
    async with opened(url) as ledger:
        numbers = iter(range(runs))

        async def some() -> None:
            for _ in numbers:
                await begin_to_wait(ledger, ledger.recorder)

        await asyncio.gather(*(some() for _ in range(IN_FLIGHT)))
    settle(url)


async def begin_to_wait(ledger: Ledger, recorder: Recorder) -> None:
    run_id = new_run_id()
    value = json.dumps(VALUE).encode()
    await recorder.put(STARTS, StartRecord(run_id, DEFAULT_ORG, ledger.workflow_id, "web", value))
    wait = WaitRecord(run_id, 1, 1, 1, "signal", "wait_for_signal:supervisor", signal="supervisor", timeout_us=int(WAITS_FOR * 1e6))  # fmt: skip
    await recorder.put(WAITS, wait)
