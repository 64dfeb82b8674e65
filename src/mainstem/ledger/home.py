"""Home: what asks for somebody's attention, how the last day went, and what runs now. One statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString
from uuid import UUID

from mainstem.ledger.analytics import Channel, channel_of
from mainstem.ledger.call import Call, Row
from mainstem.ledger.windows import COUNTS, PERCENTILES
from mainstem.postgres.times import read_time

Kind = Literal["failed_runs", "paused_runs", "overdue_runs", "silent_worker", "no_worker"]

OPEN_WITHIN = 30
"""Days: runs that began earlier and are not over are found by a search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """Something to look at. `bad` does not go away by itself."""

    kind: Kind
    severity: Literal["warn", "bad"]
    what: str
    workflow_id: UUID | None
    workflow: str | None
    count: int
    last_run_id: UUID | None
    at: datetime | None
    remedy: str


@dataclass(frozen=True, slots=True)
class Hour:
    """The runs that began within an hour, by what became of them. failed counts timeouts too."""

    at: datetime
    completed: int
    failed: int
    cancelled: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """A run that is not over."""

    run_id: UUID
    workflow_id: UUID
    workflow: str
    status: str
    channel: str
    external_id: str | None
    created_at: datetime
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenRuns:
    """How many are in each state, and the latest of them. Of those that began in the last 30 days."""

    pending: int
    running: int
    waiting: int
    paused: int
    latest: list[OpenRun]


@dataclass(frozen=True, slots=True)
class Home:
    """The tenant at this moment."""

    at: datetime
    needs_attention: list[Attention]
    hours: list[Hour]
    channels: list[Channel]
    """Of the last 24 hours."""
    running_now: OpenRuns


