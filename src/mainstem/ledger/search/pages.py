"""Pages of what a filter finds, and what is counted over it. Each function gives a Call."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from mainstem.errors import BadArgument
from mainstem.ids import time_of
from mainstem.ledger.call import Call, Row
from mainstem.ledger.search.filters import Query
from mainstem.ledger.search.sql import terms_of
from mainstem.model import FoundPage, FoundRun, RunStatus, StepCounts
from mainstem.postgres.times import read_time

SORTS = tuple(f"{minus}{key}" for key in ("created", "started", "ended", "duration") for minus in ("-", ""))
"""What lists are sorted by; with a minus the last, latest or longest first. By all but created only runs that have it."""

MOST_COUNTED = 10_000

_FIND: LiteralString = "mainstem.find_workflow_runs(%s, %s, %s, %s, %s, %s, make_interval(secs => %s))"

# by LATERAL and LIMIT: the planner takes a page for a thousand rows, and would hash every run of the tenant
_PAGE: LiteralString = f"""
select f.run_id, r.workflow_id, w.name as workflow, r.status, r.channel, r.external_id, r.driver, r.workflow_version, r.created_at,
       r.started_at, r.ended_at, r.duration_ms, r.error_message, r.tags, r.is_test, r.old_trace_id as legacy_trace_id,
       s.total, s.completed, s.failed, s.running, s.retries, f.sorted_by, f.searched_back_to
  from (select null::bigint as legacy_trace_id) absent  -- where the column was dropped
 cross join {_FIND} with ordinality f
  left join lateral (
    select run.*, legacy_trace_id as old_trace_id from mainstem.user_workflow_run run where run.run_id = f.run_id limit 1) r on true
  left join mainstem.user_workflow w on w.org_id = r.org_id and w.workflow_id = r.workflow_id
  left join lateral (
    select count(*) as total, count(*) filter (where status = 'completed') as completed, count(*) filter (where status = 'failed') as failed,
           count(*) filter (where status in ('pending', 'running', 'waiting')) as running, coalesce(sum(retry_count), 0) as retries
      from mainstem.user_workflow_run_step where run_id = f.run_id) s on true
 order by f.ordinality
"""


@dataclass(frozen=True, slots=True)
class Count:
    """How many runs a filter finds. relation `gte`: so many were counted, and there may be more."""

    value: int
    relation: str


@dataclass(frozen=True, slots=True)
class FacetValue:
    """How many of the runs found have this value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """The commonest values among the latest runs that a filter finds, `counted` of them."""

    status: list[FacetValue]
    workflow: list[FacetValue]
    channel: list[FacetValue]
    counted: Count


@dataclass(frozen=True, slots=True)
class Bucket:
    """A span of time, from `at`, and how the runs begun in it ended."""

    at: datetime
    completed: int
    failed: int
    cancelled: int
    timeout: int
    open: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """The latest runs that a filter finds, by when they were begun. `from` is called start, as Python has that word."""

    start: datetime | None
    end: datetime | None
    step_seconds: float
    buckets: list[Bucket]
    counted: Count


def find_runs(
    query: Query, *, sort: str = "-created", limit: int = 50, after: str | None = None, budget: float = 2.0
) -> Call[FoundPage]:
    """A page of the runs that a filter finds. after: the `next` of the page before, of the same filter and sort.

    budget: seconds that it looks for what is rare. Raises BadArgument.
    """
    if sort not in SORTS:
        raise BadArgument(f"runs are not sorted by {sort!r}", hint=f"sort by one of {', '.join(SORTS)}")
    if not 1 <= limit <= 1000:
        raise BadArgument(f"a page holds 1 to 1000 runs, not {limit}", hint="give another limit")
    token = _Token.opened(after, query, sort)
    parameters = _parameters(query, sort=sort, token=token, most=limit + 1, budget=budget)
    return Call(_PAGE, parameters, lambda rows: _page(rows, limit, query, sort))


def _parameters(
    query: Query, *, sort: str = "-created", token: _Token | None = None, most: int, budget: float
) -> list[Any]:
    value, run_id = (token.value, token.run_id) if token else (None, None)
    return [Jsonb(terms_of(query)), sort.lstrip("-"), sort.startswith("-"), value, run_id, most, budget]


def _page(rows: list[Row], limit: int, query: Query, sort: str) -> FoundPage:
    ended_at = next((row["searched_back_to"] for row in rows if row["searched_back_to"] is not None), None)
    found = [row for row in rows if row["run_id"] is not None]
    runs = [_run(row) for row in found[:limit] if row["workflow_id"] is not None]  # deleted meanwhile: gone
    if len(found) > limit:
        last = found[limit - 1]
        return FoundPage(runs, _Token(last["sorted_by"], last["run_id"]).closed(query, sort), None, sort)
    if ended_at is not None:
        return FoundPage(runs, _Token(None, ended_at).closed(query, sort), time_of(ended_at), sort)
    return FoundPage(runs, None, None, sort)


