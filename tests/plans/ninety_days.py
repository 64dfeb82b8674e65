"""A ledger of 90 daily leaves, and which of them a call reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import tuple_row

from conftest import TEMPLATE
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import connect
from servers import database as fresh_database

Connection = psycopg.Connection[Any]

OLDEST, NEWEST = -88, 1
"""Days from today of the first and the last leaf."""

RUNS_A_DAY = 200

TIMES = 3
"""A call is made so often, the last time with the plan for all arguments that PostgreSQL may keep from the sixth on."""

ITS_DAY = -40
"""The day of the runs that calls are made for."""

DAILY_LEAVES = """
do $$
declare
  leaf record;
  today timestamptz := date_trunc('day', now() at time zone 'UTC') at time zone 'UTC';
begin
  for leaf in select c.oid::regclass as name from pg_class c
               where relnamespace = 'mainstem'::regnamespace and relispartition and relkind = 'r' loop
    execute format('drop table %s', leaf.name);
  end loop;
  delete from mainstem.user_workflow_leaf;
  set local role mainstem_owner;
  for day in -88 .. 1 loop
    perform mainstem._make_workflow_leaf(today + day * interval '1 day', today + (day + 1) * interval '1 day');
  end loop;
end $$;
"""

DEFINITIONS = """
insert into mainstem.user_workflow (org_id, workflow_id, name)
values (%(org)s, %(workflow)s, 'intake'), (%(org)s, %(other_workflow)s, 'billing');
insert into mainstem.user_workflow_node (org_id, node_id, workflow_id, label) values (%(org)s, %(node)s, %(workflow)s, 'Read');
insert into mainstem.app_user (org_id, user_id) values (%(org)s, %(user)s);
insert into mainstem.user_workflow_config (org_id, config_id, config_type, workflow_id, config_data)
values (%(org)s, %(config)s, 'workflow', %(workflow)s, '{}');
select mainstem._register_worker_v1(%(worker)s, 'host', 1, '{}', '1 hour')
"""

PAST_RUNS = """
insert into mainstem.user_workflow_run
  (run_id, org_id, workflow_id, status, channel, external_id, started_at, ended_at, duration_ms, error_message, driver, context, created_at)
select mainstem.new_run_id(at), %(org)s, case when n %% 10 = 0 then %(other_workflow)s::uuid else %(workflow)s::uuid end,
       case when n %% 20 = 1 then 'failed' else 'completed' end, (array['web', 'voice', 'efax'])[1 + n %% 3], 'x-' || n,
       at, at + interval '3 seconds', 3000, case when n %% 20 = 1 then 'out of ink' end, 'caller', jsonb_build_object('claim', n), at
  from generate_series(0, 90 * %(runs)s::integer - 1) n
 cross join lateral (select date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - 88 * interval '1 day'
                            + n * interval '1 day' / %(runs)s as at) t
 where at < now();
insert into mainstem.user_workflow_run_step
  (step_id, run_id, org_id, step_number, node_id, status, started_at, ended_at, duration_ms, error_message, output_data)
select mainstem.step_id(r.run_id, n), r.run_id, r.org_id, n, %(node)s,
       case when r.status = 'failed' and n = 3 then 'failed' else 'completed' end,
       r.started_at + n * interval '1 second', r.started_at + (n + 1) * interval '1 second', 1000,
       case when r.status = 'failed' and n = 3 then 'out of ink' end, '{"pages": 3}'
  from mainstem.user_workflow_run r cross join generate_series(1, 3) n
"""

LIVE_RUNS = """
with made as (
  insert into mainstem.user_workflow_run (run_id, org_id, workflow_id, status, channel, started_at, driver)
  select mainstem.new_run_id(now() + %(day)s * interval '1 day'), %(org)s, %(workflow)s, %(status)s, 'web',
         now() + %(day)s * interval '1 day', case when %(state)s::text is null then 'caller' else 'engine' end
    from generate_series(1, %(times)s)
  returning run_id, org_id, started_at),
steps as (
  insert into mainstem.user_workflow_run_step
    (step_id, run_id, org_id, step_number, node_id, status, started_at, ended_at, error_message)
  select mainstem.step_id(run_id, n), run_id, org_id, n, %(node)s, case n when 1 then 'running' else 'failed' end, started_at,
         case n when 2 then started_at end, case n when 2 then 'out of ink' end
    from made cross join generate_series(1, 2) n),
queued as (
  insert into mainstem.user_workflow_run_queue (run_id, org_id, queue, state, due_at, epoch, worker_id)
  select run_id, org_id, run_id::text, %(state)s, now(), 1, case %(state)s when 'owned' then %(worker)s::uuid end
    from made where %(state)s::text is not null),
