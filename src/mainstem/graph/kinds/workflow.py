"""Kind `workflow`: another workflow, as a part of this run or as a run of its own."""

from __future__ import annotations

from typing import Literal

from mainstem.flow.program import gather
from mainstem.graph.host import Host
from mainstem.graph.kinds.kind import Kind, Task
from mainstem.graph.model import Written
from mainstem.model import Json

As = Literal["branch", "child", "detached"]
"""branch: its steps are recorded in this run. child: a run of its own, whose end is waited for. detached: one that is left
to itself; the node gives its id.
"""


class Called(Written):
    """Which one: the inputs are its arguments."""

    workflow: str
    run_as: As = "branch"


class Workflow(Kind):
    """Gives what it returns; of one that is left to itself, the run's id."""

    name = "workflow"
    config = Called
    tries_again = False
    may_be_cached = False

    async def before(self, task: Task) -> Json:
        [result] = await gather(begun(task.host, task.config.workflow, task.inputs, task.config.run_as))
        return result

    async def run(self, task: Task) -> Json:
        return task.waited


async def begun(host: Host, workflow: str, inputs: dict[str, Json], run_as: As) -> Json:
    """What the workflow gives, run as it was asked."""
    if run_as == "branch":
        return await host.call(workflow, inputs)
    return await host.begin(workflow, inputs, awaited=run_as == "child")
