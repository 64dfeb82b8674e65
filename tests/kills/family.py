"""A workflow with many children, for workers that are killed."""

from __future__ import annotations

import asyncio
import random

import mainstem
from mainstem import child, now, start_child, step, uuid, workflow


@step
async def work(name: str) -> str:
    await asyncio.sleep(random.uniform(0.02, 0.2))
    return name


@workflow("part")
async def part(name: str) -> str:
    return f"{await work(name)} {await uuid()}"


@workflow("aside")
async def aside(name: str) -> str:
    return await work(name)


@workflow("family")
async def family(count: int) -> list[str]:
    async def one(n: int) -> str:
        began = await now()
        await start_child(aside, f"aside {n}")
        result = await child(part, f"part {n}")
        return f"{result} {began.isoformat()}"

    return await mainstem.map(one, range(count), limit=10)
