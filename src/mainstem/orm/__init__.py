"""SQLAlchemy models of the ledger's public tables, for queries of your own.

They are for reading: a write goes through the client or the SQL functions, which keep queue, log and tenant right.
Relationships are view-only for that. Nothing is reflected; a test holds the models against the installed catalog.

    select(Run).where(Run.run_id == run_id).options(selectinload(Run.steps))
"""

from mainstem.orm.declared import Ledger
from mainstem.orm.definitions import (
    ApiKey,
    Channel,
    Config,
    ConfigActivation,
    Node,
    Organization,
    Template,
    TenantLogin,
    Transition,
    User,
    Workflow,
    WorkflowVersion,
)
from mainstem.orm.flowcontrol import LimitedQueue, Schedule, ScheduleFiring
from mainstem.orm.live import (
    Audited,
    Breakpoint,
    CachedStep,
    Change,
    ContextValue,
    IdempotencyKey,
    QueuedRun,
    Signal,
    Worker,
)
from mainstem.orm.runs import Event, Run, Step

__all__ = [
    "ApiKey",
    "Audited",
    "Breakpoint",
    "CachedStep",
    "Change",
    "Channel",
    "Config",
    "ConfigActivation",
    "ContextValue",
    "Event",
    "IdempotencyKey",
    "Ledger",
    "LimitedQueue",
    "Node",
    "Organization",
    "QueuedRun",
    "Run",
    "Schedule",
    "ScheduleFiring",
    "Signal",
    "Step",
    "Template",
    "TenantLogin",
    "Transition",
    "User",
    "Worker",
    "Workflow",
    "WorkflowVersion",
]
