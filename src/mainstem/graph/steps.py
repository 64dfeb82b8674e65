"""Steps of a graph: functions that a run records under the name of their node."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import signature
from typing import Any

from mainstem.errors import KindRefused, NoWayOn, OutcomeFailed, RequirementRefused, VisitsExceeded
from mainstem.flow.cache import Cache
from mainstem.flow.parameters import Parameters
from mainstem.flow.program import Step
from mainstem.flow.retry import ONCE, Retry
from mainstem.graph.model import Node
from mainstem.model import Json

Inputs = dict[str, Json]

FINAL = (KindRefused, NoWayOn, OutcomeFailed, RequirementRefused, VisitsExceeded)
"""What would be the same the next time."""


class _AsTheyAre(Parameters):
    """The one argument is the step's input: its names are the author's, not a function's."""

    def named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return dict(args[0])


def _of_inputs(inputs: Inputs) -> None:
    """What every such function looks like."""


PARAMETERS = _AsTheyAre(("inputs",), signature(_of_inputs), {})


def recorded(
    name: str,
    function: Callable[[Inputs], Awaitable[Json]],
    *,
    retry: Retry = ONCE,
    timeout: float | None = None,
    cache: Cache | None = None,
) -> Step[[Inputs], Json]:
    """A step that records its inputs as they are."""

    async def run(inputs: Inputs) -> Json:
        return await function(inputs)

    step = Step(run, name=name, retry=retry, timeout=timeout, cache=cache)
    step.parameters = PARAMETERS
    return step


def retry_of(node: Node, *, tries_again: bool) -> Retry:
    """As the node says, else as its kind has it."""
    if node.retry is None:
        return Retry(never=FINAL) if tries_again else ONCE
    said = node.retry
    return Retry(
        attempts=said.attempts, first=said.first, factor=said.factor, longest=said.longest, never=FINAL
    )


def cache_of(node: Node) -> Cache | None:
    """As the node says: for the tenant's nodes of this key, kind, config and requirements, with the same inputs."""
    if node.cache is None:
        return None
    required = {name: one.model_dump() for name, one in node.output_requirements.items()}
    told = {"kind": node.kind, "config": node.config, "required": required}
    return Cache(ttl=node.cache.ttl, key=lambda **inputs: {**told, "inputs": inputs})
