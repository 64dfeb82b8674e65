"""Retention beside people who read and workers who write: neither side waits for the other."""

from __future__ import annotations

import asyncio
from uuid import UUID

from manual_worker import manual_workers, step
from sessions import (
    Rows,
    Session,
    outcomes,
    refusal,
    sessions,
    start_caller_run,
    start_engine_runs,
    start_record,
    unhindered,
)

from conftest import Clock, Database, Tenant

CLEANUP = "select * from mainstem.cleanup_old_execution_data(90)"


async def ended_runs(session: Session, tenant: Tenant, count: int, status: str = "failed") -> list[UUID]:
    """Each with one step that ended so."""
    runs = []
    for _ in range(count):
        run_id = await start_caller_run(session, tenant)
        step_id = await session.call("start_workflow_step", run_id, tenant.node_id, 1)
        await session.call("complete_workflow_step", step_id, status)
        await session.call("complete_workflow_execution", run_id, status)
        runs.append(run_id)
    return runs


async def read(session: Session, table: str) -> int:
    count: int = await session.value(f"select count(*) from mainstem.{table}")
    return count


async def test_dropping_a_leafs_tables_in_one_transaction_deadlocks_with_a_reader(database: Database) -> None:
    """The obvious cleanup: a function that drops the partition. It shuts out everybody while it waits, too."""
    async with sessions(database, 3, role=None) as (cleanup, reader, other):
        suffix = await cleanup.value("select suffix from mainstem.user_workflow_leaf order by lower limit 1")
        await reader.begin()
        await read(reader, "user_workflow_run")
        await cleanup.begin()
        await cleanup.rows(f"drop table mainstem.user_workflow_run_step_{suffix}")
        dropping = await cleanup.blocked(cleanup.rows(f"drop table mainstem.user_workflow_run_{suffix}"))
        shut_out = await other.blocked(read(other, "user_workflow_run_step"))
        assert "40P01" in await outcomes(dropping, read(reader, "user_workflow_run_step"))
        await cleanup.rollback()
        await shut_out


async def test_cleanup_that_stays_open_keeps_no_reader_and_no_worker_waiting(
    database: Database, tenant: Tenant, clock: Clock
) -> None:
    async with sessions(database, 2) as (user, reader), manual_workers(database) as (worker,):
        await ended_runs(user, tenant, 3)
        clock.advance(days=91)
        await worker.heartbeat()
        await start_engine_runs(user, start_record(tenant))
        [run] = await worker.claim()
        await reader.begin()
        await read(reader, "user_workflow_run")
        await user.begin()
        [counts] = await unhindered(user.rows(CLEANUP))
        assert (counts["deleted_traces"], counts["deleted_steps"]) == (3, 3)
        assert counts["scheduled_leaves"] > 0
        assert await unhindered(read(reader, "user_workflow_run_step")) == 3
        assert await unhindered(worker.flush(step(run, 1))) == []
        await reader.rollback()
        await user.commit()


async def test_cleanup_passes_by_a_run_that_is_taken_back_at_that_moment(
    database: Database, tenant: Tenant, clock: Clock
) -> None:
    async with sessions(database, 2) as (user, cleanup):
        [kept, _] = await ended_runs(user, tenant, 2)
        clock.advance(days=91)
        await user.begin()
        await user.rows("select mainstem.retry_workflow_step(mainstem.step_id(%s, 1))", kept)
        [counts] = await unhindered(cleanup.rows(CLEANUP))
        assert counts["deleted_traces"] == 1
        await user.commit()
        assert (await cleanup.rows(CLEANUP))[0]["deleted_traces"] == 0
        rows = await user.rows("select run_id, status from mainstem.user_workflow_run")
        assert rows == [{"run_id": kept, "status": "running"}]


async def test_a_retry_that_comes_while_the_run_is_deleted_is_told_that_it_is_gone(
    database: Database, tenant: Tenant, clock: Clock
) -> None:
    async with sessions(database, 2) as (user, cleanup):
        [gone] = await ended_runs(user, tenant, 1)
        clock.advance(days=91)
        await cleanup.begin()
        await cleanup.rows(CLEANUP)
        late = await user.blocked(
            user.rows("select mainstem.retry_workflow_step(mainstem.step_id(%s, 1))", gone)
        )
        await cleanup.commit()
        assert await refusal(late) == "MS001"


async def test_cleanups_at_once_delete_each_run_once_and_count_what_they_deleted(
    database: Database, tenant: Tenant, clock: Clock
) -> None:
    async with sessions(database, 4) as four:
        await four[0].rows(
            "insert into mainstem.user_workflow_run (run_id, workflow_id, org_id, status, channel, driver, started_at, ended_at)"
            " select mainstem.new_run_id(), %s, %s, 'completed', 'web', 'recorded', now(), now() from generate_series(1, 2000)",
            tenant.workflow_id,
            tenant.org_id,
        )
        clock.advance(days=91)
        found: list[Rows] = await asyncio.gather(*(unhindered(session.rows(CLEANUP)) for session in four))
        found.append(await four[0].rows(CLEANUP))
        assert sum(counts["deleted_traces"] for [counts] in found) == 2000
        assert await read(four[0], "user_workflow_run") == 0
