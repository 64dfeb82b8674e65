"""Durable workflows beside DBOS on the same server, and beside the same code without a ledger.

    pip install -e '.[bench]'       # brings DBOS 3.4.0
    python bench/engine.py          # about four minutes

A run has ten sequential steps that do nothing, about 200 bytes in and out. mainstem runs in one process, 64 and 256
runs at once, the next started when one has ended; DBOS in two processes of 4 runs each, its best setting here,
its tables vacuumed and analyzed before each window.
Windows alternate; medians of those that nobody disturbed. At rest: one run at a time, from start to result.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from database import SETTINGS, bench_server, database, ledger_database
from loop import run
from machine import machine
from mainstem import Mainstem, Worker, step, workflow
from mainstem.engine.worker import Terms
from meter import Meter, Window, percentile
from report import Claim, Sides, conclude, print_settings
from work import STEPS, VALUE

CONCURRENT = (64, 256)
DBOS_PROCESSES = 2
DBOS_RUNS = 4
"""In each process: of 2, 3, 4, 5, 6, 8, 12, 20 and 32 the best one here; at 20 it does a third less."""

SLOWEST_DBOS = 500
"""Steps a second below which something is wrong with the peer, and the comparison does not count."""

WARM_UP = 1.0


@step
async def noop(value: dict[str, Any]) -> dict[str, Any]:
    return value


@workflow("ten steps")
async def ten_steps(value: dict[str, Any]) -> dict[str, Any]:
    for _ in range(STEPS):
        value = await noop(value)
    return value


class Peers:
    """The processes of DBOS."""

    def __init__(self, processes: list[Process]) -> None:
        self._processes = processes
        self.pids = [process.pid for process in processes]

    async def run(self, at_once: int, seconds: float) -> list[float]:
        """The latencies of the runs that ended within this time."""
        told = await asyncio.gather(*(_asked(process, at_once, seconds) for process in self._processes))
        return [latency for latencies in told for latency in latencies]

    async def run_alone(self, seconds: float) -> list[float]:
        """As `run`, one at a time."""
        return await _asked(self._processes[0], 1, seconds)


@asynccontextmanager
async def peers(url: str) -> AsyncIterator[Peers]:
    """DBOS, launched and idle."""
    script = str(Path(__file__).with_name("dbos_peer.py"))
    processes = []
    for number in range(DBOS_PROCESSES):
        process = await asyncio.create_subprocess_exec(
            sys.executable, script, url, f"peer{number}", stdin=PIPE, stdout=PIPE, limit=2**24
        )
        processes.append(process)
        await _line(process)  # one after the other: the first one makes the schema
    try:
        yield Peers(processes)
    finally:
        for process in processes:
            process.terminate()
            await process.wait()


async def _asked(process: Process, at_once: int, seconds: float) -> list[float]:
    assert process.stdin is not None
    process.stdin.write(f"{at_once} {seconds}\n".encode())
    latencies: list[float] = json.loads(await _line(process))
    return latencies


async def _line(process: Process) -> bytes:
    assert process.stdout is not None
    if not (line := await process.stdout.readline()):
        sys.exit("DBOS did not start; see what it wrote above")
    return line


@dataclass
class Bench:
    """Both sides, idle until their window."""

    client: Mainstem
    peers: Peers
    meter: Meter
    seconds: float
    dbos_url: str
    sides: Sides = field(default_factory=Sides)

    async def measure_round(self) -> None:
        """One window of each."""
        for runs in CONCURRENT:
            self.sides.add(_mainstem(runs), await self._closed_loop(runs, self._durable))
        self.sides.add("DBOS", await self._dbos())
        self.sides.add("plain Python", await self._closed_loop(1, self._plain))

    async def rest(self) -> tuple[list[float], list[float]]:
        """Latencies of single runs: mainstem's and DBOS's."""
        ours = await self._closed_loop(1, self._durable)
        return list(ours.latencies), await self.peers.run_alone(self.seconds)

    async def _durable(self) -> None:
        started = await self.client.start(ten_steps, VALUE)
        await started.result()

    async def _plain(self) -> None:
        await ten_steps(VALUE)

    async def _closed_loop(self, at_once: int, run_one: Callable[[], Awaitable[None]]) -> Window:
        latencies: list[float] = []
        end = time.perf_counter() + WARM_UP + self.seconds

        async def loop() -> None:
            while (began := time.perf_counter()) < end:
                await run_one()
                latencies.append(time.perf_counter() - began)
                if run_one == self._plain:
                    await asyncio.sleep(0)

        self.meter.checkpoint()
        tasks = [asyncio.create_task(loop()) for _ in range(at_once)]
        await asyncio.sleep(WARM_UP)
        latencies.clear()
        began = self.meter.read()
        await asyncio.sleep(end - time.perf_counter())
        window = self.meter.window(began, len(latencies) * STEPS, list(latencies))
        await asyncio.gather(*tasks)
        return window

    async def _dbos(self) -> Window:
        with psycopg.connect(self.dbos_url, autocommit=True) as conn:
            conn.execute("vacuum analyze")  # it slows down as its tables grow
        self.meter.checkpoint()
        began = self.meter.read(self.peers.pids)
        latencies = await self.peers.run(DBOS_RUNS, 2 * self.seconds)
        return self.meter.window(began, len(latencies) * STEPS, latencies, self.peers.pids)


async def measure(url: str, dbos_url: str, postmaster: int, chosen: argparse.Namespace) -> int:
    terms = Terms(slots=2 * max(CONCURRENT))
    async with Mainstem(url) as client, Worker(client, [ten_steps], terms), peers(dbos_url) as dbos:
        bench = Bench(client, dbos, Meter(url, postmaster), chosen.seconds, dbos_url)
        await dbos.run(DBOS_RUNS, 2 * WARM_UP)
        for _ in range(chosen.rounds):
            await bench.measure_round()
        ours, theirs = await bench.rest()
    bench.sides.print()
    for name, latencies in (("mainstem", ours), ("DBOS", theirs)):
        p50, p99 = percentile(latencies, 50), percentile(latencies, 99)
        print(f"at rest, {name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms of {len(latencies)} runs")
    return conclude(_claims(bench.sides, ours), bench.sides.faults + _faults(bench.sides, url))


def _claims(sides: Sides, rest: list[float]) -> list[Claim]:
    best = max(sides.rate(_mainstem(runs)) for runs in CONCURRENT)
    return [
        Claim("durable steps/s / DBOS", best / sides.rate("DBOS"), 15, 40),
        Claim("a run at rest, start to result", percentile(rest, 50), 15, 8, "ms", at_most=True),
    ]


def _faults(sides: Sides, url: str) -> list[str]:
    faults = []
    if (rate := sides.rate("DBOS")) < SLOWEST_DBOS:
        faults.append(f"DBOS made only {rate:.0f} steps/s")
    with psycopg.connect(url) as conn:
        [(incomplete,)] = conn.execute(
            "select count(*) from mainstem.user_workflow_run r where r.status <> 'completed' or %s <> ("
            " select count(*) from mainstem.user_workflow_run_step s"
            "  where s.run_id = r.run_id and s.status = 'completed')",
            [STEPS],
        ).fetchall()
    if incomplete:
        faults.append(f"{incomplete} runs are not completed with {STEPS} steps")
    return faults


def _mainstem(runs: int) -> str:
    return f"mainstem, {runs} runs"


def main() -> int:
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--seconds", type=float, default=8, help="of one window; DBOS gets twice as long")
    given.add_argument("--rounds", type=int, default=5, help="windows of each")
    chosen = given.parse_args()
    if find_spec("dbos") is None:
        print("DBOS is not installed: pip install -e '.[bench]'", file=sys.stderr)
        return 2
    print(machine())
    print_settings(SETTINGS)
    with bench_server() as server, ledger_database(server) as url, database(server, "bench_dbos") as dbos_url:
        return run(measure(url, dbos_url, server.pid or 0, chosen))


if __name__ == "__main__":
    sys.exit(main())
