"""Kind `workflow`: another workflow, to its end."""

from __future__ import annotations

from mainstem.flow.program import gather
from mainstem.graph.kinds.kind import Kind, Task
from mainstem.graph.model import Written
from mainstem.model import Json


class Called(Written):
    """Which one: the inputs are its arguments."""

    workflow: str


class Workflow(Kind):
    """Gives what it returns. Its steps are recorded in this run, in a branch of their own."""

    name = "workflow"
    config = Called
    tries_again = False

    async def before(self, task: Task) -> Json:
        [result] = await gather(task.host.call(task.config.workflow, task.inputs))
        return result

    async def run(self, task: Task) -> Json:
        return task.waited
