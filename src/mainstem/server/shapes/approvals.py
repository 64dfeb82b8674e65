"""Shapes of approvals."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class ApprovalShown(BaseModel):
    """A question that a run waits to be answered."""

    model_config = ConfigDict(from_attributes=True)

    step_id: UUID
    run_id: UUID
    workflow: str
    external_id: str | None
    name: str = Field(examples=["supervisor"])
    assignee: str | None
    form: Any = Field(description="The JSON schema (2020-12) of the answer; null takes any.")
    asked_at: datetime
    due_at: datetime | None = Field(description="After this nobody can answer; null: for ever.")


class ApprovalsShown(BaseModel):
    """A page of open approvals, the oldest run's first."""

    approvals: list[ApprovalShown]
    next: str | None = Field(description="page_token of the next page.")


class GivenAnswer(BaseModel):
    """An answer to an approval."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"answer": {"approved": True}, "answered_by": "ann"}]}
    )

    answer: Any = Field(description="As the approval's form has it.")
    answered_by: str | None = Field(
        None,
        max_length=200,
        pattern=r"^[^\x00]*$",
        description="Who answers, where an application asks for its users; the key's own name without it.",
    )
    note: str | None = Field(
        None, max_length=2000, pattern=r"^[^\x00]*$", description="Why so: kept in the audit trail."
    )


class AnsweredApproval(BaseModel):
    """An answer that was taken."""

    step_id: UUID
    signal_id: UUID
    answered_by: str
