"""The fence: a worker that was reaped writes nothing, and nobody is reaped in the midst of a flush."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from manual_worker import ManualWorker, ending, manual_workers, step, wait
from sessions import Session, refusal, sessions, start_engine_runs, start_record, unhindered

from conftest import Clock, Database, Tenant
from mainstem.errors import LeaseLost
from mainstem.ledger.call import aperform
from mainstem.ledger.queue import register_worker
from mainstem.ledger.recorder import ENDINGS, STEPS, Recorder
from mainstem.model import ClaimedRun
from mainstem.postgres import aconnect

SILENT = 20.0
"""Seconds; longer than the lease of fifteen."""


@pytest.fixture
async def two(database: Database) -> AsyncIterator[tuple[ManualWorker, ManualWorker]]:
    async with manual_workers(database, 2) as (first, second):
        yield first, second


@pytest.fixture
async def caller(database: Database) -> AsyncIterator[Session]:
    async with sessions(database, 1) as (session,):
        yield session


@pytest.fixture
async def run(caller: Session, tenant: Tenant, two: tuple[ManualWorker, ManualWorker]) -> ClaimedRun:
    """A run that the first worker owns."""
    await start_engine_runs(caller, start_record(tenant))
    [claimed] = await two[0].claim()
    return claimed


async def outputs(session: Session, run_id: UUID) -> list[object]:
    rows = await session.rows(
        "select output_data from mainstem.user_workflow_run_step where run_id = %s order by step_number",
        run_id,
    )
    return [row["output_data"] for row in rows]


async def status(session: Session, run_id: UUID) -> object:
    return await session.value("select status from mainstem.user_workflow_run where run_id = %s", run_id)


# Reaping.


async def test_a_fence_that_is_looked_at_and_not_held_lets_a_reaped_worker_write(database: Database) -> None:
    """The obvious form: see that the lease is good, then write."""
    async with sessions(database, 2, role=None) as (worker, reaper):
        await worker.rows("create table public.worker as select null::timestamptz as reaped_at")
        await worker.rows("create table public.written (by_whom text)")
        await worker.begin()
        assert await worker.value("select count(*) from public.worker where reaped_at is null") == 1
        await unhindered(reaper.rows("update public.worker set reaped_at = now()"))
        await worker.rows("insert into public.written values ('a worker that was reaped')")
        await worker.commit()
        assert await reaper.value("select count(*) from public.written") == 1


async def test_a_reaper_does_not_overtake_a_flush(
    two: tuple[ManualWorker, ManualWorker], caller: Session, run: ClaimedRun, clock: Clock
) -> None:
    first, second = two
    await first.session.begin()
    assert await first.flush(step(run, 1, output=b'"first"')) == []
    clock.advance(seconds=SILENT)
    await second.heartbeat()
    assert await unhindered(second.reap()) == (0, 0), "it skips, and comes again"
    await first.session.commit()
    assert await second.reap() == (1, 1)
    assert await first.flush(step(run, 2)) == [(None, "fenced")]
    [again] = await second.claim()
    assert [(s.step_number, s.output_data) for s in again.steps] == [(1, "first")]
    assert await outputs(caller, run.run_id) == ["first"]


async def test_a_flush_waits_for_the_reaper_that_came_first_and_is_refused(
    two: tuple[ManualWorker, ManualWorker], caller: Session, run: ClaimedRun, clock: Clock
) -> None:
    first, second = two
    clock.advance(seconds=SILENT)
    await second.heartbeat()
    await second.session.begin()
    assert await second.reap() == (1, 1)
    late = await first.session.blocked(first.flush(step(run, 1), ending(run)))
    await second.session.commit()
    assert await late == [(None, "fenced")]
    assert (await outputs(caller, run.run_id), await status(caller, run.run_id)) == ([], "running")


async def test_a_reaped_worker_that_goes_on_claims_nothing_and_is_told_so(
    two: tuple[ManualWorker, ManualWorker], caller: Session, run: ClaimedRun, tenant: Tenant, clock: Clock
) -> None:
    first, second = two
    clock.advance(seconds=SILENT)
    await second.heartbeat()
    await second.reap()
    await start_engine_runs(caller, start_record(tenant))
    assert await refusal(first.claim()) == "MS002"
    assert await refusal(first.heartbeat()) == "MS002"
    assert len(await second.claim()) == 2


async def test_a_worker_that_is_reaped_while_it_claims_keeps_nothing(
    two: tuple[ManualWorker, ManualWorker], caller: Session, run: ClaimedRun, tenant: Tenant, clock: Clock
) -> None:
    """It holds its own row while it claims; the reaper comes after, and frees by ownership what it took."""
    first, second = two
    await start_engine_runs(caller, start_record(tenant))
    clock.advance(seconds=SILENT)
    await second.heartbeat()
    await first.session.begin()
    assert len(await first.claim()) == 1
    assert await unhindered(second.reap()) == (0, 0)
    await first.session.commit()
    assert await second.reap() == (1, 2)


async def test_a_heartbeat_does_not_wait_for_a_flush(
    two: tuple[ManualWorker, ManualWorker], run: ClaimedRun, database: Database, clock: Clock
) -> None:
    first, second = two
    await first.session.begin()
    await first.flush(step(run, 1))
    clock.advance(seconds=SILENT)
    beating = ManualWorker(second.session, second.oids, worker_id=first.worker_id)
    assert await unhindered(beating.heartbeat()) == []
    await second.heartbeat()
    await first.session.commit()
    assert await second.reap() == (0, 0)


async def test_reapers_at_once_reap_each_worker_once_and_none_waits(
    two: tuple[ManualWorker, ManualWorker], run: ClaimedRun, database: Database, clock: Clock
) -> None:
    _, second = two
    clock.advance(seconds=SILENT)
    async with sessions(database, 1, role="mainstem_worker") as (other,):
        await second.session.begin()
        assert await second.reap() == (2, 1), "itself too: it did not renew its lease"
        assert await unhindered(other.rows("select workers, runs from mainstem._reap_v1()")) == [
            {"workers": 0, "runs": 0}
        ]
        await second.session.commit()


async def test_a_run_is_freed_for_as_long_as_a_reaped_worker_holds_it_not_once_at_its_death(
    two: tuple[ManualWorker, ManualWorker], caller: Session, run: ClaimedRun, clock: Clock
) -> None:
    _, second = two
    clock.advance(seconds=SILENT)
    await second.heartbeat()
    await caller.begin()
    await caller.call("cancel_workflow_run", run.run_id)  # holds the queue row
    assert await unhindered(second.reap()) == (1, 0)
    await caller.commit()
    assert await second.reap() == (0, 1)
    [again] = await second.claim()
    assert (again.run_id, again.cancel_requested) == (run.run_id, True)


# Ownership.


async def test_a_run_that_another_worker_owns_takes_nothing_of_the_first(
    two: tuple[ManualWorker, ManualWorker], caller: Session, run: ClaimedRun
) -> None:
    first, second = two
    await caller.rows("reset role")
    await caller.rows("update mainstem.user_workflow_run_queue set state = 'ready', worker_id = null")
    [theirs] = await second.claim()
    assert set(await first.flush(step(run, 1), ending(run))) == {(run.run_id, "lost")}
    assert set(await first.flush(wait(run, "verdict"))) == {(run.run_id, "lost")}
    assert set(await first.flush(closings=[step(run, 1)])) == {(run.run_id, "lost")}
    assert (await outputs(caller, run.run_id), await status(caller, run.run_id)) == ([], "running")
    assert await second.flush(step(theirs, 1, output=b'"second"'), ending(theirs)) == []
    assert (await outputs(caller, run.run_id), await status(caller, run.run_id)) == (["second"], "completed")


async def test_an_earlier_claim_of_the_same_worker_writes_nothing_into_the_later(
    two: tuple[ManualWorker, ManualWorker], caller: Session, run: ClaimedRun
) -> None:
    """A body that outlives its time-out: the worker is the same, the epoch is not."""
    first, _ = two
    await first.flush(wait(run, "verdict"))
    await caller.call("send_workflow_signal", run.run_id, "verdict", None)
    [again] = await first.claim()
    assert (again.run_id, again.epoch) == (run.run_id, run.epoch + 1)
    for old in (step(run, 2), ending(run), wait(run, "verdict", 2)):
        assert set(await first.flush(old)) == {(run.run_id, "lost")}
    assert set(await first.flush(closings=[step(run, 1)])) == {(run.run_id, "lost")}
    assert (len(await outputs(caller, run.run_id)), await status(caller, run.run_id)) == (1, "running")


async def test_what_is_refused_in_a_flush_leaves_the_rest_of_it_recorded(
    two: tuple[ManualWorker, ManualWorker], caller: Session, run: ClaimedRun, tenant: Tenant
) -> None:
    first, second = two
    await start_engine_runs(caller, start_record(tenant), start_record(tenant))
    mine, theirs = await first.claim(1) + await second.claim(1)
    stolen = ClaimedRun(
        **{**{name: getattr(theirs, name) for name in theirs.__slots__}, "epoch": theirs.epoch}
    )
    said = await first.flush(step(run, 1), step(stolen, 1), step(mine, 1), ending(mine), ending(stolen))
    assert set(said) == {(theirs.run_id, "lost")}
    assert [len(await outputs(caller, r.run_id)) for r in (run, mine, theirs)] == [1, 1, 0]
    assert [await status(caller, r.run_id) for r in (run, mine, theirs)] == [
        "running",
        "completed",
        "running",
    ]


# The recorder, which meets all this.


@pytest.fixture
async def recorder(database: Database, two: tuple[ManualWorker, ManualWorker]) -> AsyncIterator[Recorder]:
    """The first worker's."""

    async def enter(conn: object) -> None:
        call = register_worker(two[0].worker_id, host="test", pid=1, capabilities={}, ttl=15)
        await aperform(conn, call)  # type: ignore[arg-type]

    async def connect() -> object:
        return await aconnect(database.url, role="mainstem_worker", application_name="recorder")

    async with Recorder(two[0].worker_id, connect, enter) as made:  # type: ignore[arg-type]
        yield made


