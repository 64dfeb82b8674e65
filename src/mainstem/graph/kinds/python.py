"""Kind `python`: a function of the worker's own, called with the inputs by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from mainstem.errors import KindRefused
from mainstem.flow.modules import module_named
from mainstem.flow.program import Step
from mainstem.flow.threads import in_thread
from mainstem.graph.kinds.kind import Kind, Task
from mainstem.graph.model import Node, Written
from mainstem.graph.steps import cache_of, retry_of
from mainstem.model import Json

FunctionName = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
"""module:function"""


class Placed(Written):
    """Where a function runs."""

    executor: str | None = None
    """process, ray, or one that the worker was given; the worker itself without it."""
    resources: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """What it takes of that one while it runs: {cpu: 2}."""

    @model_validator(mode="after")
    def _of_an_executor(self) -> Self:
        if self.resources and self.executor is None:
            raise ValueError("resources are an executor's: name it too, as in executor: process")
        return self


class Called(Placed):
    """Which function, and where it runs."""

    function: FunctionName


class Python(Kind):
    """Async ones run in the worker's loop, plain ones in a thread; on an executor as a step of its own, KEY:call."""

    name = "python"
    config = Called

    async def before(self, task: Task) -> Json:
        step = elsewhere(task.node, "call", task.config.function, task.config, task.inputs)
        return None if step is None else {"gave": await step(**task.inputs)}

    async def run(self, task: Task) -> Json:
        if task.waited is not None:
            return task.waited["gave"]
        return await called(task.config.function, task.inputs)


def elsewhere(
    node: Node, part: str, function: str, placed: Placed, inputs: dict[str, Json]
) -> Step[..., Any] | None:
    """The step NODE:PART that runs it on an executor. None for the worker itself to run it, and to record why it can not."""
    if placed.executor is None:
        return None
    try:
        found = _taking(function, inputs)
    except KindRefused:
        return None
    return Step(
        found,
        name=f"{node.key}:{part}",
        retry=retry_of(node, tries_again=True),
        timeout=node.timeout,
        executor=placed.executor,
        resources=placed.resources,
        cache=cache_of(node),
    )


async def called(name: str, inputs: dict[str, Json]) -> Json:
    """What the function gives. Raises KindRefused where there is none, or where it does not take these inputs."""
    function = _taking(name, inputs)
    if inspect.iscoroutinefunction(function):
        return await function(**inputs)
    return await in_thread(partial(function, **inputs))


def _taking(name: str, inputs: dict[str, Json]) -> Callable[..., Any]:
    function = function_named(name)
    try:
        inspect.signature(function).bind(**inputs)
    except TypeError as refusal:
        raise KindRefused(
            f"{name} does not take these inputs: {refusal}", hint="mend the data_bindings"
        ) from refusal
    return function


def function_named(name: str) -> Callable[..., Any]:
    """The function at module:function. Raises KindRefused."""
    module, _, attribute = name.partition(":")
    found = getattr(module_named(module, missing=KindRefused), attribute, None)
    if isinstance(found, Step):
        found = found.function
    if not callable(found):
        raise KindRefused(f"module {module} has no function {attribute!r}", hint="name it as module:function")
    return found
