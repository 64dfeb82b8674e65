"""What people say to a run at the moment it ends, waits, or is told by another: the first counts, the second is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from manual_worker import ManualWorker, ending, manual_workers, step, wait
from psycopg.types.json import Jsonb
from sessions import Session, outcomes, refusal, sessions, start_engine_runs, start_record, unhindered

from conftest import Clock, Database, Tenant
from mainstem.ids import step_id
from mainstem.ledger.breakpoints import NewBreakpoint, create_breakpoint, hit_breakpoint
from mainstem.ledger.records import EndingRecord, WaitRecord
from mainstem.model import ClaimedRun


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[ManualWorker]:
    async with manual_workers(database) as (made,):
        yield made


@pytest.fixture
async def people(database: Database) -> AsyncIterator[list[Session]]:
    async with sessions(database, 2) as two:
        yield two


async def claimed(people: list[Session], worker: ManualWorker, tenant: Tenant, **more: Any) -> ClaimedRun:
    await start_engine_runs(people[0], start_record(tenant, **more))
    [run] = await worker.claim()
    return run


def question(run: ClaimedRun, *, seconds: float | None = None) -> WaitRecord:
    """The wait for a person, as step 1."""
    asked = wait(run, "mainstem:approval:1", seconds=seconds)
    return replace(asked, kind="approval", node_key="approval:supervisor")


def at_breakpoint(run: ClaimedRun) -> tuple[Any, EndingRecord]:
    """The step that it stands before, and the pause of the run."""
    stands = replace(step(run, 1, b"pending"), ended_ns=None, metadata=b'{"breakpoint": {"by": "test"}}')
    stopped = EndingRecord(
        run.run_id, run.epoch, "paused", error_message="stopped", error_details=b'{"type": "Breakpoint"}'
    )
    return stands, stopped


async def taken(worker: ManualWorker, asked: WaitRecord) -> list[tuple[str, Any]]:
    return [(row["answer"], row["payload"]) for row in await worker.answers(asked)]


async def second_answer(people: list[Session], run: ClaimedRun) -> asyncio.Task[Any]:
    """No, which waits for what becomes of the first one's yes."""
    one, other = people
    approval = step_id(run.run_id, 1)
    await one.begin()
    await one.call("answer_workflow_approval", approval, Jsonb("yes"), "ann")
    return await other.blocked(other.call("answer_workflow_approval", approval, Jsonb("no"), "bob"))


