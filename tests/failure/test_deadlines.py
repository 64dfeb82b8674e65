"""A run's time-out: durable, from its first start on, whoever has the run when it passes; and what a failure does."""

from __future__ import annotations

import asyncio
import threading

import pytest

from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database
from mainstem import ONCE, Mainstem, RunFailed, Terms, Worker, sleep, step, wait_for_signal, workflow
from mainstem.model import RunStatus

pytestmark = ON_ONE_SERVER

released = threading.Event()
broken = {"printer"}
done: list[str] = []


@pytest.fixture(autouse=True)
def fresh() -> None:
    released.clear()
    broken.clear()
    broken.add("printer")
    done.clear()


@step(retry=ONCE)
def block() -> None:
    released.wait(20)


@step(retry=ONCE)
async def act(device: str) -> str:
    done.append(device)
    if device in broken:
        raise RuntimeError(f"{device} is out of ink")
    return device


@workflow("blocked", timeout=0.3)
async def blocked() -> None:
    await act("lamp")
    await block()


@workflow("patient", timeout=3600)
async def patient() -> str:
    await act("lamp")
    return str(await wait_for_signal("go", timeout=86400))


@workflow("pausing", on_failure="pause")
async def pausing() -> str:
    await act("lamp")
    return await act("printer")


async def test_a_run_whose_step_blocks_times_out_and_its_step_is_done_again_by_a_retry(ms: Mainstem) -> None:
    async with Worker(ms, [blocked]):
        run = await ms.start(blocked)
        with pytest.raises(RunFailed, match=r"longer than 0\.3 s") as ended:
            await asyncio.wait_for(run.result(), 10)
        assert ended.value.status == "timeout"
        released.set()
        found = await ms.get_run(run.run_id)
        assert [(one.node_key, one.status) for one in found.steps] == [
            ("act", "completed"),
            ("block", "cancelled"),
        ]
        await ms.retry(run.run_id)
        await asyncio.wait_for(run.result(), 10)
    assert done == ["lamp"]


async def test_a_waiting_run_times_out_though_no_worker_has_its_code(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    async with Worker(ms, [patient]):
        run = await ms.start(patient)
        await until(lambda: database.value("select state from mainstem.user_workflow_run_queue") == "waiting")
    kept = database.value("select metadata -> 'deadline' is not null from mainstem.user_workflow_run")
    assert kept
    async with Worker(ms, [blocked], Terms(ttl=1)):
        clock.advance(seconds=3500)
        await asyncio.sleep(0.5)  # two looks of its housekeeping
        assert (await ms.get_run(run.run_id)).status == RunStatus.WAITING
        clock.advance(seconds=200)
        with pytest.raises(RunFailed) as ended:
            await asyncio.wait_for(run.result(), 10)
    assert ended.value.status == "timeout"
    assert database.rows("select * from mainstem.user_workflow_run_queue") == []


async def test_a_deadline_counts_from_the_first_start_and_is_rebuilt_with_the_queue(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    async with Worker(ms, [patient]):
        run = await ms.start(patient)
        await until(lambda: database.value("select state from mainstem.user_workflow_run_queue") == "waiting")
    before = database.rows("select deadline_at, due_at from mainstem.user_workflow_run_queue")
    started = database.value("select started_at from mainstem.user_workflow_run")
    assert (before[0]["deadline_at"] - started).total_seconds() == 3600
    assert before[0]["due_at"] == before[0]["deadline_at"]
    database.rows("delete from mainstem.user_workflow_run_queue returning 1")
    database.value("select mainstem.rebuild_workflow_queue()")
    assert database.rows("select deadline_at, due_at from mainstem.user_workflow_run_queue") == before
    clock.advance(seconds=3601)
    async with Worker(ms, [patient]):  # woken in time: its worker ends it, without its code
        with pytest.raises(RunFailed) as ended:
            await asyncio.wait_for(run.result(), 10)
    assert ended.value.status == "timeout"


async def test_a_run_that_fails_pauses_where_its_workflow_says_so_and_a_retry_does_the_failed_step_again(
    ms: Mainstem,
) -> None:
    async with Worker(ms, [pausing]):
        run = await ms.start(pausing)
        found = await until(lambda: paused(ms, run.run_id))
        assert "printer is out of ink" in found.error_message
        await ms.resume(run.run_id)  # as it was: the recorded failure stands
        await until(lambda: done == ["lamp", "printer"])
        await until(lambda: paused(ms, run.run_id))
        broken.clear()
        assert await ms.retry(run.run_id) == "pending"
        assert await asyncio.wait_for(run.result(), 10) == "printer"
    assert done == ["lamp", "printer", "printer"]
    events = [event.event_type for event in (await ms.get_run(run.run_id)).events]
    assert events == ["run_retried"]


@workflow("paused-in-time", timeout=3600, on_failure="pause")
async def paused_in_time() -> None:
    await act("printer")
    await sleep(3000)


async def test_a_deadline_stands_still_while_its_run_is_paused(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    async with Worker(ms, [paused_in_time]):
        run = await ms.start(paused_in_time)
        await until(lambda: paused(ms, run.run_id))
        before = database.value("select deadline_at from mainstem.user_workflow_run_queue")
        clock.advance(days=2)
        await ms.resume(run.run_id)
        await until(lambda: paused(ms, run.run_id))
    after = database.value("select deadline_at from mainstem.user_workflow_run_queue")
    assert 0 <= (after - before).total_seconds() - 2 * 86400 < 60


async def paused(ms: Mainstem, run_id: object) -> object:
    found = await ms.get_run(run_id)  # type: ignore[arg-type]
    return found if found.status == RunStatus.PAUSED else None
