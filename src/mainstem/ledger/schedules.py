"""Schedules: what is started by itself, when, and what became of each time. Each function gives a Call.

When a schedule comes round is computed from cron expressions by its callers; the database says what time it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, LiteralString
from uuid import UUID

from mainstem.errors import NotFound
from mainstem.ledger.call import Call, Row, nothing, scalar
from mainstem.ledger.cursors import closed, opened
from mainstem.model import ACTIVE_VERSION, Json

Missed = Literal["skip", "once", "all"]
Overlap = Literal["allow", "skip", "queue", "cancel"]

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSchedule:
    """A schedule that is asked for: one of cron, every and at."""

    name: str
    workflow_id: UUID
    cron: str | None = None
    every: timedelta | None = None
    at: datetime | None = None
    zone: str = "UTC"
    input: bytes = b"{}"
    """The workflow's arguments by name, as JSON."""
    time_argument: str | None = None
    channel: str = "web"
    version: int = ACTIVE_VERSION
    """What its runs begin with."""
    queue: str = "default"
    priority: int = 0
    missed: Missed = "once"
    window: timedelta = A_DAY
    overlap: Overlap = "skip"
    created_by: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule as it stands."""

    schedule_id: UUID
    name: str
    workflow_id: UUID
    workflow: str
    cron: str | None
    every: timedelta | None
    at: datetime | None
    zone: str
    input: Json
    time_argument: str | None
    channel: str
    version: int
    """0: the one that is active when a run begins."""
    queue: str
    priority: int
    missed: Missed
    window: timedelta
    """How long ago a missed time may lie, where `missed` is all."""
    overlap: Overlap
    is_paused: bool
    next_at: datetime | None
    """When it comes round next; None: never again."""
    last_at: datetime | None
    last_run_id: UUID | None
    created_at: datetime
    updated_at: datetime
    now: datetime
    """By the database's clock, when this was read."""


@dataclass(frozen=True, slots=True)
class Schedules:
    """A page of schedules, by name."""

    schedules: list[Schedule]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """What became of one time of a schedule."""

    scheduled_for: datetime
    outcome: Literal["started", "queued", "skipped"]
    reason: str | None
    ticks: int
    """Of missed times: how many this stands for, itself the last."""
    run_id: UUID | None
    fired_at: datetime


@dataclass(frozen=True, slots=True)
class Firings:
    """A page of firings, latest first."""

    firings: list[Firing]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A schedule that is to be looked at, and the moment that it is judged by."""

    org_id: UUID
    schedule_id: UUID
    name: str
    cron: str | None
    every: timedelta | None
    once_at: datetime | None
    zone: str
    missed: Missed
    missed_window: timedelta
    next_at: datetime | None
    moment: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to become of the times of a schedule that have come: which start, which were missed, and what follows."""

    ticks: Sequence[datetime] = ()
    missed: Sequence[datetime] = field(default=())
    following: datetime | None = None


_COLUMNS: LiteralString = """
s.schedule_id, s.name, s.workflow_id, w.name as workflow, s.cron, s.every, s.once_at as at, s.zone, s.input_data as input, s.time_argument,
s.channel::text as channel, s.workflow_version as version, s.queue, s.priority, s.missed, s.missed_window as window, s.overlap, s.is_paused,
s.next_at, s.last_at, s.last_run_id, s.created_at, s.updated_at, mainstem.clock() as now
"""
_FROM: LiteralString = """
  from mainstem.user_workflow_schedule s join mainstem.user_workflow w on w.org_id = s.org_id and w.workflow_id = s.workflow_id
 where s.org_id = mainstem.current_org()
"""


def clock() -> Call[datetime]:
    """What time it is."""
    return Call("select mainstem.clock()", [], scalar)


def put_schedule(new: NewSchedule, following: datetime | None, *, replace: bool = False) -> Call[UUID]:
    """Enter it; its id. following: when it comes round first. replace: make the one of this name the same.

    Raises NotFound (workflow), BadArgument (channel), StateRefused (the name is taken).
    """
    definition = {
        "name": new.name, "workflow_id": str(new.workflow_id), "cron": new.cron,
        "every": None if new.every is None else f"{new.every.total_seconds()} seconds",
        "once_at": None if new.at is None else new.at.isoformat(), "zone": new.zone,
        "time_argument": new.time_argument, "channel": new.channel, "workflow_version": new.version,
        "queue": new.queue, "priority": new.priority, "missed": new.missed,
        "missed_window": f"{new.window.total_seconds()} seconds", "overlap": new.overlap,
        "created_by": None if new.created_by is None else str(new.created_by),
    }  # fmt: skip
    text = f'{json.dumps(definition)[:-1]}, "input_data": {new.input.decode()}}}'
    return Call(
        "select mainstem.put_workflow_schedule(%s::jsonb, %s, %s)", [text, following, replace], scalar
    )


def edit_schedule(
    found: Schedule, changes: Mapping[str, Json], following: datetime | None
) -> Call[datetime | None]:
    """Change columns of a schedule as it was read; when it comes round next. following: that time, where its times change.

    Raises NotFound, StateRefused (the name is taken), BadArgument (channel), PreconditionFailed (it is not as it was read).
    """
    return Call(
        "select mainstem.edit_workflow_schedule(%s, %s::jsonb, %s, %s)",
        [found.schedule_id, json.dumps(dict(changes)), found.updated_at, following],
        scalar,
    )


