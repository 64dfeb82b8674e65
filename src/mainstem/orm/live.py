"""What lives beside runs that are not over: queue, workers, signals, context; idempotency keys and the change log."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from mainstem.orm.declared import (
    NEW_ID,
    BigNumber,
    Json,
    JsonObject,
    Ledger,
    Moment,
    NewId,
    OrgKey,
    TransactionId,
)


class QueuedRun(Ledger):
    """An engine run that is not over: who owns it, what it waits for, what was asked of it."""

    __tablename__ = "user_workflow_run_queue"
    __table_args__ = (
        CheckConstraint("state in ('ready', 'waiting', 'owned', 'paused')", name="queue_state_is_known"),
        CheckConstraint("(state = 'owned') = (worker_id is not null)", name="owned_runs_have_an_owner"),
        Index(
            "queue_ready",
            "queue",
            text("priority desc"),
            "due_at",
            postgresql_where=text("state = 'ready'"),
        ),
        Index(
            "queue_ready_by_key",
            "queue",
            "concurrency_key",
            text("priority desc"),
            "due_at",
            postgresql_where=text("state = 'ready' and concurrency_key is not null"),
        ),
        Index("queue_waiting", "due_at", postgresql_where=text("state = 'waiting'")),
        Index("queue_owned", "worker_id", postgresql_where=text("state = 'owned'")),
        Index("queue_deadlines", "deadline_at", postgresql_where=text("deadline_at is not null")),
    )

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID]
    queue: Mapped[str] = mapped_column(server_default=text("'default'"))
    state: Mapped[str] = mapped_column(server_default=text("'ready'"))
    priority: Mapped[int] = mapped_column(server_default=text("0"))
    due_at: Mapped[Moment]
    waiting_for: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    signals: Mapped[int] = mapped_column(server_default=text("0"))
    cancel_requested_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    worker_id: Mapped[UUID | None]
    epoch: Mapped[int] = mapped_column(server_default=text("0"))
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    concurrency_key: Mapped[str | None]
    deadline_at: Mapped[datetime | None]


class Worker(Ledger):
    """One start of a worker process."""

    __tablename__ = "user_workflow_worker"
    __table_args__ = (CheckConstraint("ttl >= '1 second'", name="a_lease_lasts_a_while"),)

    worker_id: Mapped[UUID] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    capabilities: Mapped[JsonObject]
    ttl: Mapped[timedelta] = mapped_column(server_default=text("'15 seconds'"))
    started_at: Mapped[Moment]
    heartbeat_at: Mapped[Moment]
    reaped_at: Mapped[datetime | None]
    backend_pid: Mapped[int | None]
    backend_start: Mapped[datetime | None]


class Signal(Ledger):
    """A signal that a run has not taken yet."""

    __tablename__ = "user_workflow_signal"

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    signal_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    org_id: Mapped[UUID]
    name: Mapped[str]
    payload: Mapped[Json | None]
    sent_at: Mapped[Moment]
    sent_by: Mapped[UUID | None]


class ContextValue(Ledger):
    """A key of the context of a run that is not over."""

    __tablename__ = "user_workflow_run_context"
    __table_args__ = (CheckConstraint("key <> ''", name="context_keys_have_a_name"),)

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    value: Mapped[Json]
    org_id: Mapped[UUID]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class IdempotencyKey(Ledger):
    """Which run an idempotency key began."""

    __tablename__ = "user_workflow_idempotency"
    __table_args__ = (Index("user_workflow_idempotency_by_expiry", "expires_at"),)

    org_id: Mapped[OrgKey]
    workflow_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[UUID]
    request_digest: Mapped[bytes]
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime]


class Change(Ledger):
    """What changed in one flush for one tenant. The three arrays go together; step 0 stands for the run itself."""

    __tablename__ = "user_workflow_change"
    __table_args__ = (
        Index(
            "user_workflow_change_receipts",
            "worker_id",
            "flush",
            postgresql_where=text("worker_id is not null"),
        ),
        Index("user_workflow_change_by_time", "at", postgresql_using="brin"),
    )

    org_id: Mapped[OrgKey]
    xid: Mapped[int] = mapped_column(
        TransactionId(), primary_key=True, server_default=text("pg_current_xact_id()")
    )
    change_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    at: Mapped[Moment]
    run_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    step_numbers: Mapped[list[int]] = mapped_column(ARRAY(Integer()))
    states: Mapped[list[str]]
    worker_id: Mapped[UUID | None]
    flush: Mapped[BigNumber | None]


class Audited(Ledger):
    """A change made through a server: by whom, what, to what."""

    __tablename__ = "user_workflow_audit"
    __table_args__ = (
        CheckConstraint("jsonb_typeof(details) = 'object'", name="audit_details_are_an_object"),
        Index("user_workflow_audit_latest", "org_id", text("at desc"), text("audit_id desc")),
        Index("user_workflow_audit_by_time", "at", postgresql_using="brin"),
    )

    org_id: Mapped[OrgKey] = mapped_column(ForeignKey("mainstem.organization.org_id"))
    audit_id: Mapped[NewId]
    at: Mapped[Moment]
    actor: Mapped[str]
    key_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    action: Mapped[str]
    target: Mapped[str]
    details: Mapped[JsonObject]
    request_id: Mapped[str | None]


class CachedStep(Ledger):
    """A step's result that stands for a while; without one, the lease of the run that makes it."""

    __tablename__ = "user_workflow_step_cache"
    __table_args__ = (
        CheckConstraint(
            "(epoch is null) = (output_data is not null)", name="a_cached_result_is_there_or_being_made"
        ),
        Index("user_workflow_step_cache_by_expiry", "expires_at"),
        Index("user_workflow_step_cache_latest", "org_id", text("created_at desc"), text("cache_key desc")),
    )

    org_id: Mapped[OrgKey] = mapped_column(ForeignKey("mainstem.organization.org_id"))
    cache_key: Mapped[str] = mapped_column(primary_key=True)
    workflow: Mapped[str]
    step: Mapped[str]
    label: Mapped[str]
    run_id: Mapped[UUID]
    step_number: Mapped[int]
    epoch: Mapped[int | None]
    output_data: Mapped[Json | None]
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime]


class Breakpoint(Ledger):
    """Where runs pause before a step begins."""

    __tablename__ = "user_workflow_breakpoint"
    __table_args__ = (
        CheckConstraint("workflow is not null or run_id is not null", name="a_breakpoint_says_where"),
        Index("user_workflow_breakpoint_enabled", "org_id", postgresql_where=text("is_enabled")),
    )

    org_id: Mapped[OrgKey] = mapped_column(ForeignKey("mainstem.organization.org_id"))
    breakpoint_id: Mapped[NewId]
    workflow: Mapped[str | None] = mapped_column(String(255))
    run_id: Mapped[UUID | None]
    node_key: Mapped[str | None]
    condition: Mapped[str | None]
    one_shot: Mapped[bool] = mapped_column(server_default=text("false"))
    is_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    hits: Mapped[int] = mapped_column(server_default=text("0"))
    last_hit_at: Mapped[datetime | None]
    created_at: Mapped[Moment]
    created_by: Mapped[str | None]
