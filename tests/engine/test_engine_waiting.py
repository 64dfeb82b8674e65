"""Waiting: a run that waits holds no worker, no connection and no memory, and no signal is lost."""

from __future__ import annotations

import asyncio
import gc
import weakref
from datetime import timedelta
from typing import Any

import pytest
from counted import executed, fresh_counts, gate

from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database
from mainstem import (
    Mainstem,
    RunFailed,
    SignalTimedOut,
    Terms,
    Worker,
    days,
    sleep,
    step,
    wait_for_signal,
    workflow,
)
from mainstem.errors import RunIsOver

pytestmark = ON_ONE_SERVER

__all__ = ["fresh_counts"]

kept: list[weakref.ref[Any]] = []


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    kept.clear()


@step
async def prepare() -> str:
    executed["prepare"] += 1
    return "prepared"


@step
async def at_the_gate() -> None:
    executed["gate"] += 1
    await until(gate.is_set)


class Held:
    """Something in a workflow's memory."""


@workflow("three-days")
async def three_days() -> str:
    await prepare()
    await sleep(days(3))
    executed["after"] += 1
    return "rested"


@workflow("supervised")
async def supervised(timeout: float | None = None) -> Any:
    await prepare()
    held = Held()
    kept.append(weakref.ref(held))
    try:
        return await wait_for_signal("supervisor", timeout=timeout)
    except SignalTimedOut:
        return "nobody came"


@workflow("careless")
async def careless() -> Any:
    answers = []
    for _ in range(2):
        try:
            answers.append(await wait_for_signal("supervisor"))
        except Exception:  # noqa: BLE001  (what careless code does)
            answers.append("swallowed")
    return answers


@workflow("careful-at-the-end")
async def careful_at_the_end() -> Any:
    try:
        return await wait_for_signal("supervisor")
    finally:
        await prepare()


@workflow("impatient")
async def impatient() -> None:
    await wait_for_signal("supervisor", timeout=timedelta(hours=1))


@workflow("busy-first")
async def busy_first() -> Any:
    await at_the_gate()
    return [await wait_for_signal("supervisor"), await wait_for_signal("supervisor")]


