"""mainstem at the engine bench's work: a client and a worker in one process, as `mainstem worker` has them."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from loop import run
from mainstem import Mainstem, Worker, gather, step, workflow
from mainstem.engine.worker import Terms
from peer import Order, Run, in_tasks, serve
from work import FAN, NAPS, STEPS, TEN, VALUE, WAIT

SLOTS = 1024


@step
async def noop(value: dict[str, Any]) -> dict[str, Any]:
    return value


@step
async def nap(value: dict[str, Any]) -> dict[str, Any]:
    await asyncio.sleep(WAIT)
    return value


@workflow("ten steps")
async def ten_steps(value: dict[str, Any]) -> dict[str, Any]:
    for _ in range(STEPS):
        value = await noop(value)
    return value


@workflow("fan-out")
async def fan_out(value: dict[str, Any]) -> int:
    return len(await gather(*(noop(value) for _ in range(FAN.steps))))


@workflow("ten naps")
async def ten_naps(value: dict[str, Any]) -> dict[str, Any]:
    for _ in range(STEPS):
        value = await nap(value)
    return value


WORKFLOWS: dict[str, Any] = {TEN.name: ten_steps, FAN.name: fan_out, NAPS.name: ten_naps}


async def main(url: str) -> None:
    async with Mainstem(url) as client, Worker(client, list(WORKFLOWS.values()), Terms(slots=SLOTS)):

        async def run_one(shape: str) -> None:
            await (await client.start(WORKFLOWS[shape], VALUE)).result()

        async def run_all(order: Order) -> list[Run]:
            return await in_tasks(order, lambda _number: run_one(order.shape))

        await serve(run_all)


if __name__ == "__main__":
    run(main(sys.argv[1]))
