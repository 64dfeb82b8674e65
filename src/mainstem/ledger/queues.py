"""Queues and their limits: how many runs of one are in work at once, how many begin in a time, and what is paused.

A queue is a pool of workers that serve every tenant, so its limits are the installation's. Each function gives a Call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from mainstem.errors import BadArgument, NotFound
from mainstem.ledger.call import Call, Row, nothing, scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a queue lets run; None asks for no limit."""

    max_running: int | None = None
    """Runs that workers own at once."""
    per_key_running: int | None = None
    """Of those with the same concurrency key."""
    rate_count: int | None = None
    """Runs that begin in `rate_per`, as a token bucket of this size."""
    rate_per: timedelta | None = None

    def __post_init__(self) -> None:
        if (self.rate_count is None) != (self.rate_per is None):
            raise BadArgument("a rate is a count and a time", hint="give both: 100 in a minute")
        for name, value, least in (
            ("max_running", self.max_running, 0),
            ("per_key_running", self.per_key_running, 1),
            ("rate_count", self.rate_count, 1),
        ):
            if value is not None and not least <= value < 2**31:
                raise BadArgument(f"{name} is {value}", hint=f"give a number from {least}")
        if self.rate_per is not None and self.rate_per < timedelta(milliseconds=1):
            raise BadArgument(f"rate_per is {self.rate_per}", hint="give a millisecond or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedQueue:
    """A queue that has limits, or is paused."""

    queue: str
    max_running: int | None
    per_key_running: int | None
    rate_count: int | None
    rate_per: timedelta | None
    paused_at: datetime | None
    updated_at: datetime


_SHOWN: LiteralString = "queue, max_running, per_key_running, rate_count, rate_per, paused_at, updated_at"
_PUT: LiteralString = f"""
with put as (
  insert into mainstem.user_workflow_queue as k (queue, max_running, per_key_running, rate_count, rate_per, tokens)
  values (%(queue)s, %(max_running)s, %(per_key_running)s, %(rate_count)s, %(rate_per)s, coalesce(%(rate_count)s, 0))
  on conflict (queue) do update
     set max_running = excluded.max_running, per_key_running = excluded.per_key_running, rate_count = excluded.rate_count,
         rate_per = excluded.rate_per, updated_at = mainstem.clock(),
         tokens = case when k.rate_count is null then excluded.tokens else least(k.tokens, excluded.tokens) end
  returning *)
select {_SHOWN}, pg_notify('mainstem_ready', '') as told from put
"""


def list_queues() -> Call[list[LimitedQueue]]:
    """Those with limits, or paused, by name."""
    return Call(
        f"select {_SHOWN} from mainstem.user_workflow_queue order by queue",
        [],
        lambda rows: [LimitedQueue(**row) for row in rows],
    )


def limited_queues() -> Call[list[str]]:
    """Their names alone: where a worker looks for more when a run has ended."""
    return Call(
        "select queue from mainstem.user_workflow_queue", [], lambda rows: [row["queue"] for row in rows]
    )


def put_limits(queue: str, limits: Limits) -> Call[LimitedQueue]:
    """These and no others from now on; what is in work already goes on. Raises BadArgument."""
    asked = {
        "queue": _named(queue), "max_running": limits.max_running, "per_key_running": limits.per_key_running,
        "rate_count": limits.rate_count, "rate_per": limits.rate_per,
    }  # fmt: skip
    return Call(_PUT, asked, lambda rows: _queue(rows[0]))


def lift_limits(queue: str) -> Call[None]:
    """No limits, and not paused. Raises NotFound when it has neither."""
    return Call(
        "with lifted as (delete from mainstem.user_workflow_queue where queue = %s returning queue)"
        " select queue, pg_notify('mainstem_ready', '') from lifted",
        [queue],
        lambda rows: _found(rows, queue),
    )


def pause_queue(queue: str) -> Call[None]:
    """Nothing is claimed from it until it is resumed. Paused again it keeps its first time. Raises BadArgument."""
    return Call(
        "insert into mainstem.user_workflow_queue as k (queue, paused_at) values (%s, mainstem.clock())"
        " on conflict (queue) do update set paused_at = coalesce(k.paused_at, excluded.paused_at), updated_at = mainstem.clock()",
        [_named(queue)],
        nothing,
    )


def resume_queue(queue: str) -> Call[None]:
    """It goes on, within its limits. Raises NotFound when it is not paused."""
    return Call(
        "with gone as (delete from mainstem.user_workflow_queue where queue = %(queue)s and paused_at is not null"
        " and num_nonnulls(max_running, per_key_running, rate_count) = 0 returning queue),"
        " resumed as (update mainstem.user_workflow_queue set paused_at = null, updated_at = mainstem.clock()"
        " where queue = %(queue)s and paused_at is not null and num_nonnulls(max_running, per_key_running, rate_count) > 0 returning queue)"
        " select queue, pg_notify('mainstem_ready', '') from (select queue from gone union all select queue from resumed) went_on",
        {"queue": queue},
        lambda rows: _found(rows, queue),
    )


def pause_workflow(workflow_id: UUID) -> Call[None]:
    """No run of it is claimed until it is resumed. Raises NotFound, StateRefused (a draft, archived)."""
    return Call("select mainstem.pause_workflow(%s)", [workflow_id], nothing)


def resume_workflow(workflow_id: UUID) -> Call[int]:
    """How many of its runs were held, and are ready now. Raises NotFound, StateRefused (it is not paused)."""
    return Call("select mainstem.resume_workflow(%s)", [workflow_id], scalar)


def _named(queue: str) -> str:
    if not 0 < len(queue.encode()) <= 255:
        raise BadArgument(
            f"a queue's name has 1 to 255 bytes, not {len(queue.encode())}", hint="give a shorter one"
        )
    return queue


def _queue(row: Row) -> LimitedQueue:
    return LimitedQueue(**{name: value for name, value in row.items() if name != "told"})


def _found(rows: list[Row], queue: str) -> None:
    if not rows:
        raise NotFound(
            f"queue {queue!r} has no limits, or is not paused",
            hint="`mainstem queues list` tells which there are",
        )