async def test_of_two_who_answer_an_approval_at_once_the_second_is_told_and_the_run_gets_the_first(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    run = await claimed(people, worker, tenant)
    await worker.flush(question(run))
    late = await second_answer(people, run)
    await people[0].commit()
    assert await refusal(late) == "MS005"
    [again] = await worker.claim()
    assert await taken(worker, question(again)) == [("signal", "yes")]


async def test_an_answer_that_is_taken_back_leaves_the_approval_to_who_waited(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    run = await claimed(people, worker, tenant)
    await worker.flush(question(run))
    late = await second_answer(people, run)
    await people[0].rollback()
    await late
    [again] = await worker.claim()
    assert await taken(worker, question(again)) == [("signal", "no")]


async def test_an_answer_that_comes_while_the_deadline_is_decided_is_refused(
    people: list[Session], worker: ManualWorker, tenant: Tenant, clock: Clock
) -> None:
    run = await claimed(people, worker, tenant)
    await worker.flush(question(run, seconds=60))
    clock.advance(seconds=61)
    [again] = await worker.claim()
    await worker.session.begin()
    assert await taken(worker, question(again, seconds=60)) == [("timeout", None)]
    late = await people[0].blocked(
        people[0].call("answer_workflow_approval", step_id(run.run_id, 1), Jsonb("yes"), "ann")
    )
    await worker.session.commit()
    assert await refusal(late) == "MS005"


async def test_an_answer_given_in_time_counts_although_it_is_committed_after_the_deadline(
    people: list[Session], worker: ManualWorker, tenant: Tenant, clock: Clock
) -> None:
    run = await claimed(people, worker, tenant)
    asked = replace(question(run, seconds=60), suspend=False)
    await worker.flush(asked)
    await people[0].begin()
    await people[0].call("answer_workflow_approval", step_id(run.run_id, 1), Jsonb("yes"), "ann")
    clock.advance(seconds=61)
    assert await unhindered(worker.flush(asked)) == [(run.run_id, "busy")]
    await people[0].commit()
    assert await taken(worker, asked) == [("signal", "yes")]


async def test_a_signal_by_key_that_comes_while_its_only_run_ends_is_told_that_there_is_none(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    run = await claimed(people, worker, tenant, external_id="claim-7")
    await worker.session.begin()
    assert await worker.flush(ending(run)) == []
    late = await people[0].blocked(
        people[0].call("send_workflow_signal_by_key", "intake", "claim-7", "word", Jsonb(1))
    )
    await worker.session.commit()
    assert await refusal(late) == "MS001"


async def test_a_signal_by_key_reaches_those_that_are_not_over_when_one_of_them_ends(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    records = [start_record(tenant, external_id="claim-7") for _ in range(2)]
    await start_engine_runs(people[0], *records)
    over, other = sorted(await worker.claim(), key=lambda run: run.run_id)
    await worker.session.begin()
    assert await worker.flush(ending(over)) == []
    late = await people[0].blocked(
        people[0].call("send_workflow_signal_by_key", "intake", "claim-7", "word", Jsonb(1))
    )
    await worker.session.commit()
    assert await late == 1
    assert await taken(worker, wait(other, "word")) == [("signal", 1)]


async def test_a_run_that_ends_while_it_is_signalled_by_key_keeps_the_signal_in_its_events(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    run = await claimed(people, worker, tenant, external_id="claim-7")
    await people[0].begin()
    assert await people[0].call("send_workflow_signal_by_key", "intake", "claim-7", "word", Jsonb(1)) == 1
    assert await unhindered(worker.flush(ending(run))) == [(run.run_id, "busy")]
    await people[0].commit()
    assert await worker.flush(ending(run)) == []
    events = await people[1].value("select events from mainstem.user_workflow_run")
    assert [event["event_type"] for event in events] == ["signal_not_taken"]


async def test_of_two_who_go_on_from_a_breakpoint_the_second_is_told_and_the_run_goes_on_once(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    run = await claimed(people, worker, tenant)
    stands, stopped = at_breakpoint(run)
    await worker.flush(stands, stopped)
    one, other = people
    await one.begin()
    await one.call("resume_workflow_run", run.run_id)
    late = await other.blocked(other.call("resume_workflow_run", run.run_id))
    assert await worker.claim() == []
    await one.commit()
    assert await refusal(late) == "MS006"
    [again] = await worker.claim()
    assert "passed_at" in again.steps[0].metadata["breakpoint"]


async def test_of_one_who_goes_on_and_one_who_skips_the_step_both_in_either_order_leave_one_row_in_the_queue(
    people: list[Session], worker: ManualWorker, tenant: Tenant
) -> None:
    for first in (0, 1):
        run = await claimed(people, worker, tenant)
        await worker.flush(*at_breakpoint(run))
        said = await outcomes(*_go_on_and_skip(people, run.run_id, first))
        assert set(said) <= {None, "", "pending", "MS006"}
        [again] = await worker.claim()
        assert again.run_id == run.run_id
        assert again.steps[0].status in ("skipped", "pending")
        await worker.flush(ending(again, "failed", error_message="enough"))


def _go_on_and_skip(people: list[Session], run_id: UUID, first: int) -> list[Any]:
    asked = [
        people[0].call("resume_workflow_run", run_id),
        people[1].call("skip_workflow_step", step_id(run_id, 1)),
    ]
    return asked if first == 0 else asked[::-1]


async def test_a_one_shot_breakpoint_stops_one_of_two_runs_that_come_to_it_at_once(
    database: Database, people: list[Session], tenant: Tenant
) -> None:
    made = await people[0].perform(create_breakpoint(NewBreakpoint(workflow="intake", one_shot=True)))
    await start_engine_runs(people[0], start_record(tenant), start_record(tenant))
    async with manual_workers(database, 2) as (first, second):
        [one], [other] = await first.claim(1), await second.claim(1)
        await first.session.begin()
        assert await first.session.perform(hit_breakpoint(made, one))
        late = await second.session.blocked(second.session.perform(hit_breakpoint(made, other)))
        await first.session.commit()
        assert not await late
