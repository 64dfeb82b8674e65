"""Analytics: how the runs of a window went, as a whole, by what they were of, and by the hour at which they began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

from mainstem.errors import BadArgument
from mainstem.ledger.call import Call, Row
from mainstem.ledger.windows import BEGAN, COUNTS, PERCENTILES, STEPS, Window, windowed

By = Literal["workflow", "node", "channel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which runs of a window are counted; None asks nothing."""

    window: Window
    workflow_id: UUID | None = None
    channel: str | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        return self.window.parameters | {"workflow_id": self.workflow_id, "channel": self.channel}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All runs of the window together. failed counts timeouts too."""

    since: datetime
    before: datetime
    runs: int
    completed: int
    failed: int
    cancelled: int
    running: int
    success_rate: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    workflows: int
    """How many had a run."""
    steps: int
    retries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Durations of what has ended, of one workflow, node or channel."""

    key: str
    label: str
    workflow: str | None
    ended: int
    failed: int
    mean_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: int | None


@dataclass(frozen=True, slots=True)
class Cell:
    """The runs that began in one hour of the week. weekday: 0 is Monday."""

    weekday: int
    hour: int
    runs: int
    failed: int
    p95_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel of the organization, and how its runs went."""

    channel: str
    description: str | None
    runs: int
    completed: int
    failed: int
    running: int
    success_rate: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowNode:
    """A node by the time that its steps took."""

    workflow_id: UUID
    workflow: str
    node: str
    steps: int
    failed: int
    retries: int
    total_ms: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


_ASKED: LiteralString = (
    f"{BEGAN} and (%(workflow_id)s::uuid is null or r.workflow_id = %(workflow_id)s)"
    " and (%(channel)s::text is null or r.channel = %(channel)s)"
)

_SUMMARY: LiteralString = f"""
select coalesce(%(since)s::timestamptz, now() - make_interval(days => %(days)s)) as since,
       coalesce(%(before)s::timestamptz, now()) as before, counted.*, stepped.*
  from (select {COUNTS}, count(*) filter (where r.status = 'cancelled') as cancelled, {PERCENTILES} as percentiles,
               count(distinct r.workflow_id) as workflows
          from mainstem.user_workflow_run r where {_ASKED}) counted
 cross join (select count(*) as steps, coalesce(sum(s.retry_count), 0)::bigint as retries
               from mainstem.user_workflow_run r join mainstem.user_workflow_run_step s on s.run_id = r.run_id
              where {_ASKED} and {STEPS}) stepped
"""

_OF_RUNS: LiteralString = (
    "count(*) filter (where r.ended_at is not null) as ended,"
    " count(*) filter (where r.status in ('failed', 'timeout')) as failed,"
    " avg(r.duration_ms) filter (where r.ended_at is not null)::float8 as mean_ms,"
    f" {PERCENTILES} as percentiles, max(r.duration_ms) filter (where r.ended_at is not null) as max_ms"
)

_LATENCY: dict[By, LiteralString] = {
    "workflow": f"""
select r.workflow_id::text as key, w.name as label, w.name as workflow, {_OF_RUNS}
  from mainstem.user_workflow_run r
  join mainstem.user_workflow w on w.org_id = r.org_id and w.workflow_id = r.workflow_id
 where {_ASKED} group by r.workflow_id, w.name order by ended desc, label limit 200
""",
    "channel": f"""
select r.channel::text as key, r.channel::text as label, null as workflow, {_OF_RUNS}
  from mainstem.user_workflow_run r where {_ASKED} group by r.channel order by ended desc, label limit 200
""",
    "node": f"""
select coalesce(s.node_id::text, s.node_key) as key, coalesce(min(n.label), min(s.node_key), s.node_id::text) as label, w.name as workflow,
       count(*) filter (where s.ended_at is not null) as ended, count(*) filter (where s.status = 'failed') as failed,
       avg(s.duration_ms) filter (where s.status in ('completed', 'failed'))::float8 as mean_ms,
       percentile_cont(array[0.5, 0.95, 0.99]) within group (order by s.duration_ms) filter (where s.status in ('completed', 'failed')) as percentiles,
       max(s.duration_ms) filter (where s.status in ('completed', 'failed')) as max_ms
  from mainstem.user_workflow_run r join mainstem.user_workflow_run_step s on s.run_id = r.run_id
  join mainstem.user_workflow w on w.org_id = r.org_id and w.workflow_id = r.workflow_id
  left join mainstem.user_workflow_node n on n.org_id = s.org_id and n.node_id = s.node_id
 where {_ASKED} and {STEPS} group by w.name, coalesce(s.node_id::text, s.node_key), s.node_id order by ended desc, label limit 200
