"""Shapes of runs: what starts one, what is asked of one, and how one is drawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from mainstem.ledger.search.pages import Bucket, Count, FacetValue
from mainstem.model import Event, FoundPage, FoundRun, Run, Step

__all__ = [
    "AllEvents",
    "AllScreenshots",
    "AllSteps",
    "Answered",
    "Comparison",
    "Context",
    "ContextItem",
    "Count",
    "Edge",
    "FacetValue",
    "FilterKey",
    "Filters",
    "FoundPage",
    "FoundRun",
    "Graph",
    "HistogramOfRuns",
    "Jump",
    "Node",
    "PatchOperation",
    "Reason",
    "Run",
    "SentByKey",
    "SentSignal",
    "SignalByKey",
    "Span",
    "Start",
    "Started",
    "StepPair",
    "Timeline",
]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)


class Given(_Shape):
    """What a test run is given in place of its steps."""

    model_config = ConfigDict(extra="forbid")

    outputs: dict[str, Any] = Field(
        default_factory=dict, description="By a step's name: what each of its calls gives."
    )
    pins: dict[str, dict[int, Any]] = Field(
        default_factory=dict, description="The same for one call, by its count from 1."
    )


class Start(_Shape):
    """What begins a run."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"workflow": "claim intake", "input": {"claim": 17}}]}
    )

    workflow: str | None = Field(
        None, description="The workflow's name; or give workflow_id.", max_length=255
    )
    workflow_id: UUID | None = None
    input: dict[str, Any] = Field(default_factory=dict, description="The workflow's arguments by name.")
    channel: str = Field("web", max_length=64)
    external_id: str | None = Field(None, max_length=255, description="Your own id for it; not unique.")
    version: int = Field(0, ge=0, le=2**31 - 1, description="Of the workflow; 0: the one that is active.")
    priority: int = Field(0, ge=-(2**31), le=2**31 - 1)
    tags: list[str] = Field(default_factory=list, max_length=50)
    is_test: bool = False
    test: Given | None = Field(None, description="Makes it a test run.")
    queue: str = Field("default", max_length=255)
    concurrency_key: str | None = Field(
        None, max_length=255, description="Runs of a queue with the same one share its limit per key."
    )


class Started(_Shape):
    """The run that was begun."""

    run_id: UUID
    is_new: bool = Field(description="False: its idempotency key had begun it before.")


class Reason(_Shape):
    """Why."""

    model_config = ConfigDict(extra="forbid")
    reason: str | None = Field(None, max_length=2000, examples=["sent twice"])


class Answered(_Shape):
    """What became of a request."""

    run_id: UUID
    answer: str = Field(examples=["cancelled"])


class SentSignal(_Shape):
    """A signal that was sent."""

    run_id: UUID
    signal_id: UUID


class SignalByKey(_Shape):
    """A signal to the runs of a workflow that are under way for an external id."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"workflow": "claim intake", "key": "claim-7", "name": "paid", "payload": {"amount": 3}}
            ]
        },
    )

    workflow: str = Field(
        min_length=1, max_length=255, pattern=r"^[^\x00]+$", description="The workflow's name."
    )
    key: str = Field(
        min_length=1, max_length=255, pattern=r"^[^\x00]+$", description="The runs' external id."
    )
    name: str = Field(min_length=1, max_length=255, pattern=r"^[^\x00]+$", description="The signal's.")
    payload: Any = None


class SentByKey(_Shape):
    """How many runs a signal was sent to."""

    runs: int


class ContextItem(_Shape):
    """One key of a run's context. tag: what a change of it sends as If-Match."""

    key: str
    value: Any
    created_at: datetime | None
    updated_at: datetime | None
    tag: str


class Context(_Shape):
    """All keys of a run's context, by name."""

    context: list[ContextItem]


class AllSteps(_Shape):
    """A run's steps, in order."""

    steps: list[Step]


class StepEvent(_Shape):
    """An event of the run (step_number 0) or of one of its steps."""

    step_number: int
    node_key: str | None
    event: Event


class AllEvents(_Shape):
    """What happened in a run and its steps, by time."""

    events: list[StepEvent]


class StepScreenshot(_Shape):
    """What a step showed, as it told."""

    step_number: int
    node_key: str | None
    iteration: int
    index: int
    screenshot: Any


class AllScreenshots(_Shape):
    """What the steps of a run showed, in order."""

    screenshots: list[StepScreenshot]


class Span(_Shape):
    """A stretch of time of a run. ended null: it goes on."""

    step_number: int = Field(description="0: the run's own.")
    node_key: str | None
    kind: str = Field(
        description="run, queue (until a worker took it), step, attempt (one that failed), wait"
    )
    began: datetime
    ended: datetime | None
    status: str
    attempt: int


class Timeline(_Shape):
    """When what happened in a run."""

    run_id: UUID
    started_at: datetime | None
    ended_at: datetime | None
    spans: list[Span]


class Node(_Shape):
    """A node of a run's graph; status null: it was not run."""

    key: str
    label: str
    type: str | None = None
    status: str | None = None
    runs: int = 0
    steps: list[int] = []
    skipped_reason: str | None = None


class Edge(_Shape):
    """From a node to another; taken: the run went there. why: so or not; null where that is not known, or still open.
    condition, value: of a drawn graph, and what the condition gave.
    """

    source: str = Field(alias="from")
    to: str
    label: str | None = None
    taken: bool = True
    why: str | None = None
    condition: str | None = None
    value: Any = None


class Graph(_Shape):
    """What ran, over what is defined."""

    nodes: list[Node]
    edges: list[Edge]


class PatchOperation(_Shape):
    """One operation of a JSON patch (RFC 6902) that makes b of a."""

    op: str
    path: str
    value: Any = None


class StepPair(_Shape):
    """The same step of two runs; null where one has none."""

    key: str
    iteration: int
    a: Step | None
    b: Step | None
    duration_delta_ms: int | None
    same_output: bool


class Comparison(_Shape):
    """Two runs, step beside step. first_difference: the key of the first step that went otherwise."""

    a: FoundRun
    b: FoundRun
    first_difference: str | None
    steps: list[StepPair]
    input: list[PatchOperation]
    context: list[PatchOperation]
    output: list[PatchOperation]
    config: list[PatchOperation]


class HistogramOfRuns(_Shape):
    """The runs found, by when they were begun, in equal spans of time. Of no runs there are no buckets."""

    start: datetime | None = Field(alias="from")
    end: datetime | None = Field(alias="to")
    step_seconds: float
    buckets: list[Bucket]
    counted: Count


class Jump(_Shape):
    """Where an id leads."""

    kind: str = Field(description="run or step", examples=["run"])
    run_id: UUID
    step_id: UUID | None = None
    by: str = Field(description="What the id was: run, step, legacy run, legacy step, old key, external id")


class FilterKey(_Shape):
    """A key of the filter language."""

    name: str
    kind: str
    takes: str
    says: str
    operators: list[str]
    choices: list[str]
    examples: list[str]


class Filters(_Shape):
    """The filter language."""

    keys: list[FilterKey]
    documents: list[FilterKey]
    rules: list[str]
    examples: list[str]
    sorts: list[str]
