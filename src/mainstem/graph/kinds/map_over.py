"""Kind `map`: the same for each item of a list, several at once."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mainstem.errors import KindRefused, RunCancelled, RunFailed, StepFailed
from mainstem.flow.children import map as lanes_over
from mainstem.graph.kinds.kind import Kind, Task
from mainstem.graph.kinds.python import FunctionName, Placed, called, elsewhere
from mainstem.graph.kinds.workflow import As, begun
from mainstem.graph.steps import recorded, retry_of
from mainstem.model import Json


class Each(Placed):
    """What is done with each item: a function, or a workflow."""

    function: FunctionName | None = None
    workflow: str | None = None
    run_as: As = "branch"
    """Of a workflow, as in kind `workflow`."""
    over: str = "items"
    """The input that is the list; the other inputs are handed to each."""
    item: str = "item"
    """The name under which each is given its item."""
    at_once: Annotated[int, Field(ge=1, le=1000)] = 10
    on_error: Literal["fail", "keep"] = "fail"
    """keep: a failure takes its item's place as {"error": {type, message}}."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Each:
        if (self.function is None) == (self.workflow is None):
            raise ValueError("say either function or workflow")
        if self.workflow is not None and self.executor is not None:
            raise ValueError("an executor is a function's: the steps of a workflow name their own")
        return self


class Map(Kind):
    """Gives the list of what each gave, in order. Each item is a step, or a workflow, of its own."""

    name = "map"
    config = Each
    tries_again = False
    may_be_cached = False

    async def before(self, task: Task) -> Json:
        items = task.inputs.get(task.config.over)
        if not isinstance(items, list):
            return None
        return await lanes_over(partial(_settled, task), items, limit=task.config.at_once)

    async def run(self, task: Task) -> Json:
        if task.waited is None:
            raise KindRefused(f"the input {task.config.over!r} is no list", hint="bind a list to it")
        return task.waited


async def _settled(task: Task, item: Json) -> Json:
    try:
        return await _one(task, item)
    except (StepFailed, RunFailed, RunCancelled) as error:
        if task.config.on_error == "fail":
            raise
        name = error.error_type if isinstance(error, StepFailed) else type(error).__name__
        return {"error": {"type": name, "message": error.message}}


async def _one(task: Task, item: Json) -> Json:
    asked = task.config
    inputs = {name: value for name, value in task.inputs.items() if name != asked.over} | {asked.item: item}
    if asked.workflow is not None:
        return await begun(task.host, asked.workflow, inputs, asked.run_as)

    if (placed := elsewhere(task.node, "item", asked.function, asked, inputs)) is not None:
        return await placed(**inputs)

    async def run(given: dict[str, Json]) -> Json:
        return await called(asked.function, given)

    retry = retry_of(task.node, tries_again=True)
    return await recorded(f"{task.node.key}:item", run, retry=retry, timeout=task.node.timeout)(inputs)
