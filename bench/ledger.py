"""The recorder beside the fastest way into the same table (COPY) and the plainest (two statements a step).

    python bench/ledger.py          # about three minutes

All three write steps of existing runs into the same partitioned table, each with its input and output of about 200
bytes, made inside the timing. The recorder does so for 1 to 1,000 writers, each of which waits until its step is
durable before the next; COPY in batches of 1,000, each its own commit, as a superuser, whom row level security
spares; the plainest way inserts each step as running and updates it when it ends, each in a commit of its own, on 16
connections. Windows alternate; medians of those that nobody disturbed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import AsyncConnection

from database import SETTINGS, bench_server, ledger_database
from loop import run
from machine import machine
from mainstem.flow.values import dumped
from mainstem.ids import new_run_id, step_id
from mainstem.ledger import queue, runs
from mainstem.ledger.call import aperform, perform
from mainstem.ledger.recorder import STARTS, STEPS, Recorder
from mainstem.ledger.records import StartRecord, StepRecord
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import aconnect, connect
from meter import Meter, Window
from report import Claim, Sides, conclude, print_settings
from work import VALUE

WRITERS = (1, 16, 64, 256, 1000)
BATCH = 1000
CONNECTIONS = 16
WARM_UP = 0.5
COLUMNS = (
    "step_id, run_id, org_id, step_number, node_key, iteration, status, started_at, ended_at, duration_ms,"
    " input_data, output_data"
)
COPY = f"copy mainstem.user_workflow_run_step ({COLUMNS}) from stdin"
BEGIN_STEP = (
    "insert into mainstem.user_workflow_run_step"
    " (step_id, run_id, org_id, step_number, node_key, iteration, status, started_at, input_data)"
    " values (%s, %s, %s, %s, 'noop', %s, 'running', %s, %s::jsonb)"
)
END_STEP = (
    "update mainstem.user_workflow_run_step set status = 'completed', ended_at = %s, duration_ms = %s,"
    " output_data = %s::jsonb, updated_at = %s where run_id = %s and step_number = %s"
)


@dataclass
class Bench:
    """One database, and the windows taken in it."""

    url: str
    meter: Meter
    seconds: float
    workflow_id: UUID
    sides: Sides = field(default_factory=Sides)

    def measure_round(self) -> None:
        """One window of each."""
        for writers in WRITERS:
            self.sides.add(_recorder(writers), run(self.recorder(writers)))
            if writers == CONNECTIONS:
                self.sides.add("two commits a step", run(self.two_commits()))
            if writers == 256:
                self.sides.add("COPY of 1,000", self.copy())

    async def recorder(self, writers: int) -> Window:
        async with self._recorder() as recorder:
            started = [
                StartRecord(new_run_id(), DEFAULT_ORG, self.workflow_id, "web", b"{}") for _ in range(writers)
            ]
            await asyncio.gather(*(recorder.put(STARTS, start) for start in started))
            loops = [_record_steps(recorder, start.run_id) for start in started]
            return await self._timed(loops)

    @asynccontextmanager
    async def _recorder(self) -> AsyncIterator[Recorder]:
        worker_id = uuid4()

        async def open_connection() -> AsyncConnection[Any]:
            return await aconnect(self.url, role="mainstem_worker", application_name="bench recorder")

        async def enter(conn: AsyncConnection[Any]) -> None:
            call = queue.register_worker(worker_id, host="bench", pid=os.getpid(), capabilities={}, ttl=600)
            await aperform(conn, call)

        async with Recorder(worker_id, open_connection, enter) as recorder:
            yield recorder

    async def two_commits(self) -> Window:
        run_ids = self._runs_of_callers(CONNECTIONS)
        opened = [await AsyncConnection.connect(self.url, autocommit=True) for _ in run_ids]
        loops = [_insert_and_update(conn, run_id) for conn, run_id in zip(opened, run_ids, strict=True)]
        window = await self._timed(loops)
        for conn in opened:
            await conn.close()
        return window

    async def _timed(self, loops: list[AsyncIterator[float]]) -> Window:
        """The latencies that these loops give within the window."""
        latencies: list[float] = []
        end = time.perf_counter() + WARM_UP + self.seconds

        async def work(steps: AsyncIterator[float]) -> None:
            async for latency in steps:
                if time.perf_counter() > end:
                    return
                latencies.append(latency)

        self.meter.checkpoint()
        tasks = [asyncio.create_task(work(steps)) for steps in loops]
        await asyncio.sleep(WARM_UP)
        latencies.clear()
        began = self.meter.read()
        await asyncio.sleep(end - time.perf_counter())
        window = self.meter.window(began, len(latencies), list(latencies))
        await asyncio.gather(*tasks)
        return window

    def copy(self) -> Window:
        run_ids = self._runs_of_callers(BATCH // 4)
        latencies = []
        self.meter.checkpoint()
        with psycopg.connect(self.url, autocommit=True) as conn:
            batches = _copy_batches(conn, run_ids)
            next(batches)
            began = self.meter.read()
            while time.perf_counter() < began.at + self.seconds:
                latencies.append(next(batches))
            return self.meter.window(began, len(latencies) * BATCH, latencies)

    def _runs_of_callers(self, number: int) -> list[UUID]:
        """Runs that are not over and that no worker moves."""
        run_ids = [new_run_id() for _ in range(number)]
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.cursor().executemany(
                "insert into mainstem.user_workflow_run"
                " (run_id, workflow_id, org_id, status, channel, driver, started_at)"
                " values (%s, %s, %s, 'running', 'web', 'caller', clock_timestamp())",
                [(run_id, self.workflow_id, DEFAULT_ORG) for run_id in run_ids],
            )
        return run_ids


async def _record_steps(recorder: Recorder, run_id: UUID) -> AsyncIterator[float]:
    number = 0
    while True:
        number += 1
        began = time.perf_counter()
        began_ns = time.monotonic_ns()
        record = StepRecord(run_id, 1, number, number, b"noop", began_ns)
        record.input_data = dumped(VALUE, "input")
        record.output_data = dumped(VALUE, "output")
        record.status, record.ended_ns = b"completed", time.monotonic_ns()
        await recorder.put(STEPS, record)
        yield time.perf_counter() - began


async def _insert_and_update(conn: AsyncConnection[Any], run_id: UUID) -> AsyncIterator[float]:
    number = 0
    while True:
        number += 1
        began, moment = time.perf_counter(), datetime.now(UTC)
        begun = (step_id(run_id, number), run_id, DEFAULT_ORG, number, number, moment, json.dumps(VALUE))
        await conn.execute(BEGIN_STEP, begun, prepare=True)
        end = datetime.now(UTC)
        ended = (end, (end - moment).microseconds // 1000, json.dumps(VALUE), end, run_id, number)
        await conn.execute(END_STEP, ended, prepare=True)
        yield time.perf_counter() - began


def _copy_batches(conn: psycopg.Connection[Any], run_ids: list[UUID]) -> Iterator[float]:
    """Batches of steps, the runs taking turns; each gives how long it took."""
    first = 1
    while True:
        began = time.perf_counter()
        with conn.cursor().copy(COPY) as copy:
            for number in range(first, first + BATCH // len(run_ids)):
                for run_id in run_ids:
                    copy.write_row(_row(run_id, number))
        first += BATCH // len(run_ids)
        yield time.perf_counter() - began


def _row(run_id: UUID, number: int) -> tuple[Any, ...]:
    began = datetime.now(UTC)
    values = json.dumps(VALUE), json.dumps(VALUE)
    return step_id(run_id, number), run_id, DEFAULT_ORG, number, "noop", number, "completed", began, datetime.now(UTC), 0, *values  # fmt: skip


def _recorder(writers: int) -> str:
    return f"recorder, {writers:,} writer{'s' * (writers > 1)}"


def _claims(sides: Sides) -> list[Claim]:
    return [
        Claim("recorder at 256 writers / COPY of 1,000", sides.rate(_recorder(256)) / sides.rate("COPY of 1,000"), 0.5, 0.8),
        Claim("recorder at 16 writers / two commits a step", sides.rate(_recorder(16)) / sides.rate("two commits a step"), 3, 4),
    ]  # fmt: skip


def main() -> int:
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--seconds", type=float, default=4, help="of one window")
    given.add_argument("--rounds", type=int, default=5, help="windows of each")
    chosen = given.parse_args()
    print(machine())
    print_settings(SETTINGS)
    with bench_server() as server, ledger_database(server) as url:
        with connect(url, role="mainstem_app", application_name="bench") as conn:
            workflow_id = perform(conn, runs.register_workflow("bench", None), org_id=DEFAULT_ORG)
        bench = Bench(url, Meter(url, server.pid or 0), chosen.seconds, workflow_id)
        for _ in range(chosen.rounds):
            bench.measure_round()
    bench.sides.print()
    return conclude(_claims(bench.sides), bench.sides.faults)


if __name__ == "__main__":
    sys.exit(main())
