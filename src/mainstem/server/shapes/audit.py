"""Shapes of the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class ChangeShown(BaseModel):
    """One change, by whom and what."""

    model_config = ConfigDict(from_attributes=True)

    audit_id: UUID
    at: datetime
    actor: str = Field(examples=["ms_Ab3dEf9h"])
    key_id: UUID | None
    user_id: UUID | None
    action: str = Field(examples=["keys.create"])
    target: str
    details: dict[str, Any]
    request_id: str | None


class ChangesShown(BaseModel):
    """A page of the trail."""

    changes: list[ChangeShown]
    next: str | None = Field(description="page_token of the next page.")
