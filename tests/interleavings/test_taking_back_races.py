"""Runs that are taken back, forked or cleaned up at the moment somebody else has them: nothing twice, nothing half."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest
from manual_worker import ManualWorker, ending, manual_workers, step
from sessions import Session, outcomes, refusal, sessions, start_engine_runs, start_record, unhindered

from conftest import Clock, Database, Tenant
from mainstem.ids import step_id
from mainstem.model import ClaimedRun

BULK = "select run_id, answer, code from mainstem.ask_of_workflow_runs(%s, %s)"


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[ManualWorker]:
    async with manual_workers(database) as (made,):
        yield made


@pytest.fixture
async def people(database: Database) -> AsyncIterator[list[Session]]:
    async with sessions(database, 3) as three:
        yield three


async def failed(
    people: list[Session], worker: ManualWorker, tenant: Tenant, count: int = 1
) -> list[ClaimedRun]:
    """Runs with three steps each, of which the last failed them."""
    await start_engine_runs(people[0], *(start_record(tenant) for _ in range(count)))
    runs = sorted(await worker.claim(), key=lambda run: run.run_id)
    for run in runs:
        broken = replace(step(run, 3, b"failed"), error_message=b"out of ink")
        await worker.flush(
            step(run, 1), step(run, 2), broken, ending(run, "failed", error_message="out of ink")
        )
    return runs


async def steps_of(session: Session, run_id: UUID) -> list[tuple[int, str]]:
    rows = await session.rows(
        "select step_number, status from mainstem.user_workflow_run_step where run_id = %s order by 1", run_id
    )
    return [(row["step_number"], row["status"]) for row in rows]


async def test_a_retry_that_is_not_committed_is_claimed_by_nobody_and_afterwards_once(
    database: Database, people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    [run] = await failed(people, worker, tenant)
    await people[0].begin()
    assert await people[0].call("retry_workflow_run", run.run_id) == "pending"
    assert await unhindered(worker.claim()) == []
    await people[0].commit()
    async with manual_workers(database, 2) as (one, other):
        claims = [*await one.claim(), *await other.claim()]
    assert [claim.run_id for claim in claims] == [run.run_id]
    assert claims[0].epoch > run.epoch  # what its last owner still sends is refused


async def test_of_two_who_retry_at_once_the_second_is_told_even_when_it_is_claimed_meanwhile(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    [run] = await failed(people, worker, tenant)
    one, other, _ = people
    await one.begin()
    await one.call("retry_workflow_run", run.run_id)
    late = await other.blocked(other.call("retry_workflow_run", run.run_id, 2))
    await one.commit()
    assert await refusal(late) == "MS006"
    assert await steps_of(one, run.run_id) == [(1, "completed"), (2, "completed"), (3, "pending")]


async def test_a_retry_that_waits_for_a_claim_finds_the_run_under_way(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    [run] = await failed(people, worker, tenant)
    await people[0].call("retry_workflow_run", run.run_id)
    await worker.session.begin()
    [again] = await worker.claim()
    late = await people[1].blocked(people[1].call("retry_workflow_run", run.run_id, 1))
    await worker.session.commit()
    assert await refusal(late) == "MS006"
    assert await worker.flush(ending(again)) == []


async def test_a_paused_run_that_is_resumed_and_retried_from_a_step_at_once_is_queued_once(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    await start_engine_runs(people[0], start_record(tenant))
    [run] = await worker.claim()
    broken = replace(step(run, 2, b"failed"), error_message=b"out of ink")
    await worker.flush(step(run, 1), broken, ending(run, "paused", error_message="out of ink"))
    one, other, _ = people
    await one.begin()
    await one.call("resume_workflow_run", run.run_id)
    late = await other.blocked(other.call("retry_workflow_run", run.run_id, 1))
    await one.commit()
    assert await refusal(late) == "MS006"
    assert len(await worker.claim()) == 1


async def test_a_bulk_retry_waits_for_no_worker_and_refuses_what_is_under_way(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    runs = await failed(people, worker, tenant, 3)
    await people[0].call("retry_workflow_run", runs[1].run_id)
    [under_way] = await worker.claim()
    await worker.session.begin()
    await worker.flush(replace(step(under_way, 4), iteration=4))
    asked = await unhindered(people[1].rows(BULK, "retry", [run.run_id for run in runs]))
    await worker.session.commit()
    assert [(row["run_id"], row["answer"]) for row in asked] == [
        (runs[0].run_id, "pending"),
        (runs[1].run_id, "refused"),
        (runs[2].run_id, "pending"),
    ]
    assert len(await worker.claim()) == 2


async def test_bulk_retries_of_the_same_runs_at_once_take_each_back_once(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    runs = [run.run_id for run in await failed(people, worker, tenant, 6)]
    said = await outcomes(
        people[0].rows(BULK, "retry", runs),
        people[1].rows(BULK, "retry", runs[::-1]),
        people[2].rows(BULK, "retry", runs[3:] + runs[:3]),
    )
    answers = [(row["run_id"], row["answer"]) for rows in said for row in rows if isinstance(row, dict)]
    assert sorted(run_id for run_id, answer in answers if answer == "pending") == runs
    assert len(answers) == 18
    assert len(await worker.claim()) == 6


async def test_a_fork_keeps_the_cleanup_from_its_source_until_it_has_read_it(
    people: list[Session], worker: ManualWorker, tenant: Tenant, clock: Clock
) -> None:
    """Else it would find the run, and then none of its steps, and begin from the beginning without a word."""
    [run] = await failed(people, worker, tenant)
    clock.advance(days=91)
    forker, cleanup, _ = people
    await forker.begin()
    fork = await forker.call("fork_workflow_run", run.run_id, 3)
    [counts] = await unhindered(cleanup.rows("select * from mainstem.cleanup_old_execution_data(90)"))
    assert counts["deleted_traces"] == 0
    await forker.commit()
    assert await steps_of(forker, fork) == [(1, "completed"), (2, "completed")]


async def test_a_fork_that_comes_while_its_source_is_deleted_is_told_that_it_is_gone(
    people: list[Session], worker: ManualWorker, tenant: Tenant, clock: Clock
) -> None:
    [run] = await failed(people, worker, tenant)
    clock.advance(days=91)
    forker, cleanup, _ = people
    await cleanup.begin()
    await cleanup.rows("select * from mainstem.cleanup_old_execution_data(90)")
    late = await forker.blocked(forker.call("fork_workflow_run", run.run_id, 3))
    await cleanup.commit()
    assert await refusal(late) == "MS001"
    assert await forker.value("select count(*) from mainstem.user_workflow_run") == 0


async def test_a_fork_that_comes_while_its_source_is_retried_from_a_step_has_all_steps_or_is_refused(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    """The retry takes the steps away: a fork that has looked and not yet copied would have a hole."""
    [run] = await failed(people, worker, tenant)
    forker, other, _ = people
    await other.begin()
    await other.call("retry_workflow_run", run.run_id, 2)
    late = await forker.blocked(forker.call("fork_workflow_run", run.run_id, 3))
    await other.commit()
    assert await refusal(late) == "MS001"
    fork = await forker.call("fork_workflow_run", run.run_id, 2)
    assert await steps_of(forker, fork) == [(1, "completed")]


async def test_a_fork_of_a_run_under_way_keeps_its_worker_from_nothing_but_the_end(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    await start_engine_runs(people[0], start_record(tenant))
    [run] = await worker.claim()
    await worker.flush(step(run, 1))
    await people[0].begin()
    await people[0].call("fork_workflow_run", run.run_id, 2)
    assert await unhindered(worker.flush(step(run, 2))) == []
    assert await unhindered(worker.flush(ending(run))) == [(run.run_id, "busy")]
    await people[0].commit()
    assert await worker.flush(ending(run)) == []


async def test_a_step_patched_while_the_run_is_retried_is_told_that_its_worker_has_it(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    [run] = await failed(people, worker, tenant)
    one, other, _ = people
    await one.begin()
    await one.call("retry_workflow_run", run.run_id)
    late = await other.blocked(other.call("skip_workflow_step", step_id(run.run_id, 3)))
    await one.commit()
    assert await refusal(late) == "MS006"
