"""DBOS at the engine bench's work.

Its settings are the best of those tried (research of 2026-11-20, and this bench since): plain functions in threads, no ping before
each use of a connection, runs started in the process that works on them (through a queue it is no faster). The fan-out is an async
workflow that gathers its steps, in the order that they are called in, as its documentation has it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from dbos import DBOS, DBOSConfig

from peer import Order, Run, answer, in_tasks, in_threads, orders
from work import FAN, NAPS, STEPS, TEN, VALUE, WAIT


def _noop(value: dict[str, Any]) -> dict[str, Any]:
    return value


def _nap(value: dict[str, Any]) -> dict[str, Any]:
    time.sleep(WAIT)
    return value


async def _anoop(value: dict[str, Any]) -> dict[str, Any]:
    return value


noop: Any = DBOS.step()(_noop)
nap: Any = DBOS.step()(_nap)
anoop: Any = DBOS.step()(_anoop)


def _ten_steps(value: dict[str, Any]) -> dict[str, Any]:
    for _ in range(STEPS):
        value = noop(value)
    return value


def _ten_naps(value: dict[str, Any]) -> dict[str, Any]:
    for _ in range(STEPS):
        value = nap(value)
    return value


async def _fan_out(value: dict[str, Any]) -> int:
    return len(await asyncio.gather(*(anoop(value) for _ in range(FAN.steps))))


IN_THREADS: dict[str, Any] = {
    TEN.name: DBOS.workflow()(_ten_steps),
    NAPS.name: DBOS.workflow()(_ten_naps),
}
fan_out: Any = DBOS.workflow()(_fan_out)


async def run_fan_out(_number: int) -> None:
    await (await DBOS.start_workflow_async(fan_out, VALUE)).get_result()


def run_all(order: Order) -> list[Run]:
    if order.shape == FAN.name:
        return asyncio.run(in_tasks(order, run_fan_out))
    workflow = IN_THREADS[order.shape]
    return in_threads(order, lambda: DBOS.start_workflow(workflow, VALUE).get_result())


def main(url: str, name: str) -> None:
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": url,
        "executor_id": name,
        "sys_db_pool_size": 20,
        "db_engine_kwargs": {"pool_pre_ping": False},
        "log_level": "ERROR",
    }
    DBOS(config=config)
    DBOS.launch()
    for order in orders():
        answer(run_all(order))
    DBOS.destroy()


if __name__ == "__main__":
    main(*sys.argv[1:])
