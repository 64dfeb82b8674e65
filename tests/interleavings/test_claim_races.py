"""Claimers at once: no run is claimed twice, nobody waits, and a bound skips nothing for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import pytest
from manual_worker import ManualWorker, manual_workers, wait
from sessions import Session, sessions, start_engine_runs, start_record, unhindered

from conftest import Clock, Database, Tenant
from mainstem.model import ClaimedRun


@pytest.fixture
async def user(database: Database) -> AsyncIterator[Session]:
    async with sessions(database, 1) as (session,):
        yield session


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[ManualWorker]:
    async with manual_workers(database) as (made,):
        yield made


async def start(session: Session, tenant: Tenant, *priorities: int) -> list[UUID]:
    """A run for each, ready one after the other."""
    return [(await start_engine_runs(session, start_record(tenant, priority=p)))[0][0] for p in priorities]


def ids(claimed: list[ClaimedRun]) -> set[UUID]:
    return {run.run_id for run in claimed}


def bound(run: ClaimedRun) -> dict[str, tuple[int, datetime]]:
    """As a worker keeps it of the last run that it claimed."""
    return {run.queue: (run.priority, run.due_at)}


async def test_a_claim_that_looks_and_then_takes_gives_one_run_to_two(
    database: Database, user: Session, tenant: Tenant
) -> None:
    """The obvious form. Its second claimer also waits for its first."""
    await start(user, tenant, 0)
    look = "select run_id from mainstem.user_workflow_run_queue where state = 'ready' limit 1"
    take = "update mainstem.user_workflow_run_queue set state = 'owned', worker_id = gen_random_uuid() where run_id = %s returning run_id"
    async with sessions(database, 2, role=None) as (first, second):
        await first.begin()
        mine = await first.rows(take, await first.value(look))
        theirs = await second.blocked(second.rows(take, await second.value(look)))
        await first.commit()
        assert await theirs == mine


async def test_a_claim_that_is_not_committed_keeps_nobody_waiting_and_shares_nothing(
    database: Database, user: Session, tenant: Tenant
) -> None:
    runs = await start(user, tenant, *[0] * 6)
    async with manual_workers(database, 2) as (first, second):
        await first.session.begin()
        mine = ids(await first.claim(3))
        theirs = ids(await unhindered(second.claim(10)))
        assert (mine, theirs) == (set(runs[:3]), set(runs[3:]))
        await first.session.rollback()
        assert ids(await second.claim()) == mine


async def test_claimers_at_once_share_all_runs_and_none_twice(
    database: Database, user: Session, tenant: Tenant
) -> None:
    started = await start_engine_runs(user, *(start_record(tenant) for _ in range(300)))

    async def claim_all(worker: ManualWorker) -> list[UUID]:
        found: list[UUID] = []
        while claimed := await worker.claim(7):
            found += [run.run_id for run in claimed]
        return found

    async with manual_workers(database, 6) as six:
        found = await asyncio.gather(*(claim_all(worker) for worker in six))
    assert sorted(run_id for own in found for run_id in own) == sorted(run_id for run_id, _ in started)


async def test_a_run_that_somebody_holds_is_left_for_the_next_look(
    worker: ManualWorker, user: Session, tenant: Tenant
) -> None:
    held, free = await start(user, tenant, 0, 0)
    await user.begin()
    await user.call("send_workflow_signal", held, "go")
    assert ids(await unhindered(worker.claim())) == {free}
    await user.commit()
    assert ids(await worker.claim()) == {held}


async def test_higher_priorities_come_first_and_within_one_who_was_ready_first(
    worker: ManualWorker, user: Session, tenant: Tenant
) -> None:
    low, high, higher, high_too = await start(user, tenant, -1, 5, 9, 5)
    assert [ids(await worker.claim(1)) for _ in range(4)] == [{higher}, {high}, {high_too}, {low}]


async def test_a_bound_skips_what_earlier_claims_have_taken_and_a_look_without_it_finds_the_rest(
    worker: ManualWorker, database: Database, user: Session, tenant: Tenant
) -> None:
    """A run that became ready earlier, and was committed later, lies below the bound; so does another priority."""
    first = await start(user, tenant, 0)
    async with sessions(database, 1) as (slow,):
        await slow.begin()
        late = await start(slow, tenant, 0)
        after = await start(user, tenant, 0, 0, 0)
        claimed = await worker.claim(3)
        assert ids(claimed) == {*first, *after[:2]}
        await slow.commit()
    urgent = await start(user, tenant, 7)
    last = max(claimed, key=lambda run: run.due_at)
    assert ids(await worker.claim(10, bound(last))) == set(after[2:])
    assert ids(await worker.claim(10)) == {*late, *urgent}
    assert await worker.claim() == []


async def test_claims_that_move_a_bound_take_every_run_once(
    worker: ManualWorker, user: Session, tenant: Tenant
) -> None:
    runs = await start(user, tenant, *[0] * 30)
    found: list[ClaimedRun] = []
    while claimed := await worker.claim(4, bound(found[-1]) if found else None):
        found += sorted(claimed, key=lambda run: run.due_at)
    assert [run.run_id for run in found] == runs


async def test_a_run_that_is_due_again_has_a_time_that_no_bound_has_passed(
    worker: ManualWorker, user: Session, tenant: Tenant, clock: Clock
) -> None:
    """It was due long ago, and becomes ready only now: were its time the old one, a bound would pass it by."""
    [sleeping] = await start(user, tenant, 0)
    [run] = await worker.claim()
    await worker.flush(wait(run, "verdict", seconds=1))
    clock.advance(seconds=5)
    [another] = await start(user, tenant, 0)
    claimed = await worker.claim(1)
    assert ids(claimed) == {another}
    assert ids(await worker.claim(1, bound(claimed[0]))) == {sleeping}


async def test_queues_are_served_in_the_order_in_which_a_worker_names_them(
    worker: ManualWorker, user: Session, tenant: Tenant
) -> None:
    started = await start_engine_runs(
        user, *(start_record(tenant, queue=name) for name in ("slow", "fast", "other"))
    )
    slow, fast, other = (run_id for run_id, _ in started)
    assert ids(await worker.claim(1, queues=("fast", "slow"))) == {fast}
    assert ids(await worker.claim(5, queues=("fast", "slow"))) == {slow}
    assert ids(await worker.claim(5, queues=("other",))) == {other}
