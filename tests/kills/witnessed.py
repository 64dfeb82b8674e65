"""The workflow that is killed, with a witness of what it was told."""

from __future__ import annotations

import asyncio
import random

from mainstem import Retry, step, step_info, workflow
from witness import append

STEPS = 10


@step(retry=Retry(attempts=20, first=0.01, longest=0.05))
async def work(number: int) -> list[str]:
    info = step_info()
    append("begun", f"{info.run_id} {info.step_number}")
    await asyncio.sleep(random.uniform(0.03, 0.12))
    if random.random() < 0.02:
        raise ConnectionError("now and then it fails, and is tried again")
    return [
        str(info.run_id),
        str(info.step_number),
        f"{number}-{random.getrandbits(64):x}",
    ]  # no two executions give the same


@workflow("witnessed")
async def witnessed(name: str) -> list[str]:
    values = []
    for number in range(STEPS):
        run_id, step_number, value = await work(number)
        append("told", f"{run_id} {step_number} {value}", fsync=True)
        values.append(value)
    return values
