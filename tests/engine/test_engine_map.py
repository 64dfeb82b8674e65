"""map: a branch for each of many items, some at once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import pytest
from counted import executed, fresh_counts

import mainstem
from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import ONCE, Mainstem, RunFailed, Worker, step, wait_for_signal, workflow
from mainstem.engine.branches import Branch, Unvisited
from mainstem.errors import BadArgument
from mainstem.model import RecordedStep

pytestmark = ON_ONE_SERVER

__all__ = ["fresh_counts"]

at_once: Counter[str] = Counter()


@step
async def double(number: int) -> int:
    at_once["now"] += 1
    at_once["most"] = max(at_once["most"], at_once["now"])
    await asyncio.sleep(0)
    executed[str(number)] += 1
    at_once["now"] -= 1
    return 2 * number


@step(retry=ONCE)
async def careful(number: int) -> int:
    executed[str(number)] += 1
    if number % 3 == 1:
        raise ValueError(f"{number} is odd")
    return number


async def approved(number: int) -> str:
    return f"{await double(number)} {await wait_for_signal(f'approve {number}')}"


@workflow("doubles")
async def doubles(count: int, limit: int = 50) -> list[int]:
    return await mainstem.map(double, range(count), limit=limit)


@workflow("carefully")
async def carefully() -> list[int]:
    return await mainstem.map(careful, range(6), limit=2)


@workflow("approvals-of-many")
async def approvals_of_many() -> list[str]:
    return await mainstem.map(approved, range(5), limit=2)


@workflow("nested-maps")
async def nested_maps() -> list[list[int]]:
    async def row(count: int) -> list[int]:
        return await mainstem.map(double, range(10 * count, 11 * count), limit=3)

    return await mainstem.map(row, [1, 2, 3], limit=2)


@workflow("no-limit")
async def no_limit() -> None:
    await mainstem.map(double, [1], limit=0)


@pytest.fixture(autouse=True)
def nobody_at_once() -> None:
    at_once.clear()


async def test_results_come_in_order_and_at_most_the_limit_is_under_way(ms: Mainstem) -> None:
    async with Worker(ms, [doubles]):
        run = await ms.start(doubles, 200, 7)
        assert await asyncio.wait_for(run.result(), 30) == [2 * n for n in range(200)]
    assert at_once["most"] == 7
    assert set(executed.values()) == {1}


async def test_a_map_over_nothing_is_an_empty_list(ms: Mainstem) -> None:
    async with Worker(ms, [doubles]):
        assert await asyncio.wait_for((await ms.start(doubles, 0)).result(), 10) == []


async def test_maps_nest(ms: Mainstem) -> None:
    async with Worker(ms, [nested_maps]):
        told = await asyncio.wait_for((await ms.start(nested_maps)).result(), 10)
    assert told == [[20], [40, 42], [60, 62, 64]]


async def test_all_items_run_to_their_end_and_the_first_error_by_place_is_raised(ms: Mainstem) -> None:
    async with Worker(ms, [carefully]):
        run = await ms.start(carefully)
        with pytest.raises(RunFailed, match="1 is odd"):
            await asyncio.wait_for(run.result(), 10)
    assert executed == {str(n): 1 for n in range(6)}


async def test_no_more_than_the_limit_wait_at_once_and_what_was_done_is_not_done_again(
    ms: Mainstem, database: Database
) -> None:
    def waits() -> list[str]:
        rows = database.rows(
            "select node_key from mainstem.user_workflow_run_step where status = 'waiting' order by step_number"
        )
        return [row["node_key"].rpartition(" ")[2] for row in rows]

    async with Worker(ms, [approvals_of_many]):
        run = await ms.start(approvals_of_many)
        await until(lambda: waits() == ["0", "1"])
        await ms.signal(run.run_id, "approve 1", "b")
        await until(lambda: waits() == ["0", "2"])
    async with Worker(ms, [approvals_of_many]):
        for n, answer in zip((4, 3, 2, 0), "edca", strict=True):
            await ms.signal(run.run_id, f"approve {n}", answer)
        assert await asyncio.wait_for(run.result(), 20) == ["0 a", "2 b", "4 c", "6 d", "8 e"]
    assert set(executed.values()) == {1}


async def test_a_limit_below_one_is_refused(ms: Mainstem) -> None:
    async with Worker(ms, [no_limit]):
        with pytest.raises(RunFailed, match="limit"):
            await asyncio.wait_for((await ms.start(no_limit)).result(), 10)
    with pytest.raises(BadArgument):
        await mainstem.map(double, [1], limit=-1)


async def test_a_map_that_is_cancelled_begins_no_further_item(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [approvals_of_many]):
        run = await ms.start(approvals_of_many)
        await until(lambda: len(executed) == 2)
        await ms.cancel(run.run_id)

        async def over() -> bool:
            return (await ms.get_run(run.run_id)).status == "cancelled"

        await until(over)
    assert executed == {"0": 1, "1": 1}


def recorded(count: int) -> list[RecordedStep]:
    return [
        RecordedStep(n + 1, "double", 1, "completed", 0, n, None, None, {"branch": f"1.{n}/"}, None)
        for n in range(count)
    ]


def replayed(count: int) -> float:
    """Seconds to go by so many recorded branches, each of which looks whether it leaves something."""
    began = time.perf_counter()
    root = Branch("", Unvisited(recorded(count)))
    root.gathers = 1
    for n in range(count):
        branch = root.branch(n)
        assert branch.recorded.popitem()[1].output_data == n
        branch.refuse_leftovers("its end")
        assert branch.goes_on_in_the_record() is False
    root.refuse_leftovers("its end")
    return time.perf_counter() - began


def test_thousands_of_items_replay_in_linear_time(server_url: str) -> None:
    few = min(replayed(1_000) for _ in range(3))
    assert min(replayed(8_000) for _ in range(3)) < 24 * few


async def test_a_thousand_items_are_replayed_after_a_stop(ms: Mainstem, database: Database) -> None:
    def done() -> Any:
        return database.value(
            "select count(*) from mainstem.user_workflow_run_step where status = 'completed'"
        )

    async with Worker(ms, [doubles]):
        run = await ms.start(doubles, 1_500)
        await until(lambda: done() > 300)
    async with Worker(ms, [doubles]):
        assert await asyncio.wait_for(run.result(), 60) == [2 * n for n in range(1_500)]
    assert sum(executed.values()) < 1_500 + 51
