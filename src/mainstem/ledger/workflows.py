"""Workflows: what is defined, and how its runs went. Each function gives a Call of one statement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString, TypeVar
from uuid import UUID

from mainstem.errors import NotFound
from mainstem.ledger.call import Call, Row
from mainstem.ledger.cursors import closed, opened
from mainstem.ledger.windows import BEGAN, COUNTS, PERCENTILES, STARTED, Window, windowed
from mainstem.model import Json

T = TypeVar("T")

SPARKLINE = 14
"""Days, today among them, in UTC."""


@dataclass(frozen=True, slots=True)
class Day:
    """The runs that began on one day."""

    day: date
    completed: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Of the runs that began in the window. Durations are of those that have ended; success_rate is completed of ended."""

    runs: int
    completed: int
    failed: int
    """Timed out ones among them."""
    running: int
    """Those that are not over."""
    success_rate: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    last_run_at: datetime | None
    """The last start, in the window or before it."""
    sparkline: list[Day]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A definition with the statistics of its runs."""

    workflow_id: UUID
    name: str
    description: str | None
    status: str
    version: int
    created_at: datetime
    updated_at: datetime
    is_graph: bool
    """False: code that a worker registers."""
    statistics: Statistics


@dataclass(frozen=True, slots=True)
class Workflows:
    """A page, by name."""

    workflows: list[Workflow]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A published definition."""

    version: int
    checksum: str
    published_at: datetime
    published_by: UUID | None
    graph_config: Json


@dataclass(frozen=True, slots=True)
class Versions:
    """A page, latest first."""

    versions: list[Version]
    next: str | None


def list_workflows(
    window: Window, *, status: str | None = None, limit: int = 50, after: str | None = None
) -> Call[Workflows]:
    """A page of workflows by name, each measured over its runs of the window. Raises BadArgument for a strange cursor."""
    of = ("workflows", status)
    [name] = opened(of, after, parts=1)
    asked = {"status": status, "name": name, "limit": limit + 1, "workflow_id": None}
    query = _measured("(%(name)s::text is null or w.name > %(name)s)")

    def page(rows: list[Row]) -> Workflows:
        found = [_workflow(row) for row in rows[:limit]]
        return Workflows(found, closed(of, found[-1].name) if len(rows) > limit else None)

    return windowed(query, asked | window.parameters, page)


def read_workflow(workflow_id: UUID, window: Window) -> Call[Workflow]:
    """One workflow. Raises NotFound."""
    asked = {"status": None, "limit": 1, "workflow_id": workflow_id}
    query = _measured("w.workflow_id = %(workflow_id)s")
    return windowed(query, asked | window.parameters, _the(workflow_id, _workflow))


def list_versions(workflow_id: UUID, *, limit: int = 50, after: str | None = None) -> Call[Versions]:
    """Published definitions, latest first. Raises NotFound for a workflow that is not there."""
    of = ("versions", str(workflow_id))
    [version] = opened(of, after, parts=1)

    def page(rows: list[Row]) -> Versions:
        if not rows:
            raise no_workflow(workflow_id)
        found = [Version(**row) for row in rows if row["version"] is not None]
        following = closed(of, found[limit - 1].version) if len(found) > limit else None
        return Versions(found[:limit], following)

    return Call(
        "select v.version, v.checksum, v.published_at, v.published_by, v.graph_config from mainstem.user_workflow w"
        " left join mainstem.user_workflow_version v on v.org_id = w.org_id and v.workflow_id = w.workflow_id"
        " and (%s::integer is null or v.version < %s::integer)"
        " where w.workflow_id = %s order by v.version desc limit %s",
        [version, version, workflow_id, limit + 1],
        page,
    )


def is_there(workflow_id: UUID) -> Call[None]:
    """Raises NotFound when the tenant has no such workflow."""
    return Call(
        "select from mainstem.user_workflow where workflow_id = %s",
        [workflow_id],
        _the(workflow_id, lambda _: None),
    )


