"""Approvals: a run asks a person, who answers within a form and a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar, overload

from mainstem.flow.forms import schema_of
from mainstem.flow.program import Seconds, seconds
from mainstem.flow.program import _conductor as conductor_of
from mainstem.flow.values import reader

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a person. form: the JSON schema of the answer; None takes any."""

    name: str
    form: dict[str, Any] | None
    assignee: str | None
    seconds: float | None

    def told(self) -> dict[str, Any]:
        """As the step's input keeps it."""
        told = {"name": self.name, "form": self.form, "assignee": self.assignee, "seconds": self.seconds}
        return {key: value for key, value in told.items() if value is not None}


@overload
async def approval(
    name: str, *, form: type[T], timeout: Seconds | None = ..., assignee: str | None = ...
) -> T: ...
@overload
async def approval(
    name: str,
    *,
    form: dict[str, Any] | None = ...,
    timeout: Seconds | None = ...,
    assignee: str | None = ...,
) -> Any: ...
async def approval(
    name: str, *, form: Any = None, timeout: Seconds | None = None, assignee: str | None = None
) -> Any:
    """The answer of a person, who finds the question among the open approvals. The run holds no worker meanwhile.

    form: a pydantic model, or a JSON schema; an answer that does not fit is refused where it is given. assignee: whom
    it is for, as those who look for their own ask. Raises ApprovalTimedOut when nobody answers in time, BadArgument for a form that is no schema.
    """
    question = Question(name, schema_of(form), assignee, None if timeout is None else seconds(timeout))
    answer = await conductor_of("approval").approval(question)
    return answer if form is None or isinstance(form, dict) else reader(form)(answer)
