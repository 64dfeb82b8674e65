"""A run with its ten steps read as one document, at a million steps.

    python bench/reading.py          # about a minute

Raw: `read_workflow_run` on one connection, the answer as text. Through the client: `get_run`, which makes values of it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from uuid import UUID

import psycopg

from loop import run
from machine import machine
from mainstem import Mainstem
from mainstem.ledger import runs
from mainstem.ledger.call import perform
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import connect
from meter import percentile
from report import Claim, conclude, print_settings, print_table
from server import SETTINGS, bench_server, ledger_database
from work import STEPS, VALUE

FILL_RUNS = """
insert into mainstem.user_workflow_run (run_id, workflow_id, org_id, status, channel, driver, started_at, ended_at, duration_ms, input_data, output_data)
select mainstem.new_run_id(clock_timestamp()), %s, %s, 'completed', 'web', 'recorded', clock_timestamp(), clock_timestamp(), 0, %s::jsonb, %s::jsonb
  from generate_series(1, %s)"""

FILL_STEPS = """
insert into mainstem.user_workflow_run_step
  (step_id, run_id, org_id, step_number, node_key, status, started_at, ended_at, duration_ms, input_data, output_data)
select mainstem.step_id(r.run_id, n), r.run_id, r.org_id, n, 'noop', 'completed', r.started_at, r.ended_at, 0, %s::jsonb, %s::jsonb
  from mainstem.user_workflow_run r, generate_series(1, %s) n"""


def fill(url: str, number: int) -> list[UUID]:
    """So many runs with their steps; the ids of some of them."""
    with connect(url, role="mainstem_app", application_name="bench") as conn:
        workflow_id = perform(conn, runs.register_workflow("bench", None), org_id=DEFAULT_ORG)
    value = json.dumps(VALUE)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(FILL_RUNS, [workflow_id, DEFAULT_ORG, value, value, number])
        conn.execute(FILL_STEPS, [value, value, STEPS])
        conn.execute("vacuum analyze")
        some = conn.execute(
            "select run_id from mainstem.user_workflow_run order by random() limit 5000"
        ).fetchall()
    return [run_id for (run_id,) in some]


def read_raw(url: str, run_ids: list[UUID], seconds: float) -> list[float]:
    latencies = []
    with connect(url, role="mainstem_app", application_name="bench") as conn:
        conn.execute("select set_config('app.current_org_id', %s, false)", [str(DEFAULT_ORG)])
        end = time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            query = "select mainstem.read_workflow_run(%s)::text"
            conn.execute(query, [random.choice(run_ids)], prepare=True).fetchone()
            latencies.append(time.perf_counter() - began)
    return latencies


async def read_by_client(url: str, run_ids: list[UUID], seconds: float) -> list[float]:
    latencies = []
    async with Mainstem(url) as ms:
        await ms.get_run(run_ids[0])
        end = time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            found = await ms.get_run(random.choice(run_ids))
            latencies.append(time.perf_counter() - began)
            if len(found.steps) != STEPS:
                raise SystemExit(f"run {found.run_id} has {len(found.steps)} steps")
    return latencies


def main() -> int:
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--runs", type=int, default=100_000)
    given.add_argument("--seconds", type=float, default=5)
    chosen = given.parse_args()
    print(machine())
    print_settings(SETTINGS)
    with bench_server() as server, ledger_database(server) as url:
        run_ids = fill(url, chosen.runs)
        found = {
            "one document, raw": read_raw(url, run_ids, chosen.seconds),
            "get_run of the client": run(read_by_client(url, run_ids, chosen.seconds)),
        }
    rows = [
        (name, f"{len(taken):,}", f"{percentile(taken, 50):.2f}", f"{percentile(taken, 99):.2f}")
        for name, taken in found.items()
    ]
    print_table((f"at {chosen.runs * STEPS:,} steps", "reads", "p50 ms", "p99 ms"), rows)
    raw = percentile(found["one document, raw"], 50)
    return conclude([Claim("a run as one document, p50", raw, 1, 0.5, unit="ms", at_most=True)], [])


if __name__ == "__main__":
    sys.exit(main())
