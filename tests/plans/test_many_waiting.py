"""Many waiting runs: claims, heartbeats and housekeeping read none of them before their time."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from conftest import Clock, Database, Tenant

WAITING = 20_000
"""Of each kind: for ever, and for a time to come."""

RUNS = """
with made as (
  insert into mainstem.user_workflow_run (run_id, org_id, workflow_id, status, channel, started_at, driver)
  select mainstem.new_run_id(), %(org)s, %(workflow)s, 'waiting', 'web', now(), 'engine' from generate_series(1, %(many)s)
  returning run_id, org_id)
insert into mainstem.user_workflow_run_queue (run_id, org_id, state, due_at, waiting_for)
select run_id, org_id, 'waiting', %(due)s::timestamptz, %(names)s from made
"""
ASKED = {
    "claim": "select * from mainstem._claim_v1(%(worker)s, '{default}', 10, '{null}', '{null}')",
    "heartbeat": "select * from mainstem._heartbeat_v1(%(worker)s)",
    "reap": "select * from mainstem._reap_v1()",
    "ready in": "select mainstem._ready_in_v1()",
}
CARELESS = "select run_id from mainstem.user_workflow_run_queue where state = 'waiting' and due_at <= clock_timestamp()"
DEEPER = 12
"""Pages that a larger index may cost."""


def pages(conn: Any, query: str, worker: UUID) -> int:
    """That a statement and the functions in it looked at, the second time that it is asked."""
    for _ in range(2):
        [row] = conn.execute(
            f"explain (analyze, buffers, timing off, format json) {query}", {"worker": worker}
        ).fetchall()
    [plan] = row["QUERY PLAN"]
    return int(plan["Plan"]["Shared Hit Blocks"]) + int(plan["Plan"]["Shared Read Blocks"])


@pytest.fixture
def worker(database: Database) -> UUID:
    worker = uuid4()
    conn = database.connect("mainstem_worker", None)
    conn.execute("select mainstem._register_worker_v1(%s, 'host', 1, '{}', '1 hour')", [worker])
    return worker


def make_wait(database: Database, tenant: Tenant, many: int, due: str, names: list[str]) -> None:
    conn = database.connect(role=None, org_id=None)
    given = {"org": tenant.org_id, "workflow": tenant.workflow_id, "many": many, "due": due, "names": names}
    conn.execute(RUNS, given)
    conn.execute("vacuum analyze mainstem.user_workflow_run_queue")


def test_what_a_worker_asks_reads_no_waiting_run_before_its_time(
    database: Database, tenant: Tenant, worker: UUID, clock: Clock
) -> None:
    conn = database.connect("mainstem_worker", None)
    alone = {name: pages(conn, query, worker) for name, query in ASKED.items()}
    make_wait(database, tenant, WAITING, "infinity", ["supervisor"])
    make_wait(database, tenant, WAITING, "2999-01-01", [])
    conn = database.connect("mainstem_worker", None)
    among = {name: pages(conn, query, worker) for name, query in ASKED.items()}
    assert {name: count for name, count in among.items() if count > alone[name] + DEEPER} == {}
    assert pages(conn, CARELESS, worker) > 10 * DEEPER  # it would be seen

    make_wait(database, tenant, 3, "2000-01-01", [])
    claimed = conn.execute(ASKED["claim"], {"worker": worker}).fetchall()
    assert len(claimed) == 3


def test_a_signal_to_one_of_many_reads_its_row_alone(
    database: Database, tenant: Tenant, worker: UUID
) -> None:
    make_wait(database, tenant, WAITING, "infinity", ["supervisor"])
    one = database.value("select run_id from mainstem.user_workflow_run_queue limit 1")
    app = database.connect()
    first = f"select mainstem.send_workflow_signal('{one}', 'other')"
    assert pages(app, first, worker) < 150
    app.execute(f"select mainstem.send_workflow_signal('{one}', 'supervisor')")
    conn = database.connect("mainstem_worker", None)
    assert [row["run_id"] for row in conn.execute(ASKED["claim"], {"worker": worker})] == [one]
