"""docs/several-hosts.md: what it says of keys is so, and every figure says what it is."""

from __future__ import annotations

import re

from documented import DOCS

from conditions import ON_ONE_SERVER
from conftest import Database

pytestmark = ON_ONE_SERVER

BY_TENANT = {
    "user_workflow_breakpoint",
    "user_workflow_change",
    "user_workflow_idempotency",
    "user_workflow_schedule_firing",
    "user_workflow_step_cache",
}
"""Tables that tell of runs and are keyed by tenant."""

OF_RUNS = """
select c.relname as name, (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = k.conkey[1]) as first
  from pg_class c join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
 where c.relnamespace = 'mainstem'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
   and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname in ('run_id', 'run_ids'))
"""


def test_the_keys_of_what_belongs_to_a_run_begin_with_it(database: Database) -> None:
    first = {row["name"]: row["first"] for row in database.rows(OF_RUNS)}
    assert {"user_workflow_run", "user_workflow_run_step", "user_workflow_run_queue"} <= set(first)
    assert {name for name, column in first.items() if column != "run_id"} - BY_TENANT == set()


def test_each_figure_is_measured_tested_or_an_estimate(server_url: str) -> None:
    page = (DOCS / "several-hosts.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?!\|)(.*) \| (.*) \| (.*) \|$", page, re.MULTILINE)
    assert len(rows) > 5
    assert [
        what for what, kind, _ in rows if not re.search(r"\*\*(measured|tested)\*\*|\*estimate\*", kind)
    ] == []
