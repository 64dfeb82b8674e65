"""mainstem: one PostgreSQL ledger that runs workflows and shows every run."""

from mainstem.client import Mainstem, Pending, RunHandle
from mainstem.engine.executors import Inline, ProcessPool, Ray, Thread
from mainstem.engine.worker import Terms, Worker
from mainstem.errors import (
    ExecutorLost,
    ExecutorMissing,
    LeaseLost,
    MainstemError,
    NonDeterministicWorkflow,
    ResourcesMissing,
    RunCancelled,
    RunFailed,
    SignalTimedOut,
    StepFailed,
    StepTimedOut,
    UnstorableValue,
    ValueTooLarge,
)
from mainstem.flow.cache import Cache
from mainstem.flow.executors import StepCall, StepExecutor
from mainstem.flow.program import (
    Step,
    StepInfo,
    Workflow,
    add_event,
    add_screenshot,
    days,
    gather,
    get_context,
    hours,
    set_context,
    sleep,
    step,
    step_info,
    used_endpoint,
    wait_for_signal,
    workflow,
)
from mainstem.flow.retry import ONCE, Retry
from mainstem.flow.usage import report_usage
from mainstem.flow.schedule import schedule
from mainstem.ledger.runs import Filter

__all__ = [
    "ONCE",
    "Cache",
    "ExecutorLost",
    "ExecutorMissing",
    "Filter",
    "Inline",
    "LeaseLost",
    "Mainstem",
    "MainstemError",
    "NonDeterministicWorkflow",
    "Pending",
    "ProcessPool",
    "Ray",
    "ResourcesMissing",
    "Retry",
    "RunCancelled",
    "RunFailed",
    "RunHandle",
    "SignalTimedOut",
    "Step",
    "StepCall",
    "StepExecutor",
    "StepFailed",
    "StepInfo",
    "StepTimedOut",
    "Terms",
    "Thread",
    "UnstorableValue",
    "ValueTooLarge",
    "Worker",
    "Workflow",
    "add_event",
    "add_screenshot",
    "days",
    "gather",
    "get_context",
    "hours",
    "report_usage",
    "schedule",
    "set_context",
    "sleep",
    "step",
    "step_info",
    "used_endpoint",
    "wait_for_signal",
    "workflow",
]
