"""A graph as a workflow: what a worker is given, as it is given code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

from mainstem.errors import BadArgument
from mainstem.flow.parameters import Parameters
from mainstem.flow.program import Workflow
from mainstem.flow.values import loaded
from mainstem.graph.host import Host
from mainstem.graph.interpret import conduct
from mainstem.graph.model import Graph, Requirement
from mainstem.graph.requirements import faults_of, with_defaults
from mainstem.graph.shape import Shape
from mainstem.graph.written import checked_graph
from mainstem.model import Json


@dataclass(frozen=True)
class _ByName(Parameters):
    """Whatever a run is given, by name: the entry says what it requires."""

    required: Mapping[str, Requirement] = field(default_factory=dict)

    def named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        if args:
            raise TypeError(f"a graph takes its input by name, and {len(args)} came without")
        return dict(kwargs)

    def faults(self, text: bytes) -> list[str]:
        return faults_of(self.required, with_defaults(self.required, loaded(text)), "input")


def _of_names(**given: Json) -> None:
    """What the input of every graph looks like."""


BY_NAME = signature(_of_names)


def graph_workflow(
    graph: Graph | dict[str, Json],
    *,
    version: int = 1,
    queue: str = "default",
    workflows: Sequence[Workflow[..., Any]] = (),
) -> Workflow[..., Json]:
    """A graph as a workflow of its name: for a worker's list, without publishing it. workflows: what its nodes may call.

    Raises GraphRefused with every fault.
    """
    checked = checked_graph(graph)
    if not checked.name:
        raise BadArgument("a graph that is a workflow has a name", hint="write name: into it")
    host = Host(workflows={one.name: one for one in workflows})
    return workflow_of(Shape(checked), host, name=checked.name, version=version, queue=queue)


def workflow_of(
    shape: Shape, host: Host, *, name: str, version: int, queue: str = "default"
) -> Workflow[..., Json]:
    """A graph that was checked, on its host."""

    async def run(**given: Json) -> Json:
        return await conduct(shape, given, host)

    run.__doc__ = shape.graph.description
    said = shape.graph
    workflow = Workflow(
        run, name=name, version=version, channel="web", queue=queue, timeout=said.timeout, on_failure=said.on_failure
    )  # fmt: skip
    workflow.parameters = _ByName(("given",), BY_NAME, {}, required=shape.graph.entry.input_requirements)
    return workflow