_HOME: LiteralString = f"""
with day as materialized (
  select r.run_id, r.workflow_id, r.status, r.channel, r.duration_ms, r.ended_at, r.error_message, coalesce(r.started_at, r.created_at) as began
    from mainstem.user_workflow_run r
   where r.run_id >= mainstem.first_id_at(now() - interval '24 hours') and not r.is_test
), living as materialized (
  select r.run_id, r.workflow_id, r.status::text as status, r.channel::text as channel, r.external_id, r.created_at, r.started_at,
         r.error_message, r.updated_at
    from mainstem.user_workflow_run r
   where r.run_id >= mainstem.first_id_at(now() - interval '{OPEN_WITHIN} days')
     and r.status in ('pending', 'running', 'waiting', 'paused')
), attention as (
  select 'failed_runs' as kind, 'warn' as severity, left(split_part(coalesce(d.error_message, d.status), E'\\n', 1), 200) as what,
         d.workflow_id, count(*) as count, max(d.run_id::text)::uuid as last_run_id, max(d.ended_at) as at,
         'mainstem runs show ' || max(d.run_id::text) as remedy
    from day d where d.status in ('failed', 'timeout') group by d.workflow_id, what
  union all
  select 'paused_runs', 'bad', left(split_part(coalesce(o.error_message, 'paused'), E'\\n', 1), 200) as what, o.workflow_id, count(*),
         max(o.run_id::text)::uuid, max(o.updated_at), 'mainstem runs resume ' || max(o.run_id::text)
    from living o where o.status = 'paused' group by o.workflow_id, what
  union all
  select 'overdue_runs', case when min(q.due_at) < mainstem.clock() - interval '1 hour' then 'bad' else 'warn' end,
         format('due since %%s in queue %%s', to_char(min(q.due_at) at time zone 'UTC', 'YYYY-MM-DD HH24:MI UTC'), q.queue), null, count(*),
         min(q.run_id::text)::uuid, min(q.due_at), format('mainstem worker MODULE --queue %%s', q.queue)
    from mainstem.user_workflow_run_queue q
   where q.state in ('ready', 'waiting') and q.due_at < mainstem.clock() - interval '1 minute' group by q.queue
  union all
  select 'silent_worker', 'warn', format('%%s (pid %%s) is silent', w.host, w.pid), null, 1, null, w.heartbeat_at, 'look at this host'
    from mainstem.user_workflow_worker w where w.reaped_at is null and w.heartbeat_at < mainstem.clock() - w.ttl
  union all
  select 'no_worker', 'bad', 'runs are ready, and no worker lives', null, count(*), min(q.run_id::text)::uuid, min(q.due_at), 'mainstem worker MODULE'
    from mainstem.user_workflow_run_queue q
   where q.state = 'ready' and not exists (
     select from mainstem.user_workflow_worker w where w.reaped_at is null and w.heartbeat_at >= mainstem.clock() - w.ttl)
  having count(*) > 0
)
select mainstem.clock() as at,
       (select coalesce(json_agg(shown order by shown.severity, shown.count desc, shown.what), '[]') from (
          select a.*, w.name as workflow from attention a left join mainstem.user_workflow w on w.workflow_id = a.workflow_id
           order by a.severity, a.count desc, a.what limit 20) shown) as needs_attention,
       (select json_agg(shown order by shown.at) from (
          select line.at, count(d.run_id) filter (where d.status = 'completed') as completed,
                 count(d.run_id) filter (where d.status in ('failed', 'timeout')) as failed,
                 count(d.run_id) filter (where d.status = 'cancelled') as cancelled,
                 count(d.run_id) filter (where d.ended_at is null) as open
            from (select date_trunc('hour', now(), 'UTC') - make_interval(hours => back) as at from generate_series(0, 23) back) line
            left join day d on d.began >= line.at and d.began < line.at + interval '1 hour'
           group by line.at) shown) as hours,
       (select json_agg(shown order by shown.runs desc, shown.channel) from (
          select c.channel::text as channel, c.description, coalesce(m.runs, 0) as runs, coalesce(m.completed, 0) as completed,
                 coalesce(m.failed, 0) as failed, coalesce(m.running, 0) as running, m.success_rate, m.percentiles
            from mainstem.user_workflow_channel c
            left join (select r.channel, {COUNTS}, {PERCENTILES} as percentiles from day r group by r.channel) m
              on m.channel = c.channel) shown) as channels,
       (select json_build_object(
          'pending', count(*) filter (where o.status = 'pending'), 'running', count(*) filter (where o.status = 'running'),
          'waiting', count(*) filter (where o.status = 'waiting'), 'paused', count(*) filter (where o.status = 'paused'))
          from living o) as counts,
       (select coalesce(json_agg(shown order by shown.run_id desc), '[]') from (
          select o.run_id, o.workflow_id, w.name as workflow, o.status, o.channel, o.external_id, o.created_at, o.started_at
            from living o join mainstem.user_workflow w on w.workflow_id = o.workflow_id
           order by o.run_id desc limit 20) shown) as latest
"""


def read_home() -> Call[Home]:
    """Everything at once: it is asked for at each visit."""
    return Call(_HOME, {}, lambda rows: _home(rows[0]))


def _home(row: Row) -> Home:
    return Home(
        at=row["at"],
        needs_attention=[Attention(**_typed(one, ids=("workflow_id", "last_run_id"), times=("at",))) for one in row["needs_attention"]],
        hours=[Hour(**_typed(one, times=("at",))) for one in row["hours"]],
        channels=[channel_of(one) for one in row["channels"] or ()],
        running_now=OpenRuns(
            **row["counts"],
            latest=[
                OpenRun(**_typed(one, ids=("run_id", "workflow_id"), times=("created_at", "started_at")))
                for one in row["latest"]
            ],
        ),
    )  # fmt: skip


def _typed(row: Row, *, ids: tuple[str, ...] = (), times: tuple[str, ...] = ()) -> Row:
    """JSON has neither."""
    made: Row = dict(row)
    for name in ids:
        made[name] = None if row[name] is None else UUID(row[name])
    for name in times:
        made[name] = None if row[name] is None else read_time(row[name])
    return made
