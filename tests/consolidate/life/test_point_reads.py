"""Reads by an old key after the cut-over: few rows are touched, however many there are."""

from __future__ import annotations

from typing import Any

from conftest import Database
from consolidations import living, old_code

MANY = 1500
FIRST_RUN, FIRST_STEP = 100_000, 1_000_000
PLAIN_ROWS = f"""
set session_replication_role = replica;
insert into workflow_trace (trace_id, workflow_id, channel, status, start_time, created_at, created_by)
select {FIRST_RUN} + n, t.workflow_id, 'web', 'active', timestamptz '2024-01-01' + n * interval '1 min', timestamptz '2024-01-01' + n * interval '1 min', t.created_by
  from workflow_trace t, generate_series(1, {MANY}) n where t.trace_id = 1001;
insert into workflow_steps (step_id, trace_id, node_id, step_number, status)
select {FIRST_STEP} + n * 4 + k, {FIRST_RUN} + n, s.node_id, k + 1, 'pending' from workflow_steps s, generate_series(1, {MANY}) n, generate_series(0, 3) k
 where s.step_id = 2001;
insert into workflow_events (event_id, trace_id, step_id, event_type, event_data)
select step_id, trace_id, step_id, 'x', '{{}}' from workflow_steps where step_id > {FIRST_STEP};
insert into workflow_trace_context (context_id, trace_id, key, value) select trace_id, trace_id, 'k', '1' from workflow_trace where trace_id > {FIRST_RUN};
"""
READS = [
    ("workflow_trace", "trace_id", 1),
    ("workflow_steps", "trace_id", 4),
    ("workflow_steps", "step_id", 1),
    ("workflow_events", "trace_id", 4),
    ("workflow_events", "step_id", 1),
    ("workflow_trace_context", "trace_id", 1),
]
WANTED = {"trace_id": FIRST_RUN + 700, "step_id": FIRST_STEP + 2802}


def touched(node: dict[str, Any]) -> int:
    """Rows that a plan read from tables, given back or not."""
    own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return int(own if "Relation Name" in node else 0) + sum(map(touched, node.get("Plans", [])))


def test_a_read_by_an_old_key_touches_few_rows(database: Database) -> None:
    with living(database) as life:
        with old_code(life.url) as conn:
            conn.execute(PLAIN_ROWS)
        life.forward()
        with old_code(life.url) as conn:
            for table, column, count in READS:
                query = f"select * from {table} where {column} = {WANTED[column]}"
                assert len(conn.execute(query.encode()).fetchall()) == count
                [(explained,)] = conn.execute(f"explain (analyze, format json) {query}".encode()).fetchall()
                assert touched(explained[0]["Plan"]) < 100, (table, column)
            life.conn.execute("drop index mainstem_consolidation.rcm_workflow_trace")
            scan = f"explain (analyze, format json) select * from workflow_trace where trace_id = {WANTED['trace_id']}"
            assert touched(conn.execute(scan.encode()).fetchall()[0][0][0]["Plan"]) > MANY
