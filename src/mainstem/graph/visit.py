"""A visit: one node's turn, from its bindings to its output and the ways that it leaves by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from mainstem.errors import KindRefused, MainstemError, NoWayOn, RequirementRefused, VisitsExceeded
from mainstem.flow.program import add_event, get_context, is_settled
from mainstem.flow.values import dumped, loaded
from mainstem.graph.expression import evaluated
from mainstem.graph.host import Host
from mainstem.graph.kinds import kind_of
from mainstem.graph.kinds.kind import Kind, Task
from mainstem.graph.model import Binding, Node
from mainstem.graph.requirements import faults_of, with_defaults
from mainstem.graph.shape import Shape
from mainstem.graph.steps import cache_of, recorded, retry_of
from mainstem.graph.ways import Weighed, each, only_one, taken
from mainstem.model import Json

Known = Mapping[str, Json]
"""The outputs of the nodes that have run before, by key."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A node whose turn it is, with all that its expressions may say."""

    shape: Shape
    node: Node
    given: Mapping[str, Json]
    known: Known
    visit: int

    @property
    def scope(self) -> dict[str, Any]:
        return {"input": dict(self.given), "nodes": dict(self.known)}

    @property
    def is_decision(self) -> bool:
        return self.node.type == "decision"

    def weighed(self, output: Json, inputs: Mapping[str, Json]) -> list[Weighed]:
        """The ways on, as the output has them. Raises KindRefused."""
        edges = self.shape.ways[self.node.key]
        scope = {**self.scope, "inputs": dict(inputs), "output": output}
        return only_one(edges, scope) if self.is_decision else each(edges, scope)

    @property
    def chooses(self) -> bool:
        """Whether it is left by some of its ways only, for reasons that are recorded."""
        return self.is_decision or any(edge.condition is not None for edge in self.shape.ways[self.node.key])


async def visited(turn: Turn, host: Host) -> tuple[Json, list[int]]:
    """Run the node: its output, and the places of the edges that it is left by. Raises what its step, or its wait, failed with."""
    kind = kind_of(turn.node)
    inputs, refusal = await _bound(turn)
    task = Task(turn.node, kind.config.model_validate(turn.node.config), inputs, host)
    is_known = refusal is None and await is_settled(turn.node.key, inputs)
    if refusal is None and not is_known:
        task = replace(task, waited=await kind.before(task))

    async def give(_: dict[str, Json]) -> Json:
        if refusal is not None:
            raise refusal
        return await _output(kind, task)

    retry = retry_of(turn.node, tries_again=kind.tries_again)
    step = partial(recorded, retry=retry, timeout=turn.node.timeout)
    made: Callable[[dict[str, Json]], Awaitable[Json]] = give
    # what is refused is no output, and what was waited for is this run's own
    cache = cache_of(turn.node) if refusal is None and task.waited is None else None
    if cache is not None and turn.chooses and not is_known:  # what is made of the output is this run's own
        given = await step(f"{turn.node.key}:cached", give, cache=cache)(inputs)
        cache, made = None, _giving(given)

    async def run(_: dict[str, Json]) -> Json:
        return _decided(turn, inputs, await made(inputs))

    output = await step(turn.node.key, run, cache=cache)(inputs)
    if turn.is_decision:  # as it was decided then
        return output, list(output["took"])
    return output, taken(turn.weighed(output, inputs))


async def _bound(turn: Turn) -> tuple[dict[str, Json], MainstemError | None]:
    """The node's inputs, and what speaks against going on with them: it is for the step to say, so that it is recorded."""
    node = turn.node
    try:
        bound = {name: await _source(binding, turn) for name, binding in node.data_bindings.items()}
    except KindRefused as refusal:
        return {}, refusal
    given = turn.given if node.type == "entry" and not node.data_bindings else bound
    inputs = with_defaults(node.input_requirements, given)
    if node.max_visits is not None and turn.visit > node.max_visits:
        return inputs, VisitsExceeded(
            f"{node.key} was come by {turn.visit} times, and max_visits is {node.max_visits}",
            hint="give the loop an end, or an error edge",
        )
    if faults := faults_of(node.input_requirements, inputs, "input"):
        return inputs, RequirementRefused("\n".join(faults), hint="give what the node requires")
    return inputs, None


async def _source(binding: Binding, turn: Turn) -> Json:
    match binding.source:
        case "value":
            return binding.value
        case "input":
            found = turn.given.get(binding.input or "")
        case "context":
            found = await get_context(binding.context or "")
        case "node":
            found = turn.known.get(binding.node or "")
        case _:
            return evaluated(binding.expression or "", turn.scope)
    return found if binding.path is None else evaluated(binding.path, found)


async def _output(kind: Kind, task: Task) -> Json:
    """What the kind gives, as JSON has it, held against what the node requires of it."""
    node = task.node
    output = loaded(dumped(await kind.run(task), f"the output of {node.key}"))
    if faults := faults_of(node.output_requirements, output, "output"):
        raise RequirementRefused(
            "\n".join(faults), hint=f"mend what {node.key} gives, or what is required of it"
        )
    return output


def _giving(output: Json) -> Callable[[dict[str, Json]], Awaitable[Json]]:
    async def give(_: dict[str, Json]) -> Json:
        return output

    return give


def _decided(turn: Turn, inputs: Mapping[str, Json], output: Json) -> Json:
    """The output, the ways on told as an event; of a decision the choice with its reasons. Raises NoWayOn, KindRefused."""
    if not turn.chooses:
        return output
    weighed = turn.weighed(output, inputs)
    ways = [one.told for one in weighed]
    if not turn.is_decision:
        add_event("ways", {"ways": ways})
        return output
    if not (chosen := [one for one in weighed if one.is_taken]):
        conditions = ", ".join(str(one.edge.condition) for one in weighed)
        raise NoWayOn(
            f"no condition of {turn.node.key} holds: {conditions}", hint="give it a way without a condition"
        )
    edge = chosen[0].edge
    return {"to": edge.target, "label": edge.label, "value": output, "took": taken(weighed), "ways": ways}
