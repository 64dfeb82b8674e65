"""The one program that runs every graph: nodes are steps, branches are gathered, and whatever it decides is recorded.

A branch goes from node to node until it ends, or comes to a join that others can still come to: there it rests, and who
began it goes on from the join when all that can come have come. What a branch knows is what has run before it, and
nothing of its neighbours: so a replay decides as the first time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mainstem.errors import (
    ApprovalTimedOut,
    RunCancelled,
    RunFailed,
    SignalTimedOut,
    StepFailed,
    UnknownWorkflow,
)
from mainstem.flow.program import gather, place, recorded_outputs, skip
from mainstem.graph.around import Around
from mainstem.graph.host import Host
from mainstem.graph.model import Edge
from mainstem.graph.requirements import with_defaults
from mainstem.graph.shape import Shape
from mainstem.graph.steps import recorded
from mainstem.graph.visit import Known, Turn, visited
from mainstem.graph.ways import for_error, taken
from mainstem.model import Json

Failure = StepFailed | SignalTimedOut | ApprovalTimedOut | RunFailed | RunCancelled | UnknownWorkflow


@dataclass(frozen=True, slots=True)
class Arrival:
    """A branch at a node that it has not begun, with what has run before it."""

    key: str
    known: Known


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a branch stands that goes no further by itself: it forks, or rests at a join, or is at its end."""

    around: Around
    forks: Sequence[Arrival] = ()
    rests: Sequence[Arrival] = ()


async def conduct(shape: Shape, given: Mapping[str, Json], host: Host) -> Json:
    """Run a graph. The output of the outcome that it came to; of several, theirs by key; null of none."""
    course = Course(shape, given, host)
    await course.together([Arrival(shape.entry, {})], Around())
    await skip(course.passed_over())
    return course.result()