def _run(row: Row) -> FoundRun:
    counts = {name: row.pop(name) for name in ("total", "completed", "failed", "running")}
    shown = {name: value for name, value in row.items() if name not in ("sorted_by", "searched_back_to")}
    return FoundRun(
        **{
            **shown,
            "status": RunStatus(row["status"]),
            "steps": StepCounts(**counts),
            "retries": int(row["retries"]),
        }
    )


@dataclass(frozen=True, slots=True)
class _Token:
    """Where a page ended. It belongs to one filter and one sort."""

    value: str | None
    run_id: UUID

    def closed(self, query: Query, sort: str) -> str:
        text = json.dumps([_digest(query, sort), self.value, self.run_id.hex])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def opened(cls, token: str | None, query: Query, sort: str) -> _Token | None:
        if token is None:
            return None
        try:
            digest, value, run_id = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            read = cls(None if value is None else _sortable(str(value)), UUID(run_id))
        except (ValueError, TypeError, AttributeError) as refusal:
            raise BadArgument(
                f"{token[:80]!r} is no token of a page", hint="pass the `next` of the page before"
            ) from refusal
        if digest != _digest(query, sort):
            raise BadArgument(
                "the page token belongs to another filter or sort",
                hint="begin at the first page, without a token",
            )
        if (value is None) != (sort.lstrip("-") == "created"):
            raise BadArgument(
                f"{token[:80]!r} is no token of a page", hint="pass the `next` of the page before"
            )
        return read


def _sortable(value: str) -> str:
    """Raises ValueError for what no column that we sort by has held."""
    if not value.isdecimal():
        read_time(value)
    return value


def _digest(query: Query, sort: str) -> str:
    return hashlib.sha256(f"{sort} {query}".encode()).hexdigest()[:16]


def count_runs(query: Query, *, budget: float = 1.5) -> Call[Count]:
    """Exact up to MOST_COUNTED and within the budget."""
    return Call(
        f"select count(f.run_id) as found, count(f.searched_back_to) as unfinished from {_FIND} f",
        _parameters(query, most=MOST_COUNTED + 1, budget=budget),
        lambda rows: _count(rows[0]["found"], rows[0]["unfinished"]),
    )


def _count(found: int, unfinished: int) -> Count:
    return Count(min(found, MOST_COUNTED), "gte" if unfinished or found > MOST_COUNTED else "eq")


def facets_of_runs(query: Query, *, budget: float = 1.5) -> Call[Facets]:
    """Over the latest MOST_COUNTED that the filter finds within the budget."""
    return Call(
        f"""with found as materialized (select * from {_FIND})
        select (select count(run_id) from found) as found, (select count(searched_back_to) from found) as unfinished,
               v.facet, v.value, count(*) as count
          from found f left join mainstem.user_workflow w on w.workflow_id = f.workflow_id
         cross join lateral (values ('status', f.status), ('workflow', w.name), ('channel', f.channel)) v (facet, value)
         where v.value is not null group by v.facet, v.value order by count(*) desc, v.value limit 150""",
        _parameters(query, most=MOST_COUNTED, budget=budget),
        _facets,
    )


def _facets(rows: list[Row]) -> Facets:
    values: dict[str, list[FacetValue]] = {"status": [], "workflow": [], "channel": []}
    for row in rows:
        values[row["facet"]].append(FacetValue(row["value"], row["count"]))
    found, unfinished = (rows[0]["found"], rows[0]["unfinished"]) if rows else (0, 0)
    return Facets(**values, counted=Count(found, "gte" if unfinished or found == MOST_COUNTED else "eq"))


def histogram_of_runs(query: Query, *, buckets: int = 60, budget: float = 1.5) -> Call[Histogram]:
    """Over the latest MOST_COUNTED that the filter finds within the budget, in equal spans of time."""
    return Call(
        f"select f.run_id, f.status, f.searched_back_to from {_FIND} f",
        _parameters(query, most=MOST_COUNTED, budget=budget),
        lambda rows: _histogram(rows, buckets),
    )


def _histogram(rows: list[Row], wanted: int) -> Histogram:
    found = [(time_of(row["run_id"]), row["status"]) for row in rows if row["run_id"] is not None]
    is_part = len(found) == MOST_COUNTED or any(row["searched_back_to"] is not None for row in rows)
    counted = Count(len(found), "gte" if is_part else "eq")
    if not found:
        return Histogram(None, None, 0.0, [], counted)
    begin, end = found[-1][0].timestamp(), found[0][0].timestamp()
    step = max((end - begin) / wanted, 0.001)
    counts: list[dict[str, int]] = [
        dict.fromkeys(("completed", "failed", "cancelled", "timeout", "open"), 0) for _ in range(wanted)
    ]
    for at, status in found:
        place = min(int((at.timestamp() - begin) / step), wanted - 1)
        counts[place][status if status in counts[place] else "open"] += 1
    told = [Bucket(datetime.fromtimestamp(begin + step * n, UTC), **count) for n, count in enumerate(counts)]
    return Histogram(found[-1][0], found[0][0], step, told, counted)
