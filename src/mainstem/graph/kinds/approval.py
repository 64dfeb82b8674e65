"""Kind `approval`: a person decides, by a signal; the run holds no worker meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from mainstem.errors import RequirementRefused, SignalTimedOut
from mainstem.flow.program import wait_for_signal
from mainstem.graph.kinds.kind import Kind, Task
from mainstem.graph.model import Duration, Requirement, Written
from mainstem.graph.requirements import faults_of
from mainstem.model import Json


class Question(Written):
    """What is asked, and how long it may wait."""

    question: str | None = None
    signal: str | None = None
    """The name under which the answer is sent; the node's key without."""
    timeout: Duration | None = None
    on_timeout: Literal["error", "approve", "reject"] = "error"
    form: dict[str, Requirement] = Field(default_factory=dict)
    """What the answer must bring beside `approved`."""


class Approval(Kind):
    """Gives {approved, timed_out} and whatever else the answer brought: `true`, or {"approved": true, …}."""

    name = "approval"
    config = Question
    tries_again = False

    async def before(self, task: Task) -> Json:
        asked = task.config
        try:
            return {"answer": await wait_for_signal(asked.signal or task.node.key, timeout=asked.timeout)}
        except SignalTimedOut:
            if asked.on_timeout == "error":
                raise
            return {"timed_out": True}

    async def run(self, task: Task) -> Json:
        if "timed_out" in task.waited:
            return {"approved": task.config.on_timeout == "approve", "timed_out": True}
        answer = task.waited["answer"]
        told = dict(answer) if isinstance(answer, Mapping) else {"approved": answer}
        faults = faults_of(task.config.form, told, "answer")
        if not isinstance(told.get("approved"), bool):
            faults.insert(0, "answer.approved: true or false is required")
        if faults:
            raise RequirementRefused(
                "\n".join(faults), hint='send {"approved": true} and what the form asks for'
            )
        return {**told, "timed_out": False}
