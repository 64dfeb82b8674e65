"""Shapes of cached results."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class CachedShown(BaseModel):
    """A cached result as it is listed: what it was made of and by, not the result."""

    model_config = ConfigDict(from_attributes=True)

    key: str = Field(description="By which it is forgotten.")
    step: str = Field(examples=["fetch_rates"])
    workflow: str = Field(description="Whose run made it.")
    label: str = Field(description="How what it was made of begins.", examples=['{"currency":"EUR"}'])
    run_id: UUID
    step_number: int
    is_there: bool = Field(description="False while it is made.")
    bytes: int
    created_at: datetime
    expires_at: datetime


class CachePageShown(BaseModel):
    """A page of cached results."""

    results: list[CachedShown]
    next: str | None = Field(description="page_token of the next page.")


class Cleared(BaseModel):
    """What was forgotten."""

    cleared: int
