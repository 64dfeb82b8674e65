"""The old application's handler as its description has it, over the SQLite file: what it answered, row by row.

Where one row did not fit the server's model, the old application answered an empty page for all of them; here such a
row says which of its fields did not fit.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

JSON = (
    "structured_input", "cost_breakdown", "token_breakdown", "phase_durations", "retry_reasons",
    "error_phase_distribution", "anomaly_flags", "optimization_recommendations",
)  # fmt: skip
ZERO = (
    "nl_input_clarity_score",
    "cost_efficiency_score",
    "performance_score",
    "quality_score",
    "estimated_cost_total",
)
COSTS = ("estimated_total", "actual_total", "estimated_per_step", "actual_per_step", "cost_per_token")
TOKENS = (
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_hit_tokens",
    "cache_miss_tokens",
    "total_tokens",
)


@dataclass
class Served:
    """A row as the old server sent it, and the fields for which it could not."""

    item: dict[str, Any]
    unfit: set[str] = field(default_factory=set)


def rows_of(
    path: Path, query: str = "select * from workflow_history order by created_at desc, id"
) -> list[Any]:
    with closing(sqlite3.connect(path)) as file:
        file.row_factory = sqlite3.Row
        return [dict(row) for row in file.execute(query)]


def served(row: Mapping[str, Any], fields: Mapping[str, tuple[str, Any]]) -> Served:
    """The list path: JSON texts become values, NULLs defaults, then the model looks at each field's type."""
    row = dict(row)
    row["hour_of_day"] = row["submission_hour"]
    row["day_of_week"] = row["submission_day_of_week"]
    for name in JSON:
        row[name] = _parsed(row.get(name))
    for name in ("anomaly_flags", "optimization_recommendations"):
        row[name] = [] if row[name] is None else row[name]
    for name in ZERO:
        row[name] = 0.0 if row[name] is None else row[name]
    for name in ("hour_of_day", "day_of_week"):
        row[name] = -1 if row[name] is None else row[name]  # None, not falsy: midnight and Monday are 0
    answer = Served({})
    for name, (type_, default) in fields.items():
        value = row.get(name, default)
        try:
            answer.item[name] = CHECKS[type_](value)
        except (TypeError, ValueError):
            answer.unfit.add(name)
    return answer


def _parsed(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _whole(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise TypeError(value)
    return [_text(each) for each in value]


def _costs(value: Any) -> dict[str, Any]:
    given = _mapping(value)
    return {name: float(given.get(name, 0.0)) for name in COSTS} | {"by_phase": given.get("by_phase")}


def _tokens(value: Any) -> dict[str, int]:
    given = _mapping(value)
    return {name: _whole(given.get(name, 0)) for name in TOKENS}


def _or_null(check: Any) -> Any:
    return lambda value: None if value is None else check(value)


NOT_NULL: dict[str, Any] = {"int": _whole, "float": float, "str": _text, "bool": bool, "list[str]": _texts}
CHECKS: dict[str, Any] = {
    **NOT_NULL,
    **{f"{name}?": _or_null(check) for name, check in NOT_NULL.items()},
    "object?": _or_null(_mapping),
    "{phase: int}?": _or_null(_mapping),
    "CostBreakdown?": _or_null(_costs),
    "TokenBreakdown?": _or_null(_tokens),
}


def analytics(path: Path) -> dict[str, Any]:
    """Over the whole table. The trends compare windows that end now, and the sample is from long ago: 0."""
    rows = rows_of(path)
    completed = [row for row in rows if row["status"] == "completed"]
    costs = [row["actual_cost_total"] for row in rows if (row["actual_cost_total"] or 0) > 0]
    completed_costs = [row["actual_cost_total"] for row in completed if (row["actual_cost_total"] or 0) > 0]
    counted = [row for row in rows if (row["total_tokens"] or 0) > 0]
    by_status = _count(rows, "status")
    return {
        "total_workflows": len(rows),
        "completed_workflows": by_status["completed"],
        "failed_workflows": by_status["failed"],
        "avg_duration_seconds": _mean([row["duration_seconds"] for row in completed]),
        "success_rate_percent": len(completed) / len(rows) * 100,
        "workflows_by_model": _count(rows, "model_used"),
        "workflows_by_template": _count(rows, "workflow_template"),
        "workflows_by_status": by_status,
        "avg_cost": _mean(costs),
        "total_cost": sum(costs),
        "avg_cost_per_completion": _mean(completed_costs),
        "cost_trend_7day": 0.0,
        "cost_trend_30day": 0.0,
        "avg_tokens": _mean([row["total_tokens"] for row in counted]),
        "avg_cache_efficiency": _mean([row["cache_efficiency_percent"] for row in counted]),
    }


def _count(rows: list[Any], name: str) -> dict[str, int]:
    values = [row[name] for row in rows if row[name] is not None]
    return {value: values.count(value) for value in dict.fromkeys(values)}


def _mean(values: list[Any]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0
