"""Branches: gather with steps, waits and further branches in it."""

from __future__ import annotations

import asyncio

import pytest
from counted import executed, fresh_counts, gate

from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database
from mainstem import (
    ONCE,
    Mainstem,
    RunFailed,
    StepFailed,
    Terms,
    Worker,
    gather,
    sleep,
    step,
    wait_for_signal,
    workflow,
)

pytestmark = ON_ONE_SERVER

__all__ = ["fresh_counts"]


@step
async def read(page: str) -> str:
    executed[page] += 1
    return page


@step(retry=ONCE)
async def behind_the_gate(page: str) -> str:
    executed[page] += 1
    await until(gate.is_set)
    return page


@step(retry=ONCE)
async def torn(page: str) -> str:
    executed[page] += 1
    raise ValueError(f"{page} is torn")


async def approved(page: str) -> str:
    return f"{await read(page)} {await wait_for_signal(f'approve {page}')}"


async def both(left: str, right: str) -> list[str]:
    return await gather(read(left), approved(right))


async def rested(page: str, seconds: float) -> str:
    await sleep(seconds)
    return await read(page)


@workflow("approvals")
async def approvals() -> list[str]:
    first = await read("cover")
    return [first, *await gather(approved("one"), approved("two"), read("three")), await read("back")]


@workflow("nested")
async def nested() -> list[list[str]]:
    return await gather(both("a", "b"), both("c", "d"))


@workflow("one-goes-on")
async def one_goes_on() -> list[str]:
    return await gather(approved("one"), behind_the_gate("two"))


@workflow("sleeper")
async def sleeper() -> list[str]:
    return await gather(rested("soon", 0.3), rested("sooner", 0.1), behind_the_gate("busy"))


@workflow("torn-pages")
async def torn_pages() -> list[str]:
    try:
        return await gather(approved("one"), torn("two"), torn("three"))
    except StepFailed as failed:
        return [failed.message, await read("four")]


@workflow("empty")
async def empty() -> list[str]:
    return await gather()


@workflow("foreign-tasks")
async def foreign_tasks(catch: bool) -> list[str]:
    try:
        return list(await asyncio.gather(read("one"), read("two")))
    except ValueError:
        return ["never"]


async def test_branches_wait_each_for_its_own_and_steps_before_are_not_run_again(
    ms: Mainstem, database: Database
) -> None:
    async with Worker(ms, [approvals]):
        run = await ms.start(approvals)
        await until(lambda: state_of(database) == "waiting")
        await ms.signal(run.run_id, "approve two", "yes")
        await until(lambda: status_of(database, "wait_for_signal:approve two") == "completed")
        await ms.signal(run.run_id, "approve one", "no")
        assert await asyncio.wait_for(run.result(), 10) == ["cover", "one no", "two yes", "three", "back"]
    assert set(executed.values()) == {1}


async def test_gathers_nest(ms: Mainstem) -> None:
    async with Worker(ms, [nested]):
        run = await ms.start(nested)
        for page in "db":
            await ms.signal(run.run_id, f"approve {page}", page.upper())
        assert await asyncio.wait_for(run.result(), 10) == [["a", "b B"], ["c", "d D"]]
    recorded = await ms.get_run(run.run_id)
    assert {step.metadata["branch"] for step in recorded.steps} == {
        "1.0/1.0/",
        "1.0/1.1/",
        "1.1/1.0/",
        "1.1/1.1/",
    }
    assert set(executed.values()) == {1}


async def test_a_branch_waits_in_memory_while_another_goes_on(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [one_goes_on]):
        run = await ms.start(one_goes_on)
        await until(lambda: status_of(database, "wait_for_signal:approve one") == "waiting")
        assert state_of(database) == "owned"
        await ms.signal(run.run_id, "approve one", "yes")
        await until(lambda: status_of(database, "wait_for_signal:approve one") == "completed")
        gate.set()
        assert await asyncio.wait_for(run.result(), 10) == ["one yes", "two"]
    assert executed == {"one": 1, "two": 1}


async def test_each_branch_sleeps_its_own_time_while_another_goes_on(
    ms: Mainstem, database: Database
) -> None:
    async with Worker(ms, [sleeper]):
        run = await ms.start(sleeper)
        await until(lambda: executed["soon"] and executed["sooner"], seconds=3)
        assert [*executed] == ["busy", "sooner", "soon"]
        gate.set()
        assert await asyncio.wait_for(run.result(), 10) == ["soon", "sooner", "busy"]


async def test_all_branches_run_to_their_end_and_the_first_error_by_place_is_raised(ms: Mainstem) -> None:
    async with Worker(ms, [torn_pages]):
        run = await ms.start(torn_pages)
        await until(lambda: executed["three"])
        await ms.signal(run.run_id, "approve one", "yes")
        assert await asyncio.wait_for(run.result(), 10) == ["two is torn", "four"]
    assert executed == {"one": 1, "two": 1, "three": 1, "four": 1}


async def test_a_gather_of_nothing_is_an_empty_list(ms: Mainstem) -> None:
    async with Worker(ms, [empty]):
        assert await asyncio.wait_for((await ms.start(empty)).result(), 10) == []


async def test_steps_in_tasks_that_the_run_does_not_know_are_refused(ms: Mainstem) -> None:
    async with Worker(ms, [foreign_tasks]):
        run = await ms.start(foreign_tasks, catch=True)
        with pytest.raises(RunFailed, match=r"mainstem\.gather"):
            await asyncio.wait_for(run.result(), 10)
    assert (await ms.get_run(run.run_id)).error_details["code"] == "MS303"
    assert not executed


async def test_a_worker_with_one_slot_gathers_what_it_has_begun_when_it_leaves(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    async with Worker(ms, [one_goes_on], Terms(slots=1)):
        run = await ms.start(one_goes_on)
        await until(lambda: executed["two"])
        gate.set()
        await until(lambda: state_of(database) == "waiting")
    async with Worker(ms, [one_goes_on], Terms(slots=1)):
        await ms.signal(run.run_id, "approve one", "yes")
        assert await asyncio.wait_for(run.result(), 10) == ["one yes", "two"]
    assert executed == {"one": 1, "two": 1}


def state_of(database: Database) -> str | None:
    rows = database.rows("select state from mainstem.user_workflow_run_queue")
    return rows[0]["state"] if rows else None


def status_of(database: Database, node_key: str) -> str | None:
    rows = database.rows("select status from mainstem.user_workflow_run_step where node_key = %s", node_key)
    return rows[0]["status"] if rows else None