""",
}

_HEATMAP: LiteralString = f"""
with began as (
  select coalesce(r.started_at, r.created_at) at time zone %(zone)s as at, r.status, r.duration_ms, r.ended_at
    from mainstem.user_workflow_run r where {_ASKED}
)
select day as weekday, hour, count(r.at) as runs, count(r.at) filter (where r.status in ('failed', 'timeout')) as failed,
       percentile_cont(0.95) within group (order by r.duration_ms) filter (where r.ended_at is not null) as p95_ms
  from generate_series(0, 6) day cross join generate_series(0, 23) hour
  left join began r on extract(isodow from r.at)::integer - 1 = day and extract(hour from r.at)::integer = hour
 group by day, hour order by day, hour
"""

_CHANNELS: LiteralString = f"""
select c.channel::text as channel, c.description, coalesce(m.runs, 0) as runs, coalesce(m.completed, 0) as completed,
       coalesce(m.failed, 0) as failed, coalesce(m.running, 0) as running, m.success_rate, m.percentiles
  from mainstem.user_workflow_channel c
  left join (select r.channel, {COUNTS}, {PERCENTILES} as percentiles from mainstem.user_workflow_run r where {BEGAN} group by r.channel) m
    on m.channel = c.channel
 order by runs desc, c.channel
"""

_NODES: LiteralString = f"""
select r.workflow_id, w.name as workflow, coalesce(min(n.label), s.node_key, s.node_id::text) as node,
       count(*) as steps, count(*) filter (where s.status = 'failed') as failed, coalesce(sum(s.retry_count), 0)::bigint as retries,
       coalesce(sum(s.duration_ms), 0)::bigint as total_ms,
       percentile_cont(array[0.5, 0.95, 0.99]) within group (order by s.duration_ms) filter (where s.status in ('completed', 'failed')) as percentiles
  from mainstem.user_workflow_run r join mainstem.user_workflow_run_step s on s.run_id = r.run_id
  join mainstem.user_workflow w on w.org_id = r.org_id and w.workflow_id = r.workflow_id
  left join mainstem.user_workflow_node n on n.org_id = s.org_id and n.node_id = s.node_id
 where {_ASKED} and {STEPS} and s.status in ('completed', 'failed')
 group by r.workflow_id, w.name, s.node_id, s.node_key
 order by percentile_cont(0.95) within group (order by s.duration_ms) desc nulls last, workflow, node limit %(limit)s
"""


def summary(which: Which) -> Call[Summary]:
    """The window as a whole."""
    return windowed(_SUMMARY, which.parameters, lambda rows: Summary(**_spread(rows[0])))


def latency(which: Which, by: By) -> Call[list[Latency]]:
    """Percentiles, the most frequent first, at most 200."""
    return windowed(_LATENCY[by], which.parameters, lambda rows: [Latency(**_spread(row)) for row in rows])


def heatmap(which: Which, zone: str) -> Call[list[Cell]]:
    """168 cells, by weekday and hour in this time zone. Raises BadArgument for a zone that nobody knows."""
    if zone != "UTC":
        _refuse_unknown(zone)
    return windowed(_HEATMAP, which.parameters | {"zone": zone}, lambda rows: [Cell(**row) for row in rows])


def channels(window: Window) -> Call[list[Channel]]:
    """Every channel of the organization, also those without a run."""
    return windowed(_CHANNELS, window.parameters, lambda rows: [channel_of(row) for row in rows])


def slowest_nodes(which: Which, *, limit: int = 20) -> Call[list[SlowNode]]:
    """By their 95th percentile."""
    return windowed(
        _NODES, which.parameters | {"limit": limit}, lambda rows: [SlowNode(**_spread(row)) for row in rows]
    )


def channel_of(row: Row) -> Channel:
    """A row of channels' statistics."""
    return Channel(**_spread(row))


def _spread(row: Row) -> Row:
    p50, p95, p99 = row.pop("percentiles") or (None, None, None)
    return row | {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99}


def _refuse_unknown(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError) as unknown:
        raise BadArgument(
            f"{zone[:60]!r} is no time zone", hint="give a name as in Europe/Berlin, or UTC"
        ) from unknown