def list_schedules(
    *, workflow: str | None = None, limit: int = 50, after: str | None = None
) -> Call[Schedules]:
    """A page by name. Raises BadArgument for a strange cursor."""
    [name] = opened(("schedules", workflow), after, parts=1)

    def page(rows: list[Row]) -> Schedules:
        found = [Schedule(**row) for row in rows[:limit]]
        return Schedules(
            found, closed(("schedules", workflow), found[-1].name) if len(rows) > limit else None
        )

    return Call(
        f"select {_COLUMNS} {_FROM} and (%s::text is null or w.name = %s) and (%s::text is null or s.name > %s)"
        " order by s.name limit %s",
        [workflow, workflow, name, name, limit + 1],
        page,
    )


def read_schedule(schedule_id: UUID) -> Call[Schedule]:
    """Raises NotFound."""
    return Call(
        f"select {_COLUMNS} {_FROM} and s.schedule_id = %s",
        [schedule_id],
        lambda rows: Schedule(**_one(rows, schedule_id)),
    )


def find_schedule(name: str) -> Call[Schedule]:
    """By its name. Raises NotFound."""
    return Call(
        f"select {_COLUMNS} {_FROM} and s.name = %s", [name], lambda rows: Schedule(**_one(rows, name))
    )


def pause_schedule(schedule_id: UUID) -> Call[None]:
    """It fires nothing until it is resumed. Raises NotFound."""
    return Call(
        "update mainstem.user_workflow_schedule set is_paused = true, look_at = null, updated_at = mainstem.clock()"
        " where org_id = mainstem.current_org() and schedule_id = %s returning schedule_id",
        [schedule_id],
        lambda rows: nothing([_one(rows, schedule_id)]),
    )


def resume_schedule(schedule_id: UUID, following: datetime | None) -> Call[None]:
    """It comes round next at `following`; what was queued begins before. Raises NotFound."""
    return Call(
        "with resumed as (update mainstem.user_workflow_schedule s set is_paused = false, next_at = %(following)s,"
        " updated_at = mainstem.clock(), look_at = case when exists (select from mainstem.user_workflow_schedule_firing f"
        " where f.org_id = s.org_id and f.schedule_id = s.schedule_id and f.outcome = 'queued') then mainstem.clock()"
        " else %(following)s end where s.org_id = mainstem.current_org() and s.schedule_id = %(schedule_id)s returning s.schedule_id)"
        " select schedule_id, pg_notify('mainstem_schedule', '') from resumed",
        {"following": following, "schedule_id": schedule_id},
        lambda rows: nothing([_one(rows, schedule_id)]),
    )


def delete_schedule(schedule_id: UUID) -> Call[str]:
    """With what became of its times; its runs stay. Gives its name. Raises NotFound."""
    return Call(
        "delete from mainstem.user_workflow_schedule where org_id = mainstem.current_org() and schedule_id = %s returning name",
        [schedule_id],
        lambda rows: str(_one(rows, schedule_id)["name"]),
    )


def list_firings(schedule_id: UUID, *, limit: int = 50, after: str | None = None) -> Call[Firings]:
    """A page of what became of its times, latest first. Raises BadArgument for a strange cursor."""
    of = ("firings", schedule_id)
    [before] = opened(of, after, parts=1)

    def page(rows: list[Row]) -> Firings:
        found = [Firing(**row) for row in rows[:limit]]
        return Firings(found, closed(of, found[-1].scheduled_for.isoformat()) if len(rows) > limit else None)

    return Call(
        "select scheduled_for, outcome, reason, ticks, run_id, fired_at from mainstem.user_workflow_schedule_firing"
        " where org_id = mainstem.current_org() and schedule_id = %s"
        " and (%s::timestamptz is null or scheduled_for < %s::timestamptz) order by scheduled_for desc limit %s",
        [schedule_id, before, before, limit + 1],
        page,
    )


def backfill(schedule_id: UUID, ticks: Sequence[datetime], expected: int | None = None) -> Call[int]:
    """Begin the runs of those of these past times that have none; only count them without `expected`.

    Raises NotFound, and PreconditionFailed when there are not as many as expected.
    """
    return Call(
        "select mainstem.backfill_workflow_schedule(%s, %s::timestamptz[], %s)",
        [schedule_id, list(ticks), expected],
        scalar,
    )


# For workers.


def due_schedules() -> Call[list[Due]]:
    """Those of every tenant that are to be looked at now, the longest due first."""
    return Call(
        "select org_id, schedule_id, name, cron, every, once_at, zone, missed, missed_window, next_at, moment"
        " from mainstem._due_schedules_v1()",
        [],
        lambda rows: [Due(**row) for row in rows],
    )


def fire_schedule(due: Due, plan: Plan) -> Call[str]:
    """`fired`, `elsewhere` when another worker was first, or `busy`: look again."""
    return Call(
        "select mainstem._fire_schedule_v1(%s, %s, %s, %s::timestamptz[], %s, %s, %s)",
        [
            due.org_id, due.schedule_id, due.next_at, list(plan.ticks), len(plan.missed),
            plan.missed[-1] if plan.missed else None, plan.following,
        ],
        scalar,
    )  # fmt: skip


def put_off(due: Due, seconds: float) -> Call[None]:
    """Look at one later that cannot be fired."""
    return Call(
        "select mainstem._put_off_schedule_v1(%s, %s, %s, make_interval(secs => %s))",
        [due.org_id, due.schedule_id, due.next_at, seconds],
        nothing,
    )


def next_in() -> Call[float | None]:
    """Seconds until the next schedule is to be looked at; None when there is none."""
    return Call("select mainstem._next_schedule_in_v1()", [], scalar)


def _one(rows: list[Row], which: object) -> Row:
    if not rows:
        raise NotFound(
            f"no schedule {which} in this tenant", hint="`mainstem schedules list` tells which there are"
        )
    return rows[0]
