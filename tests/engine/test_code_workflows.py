"""Code workflows, as their author sees them."""

from __future__ import annotations

import asyncio

from mainstem import Mainstem, Worker, gather, step, workflow


@step
async def double(number: int) -> int:
    return number * 2


@workflow("doubling")
async def doubling(number: int) -> list[int]:
    once = await double(number)
    return [once, *await gather(double(once), double(once + 1))]


async def test_a_workflow_gives_what_its_code_returns_and_each_step_is_recorded_once(ms: Mainstem) -> None:
    async with Worker(ms, [doubling]):
        run = await ms.start(doubling, 4)
        assert await asyncio.wait_for(run.result(), 10) == [8, 16, 18]
    recorded = await ms.get_run(run.run_id)
    assert [(s.step_number, s.node_key, s.status, s.output_data) for s in recorded.steps] == [
        (1, "double", "completed", 8),
        (2, "double", "completed", 16),
        (3, "double", "completed", 18),
    ]
