"""Queues and their limits: what a request brings, what is answered, and examples."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

QUEUE = {
    "queue": "scans",
    "max_running": 20,
    "per_key_running": 2,
    "rate_count": 100,
    "rate_per": "PT1M",
    "paused_at": None,
    "updated_at": "2026-03-04T11:59:58Z",
}
ANSWERED = {"queue": "scans", "answer": "paused"}


class AskedLimits(BaseModel):
    """What a queue is to let run; null asks for no limit."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"max_running": 20, "rate_count": 100, "rate_per": "PT1M"}]},
    )

    max_running: int | None = Field(None, ge=0, le=2**31 - 1, description="Runs that workers have at once.")
    per_key_running: int | None = Field(
        None, ge=1, le=2**31 - 1, description="Of those with the same concurrency key."
    )
    rate_count: int | None = Field(None, ge=1, le=2**31 - 1, description="Runs that begin in rate_per.")
    rate_per: timedelta | None = Field(
        None, gt=timedelta(0), le=timedelta(days=3660), description="ISO 8601, or seconds.", examples=["PT1M"]
    )


class QueueAnswered(BaseModel):
    """What became of a queue."""

    queue: str
    answer: str


class WorkflowHeld(BaseModel):
    """What became of a workflow. `runs`: how many of it were held, and are ready now."""

    workflow_id: str
    answer: str
    runs: int | None = None
