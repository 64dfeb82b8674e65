"""History: runs as the old history application listed them, with what it counted over all of them. Each function gives a Call.

Its rows were texts in one table, and so are the orders and the bounds of its lists: times compare as they were written,
texts byte by byte, NULL before everything. A consolidated run keeps what was written in `metadata.originals`, and that
holds for as long as nobody has changed the column since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, LiteralString
from uuid import UUID

from mainstem.errors import NotFound
from mainstem.ledger.call import Call, Row

WINDOW_BITS = 42
"""Of a native run's number these are random, as in its id; above them stands the window of time that the id begins in."""

WINDOW_MS = 1 << 31
"""Milliseconds of a window: 24.8 days."""

_RANDOM = (1 << WINDOW_BITS) - 1


def number_of(run_id: UUID) -> int:
    """The integer that stands for a native run: below 2**53 until the year 2109, and above 2**51 since 2004.

    Two runs of one window have the same with odds of 1 in 2**42; those of two windows never have.
    """
    low, high = (run_id.int >> 24) & (1 << 36) - 1, (run_id.int >> 64) & 63
    return (run_id.int >> 80) // WINDOW_MS << WINDOW_BITS | high << 36 | low


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which runs, and in which order; None asks nothing. Dates are texts, and compare with what was written."""

    statuses: Sequence[str] | None = None
    """As the old application named them, or the ledger's own: a cancelled run is found as `failed` and as `cancelled`."""
    model: str | None = None
    template: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    search: str | None = None
    sort_by: str = "created_at"
    sort_order: Literal["ASC", "DESC"] = "DESC"
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of rows, and how many there are in all."""

    rows: list[Row]
    total: int


@dataclass(frozen=True, slots=True)
class Watched:
    """How far the change log was seen: the oldest transaction that was open then, and the rows that it or later ones had left."""

    horizon: int
    rows: int
    is_changed: bool = False


_STATUS: LiteralString = (
    "case r.status when 'waiting' then 'running' when 'paused' then 'running'"
    " when 'cancelled' then 'failed' when 'timeout' then 'failed' else r.status end::text"
)
_ADW_ID: LiteralString = "coalesce(r.external_id, r.run_id::text)"
_MODEL: LiteralString = "coalesce(r.config_snapshot ->> 'model_used', r.context ->> 'model_used')"
_TEMPLATE: LiteralString = (
    "coalesce(r.config_snapshot ->> 'workflow_template', case when r.legacy_trace_id is null then w.name end)"
)


def _written(column: LiteralString, name: LiteralString) -> LiteralString:
    """A time as its text was; that of a native run, or of a column that was changed since, in UTC with its Z."""
    return (
        f"case when o.was ? '{name}' and r.{column} is not distinct from (o.was #>> '{{{name},as}}')::timestamptz"
        f" then o.was #>> '{{{name},was}}'"
        f" else to_char(r.{column} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') end"
    )


def _number(name: LiteralString) -> LiteralString:
    return (
        f"case when jsonb_typeof(r.context -> '{name}') = 'number' then (r.context ->> '{name}')::numeric"
        " when r.legacy_trace_id is null then 0 end"
    )


_TIMES: dict[str, LiteralString] = {
    "created_at": _written("created_at", "created_at"),
    "updated_at": _written("updated_at", "updated_at"),
    "start_time": _written("started_at", "start_time"),
    "end_time": _written("ended_at", "end_time"),
}

SORTED_BY: dict[str, LiteralString] = {
    **{name: f'({time}) collate "C"' for name, time in _TIMES.items()},
    "duration_seconds": "r.duration_ms",
    "status": f'({_STATUS}) collate "C"',
    "adw_id": f'{_ADW_ID} collate "C"',
    "issue_number": "case when jsonb_typeof(r.context -> 'issue_number') = 'number'"
    " then (r.context ->> 'issue_number')::numeric end",
    "actual_cost_total": _number("actual_cost_total"),
    "total_tokens": _number("total_tokens"),
    "cache_efficiency_percent": _number("cache_efficiency_percent"),
}
"""The eleven; any other is created_at."""

_ORDER: dict[str, LiteralString] = {"ASC": "asc nulls first", "DESC": "desc nulls last"}

_FROM: LiteralString = (
    " from mainstem.user_workflow_run r"
    " join mainstem.user_workflow w on w.org_id = r.org_id and w.workflow_id = r.workflow_id"
    # once a row and not once a use: what was written is as large as the row
    " cross join lateral (select case when r.legacy_trace_id is not null then r.metadata -> 'originals' end as was offset 0) o"
)

_SEARCHED: LiteralString = (
    f'({_ADW_ID} collate "C" ilike %s'
    " or coalesce(r.context ->> 'nl_input', r.input_data ->> 'nl_input') collate \"C\" ilike %s"
    " or coalesce(r.context ->> 'github_url', r.input_data ->> 'github_url') collate \"C\" ilike %s)"
)

_NUMBERED: LiteralString = (
    "r.run_id in (select n.run_id from mainstem.user_workflow_run n where n.legacy_trace_id = %s"
    " union all select n.run_id from mainstem.user_workflow_run n"
    " where n.legacy_trace_id is null and n.run_id >= %s and n.run_id < %s"
    " and (('x' || substr(n.run_id::text, 17, 2))::bit(8)::bigint & 63) << 36"
    " | ('x' || substr(n.run_id::text, 21, 3) || substr(n.run_id::text, 25, 6))::bit(36)::bigint = %s)"
)

_STEPS: LiteralString = """
  select sum(k.steps)::bigint as steps_total, sum(k.done)::bigint as steps_completed, sum(k.retries)::bigint as retry_count,
         count(*) as phase_count, (array_agg(k.key order by k.is_open desc, k.last desc))[1] as current_phase,
         (array_agg(k.key order by k.ms desc nulls last, k.last) filter (where k.ms is not null))[1] as bottleneck_phase,
         jsonb_object_agg(k.key, k.ms / 1000) filter (where k.ms is not null) as phase_durations
    from (select coalesce(s.node_key, 'step ' || s.step_number) as key, count(*) as steps, max(s.step_number) as last,
                 count(*) filter (where s.status in ('completed', 'skipped')) as done, sum(s.retry_count) as retries,
                 sum(s.duration_ms)::bigint as ms, bool_or(s.status in ('running', 'waiting')) as is_open
            from mainstem.user_workflow_run_step s where s.run_id = p.run_id group by 1) k
