"""The step cache: results that stand for a while, and leases of those that are being made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from mainstem.ledger.call import Call, Row, nothing, scalar
from mainstem.model import ClaimedRun

LONGEST_LABEL = 200
"""Characters that are kept of what a result was made of."""


@dataclass(frozen=True, slots=True)
class Place:
    """A step of a run, by which it holds a lease."""

    run: ClaimedRun
    step_number: int


@dataclass(frozen=True, slots=True)
class Taken:
    """there (with the result and the step that made it), yours (to be made), or held (by another: ask again)."""

    answer: str
    output_data: str | None
    run_id: UUID | None
    step_number: int | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class CachedResult:
    """A cached result as it is listed. is_there: False while it is made."""

    key: str
    step: str
    workflow: str
    label: str
    run_id: UUID
    step_number: int
    is_there: bool
    bytes: int
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CachePage:
    """Cached results, latest first; `next` is where the next page begins."""

    results: list[CachedResult]
    next: str | None


def take(key: str, place: Place, *, step: str, label: str) -> Call[Taken]:
    """For a worker: the result, or the lease to make it, or neither."""
    run = place.run
    return Call(
        "select answer, output_data, run_id, step_number, created_at"
        " from mainstem._take_cached_step_v1(%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            run.org_id,
            key,
            run.workflow,
            step,
            label[:LONGEST_LABEL],
            run.run_id,
            place.step_number,
            run.epoch,
        ],
        lambda rows: Taken(**rows[0]),
    )


def fill(key: str, place: Place, output: bytes | None, ttl: float) -> Call[bool]:
    """For the worker that has the lease: end it with the result, or None for none; False when nothing was kept."""
    run = place.run
    return Call(
        "select mainstem._fill_cached_step_v1(%s, %s, %s, %s, %s, %s::jsonb, %s)",
        [
            run.org_id,
            key,
            run.run_id,
            place.step_number,
            run.epoch,
            None if output is None else output.decode(),
            timedelta(seconds=ttl),
        ],
        scalar,
    )


def list_cached(
    *, limit: int, after: str | None = None, step: str | None = None, workflow: str | None = None
) -> Call[CachePage]:
    """This tenant's cached results, latest first; those that have expired and were not swept yet are left out."""
    return Call(
        "select cache_key as key, step, workflow, label, run_id, step_number, epoch is null as is_there,"
        " coalesce(pg_column_size(output_data), 0) as bytes, created_at, expires_at"
        " from mainstem.user_workflow_step_cache where org_id = mainstem.current_org() and expires_at > mainstem.clock()"
        " and (%s::text is null or step = %s) and (%s::text is null or workflow = %s)"
        " and (%s::text is null or (created_at, cache_key) < (select a.created_at, a.cache_key"
        " from mainstem.user_workflow_step_cache a where a.org_id = mainstem.current_org() and a.cache_key = %s))"
        " order by created_at desc, cache_key desc limit %s",
        [step, step, workflow, workflow, after, after, limit + 1],
        lambda rows: _page(rows, limit),
    )


def clear(*, step: str | None = None, workflow: str | None = None, key: str | None = None) -> Call[int]:
    """Forget results of this tenant; how many."""
    return Call("select mainstem.clear_step_cache(%s, %s, %s)", [step, workflow, key], scalar)


def sweep() -> Call[None]:
    """Delete what has expired, a batch of it."""
    return Call(
        "delete from mainstem.user_workflow_step_cache where (org_id, cache_key) in ("
        "select org_id, cache_key from mainstem.user_workflow_step_cache"
        " where expires_at < mainstem.clock() order by expires_at limit 1000)",
        [],
        nothing,
    )


def _page(rows: list[Row], limit: int) -> CachePage:
    results = [CachedResult(**row) for row in rows[:limit]]
    return CachePage(results, results[-1].key if len(rows) > limit else None)
