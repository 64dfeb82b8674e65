"""The shapes of the old API: a run as sixty-one fields and four of ours, the analytics, and a page of both."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

STATUSES = ("pending", "running", "completed", "failed")
"""All that old clients know. A server that is told to sends others."""


class CostBreakdown(BaseModel):
    """What a run cost, in all, by step and by phase."""

    estimated_total: float = 0.0
    actual_total: float = 0.0
    estimated_per_step: float = 0.0
    actual_per_step: float = 0.0
    cost_per_token: float = 0.0
    by_phase: dict[str, float] | None = None


class TokenBreakdown(BaseModel):
    """The tokens of a run."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_hit_tokens: int = 0
    cache_miss_tokens: int = 0
    total_tokens: int = 0


class HistoryItem(BaseModel):
    """A run as the old application had it. A value that does not fit its field is the field's default, and the row stays."""

    model_config = ConfigDict(protected_namespaces=())

    id: Annotated[
        int,
        Field(description="The old integer id; of a native run one derived from its run_id", examples=[14]),
    ]
    adw_id: Annotated[
        str, Field(description="external_id; the run_id where there is none", examples=["c80e348c"])
    ]
    issue_number: int | None = None
    nl_input: str | None = None
    github_url: str | None = None
    workflow_template: Annotated[
        str | None, Field(description="As written; of a native run its workflow's name")
    ] = None
    model_used: str | None = None
    status: Annotated[
        str,
        WithJsonSchema({"type": "string", "enum": list(STATUSES)}),
        Field(
            description="One of four: waiting and paused are running, cancelled and timeout are failed; see native_status"
        ),
    ]
    branch_name: str | None = None
    plan_file: str | None = None
    issue_class: str | None = None

    start_time: Annotated[
        str | None, Field(description="As it was written, in whichever form; else UTC with Z")
    ] = None
    end_time: str | None = None
    duration_seconds: int | None = None
    created_at: str
    updated_at: str

    error_message: str | None = None
    phase_count: int | None = None
    current_phase: str | None = None
    success_rate: float | None = None
    retry_count: int = 0
    steps_completed: int = 0
    steps_total: int = 0

    worktree_path: str | None = None
    backend_port: int | None = None
    frontend_port: int | None = None
    concurrent_workflows: int = 0
    worktree_reused: bool = False

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_hit_tokens: int = 0
    cache_miss_tokens: int = 0
    total_tokens: int = 0
    cache_efficiency_percent: float = 0.0

    estimated_cost_total: float = 0.0
    actual_cost_total: float = 0.0
    estimated_cost_per_step: float = 0.0
    actual_cost_per_step: float = 0.0
    cost_per_token: float = 0.0

    structured_input: dict[str, Any] | None = None
    cost_breakdown: CostBreakdown | None = None
    token_breakdown: TokenBreakdown | None = None

    phase_durations: dict[str, int] | None = None
    idle_time_seconds: int | None = None
    bottleneck_phase: str | None = None

    error_category: str | None = None
    retry_reasons: list[str] | None = None
    error_phase_distribution: dict[str, Any] | None = None
    recovery_time_seconds: int | None = None

    complexity_estimated: str | None = None
    complexity_actual: str | None = None

    hour_of_day: Annotated[int, Field(description="0 to 23; -1 when unknown")] = -1
    day_of_week: Annotated[int, Field(description="0 is Monday, 6 Sunday; -1 when unknown")] = -1
    nl_input_clarity_score: float = 0.0
    cost_efficiency_score: float = 0.0
    performance_score: float = 0.0
    quality_score: float = 0.0
    scoring_version: str | None = "1.0"

    anomaly_flags: list[str] = []
    optimization_recommendations: list[str] = []

    native_status: Annotated[str, Field(description="The ledger's own of eight", examples=["cancelled"])]
    run_id: Annotated[UUID, Field(description="The run under /api/v1/runs")]
    gh_issue_state: str | None = None
    similar_workflow_ids: list[str] | None = None


OURS = ("native_status", "run_id", "gh_issue_state", "similar_workflow_ids")
"""Beside the sixty-one: two that the ledger adds, and two that the old page knew and the old server left out."""


class HistoryAnalytics(BaseModel):
    """Over all runs of the tenant, whatever the filters."""

    total_workflows: int = 0
    completed_workflows: int = 0
    failed_workflows: int = 0
    avg_duration_seconds: Annotated[float, Field(description="Of completed runs")] = 0.0
    success_rate_percent: Annotated[
        float, Field(description="Completed of all, those that still run too")
    ] = 0.0
    workflows_by_model: dict[str, int] = {}
    workflows_by_template: dict[str, int] = {}
    workflows_by_status: dict[str, int] = {}
    avg_cost: Annotated[float, Field(description="Of runs that cost something")] = 0.0
    total_cost: float = 0.0
    avg_cost_per_completion: float = 0.0
    cost_trend_7day: Annotated[
        float,
        Field(description="Percent that the mean cost of completed runs changed, against the 7 days before"),
    ] = 0.0
    cost_trend_30day: float = 0.0
    avg_tokens: Annotated[float, Field(description="Of runs that used some")] = 0.0
    avg_cache_efficiency: float = 0.0


class HistoryPage(BaseModel):
    """A page, the count before paging, and the analytics."""

    workflows: list[HistoryItem]
    total_count: int
    analytics: HistoryAnalytics