async def test_a_sleep_of_three_days_passes_when_the_clock_says_so(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    async with Worker(ms, [three_days]):
        run = await ms.start(three_days)
        await waiting(database)
        clock.advance(days=2.9)
        await asyncio.sleep(0.3)
        assert executed == {"prepare": 1}
        clock.advance(days=0.2)
        assert await asyncio.wait_for(run.result(), 10) == "rested"
    assert executed == {"prepare": 1, "after": 1}
    _, slept = (await ms.get_run(run.run_id)).steps
    assert slept.duration_ms is not None
    assert slept.duration_ms >= 3 * 86_400_000


async def test_a_signal_sent_before_the_wait_begins_is_taken(ms: Mainstem) -> None:
    run = await ms.start(supervised)
    await ms.signal(run.run_id, "supervisor", {"by": "ann"})
    async with Worker(ms, [supervised]):
        assert await asyncio.wait_for(run.result(), 10) == {"by": "ann"}


async def test_a_signal_sent_while_the_run_waits_wakes_it(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [supervised]):
        run = await ms.start(supervised)
        await waiting(database)
        await ms.signal(run.run_id, "other", "not this one")
        await ms.signal(run.run_id, "supervisor", ["yes"])
        assert await asyncio.wait_for(run.result(), 5) == ["yes"]
    assert executed == {"prepare": 1}
    events = (await ms.get_run(run.run_id)).events
    assert [(event.event_type, event.event_data["name"]) for event in events] == [
        ("signal_not_taken", "other")
    ]


async def test_signals_sent_while_a_step_runs_are_taken_in_the_order_of_sending(ms: Mainstem) -> None:
    async with Worker(ms, [busy_first]):
        run = await ms.start(busy_first)
        await until(lambda: executed["gate"])
        for number in (1, 2):
            await ms.signal(run.run_id, "supervisor", number)
        gate.set()
        assert await asyncio.wait_for(run.result(), 10) == [1, 2]


async def test_signals_sent_at_the_very_moment_a_wait_begins_are_never_lost(ms: Mainstem) -> None:
    async with Worker(ms, [supervised]):
        runs = [await ms.start(supervised) for _ in range(60)]
        await asyncio.gather(*(ms.signal(run.run_id, "supervisor", n) for n, run in enumerate(runs)))
        answers = await asyncio.wait_for(asyncio.gather(*(run.result() for run in runs)), 20)
    assert answers == list(range(60))


async def test_a_signal_for_a_run_that_is_over_is_refused(ms: Mainstem) -> None:
    async with Worker(ms, [supervised]):
        run = await ms.start(supervised)
        await ms.signal(run.run_id, "supervisor")
        assert await asyncio.wait_for(run.result(), 10) is None
        with pytest.raises(RunIsOver):
            await ms.signal(run.run_id, "supervisor")


async def test_a_deadline_that_passes_is_recorded_and_replayed(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    async with Worker(ms, [supervised]):
        run = await ms.start(supervised, 3600.0)
        await waiting(database)
        clock.advance(seconds=3599)
        await asyncio.sleep(0.2)
        assert database.value("select state from mainstem.user_workflow_run_queue") == "waiting"
        clock.advance(seconds=2)
        assert await asyncio.wait_for(run.result(), 10) == "nobody came"
    _, wait = (await ms.get_run(run.run_id)).steps
    assert (wait.status, wait.output_data, wait.metadata["timed_out"]) == ("completed", None, True)


async def test_a_deadline_that_nobody_catches_fails_the_run(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    async with Worker(ms, [impatient]):
        run = await ms.start(impatient)
        await waiting(database)
        clock.advance(seconds=3601)
        with pytest.raises(RunFailed, match="supervisor"):
            await asyncio.wait_for(run.result(), 10)
    assert (await ms.get_run(run.run_id)).error_details["code"] == "MS308"


async def test_a_waiting_run_holds_no_slot_no_memory_and_stands_where_no_poll_looks(
    ms: Mainstem, database: Database
) -> None:
    async with Worker(ms, [supervised], Terms(slots=1)):
        first, second = await ms.start(supervised), await ms.start(supervised)
        rows = "select state, worker_id, due_at::text from mainstem.user_workflow_run_queue"
        waits = {"state": "waiting", "worker_id": None, "due_at": "infinity"}
        await until(lambda: database.rows(rows) == [waits, waits])
        await until(lambda: gc.collect() >= 0 and not any(ref() for ref in kept))
        for run in (second, first):
            await ms.signal(run.run_id, "supervisor", str(run.run_id))
            assert await asyncio.wait_for(run.result(), 10) == str(run.run_id)
    recorded = await ms.get_run(first.run_id)
    assert recorded.status == "completed"


async def test_a_long_wait_outlives_its_worker(ms: Mainstem, database: Database, clock: Clock) -> None:
    async with Worker(ms, [three_days]):
        run = await ms.start(three_days)
        await waiting(database)
    clock.advance(days=3.1)
    async with Worker(ms, [three_days]):
        assert await asyncio.wait_for(run.result(), 10) == "rested"
    assert executed == {"prepare": 1, "after": 1}


async def test_code_that_catches_every_exception_does_not_break_a_wait(
    ms: Mainstem, database: Database
) -> None:
    async with Worker(ms, [careless]):
        run = await ms.start(careless)
        for n in range(2):
            await waiting(database)
            await ms.signal(run.run_id, "supervisor", n)
            await until(lambda n=n: executed_waits(database) == n + 1)  # type: ignore[misc]
        assert await asyncio.wait_for(run.result(), 10) == [0, 1]


async def test_a_step_in_a_finally_runs_when_the_code_ends_not_when_it_is_left(
    ms: Mainstem, database: Database
) -> None:
    async with Worker(ms, [careful_at_the_end]):
        run = await ms.start(careful_at_the_end)
        await waiting(database)
        assert not executed
        await ms.signal(run.run_id, "supervisor", "done")
        assert await asyncio.wait_for(run.result(), 10) == "done"
    assert executed == {"prepare": 1}


async def waiting(database: Database) -> None:
    await until(
        lambda: (
            [r["state"] for r in database.rows("select state from mainstem.user_workflow_run_queue")]
            == ["waiting"]
        )
    )


def executed_waits(database: Database) -> int:
    return int(
        database.value("select count(*) from mainstem.user_workflow_run_step where status = 'completed'")
    )
