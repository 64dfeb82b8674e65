"""What the ledger holds, as values: runs, steps, events. Frozen; times are aware, in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

Json = Any
"""None, bool, int, float, str, and lists and str-keyed dicts of these."""

DEFAULT_ORG = UUID("00000000-0000-7000-8000-000000000001")
"""The organization that exists after `mainstem db upgrade`."""

ACTIVE_VERSION = 0
"""Instead of a version: the one that is active when a run begins, or that of the code as it was last entered."""

LONGEST_LOG = 256
LARGEST_LOG = 256 * 1024
"""Events, and bytes of their data, that are folded into one value. A log beyond either stays in the event log."""


class RunStatus(StrEnum):
    """The states of a run. The last four are endings; completed and cancelled are final."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"

    @property
    def is_over(self) -> bool:
        """Whether a run in this state has ended."""
        return self in (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.TIMEOUT)


class StepStatus(StrEnum):
    """The states of a step."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether a step in this state has ended."""
        return self not in (StepStatus.PENDING, StepStatus.RUNNING, StepStatus.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a step or a run."""

    event_id: UUID
    event_type: str
    event_data: Json
    timestamp: datetime | None
    """None: an old system kept no time of it."""

    @property
    def sorts_at(self) -> datetime:
        """Its place in the order of time: the first, when nobody knows."""
        return self.timestamp or datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a run, as recorded."""

    step_id: UUID
    run_id: UUID
    step_number: int
    node_id: UUID | None
    node_key: str | None
    iteration: int
    status: StepStatus
    retry_count: int
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: int | None
    input_data: Json
    output_data: Json
    screenshots: list[Json]
    events: list[Event]
    error_message: str | None
    error_details: Json
    metadata: Mapping[str, Json]
    created_at: datetime
    updated_at: datetime
    legacy_step_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run as lists show it: without its steps and its large values."""

    run_id: UUID
    workflow_id: UUID
    workflow: str
    status: RunStatus
    channel: str
    external_id: str | None
    driver: str
    workflow_version: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: int | None
    error_message: str | None
    tags: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(RunSummary):
    """A run with its steps, in order; of a run that is not over the context and events of this moment."""

    org_id: UUID
    context: Mapping[str, Json]
    config_snapshot: Json
    endpoints_used: list[Json]
    error_details: Json
    created_by: UUID | None
    updated_at: datetime
    legacy_trace_id: int | None
    input_data: Json
    output_data: Json
    events: list[Event]
    parent_step_id: UUID | None
    forked_from: UUID | None
    priority: int
    is_test: bool
    metadata: Mapping[str, Json]
    steps: list[Step]


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs of a list, latest first, and where the next page begins (None: this is the last)."""

    runs: list[RunSummary]
    next: str | None


@dataclass(frozen=True, slots=True)
class StepCounts:
    """How many steps a run has, in all and in these states."""

    total: int
    completed: int
    failed: int
    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRun(RunSummary):
    """A run as a search shows it."""

    legacy_trace_id: int | None
    is_test: bool
    steps: StepCounts
    retries: int


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Some runs that a filter found, and where the next page begins (None: this is the last).

    searched_back_to: the time was over before the page was full; there may be more among runs begun before that.
    """

    runs: list[FoundRun]
    next: str | None
    searched_back_to: datetime | None
    sort: str


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """One key of a run's context."""

    key: str
    value: Json
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """What a worker that claims a run is told of a step: enough to give its result back, or to go on with it."""

    step_number: int
    node_key: str
    iteration: int
    status: str
    retry_count: int
    output_data: Json
    error_message: str | None
    error_details: Json
    metadata: Mapping[str, Json]
    is_due: bool | None


@dataclass(frozen=True, slots=True)
class ClaimedRun:
    """A run that this worker owns now, with all that is recorded of it."""

    run_id: UUID
    org_id: UUID
    epoch: int
    queue: str
    priority: int
    due_at: datetime
    cancel_requested: bool
    cancel_reason: str | None
    workflow: str
    workflow_version: int
    channel: str
    input_data: Json
    endpoints_used: list[Json]
    claimed_at: datetime
    """By the database's clock."""
    attempt: int = 0
    """Workers that were lost with it, and no step ended in between."""
    test: Mapping[str, Json] | None = None
    """What is given in place of steps, of a test run."""
    steps: list[RecordedStep] = field(default_factory=list)
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked of a run that this worker owns."""

    run_id: UUID
    epoch: int
    cancel_requested: bool
    cancel_reason: str | None
    signals: int
