"""mainstem: one PostgreSQL ledger that runs workflows and shows every run."""

from mainstem.client import Mainstem, Pending, RunHandle
from mainstem.engine.worker import Terms, Worker
from mainstem.errors import (
    LeaseLost,
    MainstemError,
    NonDeterministicWorkflow,
    RunCancelled,
    RunFailed,
    SignalTimedOut,
    StepFailed,
    StepTimedOut,
    UnstorableValue,
    ValueTooLarge,
)
from mainstem.flow.program import (
    Step,
    StepInfo,
    Workflow,
    add_event,
    add_screenshot,
    days,
    gather,
    get_context,
    set_context,
    sleep,
    step,
    step_info,
    used_endpoint,
    wait_for_signal,
    workflow,
)
from mainstem.flow.retry import ONCE, Retry
from mainstem.graph.program import graph_workflow
from mainstem.ledger.runs import Filter

__all__ = [
    "ONCE",
    "Filter",
    "LeaseLost",
    "Mainstem",
    "MainstemError",
    "NonDeterministicWorkflow",
    "Pending",
    "Retry",
    "RunCancelled",
    "RunFailed",
    "RunHandle",
    "SignalTimedOut",
    "Step",
    "StepFailed",
    "StepInfo",
    "StepTimedOut",
    "Terms",
    "UnstorableValue",
    "ValueTooLarge",
    "Worker",
    "Workflow",
    "add_event",
    "add_screenshot",
    "days",
    "gather",
    "get_context",
    "graph_workflow",
    "set_context",
    "sleep",
    "step",
    "step_info",
    "used_endpoint",
    "wait_for_signal",
    "workflow",
]
