"""mainstem: one PostgreSQL ledger that runs workflows and shows every run.

Each name is imported from where it is made when it is first asked for: an author's words need no engine, a command no client.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mainstem.client.mainstem import Mainstem, RunHandle
    from mainstem.client.pending import Pending
    from mainstem.engine.executors import Inline, ProcessPool, Ray, Thread
    from mainstem.engine.worker import Terms, Worker
    from mainstem.errors import (
        AnswerRefused,
        ApprovalTimedOut,
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
    from mainstem.flow.approvals import approval
    from mainstem.flow.cache import Cache
    from mainstem.flow.children import child, map, start_child  # noqa: A004  (as an author looks for it)
    from mainstem.flow.executors import StepCall, StepExecutor
    from mainstem.flow.given import Test
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
    from mainstem.flow.recorded import now, patched, random, uuid
    from mainstem.flow.retry import ONCE, Retry
    from mainstem.flow.schedule import schedule
    from mainstem.flow.usage import report_usage
    from mainstem.graph.program import graph_workflow
    from mainstem.ledger.runs import Filter

__all__ = [
    "ONCE",
    "AnswerRefused",
    "ApprovalTimedOut",
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
    "Test",
    "Thread",
    "UnstorableValue",
    "ValueTooLarge",
    "Worker",
    "Workflow",
    "add_event",
    "add_screenshot",
    "approval",
    "child",
    "days",
    "gather",
    "get_context",
    "graph_workflow",
    "hours",
    "map",
    "now",
    "patched",
    "random",
    "report_usage",
    "schedule",
    "set_context",
    "sleep",
    "start_child",
    "step",
    "step_info",
    "used_endpoint",
    "uuid",
    "wait_for_signal",
    "workflow",
]

_MADE_IN = {
    "mainstem.client.mainstem": ("Mainstem", "RunHandle"),
    "mainstem.client.pending": ("Pending",),
    "mainstem.engine.executors": ("Inline", "ProcessPool", "Ray", "Thread"),
    "mainstem.engine.worker": ("Terms", "Worker"),
    "mainstem.errors": (
        "AnswerRefused",
        "ApprovalTimedOut",
        "ExecutorLost",
        "ExecutorMissing",
        "LeaseLost",
        "MainstemError",
        "NonDeterministicWorkflow",
        "ResourcesMissing",
        "RunCancelled",
        "RunFailed",
        "SignalTimedOut",
        "StepFailed",
        "StepTimedOut",
        "UnstorableValue",
        "ValueTooLarge",
    ),
    "mainstem.flow.approvals": ("approval",),
    "mainstem.flow.cache": ("Cache",),
    "mainstem.flow.children": ("child", "map", "start_child"),
    "mainstem.flow.executors": ("StepCall", "StepExecutor"),
    "mainstem.flow.given": ("Test",),
    "mainstem.flow.program": (
        "Step",
        "StepInfo",
        "Workflow",
        "add_event",
        "add_screenshot",
        "days",
        "gather",
        "get_context",
        "hours",
        "set_context",
        "sleep",
        "step",
        "step_info",
        "used_endpoint",
        "wait_for_signal",
        "workflow",
    ),
    "mainstem.flow.recorded": ("now", "patched", "random", "uuid"),
    "mainstem.flow.retry": ("ONCE", "Retry"),
    "mainstem.flow.schedule": ("schedule",),
    "mainstem.flow.usage": ("report_usage",),
    "mainstem.graph.program": ("graph_workflow",),
    "mainstem.ledger.runs": ("Filter",),
}
_PLACES = {name: module for module, names in _MADE_IN.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_PLACES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
