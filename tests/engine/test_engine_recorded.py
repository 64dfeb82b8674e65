"""Time, chance and patches: recorded once, the same in every replay."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from counted import executed, fresh_counts

import mainstem
from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database
from mainstem import (
    Mainstem,
    Worker,
    days,
    gather,
    now,
    patched,
    random,
    sleep,
    step,
    uuid,
    wait_for_signal,
    workflow,
)
from mainstem.errors import NotInRun

pytestmark = ON_ONE_SERVER

__all__ = ["fresh_counts"]

seen: list[list[Any]] = []


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


@step
async def read(page: str) -> str:
    executed[page] += 1
    return page


@workflow("drawn")
async def drawn() -> list[Any]:
    told = [await now(), await random(), await uuid(), await random()]
    seen.append(told)
    await wait_for_signal("go")
    return [*map(str, told), await read("page")]


@workflow("three-days")
async def three_days() -> list[datetime]:
    began = await now()
    await sleep(days(3))
    return [began, await now()]


@workflow("drawn-in-branches")
async def drawn_in_branches() -> list[str]:
    async def draw() -> str:
        drawn = str(await uuid())
        return f"{drawn} {await read(drawn)}"

    return await gather(*(draw() for _ in range(20)))


async def test_time_and_chance_are_the_same_in_every_replay(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [drawn]):
        run = await ms.start(drawn)
        await until(lambda: is_waiting(database))
    async with Worker(ms, [drawn]):
        await ms.signal(run.run_id, "go")
        told = await asyncio.wait_for(run.result(), 10)
    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert told == [*map(str, seen[0]), "page"]
    assert seen[0][1] != seen[0][3]
    recorded = [(s.node_key, s.iteration, s.status) for s in (await ms.get_run(run.run_id)).steps]
    assert recorded[:4] == [
        ("now", 1, "completed"),
        ("random", 1, "completed"),
        ("uuid", 1, "completed"),
        ("random", 2, "completed"),
    ]


async def test_now_is_the_time_by_the_databases_clock(ms: Mainstem, database: Database, clock: Clock) -> None:
    clock.advance(days=100)
    async with Worker(ms, [three_days]):
        run = await ms.start(three_days)
        await until(lambda: is_waiting(database))
        clock.advance(days=3.1)
        began, ended = await asyncio.wait_for(run.result(), 10)
    assert abs(began - (datetime.now(UTC) + timedelta(days=100))) < timedelta(minutes=1)
    assert timedelta(days=3) < ended - began < timedelta(days=3.2)
    assert began.tzinfo is not None


async def test_an_answer_is_durable_before_a_step_is_given_it(ms: Mainstem, database: Database) -> None:
    """Else a worker that dies in the step would be told another in the replay."""

    def known(page: str) -> bool:
        found = database.rows(
            "select output_data from mainstem.user_workflow_run_step where node_key = 'uuid' and output_data = to_jsonb(%s::text)",
            page,
        )
        return bool(found)

    @step
    def recorded_before(page: str) -> bool:
        return known(page)

    @workflow("careful")
    async def careful() -> list[bool]:
        async def one() -> bool:
            return await recorded_before(str(await uuid()))

        return [await one(), *await gather(*(one() for _ in range(10)))]

    async with Worker(ms, [careful]):
        run = await ms.start(careful)
        assert await asyncio.wait_for(run.result(), 20) == [True] * 11


async def test_each_branch_draws_its_own(ms: Mainstem) -> None:
    async with Worker(ms, [drawn_in_branches]):
        run = await ms.start(drawn_in_branches)
        drawn = await asyncio.wait_for(run.result(), 10)
    assert len(set(drawn)) == 20
    assert set(executed.values()) == {1}


async def test_outside_of_a_run_there_is_nothing_recorded(server_url: str) -> None:
    for ask in (now, random, uuid):
        with pytest.raises(NotInRun):
            await ask()


# patched: the code changes while runs are under way.


def story(*, is_changed: bool) -> mainstem.Workflow[..., Any]:
    @workflow("story")
    async def story() -> list[str]:
        told = [await read("one")]
        if is_changed and await patched("two before three"):
            told.append(await read("two"))
        told.append(await wait_for_signal("go"))
        if is_changed and await patched("an epilogue"):
            told.append(await read("epilogue"))
        return told

    return story


async def test_a_run_that_was_past_a_patch_goes_the_old_way_and_comes_to_a_later_one_anew(
    ms: Mainstem, database: Database
) -> None:
    old, new = story(is_changed=False), story(is_changed=True)
    async with Worker(ms, [old]):
        run = await ms.start(old)
        await until(lambda: is_waiting(database))
    async with Worker(ms, [new]):
        await ms.signal(run.run_id, "go", "three")
        assert await asyncio.wait_for(run.result(), 10) == ["one", "three", "epilogue"]


async def test_a_run_that_comes_to_a_patch_first_goes_the_new_way_in_every_replay(
    ms: Mainstem, database: Database
) -> None:
    new = story(is_changed=True)
    run = await ms.start(new)
    for _ in range(2):
        async with Worker(ms, [new]):
            await until(lambda: is_waiting(database))
            await asyncio.sleep(0.1)
    async with Worker(ms, [new]):
        await ms.signal(run.run_id, "go", "three")
        assert await asyncio.wait_for(run.result(), 10) == ["one", "two", "three", "epilogue"]
    assert executed == {"one": 1, "two": 1, "epilogue": 1}


async def test_the_same_change_without_a_patch_pauses_the_run(ms: Mainstem, database: Database) -> None:
    @workflow("story")
    async def careless() -> list[str]:
        return [await read("one"), await read("two"), await wait_for_signal("go")]

    old = story(is_changed=False)
    async with Worker(ms, [old]):
        run = await ms.start(old)
        await until(lambda: is_waiting(database))
    async with Worker(ms, [careless]):
        await ms.signal(run.run_id, "go", "three")

        async def paused() -> bool:
            return (await ms.get_run(run.run_id)).status == "paused"

        await until(paused)
    assert "wait_for_signal:go" in str((await ms.get_run(run.run_id)).error_message)


async def test_code_that_keeps_the_new_way_and_asks_no_more_fits_runs_that_were_told_so(
    ms: Mainstem, database: Database
) -> None:
    @workflow("story")
    async def settled() -> list[str]:
        return [
            await read("one"),
            await read("two"),
            await wait_for_signal("go"),
            await read("epilogue"),
        ]

    new = story(is_changed=True)
    async with Worker(ms, [new]):
        run = await ms.start(new)
        await until(lambda: is_waiting(database))
    async with Worker(ms, [settled]):
        await ms.signal(run.run_id, "go", "three")
        assert await asyncio.wait_for(run.result(), 10) == ["one", "two", "three", "epilogue"]


async def test_in_a_loop_each_turn_is_asked_by_itself(ms: Mainstem, database: Database) -> None:
    def counting(*, is_changed: bool) -> mainstem.Workflow[..., Any]:
        @workflow("counting")
        async def counting() -> list[str]:
            told = []
            for n in range(4):
                if is_changed and await patched("greet"):
                    told.append(await read(f"hello {n}"))
                told.append(await read(str(n)))
                if n == 1:
                    await wait_for_signal("go")
            return told

        return counting

    old, new = counting(is_changed=False), counting(is_changed=True)
    async with Worker(ms, [old]):
        run = await ms.start(old)
        await until(lambda: is_waiting(database))
    async with Worker(ms, [new]):
        await ms.signal(run.run_id, "go")
        assert await asyncio.wait_for(run.result(), 10) == ["0", "1", "hello 2", "2", "hello 3", "3"]


def is_waiting(database: Database) -> bool:
    rows = database.rows("select state from mainstem.user_workflow_run_queue")
    return [row["state"] for row in rows] == ["waiting"]