"""

_ROW: LiteralString = (
    "select r.run_id, r.legacy_trace_id, r.status::text as native_status,"
    f" {_STATUS} as status, {_ADW_ID} as adw_id, w.name as workflow, r.duration_ms,"
    " r.error_message, o.was -> 'error_message' as error_was, r.error_details, r.config_snapshot, r.context, r.input_data,"
    " coalesce(r.started_at, r.created_at) as began,"
    f" {', '.join(f'{time} as {name}' for name, time in _TIMES.items())}"
    f"{_FROM} where r.run_id = p.run_id limit 1"
)


def page(asked: Asked, *, limit: int, offset: int) -> Call[Found]:
    """So many rows after so many, and how many there are in all, in one query."""
    conditions: list[LiteralString] = ["not r.is_test"]
    values: list[Any] = []
    for condition, given in _conditions(asked):
        conditions.append(condition)
        values.extend(given)
    sorted_by = SORTED_BY.get(asked.sort_by, SORTED_BY["created_at"])
    query: LiteralString = (
        f"with found as (select r.run_id, r.legacy_trace_id, {sorted_by} as sorted{_FROM}"
        f" where {' and '.join(conditions)}),"
        f" page as (select run_id, row_number() over (order by sorted {_ORDER[asked.sort_order]},"
        " legacy_trace_id nulls last, run_id) as place from found order by place limit %s offset %s)"
        " select t.total, h.*, s.*, l.live_context"
        " from (select count(*) as total from found) t left join page p on true"
        f" left join lateral ({_ROW}) h on true left join lateral ({_STEPS}) s on true"
        " left join lateral (select jsonb_object_agg(c.key, c.value) as live_context"
        " from mainstem.user_workflow_run_context c where c.run_id = p.run_id) l on true order by p.place"
    )
    return Call(query, [*values, limit, offset], _found)


def numbered(number: int) -> Call[list[Row]]:
    """The run with this integer id; several where old tables had the same id, or by the odds of `number_of`. Raises NotFound."""

    def read(rows: list[Row]) -> list[Row]:
        found = _found(rows).rows
        if not found:
            raise NotFound(
                f"no run {number} in this tenant's history", hint="look at the id, then at the tenant"
            )
        return found

    call = page(Asked(number=number, sort_order="ASC"), limit=10, offset=0)
    return Call(call.query, call.parameters, read)


def analytics() -> Call[list[Row]]:
    """Counts, means and sums over all of the tenant's runs, and once more by status, by model and by template: one scan.

    `level` says by which: 7 all, 3 status, 5 model, 6 template.
    """
    return Call(_ANALYTICS, [], list)


def watch(since: Watched | None) -> Call[Watched]:
    """Whether the change log has more of this tenant than when it was last looked at; None: from now on.

    Counted from the oldest transaction that was open then: a commit of one that began earlier is seen as well.
    """
    return Call(_WATCH, [str(since.horizon if since else 0)], lambda rows: _watched(rows[0], since))


def _watched(row: Row, since: Watched | None) -> Watched:
    return Watched(int(row["horizon"]), row["ahead"], since is None or row["rows"] != since.rows)


def _found(rows: list[Row]) -> Found:
    return Found([row for row in rows if row["run_id"] is not None], rows[0]["total"])


def _conditions(asked: Asked) -> list[tuple[LiteralString, list[Any]]]:
    statuses = None if asked.statuses is None else list(asked.statuses)
    given: list[tuple[LiteralString, list[Any]]] = [
        (f"({_STATUS} = any(%s) or r.status::text = any(%s))", [statuses, statuses]),
        (f"{_MODEL} = %s", [asked.model]),
        (f"{_TEMPLATE} = %s", [asked.template]),
        (f'({_TIMES["created_at"]}) collate "C" >= %s', [asked.start_date]),
        (f'({_TIMES["created_at"]}) collate "C" <= %s', [asked.end_date]),
        (_SEARCHED, [None if asked.search is None else _anywhere(asked.search)] * 3),
        (_NUMBERED, [None] if asked.number is None else _bounds(asked.number)),
    ]
    return [(condition, values) for condition, values in given if values[0] is not None]


def _anywhere(text: str) -> str:
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    return f"%{text}%"


def _bounds(number: int) -> list[Any]:
    """Of an id's window no run begins outside."""
    windows = (number >> WINDOW_BITS, (number >> WINDOW_BITS) + 1)
    first, after = (UUID(int=min(window * WINDOW_MS, (1 << 48) - 1) << 80) for window in windows)
    return [number, first, after, number & _RANDOM]


