"""Open steps: short ones are written once, long ones show as running, and their events are folded in when they close."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from writers import writers

from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import (
    ONCE,
    Mainstem,
    Retry,
    RunFailed,
    Worker,
    add_event,
    add_screenshot,
    gather,
    step,
    step_info,
    used_endpoint,
    workflow,
)
from mainstem.ledger.open_steps import OpenSteps
from mainstem.ledger.recorder import CLOSINGS, STEPS
from mainstem.ledger.records import StepRecord
from mainstem.model import LONGEST_LOG, StepStatus

pytestmark = ON_ONE_SERVER

gate = threading.Event()
told: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    gate.clear()
    told.clear()


@step
async def quick(number: int) -> int:
    add_event("counted", number)
    return number


@workflow("quick")
async def many_quick(number: int) -> list[int]:
    return [await quick(n) for n in range(number)]


@step
async def at_the_gate() -> str:
    for number in range(3):
        add_event("before", number)
    await until(gate.is_set)
    for number in range(3, 6):
        add_event("after", number)
    return "through"


@workflow("slow")
async def slow() -> str:
    return await at_the_gate()


@step(retry=Retry(attempts=2, first=0.01))
async def second_time_at_the_gate() -> str:
    if step_info().attempt == 1:
        raise ConnectionError("first time")
    return await at_the_gate.run()


@workflow("slow-again")
async def slow_again() -> str:
    return await second_time_at_the_gate()


@step(retry=ONCE)
def talkative(number: int, fails: bool) -> None:
    for n in range(number):
        add_event("line", {"n": n, "text": "é" * 20})
    if fails:
        raise ValueError("enough said")


@workflow("talk")
async def talk(number: int, fails: bool = False) -> None:
    await talkative(number, fails)


@step
def shows(name: str) -> None:
    add_screenshot({"path": f"s3://shots/{name}.png", "page": 1})
    used_endpoint(f"https://api.example/{name}")
    used_endpoint({"url": "https://api.example/all", "method": "POST"})


@step(retry=Retry(attempts=2, first=0.01))
async def shows_and_fails() -> None:
    used_endpoint("https://api.example/down")
    raise ConnectionError("no answer")


@workflow("showing")
async def showing() -> None:
    await gather(shows("one"), shows("two"))
    await shows_and_fails()


@step
async def strange_types() -> None:
    add_event("a\0b\ud800" + "é" * 200)


@workflow("strange")
async def strange() -> None:
    await strange_types()


async def test_steps_that_begin_and_end_between_flushes_are_one_insert(
    ms: Mainstem, database: Database
) -> None:
    async with Worker(ms, [many_quick]):
        run = await ms.start(many_quick, 20)
        assert await asyncio.wait_for(run.result(), 10) == [*range(20)]
    rows = database.rows(
        "select xmax::text, created_at = updated_at as untouched from mainstem.user_workflow_run_step"
    )
    assert rows == [{"xmax": "0", "untouched": True}] * 20
    counts = (
        "select sum(n_tup_ins) as inserts, sum(n_tup_upd) as updates from pg_stat_user_tables"
        " where relid in (select relid from pg_partition_tree('mainstem.user_workflow_run_step'))"
    )
    await until(lambda: database.rows(counts) == [{"inserts": 20, "updates": 0}])
    recorded = await ms.get_run(run.run_id)
    assert [[event.event_data for event in step.events] for step in recorded.steps] == [
        [n] for n in range(20)
    ]
    assert database.rows("select * from mainstem.user_workflow_event") == []


@pytest.mark.parametrize("code", [slow, slow_again], ids=["first attempt", "second attempt"])
async def test_an_open_step_is_seen_running_within_a_second_and_its_events_too(
    ms: Mainstem, database: Database, code: Any
) -> None:
    async with Worker(ms, [slow, slow_again]):
        run = await ms.start(code)
        shown = await until(lambda: running(ms, run.run_id))
        assert (shown.updated_at - shown.started_at).total_seconds() < 1
        logged = await until(lambda: events_of(ms, run.run_id, 3))
        assert database.value("select events from mainstem.user_workflow_run_step") == []
        gate.set()
        assert await asyncio.wait_for(run.result(), 10) == "through"
    [ended] = (await ms.get_run(run.run_id)).steps
    numbers = [event.event_data for event in ended.events if event.event_type != "attempt_failed"]
    assert numbers == [0, 1, 2, 3, 4, 5]
    assert [event.event_id for event in ended.events[: len(logged)]] == [event.event_id for event in logged]
    times = [event.sorts_at for event in ended.events]
    assert times == sorted(times)
    assert database.rows("select * from mainstem.user_workflow_event") == []


@pytest.mark.parametrize("fails", [False, True])
async def test_a_log_that_is_too_long_to_fold_stays_in_the_event_log_in_order(
    ms: Mainstem, database: Database, fails: bool
) -> None:
    number = 3 * LONGEST_LOG
    async with Worker(ms, [talk]):
        run = await ms.start(talk, number, fails)
        await asyncio.wait_for(asyncio.gather(run.result(), return_exceptions=True), 20)
    assert database.value("select events from mainstem.user_workflow_run_step") == []
    assert database.value("select count(*) from mainstem.user_workflow_event") == number
    [recorded] = (await ms.get_run(run.run_id)).steps
    assert recorded.status == ("failed" if fails else "completed")
    assert [event.event_data["n"] for event in recorded.events] == [*range(number)]


async def test_a_log_that_just_fits_is_folded(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [talk]):
        run = await ms.start(talk, LONGEST_LOG)
        await asyncio.wait_for(run.result(), 20)
    assert database.value("select count(*) from mainstem.user_workflow_event") == 0
    [recorded] = (await ms.get_run(run.run_id)).steps
    assert [event.event_data["n"] for event in recorded.events] == [*range(LONGEST_LOG)]


async def test_events_keep_their_order_when_a_flush_is_held_up(database: Database) -> None:
    """The first event's flush waits for a lock; the second one's, begun meanwhile, does not."""
    async with writers(database.url) as crew, OpenSteps(crew.recorder) as steps:
        [run_id] = await crew.start(1)
        opened = steps.begin(StepRecord(run_id, 1, 1, 1, b"open", 0), is_recorded=False)
        await until(lambda: opened.is_shown)
        with database.connect(None, None).transaction() as held:
            held.connection.execute("select from mainstem.user_workflow_worker for update")
            for number in range(4):
                opened.add_event("told", b"%d" % number)
                await until(lambda: not opened.events)
        await steps.end(opened, status=b"completed")
    events = database.value("select events from mainstem.user_workflow_run_step")
    assert [event["event_data"] for event in events] == [0, 1, 2, 3]


async def test_events_added_by_threads_while_the_log_is_taken_are_not_lost(database: Database) -> None:
    async with writers(database.url) as crew, OpenSteps(crew.recorder) as steps:
        [run_id] = await crew.start(1)
        opened = steps.begin(StepRecord(run_id, 1, 1, 1, b"open", 0), is_recorded=False)

        def talks(thread: int) -> None:
            for number in range(2000):
                opened.add_event(f"{thread}", b"%d" % number)

        talking = asyncio.gather(*(asyncio.to_thread(talks, thread) for thread in range(4)))
        while not talking.done():
            steps._log(opened)
            await asyncio.sleep(0)
        await steps.end(opened, status=b"completed")
    counts = "select event_type, count(*) from mainstem.user_workflow_event group by 1 order by 1"
    assert database.rows(counts) == [{"event_type": str(n), "count": 2000} for n in range(4)]


async def test_screenshots_and_endpoints_are_recorded_and_the_run_lists_what_it_used(ms: Mainstem) -> None:
    async with Worker(ms, [showing]):
        run = await ms.start(showing)
        with pytest.raises(RunFailed, match="no answer"):
            await asyncio.wait_for(run.result(), 10)
    recorded = await ms.get_run(run.run_id)
    assert [step.screenshots for step in recorded.steps] == [
        [{"path": "s3://shots/one.png", "page": 1}],
        [{"path": "s3://shots/two.png", "page": 1}],
        [],
    ]
    every = {"url": "https://api.example/all", "method": "POST"}
    assert recorded.steps[1].metadata["endpoints"] == ["https://api.example/two", every]
    assert sorted(recorded.endpoints_used, key=str) == sorted(
        [every, *(f"https://api.example/{name}" for name in ("one", "two", "down"))], key=str
    )


async def test_an_event_s_type_is_cut_to_what_its_column_holds(ms: Mainstem) -> None:
    async with Worker(ms, [strange]):
        run = await ms.start(strange)
        await asyncio.wait_for(run.result(), 10)
    [recorded] = (await ms.get_run(run.run_id)).steps
    [event] = recorded.events
    assert event.event_type == "a\ufffdb\ufffd" + "é" * 96


async def running(ms: Mainstem, run_id: UUID) -> Any:
    return next(
        (step for step in (await ms.get_run(run_id)).steps if step.status is StepStatus.RUNNING), None
    )


async def events_of(ms: Mainstem, run_id: UUID, at_least: int) -> Any:
    [recorded] = (await ms.get_run(run_id)).steps
    return recorded.events if len(recorded.events) >= at_least else None


async def test_a_later_attempt_that_is_shown_and_ends_within_one_flush_has_its_end(
    database: Database,
) -> None:
    """Both change the row that is there; written by one statement, either of them would stand."""
    async with writers(database.url) as w:
        [run_id] = await w.start(1)
        record = StepRecord(run_id, 1, 1, 1, b"slow", time.monotonic_ns(), b"pending")
        await w.recorder.put(STEPS, record)
        shown = replace(record, status=b"running")
        ended = replace(record, status=b"completed", ended_ns=time.monotonic_ns(), output_data=b'"through"')
        with database.connect(role=None).transaction() as held:
            held.connection.execute("lock table mainstem.user_workflow_run_step in exclusive mode")
            other = w.recorder.put(STEPS, replace(ended, step_number=2, iteration=2))
            await until(lambda: database.rows("select 1 from pg_locks where not granted"))
            both = [w.recorder.put(CLOSINGS, one) for one in (shown, ended)]
        await asyncio.gather(other, *both)
        row = database.rows(
            "select status, output_data from mainstem.user_workflow_run_step where step_number = 1"
        )
        assert row == [{"status": "completed", "output_data": "through"}]
