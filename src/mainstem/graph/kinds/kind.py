"""A kind: what a node does, and what its config may say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mainstem.graph.host import Host
from mainstem.graph.model import Node, Written
from mainstem.model import Json


class NoConfig(Written):
    """Nothing to say."""


@dataclass(frozen=True, slots=True)
class Task:
    """A node whose turn it is."""

    node: Node
    config: Any
    """As the kind's model reads it."""
    inputs: dict[str, Json]
    host: Host
    waited: Json = None
    """What `before` gave."""


class Kind:
    """A kind of node. A stranger's is entered by `mainstem.graph.kinds.enter`."""

    name: ClassVar[str]
    config: ClassVar[type[Written]] = NoConfig
    tries_again: ClassVar[bool] = True
    """Whether a node that says nothing of retries has three attempts, or one."""
    may_be_cached: ClassVar[bool] = True
    """Whether its output is made of its config and its inputs alone."""

    async def before(self, task: Task) -> Json:  # noqa: ARG002  (most have nothing to wait for)
        """Durable waits, in the run's own code: signals, sleeps, other workflows."""
        return None

    async def run(self, task: Task) -> Json:
        """The node's output; within its step."""
        raise NotImplementedError
