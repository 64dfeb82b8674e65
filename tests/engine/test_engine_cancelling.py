"""Cancelling: at once when nobody works on a run, else as soon as its worker hears of it."""

from __future__ import annotations

import asyncio

import pytest
from counted import executed, fresh_counts

from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import (
    Mainstem,
    RunCancelled,
    RunFailed,
    StepFailed,
    Worker,
    gather,
    sleep,
    step,
    wait_for_signal,
    workflow,
)
from mainstem.errors import RunIsOver
from mainstem.model import RunStatus

pytestmark = ON_ONE_SERVER

__all__ = ["fresh_counts"]


@step
async def endless(name: str) -> None:
    executed[name] += 1
    try:
        await asyncio.sleep(3600)
    finally:
        executed[f"{name} stopped"] += 1


@step
async def next_step() -> None:
    executed["next"] += 1


@workflow("endless")
async def endless_run() -> None:
    try:
        await endless("step")
    except Exception:  # noqa: BLE001  (what careless code does)
        executed["caught"] += 1
    await next_step()


@workflow("patient")
async def patient() -> None:
    await wait_for_signal("go")


@workflow("in-branches")
async def in_branches() -> None:
    await gather(endless("left"), endless("right"), sleep(3600))


@step
async def cancels_its_own_task() -> None:
    executed["own"] += 1
    task = asyncio.create_task(asyncio.sleep(3600))
    task.cancel()
    await task


@workflow("self-inflicted")
async def self_inflicted(in_a_step: bool) -> str:
    if in_a_step:
        try:
            await cancels_its_own_task()
        except StepFailed as failed:
            return failed.error_type
    task = asyncio.create_task(asyncio.sleep(3600))
    task.cancel()
    await task
    return "never"


async def test_a_queued_run_is_cancelled_at_once(ms: Mainstem, database: Database) -> None:
    run = await ms.start(patient)
    assert await ms.cancel(run.run_id, reason="not needed") == "cancelled"
    with pytest.raises(RunCancelled, match="not needed"):
        await asyncio.wait_for(run.result(), 10)
    assert database.rows("select * from mainstem.user_workflow_run_queue") == []
    with pytest.raises(RunIsOver):
        await ms.cancel(run.run_id)


async def test_a_waiting_run_is_cancelled_at_once_and_its_wait_with_it(
    ms: Mainstem, database: Database
) -> None:
    async with Worker(ms, [patient]):
        run = await ms.start(patient)
        await until(lambda: database.value("select state from mainstem.user_workflow_run_queue") == "waiting")
        assert await ms.cancel(run.run_id) == "cancelled"
        with pytest.raises(RunCancelled):
            await asyncio.wait_for(run.result(), 10)
    assert [step.status for step in (await ms.get_run(run.run_id)).steps] == ["cancelled"]


async def test_a_step_in_progress_is_interrupted_and_no_further_one_begins(ms: Mainstem) -> None:
    async with Worker(ms, [endless_run]):
        run = await ms.start(endless_run)
        await until(lambda: executed["step"])
        assert await ms.cancel(run.run_id, reason="wrong document") == "requested"
        with pytest.raises(RunCancelled, match="wrong document"):
            await asyncio.wait_for(run.result(), 3)
    assert executed == {"step": 1, "step stopped": 1}
    recorded = await ms.get_run(run.run_id)
    assert (recorded.status, recorded.error_message) == (RunStatus.CANCELLED, "wrong document")
    assert [(step.status, step.error_message) for step in recorded.steps] == [("cancelled", "wrong document")]


async def test_every_branch_is_interrupted(ms: Mainstem) -> None:
    async with Worker(ms, [in_branches]):
        run = await ms.start(in_branches)
        await until(lambda: executed["left"] and executed["right"])
        await ms.cancel(run.run_id)
        with pytest.raises(RunCancelled):
            await asyncio.wait_for(run.result(), 3)
    assert executed == {"left": 1, "right": 1, "left stopped": 1, "right stopped": 1}
    assert {step.status for step in (await ms.get_run(run.run_id)).steps} == {"cancelled"}


async def test_a_request_that_meets_the_beginning_of_a_wait_is_followed_with_its_reason(
    ms: Mainstem, database: Database
) -> None:
    """The worker learns of it from the wait itself, should that be sooner than its next look at requests."""
    async with Worker(ms, [patient]):
        runs = [await ms.start(patient) for _ in range(40)]
        await asyncio.gather(*(ms.cancel(run.run_id, reason="late") for run in runs))
        for run in runs:
            with pytest.raises(RunCancelled, match="late"):
                await asyncio.wait_for(run.result(), 10)
    assert database.rows("select * from mainstem.user_workflow_run_queue") == []


@pytest.mark.parametrize("in_a_step", [True, False])
async def test_a_cancellation_that_nobody_asked_for_is_a_failure_as_any_other(
    ms: Mainstem, in_a_step: bool
) -> None:
    async with Worker(ms, [self_inflicted]):
        run = await ms.start(self_inflicted, in_a_step)
        if in_a_step:
            assert await asyncio.wait_for(run.result(), 10) == "CancelledByItself"
            assert executed == {"own": 3}
        else:
            with pytest.raises(RunFailed, match="was cancelled"):
                await asyncio.wait_for(run.result(), 10)
