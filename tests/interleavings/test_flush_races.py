"""A flush beside people's transactions: it waits for nobody's, and what it could not write comes again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from manual_worker import ManualWorker, ending, manual_workers, step, wait
from psycopg.types.json import Jsonb
from sessions import (
    Session,
    eventually,
    outcomes,
    refusal,
    sessions,
    start_caller_run,
    start_engine_runs,
    start_record,
    unhindered,
)

from conftest import Database, Tenant
from mainstem.ledger.recorder import ENDINGS, Recorder
from mainstem.model import ClaimedRun
from mainstem.postgres import aconnect

WRITE = "update mainstem.user_workflow_run set metadata = metadata || '{\"note\": 1}' where run_id = %s"


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[ManualWorker]:
    async with manual_workers(database) as (made,):
        yield made


@pytest.fixture
async def user(database: Database) -> AsyncIterator[Session]:
    async with sessions(database, 1) as (session,):
        yield session


@pytest.fixture
async def runs(tenant: Tenant, user: Session, worker: ManualWorker) -> list[ClaimedRun]:
    """Sixty-four that the worker owns."""
    await start_engine_runs(user, *(start_record(tenant) for _ in range(64)))
    return await worker.claim(64)


async def row(session: Session, run: ClaimedRun) -> dict[str, Any]:
    [found] = await session.rows(
        "select status, context, metadata, error_message from mainstem.user_workflow_run where run_id = %s",
        run.run_id,
    )
    return found


# The obvious forms, on the same tables.


async def test_a_flush_that_locks_each_run_is_stopped_by_one_user_in_one_run(
    database: Database, user: Session, runs: list[ClaimedRun]
) -> None:
    ids = [run.run_id for run in runs]
    async with sessions(database, 1, role=None) as (obvious,):
        await user.begin()
        await user.call("set_workflow_context", ids[7], "key", Jsonb(1))
        await user.call("cancel_workflow_run", ids[7])
        await obvious.rows("set lock_timeout = '50ms'")
        lock = "select from mainstem.user_workflow_run_queue where run_id = any(%s) order by run_id for share"
        assert await refusal(obvious.rows(lock, ids)) == "55P03"


async def test_a_flush_that_shares_its_fence_and_a_cancel_that_takes_the_run_first_deadlock(
    database: Database, user: Session, runs: list[ClaimedRun]
) -> None:
    the_id = runs[0].run_id
    async with sessions(database, 2, role=None) as (flush, cancel):
        queue = "update mainstem.user_workflow_run_queue set signals = signals where run_id = %s"
        await flush.begin()
        await flush.rows("select from mainstem.user_workflow_run_queue where run_id = %s for share", the_id)
        await cancel.begin()
        await cancel.rows(WRITE, the_id)
        waiting = await cancel.blocked(cancel.rows(queue, the_id))
        assert "40P01" in await outcomes(waiting, flush.rows(WRITE, the_id))


async def test_two_who_lock_the_same_runs_in_opposite_orders_deadlock(
    database: Database, runs: list[ClaimedRun]
) -> None:
    lock = "select from mainstem.user_workflow_run_queue where run_id = %s for update"
    async with sessions(database, 2, role=None) as (first, second):
        for session, run in ((first, runs[0]), (second, runs[1])):
            await session.begin()
            await session.rows(lock, run.run_id)
        waiting = await first.blocked(first.rows(lock, runs[1].run_id))
        assert "40P01" in await outcomes(waiting, second.rows(lock, runs[0].run_id))


async def test_a_context_in_the_runs_row_makes_its_worker_wait_for_whoever_sets_it(
    database: Database, user: Session, runs: list[ClaimedRun]
) -> None:
    async with sessions(database, 1, role="mainstem_worker") as (obvious,):
        await user.begin()
        await user.rows(
            "update mainstem.user_workflow_run set context = context || '{\"key\": 1}' where run_id = %s",
            runs[0].run_id,
        )
        ending_it = await obvious.blocked(obvious.rows(WRITE, runs[0].run_id))
        await user.rollback()
        await ending_it


# Ours.


async def test_a_flush_records_every_run_while_users_hold_each_of_them(
    worker: ManualWorker, user: Session, runs: list[ClaimedRun]
) -> None:
    await user.begin()
    for n, run in enumerate(runs):
        if n % 2:
            await user.call("set_workflow_context", run.run_id, "key", Jsonb(n))
        else:
            await user.call("send_workflow_signal", run.run_id, "verdict", None)
        if n % 3:
            await user.call("cancel_workflow_run", run.run_id)
    assert await unhindered(worker.flush(*(step(run, 1) for run in runs))) == []
    busy = await unhindered(worker.flush(*(ending(run) for run in runs)))
    assert sorted(map(str, busy)) == sorted(str((run.run_id, "busy")) for run in runs)
    await user.commit()
    assert await worker.flush(*(ending(run) for run in runs)) == []
    assert [(await row(user, run))["status"] for run in runs] == ["completed"] * 64
    assert (await row(user, runs[1]))["context"] == {"key": 1}


async def test_an_ending_waits_in_the_recorder_until_the_key_that_is_being_set_is_there(
    database: Database, worker: ManualWorker, user: Session, runs: list[ClaimedRun]
) -> None:
    async def connect() -> Any:
        return await aconnect(database.url, role="mainstem_worker", application_name="recorder")

    async def enter(_conn: Any) -> None:
        """It is registered."""

    async with Recorder(worker.worker_id, connect, enter) as recorder:
        await user.begin()
        await user.call("set_workflow_context", runs[0].run_id, "member", Jsonb(7))
        held = recorder.put(ENDINGS, ending(runs[0]))
        for run in runs[1:6]:
            assert await unhindered(recorder.put(ENDINGS, ending(run))) == []
        assert not held.done()
        await user.commit()
        assert await unhindered(held) == []
    ended = await row(user, runs[0])
    assert (ended["status"], ended["context"]) == ("completed", {"member": 7})


async def test_claims_and_waits_do_not_meet_a_key_that_is_being_set(
    worker: ManualWorker, user: Session, runs: list[ClaimedRun]
) -> None:
    await user.begin()
    await user.call("set_workflow_context", runs[0].run_id, "member", Jsonb(7))
    assert (runs[0].run_id, "suspended") in await unhindered(
        worker.flush(wait(runs[0], "verdict", seconds=0.001))
    )
    claimed = await eventually(lambda: unhindered(worker.claim(1)))
    assert [run.run_id for run in claimed] == [runs[0].run_id]
    await user.commit()


async def test_a_cancel_of_a_run_that_is_being_flushed_is_a_request_and_waits_for_nothing(
    worker: ManualWorker, user: Session, runs: list[ClaimedRun]
) -> None:
    await worker.session.begin()
    await worker.flush(step(runs[0], 1), step(runs[0], 2, b"running"))
    assert await unhindered(user.call("cancel_workflow_run", runs[0].run_id, "enough")) == "requested"
    assert await unhindered(user.call("cancel_workflow_run", runs[0].run_id, "again")) == "requested"
    await worker.session.commit()
    [request] = await worker.heartbeat()
    assert (request.run_id, request.epoch, request.cancel_requested, request.cancel_reason) == (
        runs[0].run_id, runs[0].epoch, True, "enough",
    )  # fmt: skip
    assert (runs[0].run_id, "cancel") in await worker.flush(wait(runs[0], "verdict", 3))
    assert await worker.flush(ending(runs[0], "cancelled", error_message="enough")) == []
    assert (await row(user, runs[0]))["status"] == "cancelled"


async def test_a_cancel_that_comes_while_the_ending_is_flushed_is_told_that_the_run_is_over(
    worker: ManualWorker, user: Session, runs: list[ClaimedRun]
) -> None:
    await worker.session.begin()
    assert await worker.flush(ending(runs[0])) == []
    late = await user.blocked(user.call("cancel_workflow_run", runs[0].run_id))
    await worker.session.commit()
    assert await refusal(late) == "MS003"
    assert (await row(user, runs[0]))["status"] == "completed"


async def test_a_cancel_that_comes_while_the_run_is_suspended_ends_it_at_once(
    worker: ManualWorker, user: Session, runs: list[ClaimedRun]
) -> None:
    await worker.session.begin()
    await worker.flush(wait(runs[0], "verdict"))
    late = await user.blocked(user.call("cancel_workflow_run", runs[0].run_id))
    await worker.session.commit()
    assert await late == "cancelled"
    assert (await row(user, runs[0]))["status"] == "cancelled"


async def test_a_cancel_that_comes_while_the_run_is_claimed_becomes_a_request_to_who_claimed_it(
    worker: ManualWorker, user: Session, tenant: Tenant
) -> None:
    [(run_id, _)] = await start_engine_runs(user, start_record(tenant))
    await worker.session.begin()
    [run] = await worker.claim(1)
    late = await user.blocked(user.call("cancel_workflow_run", run_id))
    await worker.session.commit()
    assert await late == "requested"
    assert [request.run_id for request in await worker.heartbeat()] == [run.run_id]


async def test_a_user_who_writes_a_runs_row_keeps_nobody_waiting(
    worker: ManualWorker, user: Session, runs: list[ClaimedRun], tenant: Tenant
) -> None:
    """metadata is the user's own: an UPDATE of it may stay open."""
    ended, suspended = runs[0], runs[1]
    [(claimed, _), (free, _)] = await start_engine_runs(user, start_record(tenant), start_record(tenant))
    await user.begin()
    for run_id in (ended.run_id, suspended.run_id, claimed):
        await user.rows(WRITE, run_id)
    assert await unhindered(worker.flush(step(ended, 1), ending(ended))) == [(ended.run_id, "busy")]
    assert (suspended.run_id, "busy") in await unhindered(worker.flush(wait(suspended, "verdict")))
    assert [run.run_id for run in await unhindered(worker.claim())] == [free]
    await user.commit()
    assert await worker.flush(ending(ended)) == []
    assert (suspended.run_id, "suspended") in await worker.flush(wait(suspended, "verdict"))
    assert [run.run_id for run in await worker.claim()] == [claimed]
    for run in (ended, suspended):
        assert (await row(user, run))["metadata"]["note"] == 1


async def test_a_run_of_a_caller_takes_no_lock_that_a_worker_meets(
    worker: ManualWorker, user: Session, runs: list[ClaimedRun], tenant: Tenant
) -> None:
    run_id = await start_caller_run(user, tenant)
    await user.begin()
    await user.call("start_workflow_step", run_id, tenant.node_id, 1)
    await user.call("complete_workflow_execution", run_id, "completed")
    assert (
        await unhindered(worker.flush(*(step(run, 1) for run in runs), *(ending(run) for run in runs))) == []
    )
    await user.commit()
