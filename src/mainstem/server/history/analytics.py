"""The analytics of the old API: fifteen figures over all runs, from one scan."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mainstem.server.history.item import HistoryAnalytics

ALL, BY_STATUS, BY_MODEL, BY_TEMPLATE = 7, 3, 5, 6

MEANS = (
    "avg_duration_seconds",
    "avg_cost",
    "total_cost",
    "avg_cost_per_completion",
    "avg_tokens",
    "avg_cache_efficiency",
)


def analytics_of(rows: Sequence[Mapping[str, Any]]) -> HistoryAnalytics:
    """From the rows of `ledger.history.analytics`."""
    [whole] = [row for row in rows if row["level"] == ALL]
    statuses = _counts(rows, BY_STATUS, "status")
    completed, total = statuses.get("completed", 0), whole["runs"]
    return HistoryAnalytics(
        total_workflows=total,
        completed_workflows=completed,
        failed_workflows=statuses.get("failed", 0),
        success_rate_percent=completed / total * 100 if total else 0.0,
        workflows_by_status=statuses,
        workflows_by_model=_counts(rows, BY_MODEL, "model"),
        workflows_by_template=_counts(rows, BY_TEMPLATE, "template"),
        cost_trend_7day=_change(whole["cost_before_7"], whole["cost_7"]),
        cost_trend_30day=_change(whole["cost_before_30"], whole["cost_30"]),
        **{name: _float(whole[name]) for name in MEANS},
    )


def _counts(rows: Sequence[Mapping[str, Any]], level: int, name: str) -> dict[str, int]:
    """Runs without a model, or without a template, are counted under none."""
    return {row[name]: row["runs"] for row in rows if row["level"] == level and row[name] is not None}


def _change(before: Any, now: Any) -> float:
    """In percent; 0 when there was nothing before."""
    return _float((now or 0) - before) / _float(before) * 100 if before else 0.0


def _float(value: Any) -> float:
    """A context holds numbers that are larger than any float."""
    return min(float(value or 0), sys.float_info.max)
