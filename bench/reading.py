"""A run with its ten steps, read as one document out of a million steps.

    python bench/reading.py         # about two minutes, most of it loading

Runs of the last four weeks are loaded by COPY and vacuumed; then random ones are read, one after the other and by eight
readers at once: with the one SQL function, as a tenant under row level security, and through the client.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from database import SETTINGS, bench_server, ledger_database
from loop import run
from machine import machine
from mainstem import Mainstem
from mainstem.ids import new_run_id, step_id
from mainstem.ledger import runs
from mainstem.ledger.call import perform
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import aconnect, connect
from meter import Meter, Window
from report import Claim, Sides, conclude, print_settings
from work import STEPS, VALUE

READERS = (1, 8)
WARM_UP = 1.0
DAYS = 28

COPY_RUNS = (
    "copy mainstem.user_workflow_run (run_id, workflow_id, org_id, status, channel, driver, started_at, ended_at,"
    " duration_ms, input_data, output_data) from stdin"
)
COPY_STEPS = (
    "copy mainstem.user_workflow_run_step (step_id, run_id, org_id, step_number, node_key, status, started_at,"
    " ended_at, duration_ms, input_data, output_data) from stdin"
)
READ = "select mainstem.read_workflow_run(%s)"

Read = Callable[[UUID], Awaitable[object]]


def load(conn: psycopg.Connection[object], workflow_id: UUID, number: int) -> list[UUID]:
    """Ended runs, each with its steps; their ids."""
    now = datetime.now(UTC)
    begun = sorted(now - timedelta(days=DAYS * random.random()) for _ in range(number))
    run_ids = [new_run_id(at) for at in begun]
    for at in (now, now - timedelta(days=DAYS)):
        conn.execute("select mainstem.ensure_workflow_leaf(%s)", [at])
    _copy(conn, COPY_RUNS, (_run_line(r, workflow_id, at) for r, at in zip(run_ids, begun, strict=True)))
    _copy(conn, COPY_STEPS, (_step_lines(r, at) for r, at in zip(run_ids, begun, strict=True)))
    conn.execute("vacuum (analyze) mainstem.user_workflow_run, mainstem.user_workflow_run_step")
    conn.execute("checkpoint")
    return run_ids


def _copy(conn: psycopg.Connection[object], statement: str, lines: Iterable[str]) -> None:
    with conn.cursor().copy(statement.encode()) as copy:
        for block in _blocks(lines):
            copy.write(block)


def _blocks(lines: Iterable[str], most: int = 500) -> Iterator[str]:
    block: list[str] = []
    for line in lines:
        block.append(line)
        if len(block) == most:
            yield "".join(block)
            block.clear()
    yield "".join(block)


TEXT = json.dumps(VALUE)


def _run_line(run_id: UUID, workflow_id: UUID, at: datetime) -> str:
    end = at + timedelta(seconds=1)
    cells = (run_id, workflow_id, DEFAULT_ORG, "completed", "web", "engine", at, end, 1000, TEXT, TEXT)
    return "\t".join(map(str, cells)) + "\n"


def _step_lines(run_id: UUID, at: datetime) -> str:
    rest = f"noop\tcompleted\t{at}\t{at}\t0\t{TEXT}\t{TEXT}\n"
    return "".join(
        f"{step_id(run_id, number)}\t{run_id}\t{DEFAULT_ORG}\t{number}\t{rest}"
        for number in range(1, STEPS + 1)
    )


async def measure(url: str, meter: Meter, run_ids: list[UUID], seconds: float) -> Sides:
    sides = Sides()
    async with Mainstem(url) as client:
        for readers in READERS:
            opened = [await _tenant(url) for _ in range(readers)]
            of_sql = [_by_sql(conn) for conn in opened]
            sides.add(f"SQL, {_readers(readers)}", await _window(of_sql, meter, run_ids, seconds))
            of_client: list[Read] = [client.get_run] * readers
            sides.add(f"client, {_readers(readers)}", await _window(of_client, meter, run_ids, seconds))
            for conn in opened:
                await conn.close()
    return sides


async def _tenant(url: str) -> psycopg.AsyncConnection[tuple[object, ...]]:
    conn = await aconnect(url, role="mainstem_app", application_name="bench reader")
    await conn.execute("select set_config('app.current_org_id', %s, false)", [str(DEFAULT_ORG)])
    return conn


def _by_sql(conn: psycopg.AsyncConnection[tuple[object, ...]]) -> Read:
    async def read(run_id: UUID) -> object:
        found = await conn.execute(READ, [run_id], prepare=True)
        [(document,)] = await found.fetchall()
        return document

    return read


async def _window(reads: list[Read], meter: Meter, run_ids: list[UUID], seconds: float) -> Window:
    latencies: list[float] = []
    end = time.perf_counter() + WARM_UP + seconds

    async def loop(read: Read) -> None:
        while (began := time.perf_counter()) < end:
            await read(random.choice(run_ids))
            latencies.append(time.perf_counter() - began)

    tasks = [asyncio.create_task(loop(read)) for read in reads]
    await asyncio.sleep(WARM_UP)
    latencies.clear()
    began = meter.read()
    await asyncio.sleep(end - time.perf_counter())
    window = meter.window(began, len(latencies), list(latencies))
    await asyncio.gather(*tasks)
    return window


def _readers(number: int) -> str:
    return f"{number} reader{'s' * (number > 1)}"


def main() -> int:
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--runs", type=int, default=100_000, help="of ten steps each")
    given.add_argument("--seconds", type=float, default=10, help="of one window")
    chosen = given.parse_args()
    print(machine())
    print_settings(SETTINGS)
    with bench_server() as server, ledger_database(server) as url:
        with connect(url, role="mainstem_app", application_name="bench") as conn:
            workflow_id = perform(conn, runs.register_workflow("bench", None), org_id=DEFAULT_ORG)
        began = time.perf_counter()
        with psycopg.connect(url, autocommit=True) as superuser:
            run_ids = load(superuser, workflow_id, chosen.runs)
        print(f"{chosen.runs:,} runs, {chosen.runs * STEPS:,} steps, {time.perf_counter() - began:.0f} s")
        sides = run(measure(url, Meter(url, server.pid or 0), run_ids, chosen.seconds))
    sides.print()
    claims = [
        Claim(f"one document by {side}", sides.median(f"{side}, 1 reader"), 1, 0.5, "ms p50", at_most=True)
        for side in ("SQL", "client")
    ]
    return conclude(claims, sides.faults)


if __name__ == "__main__":
    sys.exit(main())
