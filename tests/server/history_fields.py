"""The sixty-one fields of the old API, by hand from its description: type, value when it is missing, where from, what is odd.

`?` is a field that may be null. A field of the API without a row here fails the suite, and so does a row without a field.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Field(NamedTuple):
    """One field."""

    type: str
    default: Any
    source: str
    """Where a consolidated run has it: a column, or a place in one of the documents."""
    quirk: str = ""


FIELDS: dict[str, Field] = {
    "id": Field("int", None, "legacy_trace_id", "an integer, not a UUID; of a native run derived from its run_id"),
    "adw_id": Field("str", None, "external_id", "the run_id where a native run has none"),
    "issue_number": Field("int?", None, "context.issue_number"),
    "nl_input": Field("str?", None, "context.nl_input", "'' is not null"),
    "github_url": Field("str?", None, "context.github_url"),
    "workflow_template": Field("str?", None, "config_snapshot.workflow_template", "null stays, though the run belongs to sdlc"),
    "model_used": Field("str?", None, "config_snapshot.model_used"),
    "status": Field("str", None, "status", "one of four; native_status tells the rest"),
    "branch_name": Field("str?", None, "context.branch_name", "no column of the seventy"),
    "plan_file": Field("str?", None, "context.plan_file", "no column of the seventy"),
    "issue_class": Field("str?", None, "context.issue_class", "no column of the seventy"),
    "start_time": Field("str?", None, "started_at", "as it was written, in one of three forms"),
    "end_time": Field("str?", None, "ended_at", "mostly null: the ledger's end of a run that had none is not told"),
    "duration_seconds": Field("int?", None, "duration_ms", "12.5 emptied the page; its fraction is cut off"),
    "created_at": Field("str", None, "created_at", "as it was written; lists are ordered by the text"),
    "updated_at": Field("str", None, "updated_at", "as it was written, until the row changes"),
    "error_message": Field("str?", None, "error_message", "null of a failed run that said nothing"),
    "phase_count": Field("int?", None, "context.phase_count", "'six' is null"),
    "current_phase": Field("str?", None, "context.current_phase"),
    "success_rate": Field("float?", None, "context.success_rate"),
    "retry_count": Field("int", 0, "error_details.retry_count"),
    "steps_completed": Field("int", 0, "context.steps_completed"),
    "steps_total": Field("int", 0, "context.steps_total"),
    "worktree_path": Field("str?", None, "context.worktree_path"),
    "backend_port": Field("int?", None, "context.backend_port", "'N/A' is null; the column came over as texts"),
    "frontend_port": Field("int?", None, "context.frontend_port"),
    "concurrent_workflows": Field("int", 0, "context.concurrent_workflows"),
    "worktree_reused": Field("bool", False, "context.worktree_reused", "0 and 1 in SQLite"),
    "input_tokens": Field("int", 0, "context.input_tokens"),
    "output_tokens": Field("int", 0, "context.output_tokens"),
    "cached_tokens": Field("int", 0, "context.cached_tokens"),
    "cache_hit_tokens": Field("int", 0, "context.cache_hit_tokens"),
    "cache_miss_tokens": Field("int", 0, "context.cache_miss_tokens"),
    "total_tokens": Field("int", 0, "context.total_tokens", "may be beyond an int4"),
    "cache_efficiency_percent": Field("float", 0.0, "context.cache_efficiency_percent"),
    "estimated_cost_total": Field("float", 0.0, "context.estimated_cost_total"),
    "actual_cost_total": Field("float", 0.0, "context.actual_cost_total", "never null: the page calls toFixed"),
    "estimated_cost_per_step": Field("float", 0.0, "context.estimated_cost_per_step"),
    "actual_cost_per_step": Field("float", 0.0, "context.actual_cost_per_step"),
    "cost_per_token": Field("float", 0.0, "context.cost_per_token", "3.1e-7 is not 0"),
    "structured_input": Field("object?", None, "config_snapshot.structured_input", "encoded twice it is decoded twice"),
    "cost_breakdown": Field("CostBreakdown?", None, "context.cost_breakdown", "null where it was no JSON"),
    "token_breakdown": Field("TokenBreakdown?", None, "context.token_breakdown", "the six it knows"),
    "phase_durations": Field("{phase: int}?", None, "context.phase_durations", "no column of the seventy; of a native run from its steps"),
    "idle_time_seconds": Field("int?", None, "context.idle_time_seconds"),
    "bottleneck_phase": Field("str?", None, "context.bottleneck_phase"),
    "error_category": Field("str?", None, "error_details.error_category"),
    "retry_reasons": Field("list[str]?", None, "error_details.retry_reasons", "the text null is null"),
    "error_phase_distribution": Field("object?", None, "error_details.error_phase_distribution"),
    "recovery_time_seconds": Field("int?", None, "error_details.recovery_time_seconds"),
    "complexity_estimated": Field("str?", None, "config_snapshot.complexity_estimated"),
    "complexity_actual": Field("str?", None, "context.complexity_actual"),
    "hour_of_day": Field("int", -1, "context.hour_of_day", "submission_hour; 0 is midnight"),
    "day_of_week": Field("int", -1, "context.day_of_week", "submission_day_of_week; 0 is Monday"),
    "nl_input_clarity_score": Field("float", 0.0, "context.nl_input_clarity_score"),
    "cost_efficiency_score": Field("float", 0.0, "context.cost_efficiency_score"),
    "performance_score": Field("float", 0.0, "context.performance_score"),
    "quality_score": Field("float", 0.0, "context.quality_score"),
    "scoring_version": Field("str?", "1.0", "config_snapshot.scoring_version", "the column's NULL was sent as null"),
    "anomaly_flags": Field("list[str]", [], "context.anomaly_flags", "of an object its message"),
    "optimization_recommendations": Field("list[str]", [], "context.optimization_recommendations"),
}  # fmt: skip

BESIDE: dict[str, Field] = {
    "native_status": Field("str", None, "status", "the ledger's own of eight"),
    "run_id": Field("str", None, "run_id"),
    "gh_issue_state": Field(
        "str?", None, "context.gh_issue_state", "in the table and the page, never sent before"
    ),
    "similar_workflow_ids": Field("list[str]?", None, "context.similar_workflow_ids", "as gh_issue_state"),
}
"""What the old server did not send."""

ANALYTICS: dict[str, str] = {
    "total_workflows": "all",
    "completed_workflows": "completed",
    "failed_workflows": "failed; cancelled and timed out ones too",
    "avg_duration_seconds": "of completed ones",
    "success_rate_percent": "completed of all: pending and running count against it",
    "workflows_by_model": "without those that have none",
    "workflows_by_template": "without those that have none",
    "workflows_by_status": "of the four",
    "avg_cost": "of those that cost more than 0",
    "total_cost": "of those that cost more than 0",
    "avg_cost_per_completion": "of completed ones that cost more than 0",
    "cost_trend_7day": "percent that the mean cost of completed ones changed against the 7 days before",
    "cost_trend_30day": "the same of 30 days",
    "avg_tokens": "of those that used more than 0",
    "avg_cache_efficiency": "of those that used more than 0 tokens",
}
"""The fifteen."""