context as (
  insert into mainstem.user_workflow_run_context (run_id, org_id, key, value) select run_id, org_id, 'claim', '1' from made
   where %(loose_ends)s),
events as (
  insert into mainstem.user_workflow_event (run_id, org_id, step_number, event_type)
  select run_id, org_id, n, 'seen' from made cross join generate_series(0, 1) n where %(loose_ends)s)
select run_id from made
"""

SCANS = """
select relname, seq_scan + coalesce(idx_scan, 0) from pg_stat_user_tables
 where schemaname = 'mainstem' and relid in (select inhrelid from pg_inherits)
"""

CALLED = "select funcname, calls from pg_stat_user_functions where schemaname = 'mainstem'"


@dataclass
class Ledger:
    """The database, the names of what it holds, and the day of each of its leaves."""

    url: str
    superuser: Connection
    ids: dict[str, Any]
    days: dict[str, int] = field(default_factory=dict)
    """Suffix of a leaf → days from today."""

    def live_runs(self, state: str | None, *, times: int = TIMES, loose_ends: bool = True) -> list[UUID]:
        """New runs of the day that calls are made for: a caller's, or an engine's with this state in the queue."""
        wanted = {"state": state, "status": "paused" if state == "paused" else "running", "times": times}
        parameters = self.ids | wanted | {"day": ITS_DAY, "loose_ends": loose_ends}
        return [run for (run,) in self.superuser.execute(LIVE_RUNS, parameters).fetchall()]

    @contextmanager
    def as_role(self, role: str) -> Iterator[Connection]:
        """A session of its own, whose statistics are there when it has ended."""
        with connect(self.url, role=role, application_name="test") as conn:
            conn.execute("select set_config('app.current_org_id', %s, false)", [str(self.ids["org"])])
            yield conn
            conn.execute("select pg_stat_force_next_flush()")

    @contextmanager
    def watched(self) -> Iterator[Seen]:
        """What is read and called meanwhile."""
        seen = Seen(self.days)
        scans, calls = self._statistics()
        yield seen
        now_scans, now_calls = self._statistics()
        seen.leaves = {
            leaf
            for leaf, number in now_scans.items()
            if number > scans.get(leaf, 0) and leaf[-14:] in self.days
        }
        seen.functions = {name for name, number in now_calls.items() if number > calls.get(name, 0)}

    def _statistics(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        self.superuser.execute(
            "select pg_stat_force_next_flush()"
        )  # what this session itself has read is told first
        self.superuser.execute("select pg_stat_clear_snapshot()")
        return dict(self.superuser.execute(SCANS).fetchall()), dict(self.superuser.execute(CALLED).fetchall())


@dataclass
class Seen:
    """The leaves that were read, and the functions that were called."""

    _days: Mapping[str, int]
    leaves: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)

    def days(self, *tables: str) -> set[int]:
        """Days from today of the leaves that were read, of all tables or of these."""
        return {
            day_of(leaf, self._days)
            for leaf in self.leaves
            if not tables or leaf.rpartition("_")[0] in tables
        }


def day_of(leaf: str, days: Mapping[str, int]) -> int:
    return days[leaf.rpartition("_")[2]]


def kept_at_last(conn: Connection, times: int) -> Iterator[int]:
    """0, 1, … for as many calls; the session keeps the plan of the last one, as for all arguments."""
    for number in range(times):
        if number == times - 1:
            conn.execute("set plan_cache_mode = force_generic_plan")
        yield number


@contextmanager
def ninety_days(server_url: str) -> Iterator[Ledger]:
    """A database with the 90 leaves and a run every seven minutes."""
    with (
        fresh_database(server_url, TEMPLATE) as url,
        psycopg.connect(url, autocommit=True, row_factory=tuple_row) as conn,
    ):
        ids = {name: uuid4() for name in ("workflow", "other_workflow", "node", "user", "config", "worker")}
        made = Ledger(url, conn, {"org": DEFAULT_ORG, "runs": RUNS_A_DAY} | ids)
        conn.execute(f"alter database {conn.info.dbname} set track_functions = 'all'")
        conn.execute(DAILY_LEAVES)
        for statement in (DEFINITIONS + ";\n" + PAST_RUNS).strip().split(";\n"):
            conn.execute(statement, made.ids)
        conn.execute("vacuum analyze")
        today = datetime.now(UTC).date()
        for suffix, lower in conn.execute(
            "select suffix, lower at time zone 'UTC' from mainstem.user_workflow_leaf"
        ):
            made.days[suffix] = (lower.date() - today).days
        yield made
