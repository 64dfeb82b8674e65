"""Operations: workers, queue, partitions and organizations as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString
from uuid import UUID

from mainstem.ledger.call import Call, Row
from mainstem.ledger.cursors import closed, opened
from mainstem.ledger.leaves import LEAVES, Leaf
from mainstem.model import Json
from mainstem.postgres.times import read_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One start of a worker process. Workers serve every tenant; owned_runs are the asking one's."""

    worker_id: UUID
    host: str
    pid: int
    started_at: datetime
    heartbeat_at: datetime
    alive: bool
    """It told of itself within its lease, and was not reaped."""
    reaped_at: datetime | None
    lease_seconds: float
    owned_runs: int
    capabilities: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Workers:
    """A page, those that live first, latest start first."""

    workers: list[Worker]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The tenant's runs that are not over, of one queue."""

    queue: str
    ready: int
    waiting: int
    owned: int
    paused: int
    oldest_ready_at: datetime | None
    next_due_at: datetime | None
    """When the next waiting run is looked at; None when each waits for a signal only."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """A signal that runs wait for."""

    signal: str
    runs: int


@dataclass(frozen=True, slots=True)
class Queues:
    """All queues, and the signals that most runs wait for."""

    queues: list[Queue]
    awaited: list[Awaited]
    cancel_requested: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """A range of time. Rows are the server's estimate; bytes are those of runs, steps and events with their indexes."""

    name: str
    lower: datetime
    upper: datetime
    rows_estimate: int
    runs_estimate: int
    steps_estimate: int
    bytes: int
    sealed: bool
    sealed_at: datetime | None
    retired_at: datetime | None
    due: Literal["seal", "drop"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A tenant."""

    org_id: UUID
    name: str
    retention_days: int | None
    created_at: datetime
    updated_at: datetime


_WORKERS: LiteralString = """
select w.worker_id, w.host, w.pid, w.started_at, w.heartbeat_at, w.reaped_at, w.capabilities,
       w.reaped_at is null and w.heartbeat_at >= mainstem.clock() - w.ttl as alive,
       extract(epoch from w.ttl)::float8 as lease_seconds, coalesce(q.owned, 0) as owned_runs
  from mainstem.user_workflow_worker w
  left join (select worker_id, count(*) as owned from mainstem.user_workflow_run_queue where state = 'owned' group by worker_id) q
    on q.worker_id = w.worker_id
 where %(worker_id)s::uuid is null
    or (w.reaped_at is null, w.started_at, w.worker_id) < (%(lives)s::boolean, %(started_at)s::timestamptz, %(worker_id)s::uuid)
 order by w.reaped_at is null desc, w.started_at desc, w.worker_id desc limit %(limit)s
"""


def list_workers(*, limit: int = 50, after: str | None = None) -> Call[Workers]:
    """A page of workers; those that left a day ago are gone. Raises BadArgument for a strange cursor."""
    lives, started_at, worker_id = opened(("workers",), after, parts=3)
    asked = {"lives": lives, "started_at": started_at, "worker_id": worker_id, "limit": limit + 1}

    def page(rows: list[Row]) -> Workers:
        found = [Worker(**row) for row in rows[:limit]]
        last = found[-1] if len(rows) > limit else None
        place = (last.reaped_at is None, last.started_at, last.worker_id) if last else ()
        return Workers(found, closed(("workers",), *place) if last else None)

    return Call(_WORKERS, asked, page)


_QUEUES: LiteralString = """
select (select coalesce(json_agg(shown order by shown.queue), '[]') from (
          select q.queue, count(*) filter (where q.state = 'ready') as ready, count(*) filter (where q.state = 'waiting') as waiting,
                 count(*) filter (where q.state = 'owned') as owned, count(*) filter (where q.state = 'paused') as paused,
                 min(q.due_at) filter (where q.state = 'ready') as oldest_ready_at,
                 min(q.due_at) filter (where q.state = 'waiting' and q.due_at < 'infinity') as next_due_at
            from mainstem.user_workflow_run_queue q group by q.queue) shown) as queues,
       (select coalesce(json_agg(shown order by shown.runs desc, shown.signal), '[]') from (
          select signal, count(*) as runs from mainstem.user_workflow_run_queue q cross join unnest(q.waiting_for) signal
           where q.state = 'waiting' group by signal order by runs desc limit 20) shown) as awaited,
       (select count(*) from mainstem.user_workflow_run_queue q where q.cancel_requested_at is not null) as cancel_requested
"""


def read_queues() -> Call[Queues]:
    """The queue by its names."""

    def read(rows: list[Row]) -> Queues:
        queues = [Queue(**one | _moments(one, "oldest_ready_at", "next_due_at")) for one in rows[0]["queues"]]
        return Queues(queues, [Awaited(**one) for one in rows[0]["awaited"]], rows[0]["cancel_requested"])

    return Call(_QUEUES, [], read)


def list_partitions() -> Call[list[Partition]]:
    """All partitions by time."""
    return Call(LEAVES, [], lambda rows: [_partition(Leaf(**row)) for row in rows])


def list_organizations() -> Call[list[Organization]]:
    """Those that the caller is: its own."""
    return Call(
        "select org_id, name, retention_days, created_at, updated_at from mainstem.organization order by name, org_id",
        [],
        lambda rows: [Organization(**row) for row in rows],
    )


def create_organization(name: str, org_id: UUID) -> Call[UUID]:
    """A new tenant. To be performed for this very tenant: nobody makes another's."""
    return Call(
        "select mainstem.create_organization(%s, %s) as org_id",
        [name, org_id],
        lambda rows: rows[0]["org_id"],
    )


def _moments(row: Row, *names: str) -> Row:
    return {name: None if row[name] is None else read_time(row[name]) for name in names}


def _partition(leaf: Leaf) -> Partition:
    return Partition(
        name=leaf.suffix, lower=leaf.lower, upper=leaf.upper, rows_estimate=max(leaf.runs, 0) + max(leaf.steps, 0),
        runs_estimate=max(leaf.runs, 0), steps_estimate=max(leaf.steps, 0), bytes=leaf.size,
        sealed=leaf.sealed_at is not None, sealed_at=leaf.sealed_at, retired_at=leaf.retired_at, due=leaf.due,
    )  # fmt: skip
