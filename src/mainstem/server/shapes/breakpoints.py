"""Shapes of breakpoints."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class NewBreakpoint(BaseModel):
    """Where runs shall pause."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"workflow": "intake", "step": "pay", "condition": "input.amount > 1000"}]
        },
    )

    workflow: str | None = Field(
        None, min_length=1, max_length=255, description="By its name; or give run_id."
    )
    run_id: UUID | None = Field(None, description="Only in this run.")
    step: str | None = Field(
        None,
        min_length=1,
        max_length=255,
        description="By its name, or a node's key; whichever comes next when null.",
    )
    condition: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="Of input (the step's), run (the run's input) and call (its count).",
    )
    one_shot: bool = Field(False, description="Switched off by its first hit.")


class BreakpointShown(BaseModel):
    """A breakpoint, and how often it was hit."""

    model_config = ConfigDict(from_attributes=True)

    breakpoint_id: UUID
    workflow: str | None
    run_id: UUID | None
    node_key: str | None
    condition: str | None
    one_shot: bool
    is_enabled: bool
    hits: int
    last_hit_at: datetime | None
    created_at: datetime
    created_by: str | None


class BreakpointsShown(BaseModel):
    """Breakpoints, by id; `next` is where the next page begins."""

    breakpoints: list[BreakpointShown]
    next: UUID | None


class Switch(BaseModel):
    """On or off."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"is_enabled": False}]})
    is_enabled: bool
