"""What a hundred thousand waiting runs cost at rest, and what they cost the others.

    python bench/waiting.py             # some three minutes
    RUNS=10000 python bench/waiting.py

A worker takes runs that do one step and then wait for a person, three days at most. When all wait: what the worker and the server use
while nothing happens, what a run of one step takes from start to result beside the same on the empty ledger (windows alternate with
nothing else in them, so the first comes before and the second after), and how soon one of the waiting is woken by its signal.
"""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg

from database import SETTINGS, bench_server, ledger_database
from loop import run
from machine import machine
from mainstem import Mainstem, Worker, approval, days, step, wait_for_signal, workflow
from mainstem.engine.worker import Terms
from meter import Meter, percentile

RUNS = int(os.environ.get("RUNS", "100000"))
AT_ONCE = 500
REST = 10.0
ALONE = 200
WOKEN = 200


@step
async def prepare(number: int) -> int:
    return number


@workflow("one step")
async def one_step(number: int) -> int:
    return await prepare(number)


@workflow("asked")
async def asked(number: int) -> int:
    await prepare(number)
    if number % 2:
        await approval("supervisor", timeout=days(3))
    else:
        await wait_for_signal("supervisor", timeout=days(3))
    return number


async def many(count: int, ask: Callable[[int], Awaitable[object]]) -> None:
    numbers = iter(range(count))

    async def some() -> None:
        for number in numbers:
            await ask(number)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def alone(ms: Mainstem) -> list[float]:
    """One run after the other, from start to result."""
    took = []
    for number in range(ALONE):
        began = time.perf_counter()
        await (await ms.start(one_step, number)).result()
        took.append(time.perf_counter() - began)
    return took


async def woken(ms: Mainstem, url: str) -> list[float]:
    """Waiting runs, one after the other, from their signal to their result."""
    with psycopg.connect(url) as conn:
        found = conn.execute(
            "select run_id from mainstem.user_workflow_run_queue where waiting_for = '{supervisor}' order by random() limit %s",
            [WOKEN],
        ).fetchall()
    took = []
    for (run_id,) in found:
        began = time.perf_counter()
        await ms.signal(run_id, "supervisor")
        await ms.result(run_id)
        took.append(time.perf_counter() - began)
    return took


async def until_all_wait(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        while True:
            busy = conn.execute(
                "select exists (select from mainstem.user_workflow_run_queue where state <> 'waiting')"
            ).fetchone()
            if busy == (False,):
                return
            await asyncio.sleep(0.2)


def told(name: str, took: list[float]) -> None:
    print(f"{name}: p50 {percentile(took, 50):.2f} ms, p99 {percentile(took, 99):.2f} ms of {len(took)}")


def memory() -> int:
    """MiB that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // 2**20


async def bench() -> None:
    print(machine())
    print(SETTINGS)
    with bench_server() as server, ledger_database(server) as url:
        meter = Meter(url, server.pid or 0)
        async with Mainstem(url) as ms, Worker(ms, [one_step, asked], Terms(slots=AT_ONCE)):
            await alone(ms)
            before, held = await alone(ms), memory()
            began = time.perf_counter()
            await many(RUNS, lambda number: ms.start(asked, number))
            await until_all_wait(url)
            print(f"{RUNS:,} runs begun, and waiting, after {time.perf_counter() - began:.1f} s")
            meter.checkpoint()
            await asyncio.sleep(2)
            reading = meter.read()
            await asyncio.sleep(REST)
            rest = meter.window(reading, 1, [])
            print(
                f"at rest for {REST:g} s: worker {rest.client / 1e6:.2f} s of CPU, server {rest.server / 1e6:.2f} s, "
                f"{rest.commits:.0f} commits, {rest.wal:,.0f} B of WAL; worker {memory()} MiB, {held} MiB before they were begun"
            )
            told("one step on the empty ledger", before)
            after = await alone(ms)
            told(f"one step among {RUNS:,} waiting runs", after)
            print(f"ratio of the medians: {percentile(after, 50) / percentile(before, 50):.2f}")
            told("woken by a signal, to its result", await woken(ms, url))


if __name__ == "__main__":
    run(bench())
