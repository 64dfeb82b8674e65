"""Kind `approval`: a person decides; the run holds no worker meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from pydantic import Field

from mainstem.errors import ApprovalTimedOut, RequirementRefused, SignalTimedOut
from mainstem.flow.approvals import approval
from mainstem.flow.program import wait_for_signal
from mainstem.graph.answers import REQUIREMENT
from mainstem.graph.kinds.kind import Kind, Task
from mainstem.graph.model import Duration, Requirement, Written
from mainstem.graph.requirements import faults_of
from mainstem.model import Json


class Question(Written):
    """What is asked, and how long it may wait."""

    question: str | None = None
    assignee: str | None = None
    """Whom it is for, as those who look for their own ask."""
    signal: str | None = None
    """The answer is a signal of this name, from a program; without it an open approval of the node's key."""
    timeout: Duration | None = None
    on_timeout: Literal["error", "approve", "reject"] = "error"
    form: dict[str, Requirement] = Field(default_factory=dict)
    """What the answer must bring beside `approved`."""


class Approval(Kind):
    """Gives {approved, timed_out} and whatever else the answer brought: {"approved": true, …}; of a signal also `true`."""

    name = "approval"
    config = Question
    tries_again = False
    may_be_cached = False

    async def before(self, task: Task) -> Json:
        try:
            return {"answer": await _answer(task)}
        except (SignalTimedOut, ApprovalTimedOut):
            if task.config.on_timeout == "error":
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


async def _answer(task: Task) -> Json:
    asked: Question = task.config
    if asked.signal is not None:
        return cast("Json", await wait_for_signal(asked.signal, timeout=asked.timeout))
    form = _form(asked, task.node.name)
    told = await approval(task.node.key, form=form, timeout=asked.timeout, assignee=asked.assignee)
    return cast("Json", told)


def _form(asked: Question, name: str) -> dict[str, Any]:
    """As a JSON schema, which the answer is held against where it is given."""
    required = [key for key, one in asked.form.items() if one.required and not one.has_default]
    return {
        "title": asked.question or name,
        "type": "object",
        "properties": {
            "approved": {"type": "boolean"},
            **{k: _property(one) for k, one in asked.form.items()},
        },
        "required": ["approved", *required],
    }


def _property(one: Requirement) -> dict[str, Any]:
    kind = {"date": {"type": "string"}, "file": {}}.get(one.type, {"type": one.type})
    lengths = "Items" if one.type == "array" else "Length"
    said = {
        "description": one.description, "enum": one.enum, "pattern": one.pattern,
        "minimum": one.minimum, "maximum": one.maximum,
        f"min{lengths}": one.min_length, f"max{lengths}": one.max_length,
    }  # fmt: skip
    default = {"default": one.default} if one.has_default else {}
    more = (
        {REQUIREMENT: one.model_dump(exclude_unset=True)} if one.rule or one.type in ("date", "file") else {}
    )
    return kind | {word: value for word, value in said.items() if value is not None} | default | more