_COST: LiteralString = "avg(h.cost) filter (where h.status = 'completed' and h.cost > 0"

_ANALYTICS: LiteralString = f"""
select grouping(h.status, h.model, h.template) as level, h.status, h.model, h.template, count(*) as runs,
       avg(h.duration_ms) filter (where h.status = 'completed') / 1000 as avg_duration_seconds,
       avg(h.cost) filter (where h.cost > 0) as avg_cost, sum(h.cost) filter (where h.cost > 0) as total_cost,
       {_COST}) as avg_cost_per_completion,
       {_COST} and h.age <= interval '7 days') as cost_7,
       {_COST} and h.age > interval '7 days' and h.age <= interval '14 days') as cost_before_7,
       {_COST} and h.age <= interval '30 days') as cost_30,
       {_COST} and h.age > interval '30 days' and h.age <= interval '60 days') as cost_before_30,
       avg(h.tokens) filter (where h.tokens > 0) as avg_tokens,
       avg(h.cache_efficiency) filter (where h.tokens > 0) as avg_cache_efficiency
  from (select {_STATUS} as status, {_MODEL} as model, {_TEMPLATE} as template, r.duration_ms,
               {_number("actual_cost_total")} as cost, {_number("total_tokens")} as tokens,
               {_number("cache_efficiency_percent")} as cache_efficiency, (select mainstem.clock()) - r.created_at as age
          from mainstem.user_workflow_run r
          join mainstem.user_workflow w on w.org_id = r.org_id and w.workflow_id = r.workflow_id
         where not r.is_test offset 0) h
 group by grouping sets ((), (h.status), (h.model), (h.template))
"""

_WATCH: LiteralString = """
select pg_snapshot_xmin(pg_current_snapshot())::text as horizon, count(*) as rows,
       count(*) filter (where c.xid >= pg_snapshot_xmin(pg_current_snapshot())) as ahead
  from mainstem.user_workflow_change c where c.xid >= %s::xid8
"""
