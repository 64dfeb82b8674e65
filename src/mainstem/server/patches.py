"""Patches: how one JSON value becomes another (RFC 6902). Lists are compared by index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mainstem.server.shapes.runs import PatchOperation


def patch(a: Any, b: Any) -> list[PatchOperation]:
    """Operations that make b of a, in an order in which they can be applied."""
    return list(_differences(a, b, ""))


def graph_patch(a: Any, b: Any) -> list[PatchOperation]:
    """The same of two graphs as their authors see them: nodes by key, edges by their ends and label."""
    return patch(_by_name(a), _by_name(b))


def _by_name(graph: Any) -> Any:
    if not isinstance(graph, dict):
        return graph
    edges = {
        " ".join(filter(None, (edge["from"], "to", edge["to"], edge.get("label")))): edge
        for edge in graph.get("edges", ())
    }
    nodes = {
        node["key"]: {word: said for word, said in node.items() if word != "key"}
        for node in graph.get("nodes", ())
    }
    return {**graph, "nodes": nodes, "edges": edges}


def _differences(a: Any, b: Any, path: str) -> Iterator[PatchOperation]:
    match a, b:
        case dict(), dict():
            yield from _of_objects(a, b, path)
        case list(), list():
            yield from _of_lists(a, b, path)
        case _ if not _are_same(a, b):
            yield PatchOperation(op="replace", path=path, value=b)


def _of_objects(a: dict[str, Any], b: dict[str, Any], path: str) -> Iterator[PatchOperation]:
    for key in [*a, *(key for key in b if key not in a)]:
        place = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in b:
            yield PatchOperation(op="remove", path=place)
        elif key not in a:
            yield PatchOperation(op="add", path=place, value=b[key])
        else:
            yield from _differences(a[key], b[key], place)


def _of_lists(a: list[Any], b: list[Any], path: str) -> Iterator[PatchOperation]:
    for index, (left, right) in enumerate(zip(a, b, strict=False)):
        yield from _differences(left, right, f"{path}/{index}")
    for index in range(len(a) - 1, len(b) - 1, -1):  # from the end, so that the others keep their places
        yield PatchOperation(op="remove", path=f"{path}/{index}")
    for index in range(len(a), len(b)):
        yield PatchOperation(op="add", path=f"{path}/{index}", value=b[index])


def _are_same(a: Any, b: Any) -> bool:
    """As JSON: true is not 1."""
    return isinstance(a, bool) == isinstance(b, bool) and a == b
