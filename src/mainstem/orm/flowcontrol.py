"""When workflows start by themselves, and how much of a queue is in work at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from mainstem.orm.declared import WORKFLOW_CHANNEL, JsonObject, Ledger, Moment, NewId, OrgKey
from mainstem.orm.definitions import ORGANIZATION, USER, WORKFLOW


class Schedule(Ledger):
    """When which workflow is started by itself."""

    __tablename__ = "user_workflow_schedule"
    __table_args__ = (
        UniqueConstraint("org_id", "name", name="a_schedule_s_name_is_its_own"),
        CheckConstraint("num_nonnulls(cron, every, once_at) = 1", name="a_schedule_comes_round_in_one_way"),
        CheckConstraint("every >= '1 second'", name="a_schedule_s_interval_is_at_least_a_second"),
        CheckConstraint("missed in ('skip', 'once', 'all')", name="missed_policy_is_known"),
        CheckConstraint("overlap in ('allow', 'skip', 'queue', 'cancel')", name="overlap_policy_is_known"),
        CheckConstraint("jsonb_typeof(input_data) = 'object'", name="scheduled_input_is_an_object"),
        ForeignKeyConstraint(["org_id", "workflow_id"], WORKFLOW),
        ForeignKeyConstraint(
            ["org_id", "channel"],
            ["mainstem.user_workflow_channel.org_id", "mainstem.user_workflow_channel.channel"],
        ),
        ForeignKeyConstraint(["org_id", "created_by"], USER),
        Index("user_workflow_schedule_due", "look_at", postgresql_where=text("look_at is not null")),
    )

    org_id: Mapped[OrgKey] = mapped_column(ForeignKey(ORGANIZATION))
    schedule_id: Mapped[NewId]
    name: Mapped[str] = mapped_column(String(255))
    workflow_id: Mapped[UUID]
    cron: Mapped[str | None]
    every: Mapped[timedelta | None]
    once_at: Mapped[datetime | None]
    zone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    input_data: Mapped[JsonObject]
    time_argument: Mapped[str | None]
    channel: Mapped[str] = mapped_column(WORKFLOW_CHANNEL, server_default=text("'web'"))
    workflow_version: Mapped[int] = mapped_column(server_default=text("0"))
    queue: Mapped[str] = mapped_column(server_default=text("'default'"))
    priority: Mapped[int] = mapped_column(server_default=text("0"))
    missed: Mapped[str] = mapped_column(server_default=text("'once'"))
    missed_window: Mapped[timedelta] = mapped_column(server_default=text("'1 day'"))
    overlap: Mapped[str] = mapped_column(server_default=text("'skip'"))
    is_paused: Mapped[bool] = mapped_column(server_default=text("false"))
    next_at: Mapped[datetime | None]
    look_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    last_run_id: Mapped[UUID | None]
    created_at: Mapped[Moment]
    created_by: Mapped[UUID | None]
    updated_at: Mapped[Moment]


class ScheduleFiring(Ledger):
    """What became of one time of a schedule."""

    __tablename__ = "user_workflow_schedule_firing"
    __table_args__ = (
        CheckConstraint("outcome in ('started', 'queued', 'skipped')", name="firing_outcome_is_known"),
        CheckConstraint("(outcome = 'started') = (run_id is not null)", name="started_firings_have_a_run"),
        CheckConstraint("outcome <> 'skipped' or reason is not null", name="skipped_firings_say_why"),
        ForeignKeyConstraint(
            ["org_id", "schedule_id"],
            ["mainstem.user_workflow_schedule.org_id", "mainstem.user_workflow_schedule.schedule_id"],
            ondelete="cascade",
        ),
        Index(
            "user_workflow_schedule_firing_queued",
            "org_id",
            "schedule_id",
            "scheduled_for",
            postgresql_where=text("outcome = 'queued'"),
        ),
    )

    org_id: Mapped[OrgKey]
    schedule_id: Mapped[UUID] = mapped_column(primary_key=True)
    scheduled_for: Mapped[datetime] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    reason: Mapped[str | None]
    ticks: Mapped[int] = mapped_column(server_default=text("1"))
    run_id: Mapped[UUID | None]
    fired_at: Mapped[Moment]


class LimitedQueue(Ledger):
    """A queue that has limits, or is paused."""

    __tablename__ = "user_workflow_queue"
    __table_args__: Any = (
        CheckConstraint("queue <> '' and octet_length(queue) <= 255", name="queue_names_are_short"),
        CheckConstraint("max_running >= 0 and per_key_running >= 1", name="queues_let_something_run"),
        CheckConstraint(
            "num_nonnulls(rate_count, rate_per) in (0, 2)"
            " and (rate_count is null or rate_count >= 1 and rate_per >= '1 millisecond')",
            name="a_rate_is_a_count_in_a_time",
        ),
    )

    queue: Mapped[str] = mapped_column(primary_key=True)
    max_running: Mapped[int | None]
    per_key_running: Mapped[int | None]
    rate_count: Mapped[int | None]
    rate_per: Mapped[timedelta | None]
    tokens: Mapped[float] = mapped_column(server_default=text("0"))
    tokens_at: Mapped[Moment]
    paused_at: Mapped[datetime | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
