"""Whoever waits for a result is told, wherever the run ends."""

from __future__ import annotations

import asyncio

from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import Mainstem, Worker, step, wait_for_signal, workflow

pytestmark = ON_ONE_SERVER


@step
async def note(word: str) -> str:
    return word


@workflow("asking")
async def asking() -> str:
    return await note(await wait_for_signal("word"))


async def test_a_run_that_was_begun_here_and_ends_on_another_worker_tells_its_result_here(
    ms: Mainstem, database: Database
) -> None:
    async with Mainstem(database.url) as other:
        async with Worker(ms, [asking]):
            run = await ms.start(asking)
            waiting = asyncio.ensure_future(run.result())

            async def waits() -> bool:
                return (await ms.get_run(run.run_id)).status == "waiting"

            await until(waits)
        async with Worker(other, [asking]):
            await other.signal(run.run_id, "word", "elsewhere")
            assert await asyncio.wait_for(waiting, 10) == "elsewhere"