class Course:
    """One run's way through a graph."""

    def __init__(self, shape: Shape, given: Mapping[str, Json], host: Host) -> None:
        self.shape = shape
        self.host = host
        self.given = with_defaults(shape.graph.entry.input_requirements, given)
        self._visits: Counter[str] = Counter()
        self._forks: Counter[str] = Counter()
        self._took: dict[str, set[tuple[bool, int]]] = {}
        self._outcomes: dict[str, Json] = {}
        self._place = place()  # a run may have several graphs in it: a node's, an item's
        self._came_first = {
            (join, told["at"])
            for join, node in shape.nodes.items()
            if node.join == "any"
            for told in recorded_outputs(f"join:{join}")
            if told["goes_on"]
        }

    # Branches.

    async def together(self, starts: Sequence[Arrival], around: Around) -> list[Arrival]:
        """Run branches side by side, and what comes behind their joins; those that rest at a join of others' too."""
        resting: dict[str, Known] = {}
        while starts:
            if len(starts) == 1:
                stand = await self._alone(starts[0], around, resting)
                around, starts = stand.around, stand.forks
                _rest(resting, stand.rests)
            else:
                _rest(resting, await self._side_by_side(starts, around))
                starts = []
            if not starts:
                starts = [Arrival(key, resting.pop(key)) for key in self._ready(resting, around)]
        return [Arrival(key, known) for key, known in resting.items()]

    async def _side_by_side(self, starts: Sequence[Arrival], around: Around) -> list[Arrival]:
        self._forks[around.path] += 1
        fork = f"{around.path}/{self._forks[around.path]}"
        keys = [start.key for start in starts]
        branches = (self.together([start], around.begun(fork, n, keys)) for n, start in enumerate(starts))
        return [arrival for rests in await gather(*branches) for arrival in rests]

    def _ready(self, resting: Mapping[str, Known], around: Around) -> list[str]:
        """Joins to which nobody can come any more, neither from outside nor through one another."""
        here = [key for key in resting if around.rivals(key, self.shape) is None]
        alone = [key for key in here if not any(self.shape.comes_before(o, key) for o in resting if o != key)]
        return alone or here[:1]

    async def _alone(self, start: Arrival, around: Around, resting: Mapping[str, Known]) -> Stand:
        key, known = start.key, start.known
        while True:
            if self.shape.nodes[key].join and (fork := self._rivals(key, around, resting)) is not None:
                if self.shape.nodes[key].join == "all":
                    return Stand(around, rests=[Arrival(key, known)])
                if not await self._is_first(key, fork):
                    return Stand(around)
                around = around.with_won(key)
            edges, known = await self._visit(key, known)
            if len(edges) != 1:
                return Stand(around, forks=[Arrival(edge.target, known) for edge in edges])
            key = edges[0].target

    def _rivals(self, key: str, around: Around, resting: Mapping[str, Known]) -> str | None:
        return around.path if key in resting else around.rivals(key, self.shape)

    async def _is_first(self, join: str, fork: str) -> bool:
        """Whether this branch is the first of its fork at the join: decided once, and recorded."""
        mark = (join, f"{self._place}{fork}")

        async def decide(_: dict[str, Json]) -> Json:
            goes_on = mark not in self._came_first
            self._came_first.add(mark)
            return {"at": mark[1], "goes_on": goes_on}

        told = await recorded(f"join:{join}", decide)({})
        return bool(told["goes_on"])

    # Nodes.

    async def _visit(self, key: str, known: Known) -> tuple[list[Edge], Known]:
        """Run a node: the edges it is left by, and what is known behind it."""
        self._visits[key] += 1
        turn = Turn(self.shape, self.shape.nodes[key], self.given, known, self._visits[key])
        try:
            output, places = await visited(turn, self.host)
        except (
            StepFailed,
            SignalTimedOut,
            ApprovalTimedOut,
            RunFailed,
            RunCancelled,
            UnknownWorkflow,
        ) as failure:
            return await self._after(failure, turn)
        if turn.node.type == "outcome":
            self._outcomes[key] = output
        edges = self.shape.ways[key]
        self._note(key, places)
        return [edges[place] for place in places], {**known, key: output}

    async def _after(self, failure: Failure, turn: Turn) -> tuple[list[Edge], Known]:
        """The way on from a failed node, recorded with its reasons. Raises the failure where there is none."""
        key, edges = turn.node.key, self.shape.error_ways[turn.node.key]
        name = failure.error_type if isinstance(failure, StepFailed) else type(failure).__name__
        error = {"type": name, "message": failure.message}
        if not edges:
            raise failure

        async def choose(_: dict[str, Json]) -> Json:
            weighed = for_error(edges, {"input": self.given, "nodes": turn.known, "error": error}, name)
            return {"took": taken(weighed), "ways": [one.told for one in weighed]}

        told = await recorded(f"on_error:{key}", choose)({"error": error})
        self._note(key, told["took"], on_error=True)
        if not told["took"]:
            raise failure
        return [edges[place] for place in told["took"]], {**turn.known, key: {"error": error}}

    def _note(self, key: str, places: Sequence[int], *, on_error: bool = False) -> None:
        self._took.setdefault(key, set()).update((on_error, place) for place in places)

    # The end.

    def result(self) -> Json:
        if len(self._outcomes) == 1:
            return next(iter(self._outcomes.values()))
        return {key: self._outcomes[key] for key in self.shape.nodes if key in self._outcomes} or None

    def passed_over(self) -> dict[str, str]:
        """Nodes that this run did not come to, each with the reason."""
        return {key: self._reason(key) for key in self.shape.nodes if not self._visits[key]}

    def _reason(self, key: str) -> str:
        reasons = [self._why_not(edge) for edge in self.shape.into[key]]
        return "; ".join(dict.fromkeys(reasons))

    def _why_not(self, edge: Edge) -> str:
        origin = edge.source
        if not self._visits[origin]:
            return f"{origin} was skipped"
        if edge.on_error and not any(on_error for on_error, _ in self._took.get(origin, ())):
            return f"{origin} did not fail"
        return f"{origin} went to {', '.join(self._went_to(origin)) or 'none of its ways'}"

    def _went_to(self, origin: str) -> list[str]:
        ways = {False: self.shape.ways[origin], True: self.shape.error_ways[origin]}
        return sorted({ways[on_error][place].target for on_error, place in self._took.get(origin, ())})


def _rest(resting: dict[str, Known], arrivals: Sequence[Arrival]) -> None:
    """Where several rest at one join, what each knows comes together."""
    for arrival in arrivals:
        resting[arrival.key] = {**resting.get(arrival.key, {}), **arrival.known}
