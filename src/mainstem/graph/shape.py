"""The shape of a graph: what leads where, what can come before what, and what runs side by side."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from mainstem.graph.model import Edge, Graph, Node

NONE: frozenset[str] = frozenset()


class Shape:
    """A graph by its keys. Edges from or to nodes that are not there are left out: they are a fault of their own."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: dict[str, Node] = {node.key: node for node in graph.nodes}
        self.edges = [edge for edge in graph.edges if edge.source in self.nodes and edge.target in self.nodes]
        self._reached: dict[tuple[str, frozenset[str]], frozenset[str]] = {}

    @property
    def entry(self) -> str:
        return self.graph.entry.key

    @cached_property
    def ways(self) -> dict[str, list[Edge]]:
        """Edges that a node leaves by when it went well, in order."""
        return self._from(on_error=False)

    @cached_property
    def error_ways(self) -> dict[str, list[Edge]]:
        """Edges that it leaves by when it failed."""
        return self._from(on_error=True)

    @cached_property
    def into(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {key: [] for key in self.nodes}
        for edge in self.edges:
            found[edge.target].append(edge)
        return found

    def _from(self, *, on_error: bool) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {key: [] for key in self.nodes}
        for edge in self.edges:
            if edge.on_error == on_error:
                found[edge.source].append(edge)
        return found

    @cached_property
    def forks(self) -> list[str]:
        """Nodes that may leave by several ways at once."""
        return [
            key for key, ways in self.ways.items() if len(ways) > 1 and self.nodes[key].type != "decision"
        ]

    def reach(self, starts: Iterable[str], stops: frozenset[str] = NONE) -> frozenset[str]:
        """What can be come to from these, themselves among it; a stop is come to, and not passed."""
        return frozenset[str]().union(*(self._reach(start, stops) for start in starts))

    def _reach(self, start: str, stops: frozenset[str]) -> frozenset[str]:
        known = self._reached.get((start, stops))
        if known is None:
            known = self._reached[start, stops] = frozenset(self._spread([start], stops))
        return known

    def _spread(self, todo: list[str], stops: frozenset[str]) -> set[str]:
        found: set[str] = set()
        while todo:
            key = todo.pop()
            if key not in found:
                found.add(key)
                if key not in stops:
                    todo += self._following(key)
        return found

    def _following(self, key: str) -> list[str]:
        return [edge.target for edge in (*self.ways[key], *self.error_ways[key])]

    def comes_before(self, earlier: str, later: str) -> bool:
        """Whether a run can come to `later` after `earlier`; a node comes before itself where it stands in a loop."""
        return later in self.reach(self._following(earlier))

    @cached_property
    def loops(self) -> list[frozenset[str]]:
        """Sets of nodes each of which can be come to from each other, by its first node in order."""
        found: dict[frozenset[str], None] = {}
        for key in self.nodes:
            if self.comes_before(key, key):
                found[frozenset(other for other in self.reach([key]) if key in self.reach([other]))] = None
        return list(found)
