"""A worker that holds many runs is killed with kill -9: how soon another one has taken them over and ended them.

Also the two workers' process: `killed.py URL victim` holds each run in its second step for ever, `killed.py URL heir` ends them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from loop import run
from mainstem import Mainstem, Worker, step, workflow
from mainstem.engine.worker import Terms
from work import VALUE

QUEUE = "held"
STEPS = 3
LOOKS_EVERY = 0.05

HELD: LiteralString = """
select count(*) from mainstem.user_workflow_run_queue q
 where q.queue = 'held' and q.worker_id = %s
   and exists (select from mainstem.user_workflow_run_step s where s.run_id = q.run_id and s.step_number = 1 and s.status = 'completed')
"""
OWNERS: LiteralString = "select worker_id from mainstem.user_workflow_run_queue where queue = 'held' and worker_id is not null limit 1"
LEFT: LiteralString = """
select count(*), count(*) filter (where q.worker_id is not distinct from %s) from mainstem.user_workflow_run_queue q where q.queue = 'held'
"""
RECORDED: LiteralString = """
select count(*), count(*) filter (where r.status = 'completed' and s.many = %s) from unnest(%s::uuid[]) given (run_id)
  join mainstem.user_workflow_run r on r.run_id = given.run_id
 cross join lateral (select count(*) as many from mainstem.user_workflow_run_step s where s.run_id = given.run_id and s.status = 'completed') s
"""


@step
async def noop(value: dict[str, Any]) -> dict[str, Any]:
    return value


@step
async def hold(value: dict[str, Any]) -> dict[str, Any]:
    if sys.argv[2] == "victim":
        await asyncio.Event().wait()
    return value


@workflow("held", queue=QUEUE)
async def held(value: dict[str, Any]) -> dict[str, Any]:
    return await noop(await hold(await noop(value)))


@dataclass(frozen=True, slots=True)
class Resumed:
    """Seconds since the kill: until the first run was another's, all were, all were over."""

    runs: int
    first: float
    all: float
    over: float
    whole: int
    """Runs that have each of their steps once."""

    def __str__(self) -> str:
        return (
            f"{self.runs:,} runs of a killed worker: the first taken over after {self.first:.1f} s, the last after {self.all:.1f} s,"
            f" all over after {self.over:.1f} s ({self.over - self.first:.2f} s after the first); {self.whole:,} have each step once"
        )


async def kill_and_wait(url: str, runs: int) -> Resumed:
    """The lease is the default one; the heir is idle until the kill."""
    async with AsyncExitStack() as started:
        client = await started.enter_async_context(Mainstem(url))
        victim = await started.enter_async_context(working(url, "victim", runs))
        handles = await asyncio.gather(*(client.start(held, VALUE) for _ in range(runs)))
        conn = started.enter_context(psycopg.connect(url, autocommit=True))
        owner = await until_held(conn, runs)
        await started.enter_async_context(working(url, "heir", runs))
        os.kill(victim.pid, signal.SIGKILL)
        first, last, over = await watched(conn, owner)
        [(_found, whole)] = conn.execute(RECORDED, [STEPS, [handle.run_id for handle in handles]]).fetchall()
    return Resumed(runs, first, last, over, whole)


async def until_held(conn: psycopg.Connection[Any], runs: int) -> Any:
    """Until the victim has all of them, in their second step; its id."""
    while True:
        owner = conn.execute(OWNERS).fetchone()
        if owner is not None and conn.execute(HELD, owner).fetchone() == (runs,):
            return owner[0]
        await asyncio.sleep(LOOKS_EVERY)


async def watched(conn: psycopg.Connection[Any], victim: Any) -> tuple[float, float, float]:
    """Seconds from now until the first run was no longer the victim's, until none was, until none was left."""
    began = time.monotonic()
    first = last = 0.0
    [(all_of_them, _)] = conn.execute(LEFT, [victim]).fetchall()
    while True:
        [(left, its)] = conn.execute(LEFT, [victim]).fetchall()
        now = time.monotonic() - began
        first = first or (now if its < all_of_them else 0.0)
        last = last or (now if its == 0 else 0.0)
        if left == 0:
            return first, last, now
        await asyncio.sleep(LOOKS_EVERY)


@asynccontextmanager
async def working(url: str, part: str, slots: int) -> AsyncIterator[Process]:
    """A worker's process, when it is ready to work."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, url, part, str(slots), stdin=PIPE, stdout=PIPE
    )
    try:
        assert process.stdout is not None
        if not await process.stdout.readline():
            sys.exit(f"the {part} did not start; see what it wrote above")
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def work(url: str, slots: int) -> None:
    async with Mainstem(url) as client, Worker(client, [held], Terms(slots=slots, grace=0)):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    run(work(sys.argv[1], int(sys.argv[3])))
