"""The fence: a worker that was reaped writes nothing more, is told so, and begins anew."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest
from writers import Writers, writers

from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database
from mainstem import Mainstem, Worker, step, workflow
from mainstem.errors import LeaseLost, NotFound
from mainstem.ids import new_run_id
from mainstem.ledger import queue
from mainstem.ledger.recorder import CLOSINGS, ENDINGS, EVENTS, STARTS, STEPS, WAITS, Answer
from mainstem.ledger.records import EndingRecord, EventRecord, StartRecord, StepRecord, WaitRecord
from mainstem.model import DEFAULT_ORG

pytestmark = ON_ONE_SERVER

gate = threading.Event()
executed: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    gate.clear()
    executed.clear()


@step
async def at_the_gate() -> int:
    executed["begun"] += 1
    await until(gate.is_set)
    executed["ended"] += 1
    return executed["begun"]


@workflow("gated")
async def gated() -> int:
    return await at_the_gate()


def everything(crew: Writers, run_id: UUID) -> list[asyncio.Future[list[Answer]]]:
    """One record of each kind, put at once."""
    now = time.monotonic_ns()
    start = StartRecord(new_run_id(), DEFAULT_ORG, crew.workflow_id, "web", b"{}")
    opened = StepRecord(run_id, 1, 1, 1, b"open", now)
    records = (
        (STARTS, start),
        (STEPS, replace(opened, step_number=2, status=b"completed", ended_ns=now)),
        (CLOSINGS, replace(opened, status=b"completed", ended_ns=now)),
        (EVENTS, EventRecord(run_id, 1, 1, now, b"late", b"{}")),
        (WAITS, WaitRecord(run_id, 1, 3, 1, "sleep", "sleep", timeout_us=0)),
        (ENDINGS, EndingRecord(run_id, 1, "completed")),
    )
    return [crew.recorder.put(column, record) for column, record in records]


async def test_every_writer_of_a_reaped_worker_is_told_and_nothing_is_written(
    database: Database, clock: Clock
) -> None:
    async with writers(database.url) as crew:
        [run_id] = await crew.start(1)
        await crew.recorder.put(STEPS, StepRecord(run_id, 1, 1, 1, b"open", time.monotonic_ns()))
        clock.advance(seconds=601)
        assert database.perform(queue.reap(), role="mainstem_worker", org_id=None) == (1, 1)
        before = snapshot(database)
        for _ in range(2):  # those that wait for a flush, and those that come later
            told = await asyncio.gather(*everything(crew, run_id), return_exceptions=True)
            assert [type(answer) for answer in told] == [LeaseLost] * 6
        assert crew.recorder.is_fenced
    assert snapshot(database) == before
    with pytest.raises(LeaseLost):
        database.perform(queue.heartbeat(crew.recorder.worker_id), role="mainstem_worker", org_id=None)
    with pytest.raises(LeaseLost):
        database.perform(
            queue.claim(crew.recorder.worker_id, ["default"], 9, {}), role="mainstem_worker", org_id=None
        )


async def test_another_epoch_of_the_same_worker_is_refused_alone(database: Database) -> None:
    """A body that outlives its claim must not write into the next one, even in the same worker."""
    async with writers(database.url) as crew:
        old, other = await crew.start(2)
        database.rows(
            "update mainstem.user_workflow_run_queue set epoch = 2 where run_id = %s returning 1", old
        )
        *told, written = await asyncio.gather(
            *everything(crew, old)[1:], crew.write(other, 1), return_exceptions=True
        )
        assert [type(answer) for answer in told] == [LeaseLost] * 5
        assert written is None
        assert not crew.recorder.is_fenced
    assert database.value("select count(*) from mainstem.user_workflow_event") == 0
    assert database.value("select count(*) from mainstem.user_workflow_run_step") == 1


async def test_a_change_of_a_step_that_was_not_recorded_is_refused_alone(database: Database) -> None:
    async with writers(database.url) as crew:
        run_id, other = await crew.start(2)
        now = time.monotonic_ns()
        ended = StepRecord(run_id, 1, 5, 1, b"never begun", now, status=b"completed", ended_ns=now)
        told, written = await asyncio.gather(
            crew.recorder.put(CLOSINGS, ended), crew.write(other, 1), return_exceptions=True
        )
        assert isinstance(told, NotFound)
        assert f"step 5 of run {run_id} is not recorded" in str(told)
        assert written is None
    assert database.value("select count(*) from mainstem.user_workflow_run_step") == 1


async def test_a_worker_that_was_reaped_begins_anew_and_its_runs_go_on(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    async with Worker(ms, [gated]) as worker:
        run = await ms.start(gated)
        await until(lambda: executed["begun"])
        first = worker.worker_id
        clock.advance(seconds=60)
        await until(lambda: reaped(database, first))
        await until(lambda: executed["begun"] == 2)
        assert worker.worker_id not in (None, first)
        gate.set()
        assert await asyncio.wait_for(run.result(), 10) == 2
        again = await ms.start(gated)
        assert await asyncio.wait_for(again.result(), 10) == 3
    [recorded] = (await ms.get_run(run.run_id)).steps
    assert (recorded.output_data, executed["ended"]) == (2, 2)


def reaped(database: Database, worker_id: UUID | None) -> bool:
    database.perform(queue.reap(), role="mainstem_worker", org_id=None)
    query = "select reaped_at is not null from mainstem.user_workflow_worker where worker_id = %s"
    return bool(database.value(query, worker_id))


def snapshot(database: Database) -> list[object]:
    tables = ("user_workflow_run", "user_workflow_run_step", "user_workflow_event", "user_workflow_run_queue")
    return [database.rows(f"select t::text from mainstem.{table} t order by 1") for table in tables]