def no_workflow(workflow_id: UUID) -> NotFound:
    return NotFound(
        f"no workflow {workflow_id} in this tenant",
        hint="look at the id, then at the tenant: `mainstem workflows list`",
    )


def _the(workflow_id: UUID, read: Callable[[Row], T]) -> Callable[[list[Row]], T]:
    def one(rows: list[Row]) -> T:
        if not rows:
            raise no_workflow(workflow_id)
        return read(rows[0])

    return one


def _workflow(row: Row) -> Workflow:
    statistics = {name: row.pop(name) for name in Statistics.__dataclass_fields__ if name in row}
    p50, p95, p99 = row.pop("percentiles") or (None, None, None)
    days = [
        Day(date.fromisoformat(one["day"]), one["completed"], one["failed"])
        for one in statistics.pop("sparkline")
    ]
    return Workflow(
        **row, statistics=Statistics(**statistics, sparkline=days, p50_ms=p50, p95_ms=p95, p99_ms=p99)
    )


_LINE: LiteralString = f"date_trunc('day', now(), 'UTC') - interval '{SPARKLINE - 1} days'"


def _begun(started: LiteralString, created: LiteralString) -> LiteralString:
    """A workflow's runs that started in a time: by its index, which has all that is asked of them; and those that never told
    their start, by when they were created.
    """
    of: LiteralString = "r.org_id = a.org_id and r.workflow_id = a.workflow_id"
    return f"""
      select r.started_at as began_at, r.status, r.duration_ms from mainstem.user_workflow_run r where {of} and {started}
       union all
      select r.created_at, r.status, r.duration_ms from mainstem.user_workflow_run r where {of} and r.started_at is null and {created}"""


def _measured(which: LiteralString) -> LiteralString:
    return f"""
with asked as (
  select w.* from mainstem.user_workflow w
   where {which} and (%(status)s::text is null or w.status = %(status)s)
   order by w.name limit %(limit)s
), measured as (
  select a.workflow_id, m.* from asked a cross join lateral (
    select max(r.began_at) as last_run_at, {COUNTS}, {PERCENTILES} as percentiles from ({_begun(STARTED, BEGAN)}) r) m
), daily as (
  select a.workflow_id, d.* from asked a cross join lateral (
    select (r.began_at at time zone 'UTC')::date as day,
           count(*) filter (where r.status = 'completed') as completed, count(*) filter (where r.status in ('failed', 'timeout')) as failed
      from ({_begun(f"r.started_at >= {_LINE} and not r.is_test", f"r.run_id >= mainstem.first_id_at({_LINE}) and not r.is_test")}) r
     group by day) d
)
select a.workflow_id, a.name, a.description, a.status, a.version, a.created_at, a.updated_at,
       a.graph_config is not null or exists (
         select from mainstem.user_workflow_node n where n.org_id = a.org_id and n.workflow_id = a.workflow_id) as is_graph,
       coalesce(m.runs, 0) as runs, coalesce(m.completed, 0) as completed, coalesce(m.failed, 0) as failed,
       coalesce(m.running, 0) as running, m.success_rate, m.percentiles,
       coalesce(m.last_run_at, (
         select r.started_at from mainstem.user_workflow_run r  -- by an index of each leaf: only for what the window has no run of
          where r.org_id = a.org_id and r.workflow_id = a.workflow_id and r.started_at is not null and not r.is_test
          order by r.started_at desc limit 1)) as last_run_at,
       (select json_agg(json_build_object('day', line.day, 'completed', coalesce(d.completed, 0), 'failed', coalesce(d.failed, 0)) order by line.day)
          from (select (now() at time zone 'UTC')::date - back as day from generate_series(0, {SPARKLINE - 1}) back) line
          left join daily d on d.workflow_id = a.workflow_id and d.day = line.day) as sparkline
  from asked a left join measured m on m.workflow_id = a.workflow_id
 order by a.name
"""
