"""The old application's questions, each for SQLite and for the PostgreSQL view of the old name.

Where the two would differ, PostgreSQL is told to do as SQLite does: texts compare byte by byte, NULL sorts before all
else, LIKE folds the case of ASCII only and has no escape. The old lists broke ties by nothing; both sides break them by
id here, so that they can be compared row by row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstem.consolidate.presets.history.sample.schema import DAY, HOUR, Shape

SORTED_BY = (
    "created_at", "updated_at", "start_time", "end_time", "duration_seconds", "status", "adw_id", "issue_number",
    "actual_cost_total", "total_tokens", "cache_efficiency_percent",
)  # fmt: skip

TEXTS = frozenset(["created_at", "updated_at", "start_time", "end_time", "status", "adw_id"])


@dataclass(frozen=True, slots=True)
class Query:
    """One question. `sqlite` has parameters as `:name`, `postgres` as `%(name)s` and the view as `{view}`."""

    name: str
    sqlite: str
    postgres: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def on(self, view: str) -> str:
        """The text for PostgreSQL, asked of this relation."""
        return self.postgres.replace("{view}", view)


def listing(
    name: str = "list", *, sort_by: str = "created_at", sort_order: str = "DESC", **asked: Any
) -> Query:
    """`GET /api/workflow-history`: limit, offset, status, model, template, start_date, end_date, search.

    A sort_by outside the list is created_at, and a limit of 0 is 20, as the API has it.
    """
    column = sort_by if sort_by in SORTED_BY else "created_at"
    order = "ASC" if sort_order == "ASC" else "DESC"
    parameters = {**asked, "limit": asked.get("limit") or 20, "offset": asked.get("offset") or 0}
    if "search" in asked:
        parameters["search"] = f"%{asked['search']}%"
    given = [part for part in _FILTERS if asked.get(part) is not None]
    said = [[_FILTERS[part][side] for part in given] for side in (0, 1)]
    wheres = [f" where {' and '.join(parts)}" if parts else "" for parts in said]
    collated = f'{column} collate "C"' if column in TEXTS else column
    nulls = "nulls first" if order == "ASC" else "nulls last"
    return Query(
        name,
        f"select * from workflow_history{wheres[0]} order by {column} {order}, id limit :limit offset :offset",
        f"select * from {{view}}{wheres[1]} order by {collated} {order} {nulls}, id limit %(limit)s offset %(offset)s",
        parameters,
    )


def counting(name: str = "count", **asked: Any) -> Query:
    """`total_count`: what the same filters let through, before paging."""
    query = listing(name, **asked)
    sqlite = query.sqlite.partition(" order by ")[0].replace("select *", "select count(*)")
    postgres = query.postgres.partition(" order by ")[0].replace("select *", "select count(*)")
    used = {part: value for part, value in query.parameters.items() if part not in {"limit", "offset"}}
    return Query(name, sqlite, postgres, used)


def _searched(column: str) -> tuple[str, str]:
    return f"{column} like :search", f"{column} collate \"C\" ilike %(search)s escape ''"


_SEARCH = tuple(zip(*map(_searched, ("adw_id", "nl_input", "github_url")), strict=True))

_FILTERS = {
    "status": ("status = :status", "status = %(status)s"),
    "model": ("model_used = :model", "model_used = %(model)s"),
    "template": ("workflow_template = :template", "workflow_template = %(template)s"),
    "start_date": ("created_at >= :start_date", 'created_at collate "C" >= %(start_date)s'),
    "end_date": ("created_at <= :end_date", 'created_at collate "C" <= %(end_date)s'),
    "search": tuple(f"({' or '.join(side)})" for side in _SEARCH),
}


def _same(name: str, text: str, **parameters: Any) -> Query:
    """A question whose words mean the same on both sides."""
    postgres = text.replace("workflow_history", "{view}")
    for part in parameters:
        postgres = postgres.replace(f":{part}", f"%({part})s")
    return Query(name, text, postgres, parameters)


def of_the_seed(shape: Shape) -> Iterator[Query]:
    """What the report on the old migration ran, and what the application asks about one run or a few."""
    yield _same("rows", "select count(*) from workflow_history")
    yield _same(
        "scoring",
        f"select scoring_version, {HOUR[shape]}, {DAY[shape]} from workflow_history order by id limit 3",
    )
    yield _same("scored 1.0", "select count(*) from workflow_history where scoring_version = '1.0'")
    yield _same("by adw_id", "select * from workflow_history where adw_id = :adw_id", adw_id="c80e348c")
    yield _same(
        "batch", "select * from workflow_history where adw_id in ('c80e348c', 'test-123', 'gone') order by id"
    )
    yield _same("midnight", f"select id from workflow_history where {HOUR[shape]} = 0 order by id")
    yield _same("Monday", f"select id from workflow_history where {DAY[shape]} = 0 order by id")
    yield _same(
        "unknown hour",
        f"select count(*) from workflow_history where {HOUR[shape]} is null or {HOUR[shape]} = -1",
    )
    yield _same(
        "costs",
        "select adw_id, cost_breakdown from workflow_history where cost_breakdown is not null order by id",
    )


def of_the_api() -> Iterator[Query]:
    """Each filter alone, some together, each order both ways, pages to the end and beyond."""
    yield listing("default")
    yield listing("limit 1", limit=1)
    yield listing("limit 0 is 20", limit=0)
    yield listing("a page", limit=50, offset=100)
    yield listing("the last page", limit=50, offset=450)
    yield listing("beyond the end", limit=50, offset=5000)
    for column in (*SORTED_BY, "no_such_column"):
        for order in ("ASC", "DESC"):
            yield listing(f"by {column} {order}", sort_by=column, sort_order=order, limit=500)
    for name, asked in _ASKED.items():
        yield listing(name, limit=500, **asked)
        yield counting(f"{name}, counted", **asked)


_ASKED: dict[str, dict[str, Any]] = {
    "status": {"status": "failed"},
    "unknown status": {"status": "waiting"},
    "model": {"model": "claude-sonnet-4-5"},
    "template": {"template": "adw_sdlc_iso"},
    "search": {"search": "upload"},
    "search in capitals": {"search": "UPLOAD FORM"},
    "search beyond ASCII": {"search": "übersicht"},
    "search in capitals beyond ASCII": {"search": "ÜBERSICHT"},
    "search with signs of LIKE": {"search": "100%_f"},
    "search with a backslash": {"search": "C:\\temp_dir"},
    "search of an address": {"search": "github.example/ACME"},
    "search of nothing": {"search": ""},
    "from a date": {"start_date": "2025-11-10"},
    "to a time": {"end_date": "2025-11-10T12:00:00"},
    "one day, by text": {"start_date": "2025-11-19", "end_date": "2025-11-19 23:59:59"},
    "one day, by text with T": {"start_date": "2025-11-19T00:00:00", "end_date": "2025-11-19T23:59:59"},
    "all together": {"status": "completed", "model": "sonnet", "template": "adw_sdlc_iso", "search": "e", "start_date": "2025-11"},
}  # fmt: skip


def of_the_analytics() -> Iterator[Query]:
    """The numbers beside the list; they never followed its filters."""
    yield _same("by status", "select status, count(*) from workflow_history group by status order by 2, 1")
    yield _same(
        "by model",
        "select coalesce(model_used, '-'), count(*) from workflow_history group by 1 order by 2, 1",
    )
    yield _same(
        "by template",
        "select coalesce(workflow_template, '-'), count(*) from workflow_history group by 1 order by 2, 1",
    )
    yield _same("duration", "select avg(duration_seconds) from workflow_history where status = 'completed'")
    yield _same(
        "success",
        "select 100.0 * sum(case when status = 'completed' then 1 else 0 end) / count(*) from workflow_history",
    )
    yield _same(
        "cost",
        "select count(*), avg(actual_cost_total), sum(actual_cost_total) from workflow_history where actual_cost_total > 0",
    )
    yield _same(
        "tokens",
        "select avg(total_tokens), avg(cache_efficiency_percent) from workflow_history where total_tokens > 0",
    )
    yield Query(
        "trend by day",
        "select substr(created_at, 1, 10), count(*), avg(actual_cost_total) from workflow_history group by 1 order by 1",
        'select substr(created_at, 1, 10) collate "C", count(*), avg(actual_cost_total) from {view} group by 1 order by 1',
    )


def every_query(shape: Shape) -> list[Query]:
    """All of them."""
    return [*of_the_seed(shape), *of_the_api(), *of_the_analytics()]
