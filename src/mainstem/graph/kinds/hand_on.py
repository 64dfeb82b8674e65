"""Handing on: a node without a kind gives its inputs."""

from __future__ import annotations

from typing import Literal

from mainstem.errors import OutcomeFailed
from mainstem.graph.kinds.kind import Kind, Task
from mainstem.graph.model import Written
from mainstem.model import Json


class Ending(Written):
    """What an outcome may say of the run."""

    status: Literal["completed", "failed"] = "completed"
    message: str | None = None


class HandOn(Kind):
    """Its inputs are its output."""

    name = ""
    config = Ending
    tries_again = False

    async def run(self, task: Task) -> Json:
        if task.config.status == "failed":
            raise OutcomeFailed(task.config.message or f"the run came to {task.node.name}")
        return task.inputs
