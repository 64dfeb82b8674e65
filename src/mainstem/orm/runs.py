"""Runs, their steps, and the event log of what is still open."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mainstem.orm.declared import (
    NEW_ID,
    STEP_STATUS,
    TRACE_STATUS,
    WORKFLOW_CHANNEL,
    BigNumber,
    Json,
    JsonList,
    JsonObject,
    Ledger,
    Moment,
    OldId,
)
from mainstem.orm.definitions import USER, WORKFLOW, Node, Workflow
from mainstem.orm.live import ContextValue

PARTITIONED = {"postgresql_partition_by": "RANGE (run_id)"}


class Run(Ledger):
    """A run: the truth once it is over; while it lives, queue, context and event log stand beside it."""

    __tablename__ = "user_workflow_run"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "workflow_id"], WORKFLOW, ondelete="RESTRICT"),
        ForeignKeyConstraint(["org_id", "created_by"], USER, ondelete="RESTRICT"),
        CheckConstraint("mainstem.step_number_of(run_id) = 0", name="run_ids_leave_room_for_steps"),
        CheckConstraint(
            "status in ('pending', 'running', 'waiting', 'paused', 'completed', 'failed', 'cancelled', 'timeout')",
            name="run_status_is_known",
        ),
        CheckConstraint("driver in ('engine', 'caller', 'recorded')", name="run_driver_is_known"),
        CheckConstraint(
            "(status in ('completed', 'failed', 'cancelled', 'timeout')) = (ended_at is not null)",
            name="ended_runs_have_an_end",
        ),
        CheckConstraint("status <> 'failed' or error_message is not null", name="failed_runs_say_why"),
        CheckConstraint("ended_at >= started_at", name="runs_end_after_they_start"),
        CheckConstraint(
            "jsonb_typeof(events) = 'array' and jsonb_typeof(endpoints_used) = 'array'",
            name="run_logs_are_lists",
        ),
        CheckConstraint(
            "jsonb_typeof(context) = 'object' and jsonb_typeof(metadata) = 'object'",
            name="run_context_is_an_object",
        ),
        Index(
            "user_workflow_run_by_workflow",
            "org_id",
            "workflow_id",
            text("started_at desc"),
            postgresql_include=("run_id", "status", "duration_ms", "is_test"),
        ),
        Index("user_workflow_run_by_status", "org_id", "status", text("started_at desc")),
        Index("user_workflow_run_by_channel", "org_id", "channel", text("started_at desc")),
        Index("user_workflow_run_by_external_id", "org_id", "external_id"),
        *(
            Index(
                f"user_workflow_run_by_{name}",
                "org_id",
                text(f"{column} desc"),
                text("run_id desc"),
                postgresql_where=text(f"{column} is not null"),
            )
            for name, column in (("start", "started_at"), ("end", "ended_at"), ("duration", "duration_ms"))
        ),
        Index(
            "user_workflow_run_by_legacy_id",
            "org_id",
            "legacy_trace_id",
            postgresql_where=text("legacy_trace_id is not null"),
        ),
        PARTITIONED,
    )

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    workflow_id: Mapped[UUID]
    org_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(TRACE_STATUS, server_default=text("'pending'"))
    channel: Mapped[str] = mapped_column(WORKFLOW_CHANNEL)
    external_id: Mapped[str | None] = mapped_column(String(255))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    duration_ms: Mapped[BigNumber | None]
    context: Mapped[JsonObject]
    config_snapshot: Mapped[Json | None]
    endpoints_used: Mapped[JsonList]
    error_message: Mapped[str | None]
    error_details: Mapped[Json | None]
    created_at: Mapped[Moment]
    created_by: Mapped[UUID | None]
    updated_at: Mapped[Moment]
    legacy_trace_id: Mapped[OldId | None]
    driver: Mapped[str]
    workflow_version: Mapped[int] = mapped_column(server_default=text("1"))
    input_data: Mapped[Json | None]
    output_data: Mapped[Json | None]
    events: Mapped[JsonList]
    parent_step_id: Mapped[UUID | None]
    forked_from: Mapped[UUID | None]
    priority: Mapped[int] = mapped_column(server_default=text("0"))
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    is_test: Mapped[bool] = mapped_column(server_default=text("false"))
    metadata_: Mapped[JsonObject] = mapped_column("metadata")

    workflow: Mapped[Workflow] = relationship(
        primaryjoin=lambda: (Run.org_id == Workflow.org_id) & (Run.workflow_id == Workflow.workflow_id),
        foreign_keys=lambda: [Run.org_id, Run.workflow_id],
        viewonly=True,
    )
    steps: Mapped[list[Step]] = relationship(
        primaryjoin=lambda: Run.run_id == Step.run_id,
        foreign_keys=lambda: Step.run_id,
        order_by=lambda: Step.step_number,
        back_populates="run",
        viewonly=True,
    )
    open_events: Mapped[list[Event]] = relationship(
        primaryjoin=lambda: Run.run_id == Event.run_id,
        foreign_keys=lambda: Event.run_id,
        order_by=lambda: Event.occurred_at,
        viewonly=True,
    )
    """What is not folded into `events` of the run and its steps: of what is open, and of very long logs."""
    open_context: Mapped[list[ContextValue]] = relationship(
        primaryjoin=lambda: Run.run_id == ContextValue.run_id,
        foreign_keys=lambda: ContextValue.run_id,
        viewonly=True,
    )
    """The context while the run is not over; afterwards it is `context`."""


class Step(Ledger):
    """A step of a run, with its input, output, screenshots and events."""

    __tablename__ = "user_workflow_run_step"
    __table_args__ = (
        CheckConstraint("step_number between 1 and 16777215", name="step_numbers_fit_in_three_bytes"),
        CheckConstraint(
            "step_id = mainstem.step_id(run_id, step_number)",
            name="a_step_s_id_is_its_run_s_with_its_number",
        ),
        CheckConstraint(
            "status in ('pending', 'running', 'waiting', 'completed', 'failed', 'skipped', 'cancelled')",
            name="step_status_is_known",
        ),
        CheckConstraint(
            "(status in ('completed', 'failed', 'skipped', 'cancelled')) = (ended_at is not null)",
            name="ended_steps_have_an_end",
        ),
        CheckConstraint("status <> 'failed' or error_message is not null", name="failed_steps_say_why"),
        CheckConstraint("ended_at >= started_at", name="steps_end_after_they_start"),
        CheckConstraint("node_id is not null or node_key is not null", name="steps_belong_to_a_node"),
        CheckConstraint(
            "jsonb_typeof(events) = 'array' and jsonb_typeof(screenshots) = 'array'",
            name="step_logs_are_lists",
        ),
        Index("user_workflow_run_step_by_node", "node_id", postgresql_where=text("node_id is not null")),
        Index(
            "user_workflow_run_step_failed",
            "org_id",
            text("started_at desc"),
            postgresql_where=text("status = 'failed'"),
        ),
        Index(
            "user_workflow_run_step_approvals",
            "org_id",
            "run_id",
            "step_number",
            postgresql_where=text("status = 'waiting' and metadata -> 'wait' ->> 'kind' = 'approval'"),
        ),
        Index(
            "user_workflow_run_step_by_legacy_id",
            "org_id",
            "legacy_step_id",
            postgresql_where=text("legacy_step_id is not null"),
        ),
        PARTITIONED,
    )

    step_id: Mapped[UUID]
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    node_id: Mapped[UUID | None]
    step_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(STEP_STATUS, server_default=text("'pending'"))
    retry_count: Mapped[int] = mapped_column(server_default=text("0"))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    duration_ms: Mapped[BigNumber | None]
    input_data: Mapped[Json | None]
    output_data: Mapped[Json | None]
    screenshots: Mapped[JsonList]
    events: Mapped[JsonList]
    error_message: Mapped[str | None]
    error_details: Mapped[Json | None]
    metadata_: Mapped[JsonObject] = mapped_column("metadata")
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    legacy_step_id: Mapped[OldId | None]
    org_id: Mapped[UUID]
    node_key: Mapped[str | None]
    iteration: Mapped[int] = mapped_column(server_default=text("1"))

    run: Mapped[Run] = relationship(
        primaryjoin=lambda: Step.run_id == Run.run_id,
        foreign_keys=lambda: Step.run_id,
        back_populates="steps",
        viewonly=True,
    )
    node: Mapped[Node | None] = relationship(
        primaryjoin=lambda: (Step.org_id == Node.org_id) & (Step.node_id == Node.node_id),
        foreign_keys=lambda: [Step.org_id, Step.node_id],
        viewonly=True,
    )


class Event(Ledger):
    """An event of what is still open, or of a step whose log is too long to fold. Step 0: of the run itself."""

    __tablename__ = "user_workflow_event"
    __table_args__ = PARTITIONED

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    step_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    org_id: Mapped[UUID]
    event_type: Mapped[str] = mapped_column(String(100))
    event_data: Mapped[JsonObject]
    occurred_at: Mapped[Moment]
