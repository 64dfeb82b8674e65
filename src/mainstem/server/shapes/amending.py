"""Shapes of what people do with runs that failed or that they stopped, one or many."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from mainstem.ledger.search.pages import Count
from mainstem.model import FoundRun


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Retry(_Shape):
    """What is done again."""

    from_step: int | None = Field(
        default=None,
        ge=1,
        lt=2**24,
        description="This step and all that began after it; what failed, when null.",
    )


class Resume(_Shape):
    """How a paused run goes on."""

    step_over: bool = Field(default=False, description="Pause again before the next step.")


class Fork(_Shape):
    """From where a new run goes on, and what is other there. null: as it was."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"from_step": 3, "context": {"limit": 500}}]})

    from_step: int | None = Field(default=None, ge=1, lt=2**24, description="From the beginning when null.")
    input: dict[str, Any] | None = Field(default=None, description="The whole of it, by name.")
    context: dict[str, Any] | None = Field(default=None, description="Laid over the old one, key by key.")
    version: int | None = Field(default=None, ge=1, le=2**31 - 1, description="Of the code.")


class Forked(_Shape):
    """The new run."""

    run_id: UUID
    forked_from: UUID


class Patch(_Shape):
    """What a step gave, as a person says."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"output": {"active": True}, "reason": "looked up by hand"}]}
    )

    output: Any
    reason: str | None = Field(default=None, max_length=2000)
    go_on: bool = Field(
        default=True, description="Take the run back too; false when more is to be patched first."
    )


class Skip(_Shape):
    """Why a step is passed over."""

    reason: str | None = Field(default=None, max_length=2000, examples=["not needed for this claim"])
    go_on: bool = Field(
        default=True, description="Take the run back too; false when more is to be patched first."
    )


class Bulk(_Shape):
    """What is asked of every run that a filter finds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"action": "retry", "q": "status:failed workflow:intake", "dry_run": True}]
        }
    )

    action: Literal["retry", "cancel", "resume"]
    q: str = Field(min_length=1, max_length=4000, description="A filter; see GET /filters.")
    reason: str | None = Field(default=None, max_length=2000, description="Of a cancellation.")
    dry_run: bool = Field(description="Only say how many, and which first.")
    most: int = Field(200, ge=1, le=200, description="Runs of this request; `next` goes on.")
    page_token: str | None = Field(
        default=None, max_length=1000, description="The `next` of the request before."
    )


class Refused(_Shape):
    """A run that was left as it is, and why."""

    run_id: UUID
    code: str
    message: str


class BulkAnswer(_Shape):
    """matched, first: of a dry run, how many the filter finds, and the first of them. asked: of how many something was
    asked now. next: for the next request; null when these were the last.
    """

    matched: Count | None = None
    first: list[FoundRun] = []
    asked: int = 0
    refused: list[Refused] = []
    next: str | None = None
