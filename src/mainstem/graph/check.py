"""Checking a graph whole: every fault at once, each with its path."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from mainstem.errors import GraphRefused
from mainstem.graph.check_values import faults_of_values
from mainstem.graph.expression import fault_of, roots
from mainstem.graph.kinds import faults_of_kind
from mainstem.graph.model import Edge, Graph, Node
from mainstem.graph.shape import Shape

RESERVED = {"sleep"}
"""What the record of a run calls its own waits."""

_OF_WAYS = {"input", "nodes", "inputs", "output"}
_OF_ERROR_WAYS = {"input", "nodes", "error"}


def faults_of_graph(graph: Graph) -> list[str]:
    """Everything that speaks against it, in the order of its parts; empty when it can run."""
    shape = Shape(graph)
    faults = [*_of_keys(graph), *_of_ends(graph), *_of_edges(graph, shape)]
    if [node.type for node in graph.nodes].count("entry") == 1:
        faults += [*_of_reach(shape), *_of_loops(shape), *_of_joins(shape)]
    for node in graph.nodes:
        faults += [*_of_node(node, shape), *faults_of_kind(node), *faults_of_values(node, shape)]
    return faults


def refuse_faulty(graph: Graph, *, place: str = "graph") -> Shape:
    """The shape of a graph that can run. Raises GraphRefused with every fault."""
    if faults := faults_of_graph(graph):
        raise refused(place, faults)
    return Shape(graph)


def refused(place: str, faults: list[str]) -> GraphRefused:
    counted = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return GraphRefused(
        f"{place}: {counted}:\n  " + "\n  ".join(faults),
        hint="mend the places that are named",
        faults=tuple(faults),
    )


def _of_keys(graph: Graph) -> Iterator[str]:
    keys = [node.key for node in graph.nodes]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"nodes.{key}: {keys.count(key)} nodes have this key"
    for key in sorted(RESERVED.intersection(keys)):
        yield f"nodes.{key}: the record of a run calls its own waits so; take another key"


def _of_ends(graph: Graph) -> Iterator[str]:
    entries = [node.key for node in graph.nodes if node.type == "entry"]
    if len(entries) != 1:
        yield f"nodes: a graph has one node of type entry, and here are {len(entries)}: {', '.join(entries) or 'none'}"
    if not any(node.type == "outcome" for node in graph.nodes):
        yield "nodes: there is no node of type outcome"


def _of_edges(graph: Graph, shape: Shape) -> Iterator[str]:
    seen: set[tuple[str, str, str]] = set()
    for n, edge in enumerate(graph.edges):
        place = f"edges.{n}"
        for word, key in (("from", edge.source), ("to", edge.target)):
            if key not in shape.nodes:
                yield f"{place}.{word}: there is no node {key!r}"
        if (mark := (edge.source, edge.target, edge.name)) in seen:
            yield f"{place}: another edge leads from {edge.source} to {edge.target} under the label {edge.name!r}"
        seen.add(mark)
        if edge.errors and not edge.on_error:
            yield f"{place}.errors: only an edge with `on_error: true` is for errors"
        if edge.condition is not None:
            yield from _of_condition(edge, place, shape)


def _of_condition(edge: Edge, place: str, shape: Shape) -> Iterator[str]:
    text = edge.condition or ""
    if (fault := fault_of(text)) is not None:
        yield f"{place}.condition: {fault}"
        return
    known = _OF_ERROR_WAYS if edge.on_error else _OF_WAYS
    for first, second in sorted(roots(text), key=str):
        if first not in known:
            yield f"{place}.condition: {first!r} is none of {', '.join(sorted(known))}"
        elif first == "nodes" and second is not None and edge.source in shape.nodes:
            yield from _of_mention(second, edge.source, f"{place}.condition", shape)


def _of_mention(named: str, at: str, place: str, shape: Shape) -> Iterator[str]:
    if named not in shape.nodes:
        yield f"{place}: there is no node {named!r}"
    elif named != at and not shape.comes_before(named, at):
        yield f"{place}: {named} cannot have run when {at} does"


def _of_reach(shape: Shape) -> Iterator[str]:
    reached = shape.reach([shape.entry])
    for key in shape.nodes:
        if key not in reached:
            yield f"nodes.{key}: no way leads here from {shape.entry}"
    if shape.into[shape.entry]:
        yield f"nodes.{shape.entry}: a way leads back to the entry; let it lead to the node behind it"


def _of_loops(shape: Shape) -> Iterator[str]:
    for loop in shape.loops:
        if all(shape.nodes[key].max_visits is None for key in loop):
            way = ", ".join(key for key in shape.nodes if key in loop)
            yield f"nodes.{way.split(', ')[0]}: a loop without end ({way}); give one of its nodes max_visits"


def _of_joins(shape: Shape) -> Iterator[str]:
    joins = frozenset(key for key, node in shape.nodes.items() if node.join)
    for key in joins:
        if len(shape.into[key]) < 2:
            yield f"nodes.{key}.join: fewer than two ways lead here"
    told: set[str] = set()
    for fork in shape.forks:
        for left, right in combinations(shape.ways[fork], 2):
            both = shape.reach([left.target], joins) & shape.reach([right.target], joins) - joins
            for key in sorted(_meeting_points(shape, both) - told):
                told.add(key)
                yield f"nodes.{key}.join: branches of {fork} come together here; say join: all, or join: any"


def _meeting_points(shape: Shape, both: frozenset[str]) -> set[str]:
    """Where two branches first share a way: what comes behind it follows from it."""
    first = {key for key in both if any(edge.source not in both for edge in shape.into[key])}
    return first or set(both)


def _of_node(node: Node, shape: Shape) -> Iterator[str]:
    place, ways = f"nodes.{node.key}", shape.ways[node.key]
    if node.type == "outcome" and (ways or shape.error_ways[node.key]):
        yield f"{place}: an outcome ends its way, and an edge leads on from here"
    if node.type != "outcome" and not ways:
        yield f"{place}: it leads nowhere; each way ends in an outcome"
    if node.type == "decision" and sum(edge.condition is None for edge in ways) > 1:
        yield f"{place}: a decision takes one way, and more than one here has no condition"