async def test_a_recorder_whose_worker_was_reaped_says_so_to_all_who_write_and_writes_nothing(
    two: tuple[ManualWorker, ManualWorker], recorder: Recorder, caller: Session, run: ClaimedRun, clock: Clock
) -> None:
    await recorder.put(STEPS, step(run, 1))
    clock.advance(seconds=SILENT)
    await two[1].heartbeat()
    await two[1].reap()
    writers = [recorder.put(STEPS, step(run, number)) for number in range(2, 6)]
    found = await asyncio.gather(*writers, recorder.put(ENDINGS, ending(run)), return_exceptions=True)
    assert {type(answer) for answer in found} == {LeaseLost}
    assert recorder.is_fenced
    with pytest.raises(LeaseLost):
        await recorder.put(STEPS, step(run, 9))
    assert len(await outputs(caller, run.run_id)) == 1


async def test_a_recorder_tells_one_who_lost_its_run_and_goes_on_for_the_others(
    recorder: Recorder,
    two: tuple[ManualWorker, ManualWorker],
    caller: Session,
    run: ClaimedRun,
    tenant: Tenant,
) -> None:
    await start_engine_runs(caller, start_record(tenant))
    [theirs] = await two[1].claim()
    lost, kept = recorder.put(STEPS, step(theirs, 1)), recorder.put(STEPS, step(run, 1))
    with pytest.raises(LeaseLost):
        await lost
    assert await kept == []
    assert not recorder.is_fenced
