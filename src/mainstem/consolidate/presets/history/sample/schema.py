"""The old schema: one table of seventy columns in both shapes that its time columns were given, and its archive."""

from __future__ import annotations

from typing import Literal, get_args

Shape = Literal["submission", "of_day"]
"""`submission_hour`, `submission_day_of_week`, NULL where unknown; or `hour_of_day`, `day_of_week`, -1 where unknown."""

SHAPES: tuple[Shape, ...] = get_args(Shape)

HOUR = {"submission": "submission_hour", "of_day": "hour_of_day"}
DAY = {"submission": "submission_day_of_week", "of_day": "day_of_week"}

_COLUMNS = """
id integer primary key autoincrement
adw_id text not null unique
issue_number integer
nl_input text
github_url text
workflow_template text
model_used text
status text not null check (status in ('pending', 'running', 'completed', 'failed'))
start_time text
end_time text
duration_seconds integer
error_message text
phase_count integer
current_phase text
success_rate real
retry_count integer default 0
worktree_path text
backend_port integer
frontend_port integer
concurrent_workflows integer default 0
input_tokens integer default 0
output_tokens integer default 0
cached_tokens integer default 0
cache_hit_tokens integer default 0
cache_miss_tokens integer default 0
total_tokens integer default 0
cache_efficiency_percent real default 0.0
estimated_cost_total real default 0.0
actual_cost_total real default 0.0
estimated_cost_per_step real default 0.0
actual_cost_per_step real default 0.0
cost_per_token real default 0.0
structured_input text
cost_breakdown text
token_breakdown text
worktree_reused integer default 0
steps_completed integer default 0
steps_total integer default 0
created_at text not null default current_timestamp
updated_at text not null default current_timestamp
nl_input_word_count integer
nl_input_clarity_score real
structured_input_completeness_percent real
{hour}
{day}
pr_merged integer default 0
time_to_merge_hours real
review_cycles integer
ci_test_pass_rate real
cost_efficiency_score real
performance_score real
quality_score real
similar_workflow_ids text
anomaly_flags text
optimization_recommendations text
idle_time_seconds integer
bottleneck_phase text
error_category text
retry_reasons text
error_phase_distribution text
recovery_time_seconds integer
complexity_estimated text
complexity_actual text
workflow_type text default 'planning'
parent_workflow_id text
input_hash text
output_summary text
workflow_id text
gh_issue_state text
scoring_version text default '1.0'
"""

_INDEXED = (
    "adw_id", "status", "created_at desc", "issue_number", "model_used", "workflow_template", "start_time",
    "{hour}", "{day}", "actual_cost_total", "total_tokens", "cost_efficiency_score", "performance_score",
    "quality_score", "input_hash", "workflow_id", "parent_workflow_id",
)  # fmt: skip
"""Seventeen; with the one that UNIQUE makes there are eighteen."""

_NOT_ARCHIVED = frozenset(
    [
        "id", "created_at", "updated_at", "nl_input_word_count", "structured_input_completeness_percent", "pr_merged",
        "time_to_merge_hours", "review_cycles", "ci_test_pass_rate", "similar_workflow_ids", "idle_time_seconds",
        "bottleneck_phase", "error_category", "retry_reasons", "error_phase_distribution", "recovery_time_seconds",
        "complexity_estimated", "complexity_actual", "workflow_type", "parent_workflow_id", "input_hash",
        "output_summary", "workflow_id", "gh_issue_state",
    ]
)  # fmt: skip


def columns(shape: Shape) -> list[str]:
    """Their definitions, in order: seventy."""
    default = " default -1" if shape == "of_day" else ""
    said = _COLUMNS.format(hour=f"{HOUR[shape]} integer{default}", day=f"{DAY[shape]} integer{default}")
    return said.strip().splitlines()


def names(shape: Shape) -> list[str]:
    """Their names."""
    return [column.split()[0] for column in columns(shape)]


def archived() -> list[str]:
    """The columns that a row and its copy in the archive have in common."""
    return [name for name in names("of_day") if name not in _NOT_ARCHIVED]


def statements(shape: Shape) -> list[str]:
    """What makes the tables. The archive has the names of the newer shape in either."""
    kept = [column for column in columns("of_day") if column.split()[0] not in _NOT_ARCHIVED]
    kept = [column.removesuffix(" unique").split(" check ")[0] for column in kept]
    archive = ["id integer primary key autoincrement", "original_id integer not null", *kept]
    archive += ["created_at text not null", "updated_at text not null"]
    archive += ["archived_at text not null default current_timestamp", "archive_reason text"]
    return [
        "create table workflow_history (\n  " + ",\n  ".join(columns(shape)) + "\n)",
        "create table workflow_history_archive (\n  " + ",\n  ".join(archive) + "\n)",
        *indexes(shape),
    ]


def indexes(shape: Shape) -> list[str]:
    """Those on the table itself."""
    found = []
    for column in _INDEXED:
        said = column.format(hour=HOUR[shape], day=DAY[shape])
        found.append(f"create index idx_workflow_history_{said.split()[0]} on workflow_history ({said})")
    return found
