"""Graphs as they are written: from what JSON holds to the model, every fault with its path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from mainstem.errors import GraphRefused
from mainstem.graph.check import faults_of_graph, refused
from mainstem.graph.model import Graph


def checked_graph(said: Any, *, place: str = "graph") -> Graph:
    """A graph out of what JSON holds, or a Graph itself. Raises GraphRefused with every fault."""
    graph = said if isinstance(said, Graph) else written_graph(said, place=place)
    if faults := faults_of_graph(graph):
        raise refused(place, faults)
    return graph


def written_graph(said: Any, *, place: str = "graph") -> Graph:
    """A graph as it is written, whether it could run or not. Raises GraphRefused for words that no graph has."""
    if not isinstance(said, Mapping):
        raise GraphRefused(
            f"{place} holds {type(said).__name__}, and no object", hint="begin with `nodes:` and `edges:`"
        )
    try:
        return Graph.model_validate(said)
    except ValidationError as error:
        raise refused(place, [_fault(said, one) for one in error.errors()]) from error


def _fault(said: Mapping[str, Any], error: Any) -> str:
    """Its path in the words of the file: a node by its key, an edge by its place."""
    path = [str(part) for part in error["loc"]]
    nodes = said.get("nodes")
    if path[0] == "nodes" and len(path) > 1 and path[1].isdigit():
        path[1] = _key(nodes, int(path[1]))
    return f"{'.'.join(path)}: {error['msg'].removeprefix('Value error, ')}"


def _key(nodes: Any, place: int) -> str:
    if isinstance(nodes, Mapping):
        return str(list(nodes)[place])
    node = nodes[place]
    return str(node["key"]) if isinstance(node, Mapping) and "key" in node else str(place)
