"""Kind `python`: a function of the worker's own, called with the inputs by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from mainstem.errors import KindRefused
from mainstem.flow.modules import module_named
from mainstem.flow.program import Step
from mainstem.flow.threads import in_thread
from mainstem.graph.kinds.kind import Kind, Task
from mainstem.graph.model import Written
from mainstem.model import Json

FunctionName = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
"""module:function"""


class Called(Written):
    """Which function."""

    function: FunctionName


class Python(Kind):
    """Async ones run in the worker's loop, plain ones in a thread."""

    name = "python"
    config = Called

    async def run(self, task: Task) -> Json:
        return await called(task.config.function, task.inputs)


async def called(name: str, inputs: dict[str, Json]) -> Json:
    """What the function gives. Raises KindRefused where there is none, or where it does not take these inputs."""
    function = function_named(name)
    try:
        inspect.signature(function).bind(**inputs)
    except TypeError as refusal:
        raise KindRefused(
            f"{name} does not take these inputs: {refusal}", hint="mend the data_bindings"
        ) from refusal
    if inspect.iscoroutinefunction(function):
        return await function(**inputs)
    return await in_thread(partial(function, **inputs))


def function_named(name: str) -> Callable[..., Any]:
    """The function at module:function. Raises KindRefused."""
    module, _, attribute = name.partition(":")
    found = getattr(module_named(module, missing=KindRefused), attribute, None)
    if isinstance(found, Step):
        found = found.function
    if not callable(found):
        raise KindRefused(f"module {module} has no function {attribute!r}", hint="name it as module:function")
    return found
