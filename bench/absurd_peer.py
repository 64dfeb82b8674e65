"""Absurd at the engine bench's work: a small worker of ours that calls its SQL functions, in the order in which its SDK 0.5.1 does.

A task: claim_task, its checkpoints, for each step a look for its checkpoint and then set_task_checkpoint_state, complete_run. As in
the SDK a worker has one connection, so there are several of them, each with several tasks, in a queue of this process's own. The
fan-out is one task whose steps go side by side over all connections, which the SDK cannot do.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from loop import run
from peer import Order, Run, in_tasks, serve
from work import FAN, NAPS, STEPS, VALUE, WAIT

WORKERS = 16
TASKS = 8
"""Of one worker at once."""

CLIENTS = 4
"""Connections that tasks are spawned on."""

POLL = 0.01
"""Seconds between two claims that find nothing; its own setting is 0.25."""

LEASE = 120

Connection = AsyncConnection[tuple[Any, ...]]
Body = Callable[[], Awaitable[None]]


async def nothing() -> None:
    pass


async def nap() -> None:
    await asyncio.sleep(WAIT)


@dataclass
class Queue:
    """One process's queue."""

    name: str
    workers: list[Connection]
    clients: list[Connection]
    ended: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    async def run_all(self, order: Order) -> list[Run]:
        """Its workers poll only meanwhile: other engines are measured on the same server."""
        needed = max(1, min(WORKERS, order.at_once // TASKS))
        polling = [asyncio.create_task(self._poll(number)) for number in range(needed)]
        runs = await in_tasks(order, lambda number: self._run_one(order.shape, number))
        for task in polling:
            task.cancel()
        await asyncio.gather(*polling, return_exceptions=True)
        return runs

    async def _run_one(self, shape: str, number: int) -> None:
        """Spawned, and awaited in this process: nobody asks the database whether it has ended."""
        [(task_id,)] = await asked(
            self.clients[number % CLIENTS],
            "select task_id from absurd.spawn_task(%s, %s, %s)",
            (self.name, shape, Jsonb(VALUE)),
        )
        await self.ended.setdefault(str(task_id), asyncio.get_running_loop().create_future())
        del self.ended[str(task_id)]

    async def _poll(self, number: int) -> None:
        conn = self.workers[number]
        while True:
            claimed = await asked(
                conn,
                "select run_id, task_id, task_name, params from absurd.claim_task(%s, %s, %s, %s)",
                (self.name, f"worker {number}", LEASE, TASKS),
            )
            if not claimed:
                await asyncio.sleep(POLL)
            await asyncio.gather(*(self._execute(conn, *task) for task in claimed))

    async def _execute(self, conn: Connection, run_id: Any, task_id: Any, name: str, value: Any) -> None:
        await asked(
            conn,
            "select checkpoint_name, state from absurd.get_task_checkpoint_states(%s, %s, %s)",
            (self.name, task_id, run_id),
        )
        if name == FAN.name:
            steps = (
                self._step(self.workers[place % WORKERS], run_id, task_id, f"step#{place}", value)
                for place in range(FAN.steps)
            )
            await asyncio.gather(*steps)
        else:
            body = nap if name == NAPS.name else nothing
            for place in range(STEPS):
                value = await self._step(conn, run_id, task_id, f"step#{place}", value, body=body)
        await asked(conn, "select absurd.complete_run(%s, %s, %s)", (self.name, run_id, Jsonb(value)))
        ended = self.ended.setdefault(str(task_id), asyncio.get_running_loop().create_future())
        ended.set_result(None)

    async def _step(
        self, conn: Connection, run_id: Any, task_id: Any, step: str, value: Any, *, body: Body = nothing
    ) -> Any:
        await asked(
            conn,
            "select state from absurd.get_task_checkpoint_state(%s, %s, %s)",
            (self.name, task_id, step),
        )
        await body()
        await asked(
            conn,
            "select absurd.set_task_checkpoint_state(%s, %s, %s, %s, %s, %s)",
            (self.name, task_id, step, Jsonb(value), run_id, LEASE),
        )
        return value


async def asked(conn: Connection, query: Any, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    async with conn.cursor() as cursor:
        await cursor.execute(query, parameters, prepare=True)
        return await cursor.fetchall()


async def main(url: str, name: str) -> None:
    async with AsyncExitStack() as opened:

        async def connect() -> Connection:
            conn = await AsyncConnection.connect(url, autocommit=True)
            return await opened.enter_async_context(conn)

        workers = [await connect() for _ in range(WORKERS)]
        clients = [await connect() for _ in range(CLIENTS)]
        await clients[0].execute("select absurd.create_queue(%s)", [name])
        await serve(Queue(name, workers, clients).run_all)


if __name__ == "__main__":
    run(main(*sys.argv[1:]))
