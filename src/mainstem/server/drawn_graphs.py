"""A run over the graph that it runs: the state of each node, and of each way whether it was taken, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mainstem.model import Json, Run, Step
from mainstem.server.shapes.runs import Edge, Graph, Node

ON_ERROR = "on_error:"

Told = Mapping[str, Any]
"""A way as a step tells of it: to, label, taken, why, and its condition with the value."""


def is_drawable(defined: Any, run: Run) -> bool:
    """Whether this is a graph, and the run is one of it: one of code of the same name is not."""
    if not isinstance(defined, dict) or not all(
        isinstance(defined.get(part), list) for part in ("nodes", "edges")
    ):
        return False
    if not all(isinstance(node, dict) and "key" in node for node in defined["nodes"]):
        return False
    keys = {node["key"] for node in defined["nodes"]}
    edges = all(
        isinstance(edge, dict) and {edge.get("from"), edge.get("to")} <= keys for edge in defined["edges"]
    )
    return edges and (not run.steps or run.steps[0].node_key in keys)


def drawn_graph(run: Run, defined: Mapping[str, Any]) -> Graph:
    """defined: the graph_config of the run's own version. Steps that are no node's are in the run's list of steps only."""
    told = dict(_steps_by_node(run, defined["nodes"]))
    nodes = [_node(node, told[node["key"]]) for node in defined["nodes"]]
    ways = {key: _ways_of(steps, run) for key, steps in told.items()}
    return Graph(nodes=nodes, edges=[_edge(edge, ways[edge["from"]], told) for edge in defined["edges"]])


def _steps_by_node(run: Run, nodes: list[dict[str, Any]]) -> Iterator[tuple[str, list[Step]]]:
    for node in nodes:
        names = {node["key"], _wait_of(node)}
        yield node["key"], [step for step in run.steps if step.node_key in names]


def _wait_of(node: Mapping[str, Any]) -> str:
    """How the step is called in which the node waits, as its kind names it; nothing for one that does not."""
    config = node.get("config") or {}
    match node.get("kind"):
        case "approval" if config.get("signal"):
            return f"wait_for_signal:{config['signal']}"
        case "approval":
            return f"approval:{node['key']}"
        case "workflow":
            return f"child:{config.get('workflow')}"
        case _:
            return ""


def _node(node: Mapping[str, Any], steps: list[Step]) -> Node:
    last = steps[-1] if steps else None
    own = [step for step in steps if step.node_key == node["key"]]
    skipped = None if last is None else last.metadata.get("skipped")
    return Node(
        key=node["key"],
        label=str(node.get("label") or node["key"]),
        type=node.get("kind") or node.get("type"),
        status=None if last is None else _status_of(last, node),
        runs=len(own) or len(steps),
        steps=[step.step_number for step in steps],
        skipped_reason=None if skipped is None else str(skipped),
    )


def _status_of(last: Step, node: Mapping[str, Any]) -> str:
    """A wait that is over is not its node: that goes on."""
    is_wait = last.node_key != node["key"]
    return "running" if is_wait and last.status.value == "completed" else last.status.value


def _ways_of(steps: list[Step], run: Run) -> list[Told]:
    """As the node's last turn told them; of one that failed those of its error edges too."""
    if not steps:
        return []
    last, key = steps[-1], steps[-1].node_key
    choices = [step for step in run.steps if step.node_key == f"{ON_ERROR}{key}"]
    events = [event.event_data for event in last.events if event.event_type == "ways"]
    return [
        way
        for told in (last.output_data, *events, *(step.output_data for step in choices))
        for way in _ways_in(told)
    ]


def _ways_in(told: Json) -> list[Told]:
    ways = told.get("ways") if isinstance(told, dict) else None
    return [way for way in ways if isinstance(way, dict)] if isinstance(ways, list) else []


def _edge(edge: Mapping[str, Any], ways: list[Told], told: Mapping[str, list[Step]]) -> Edge:
    found = next(
        (way for way in ways if (way.get("to"), way.get("label")) == (edge["to"], edge.get("label"))), None
    )
    taken, why = (bool(found.get("taken")), str(found.get("why"))) if found else _unasked(edge, told)
    return Edge.model_validate(
        {
            "from": edge["from"],
            "to": edge["to"],
            "label": edge.get("label") or ("on error" if edge.get("on_error") else None),
            "taken": taken,
            "why": why,
            "condition": edge.get("condition"),
            "value": found.get("value") if found else None,
        }
    )


def _unasked(edge: Mapping[str, Any], told: Mapping[str, list[Step]]) -> tuple[bool, str | None]:
    """Of a way that no step tells of: it has no condition, or its node has not ended. why None: that is still open."""
    steps = told[edge["from"]]
    status = steps[-1].status.value if steps else None
    if status == "completed" and steps[-1].node_key == edge["from"]:
        is_error = bool(edge.get("on_error"))
        return not is_error, "its node did not fail" if is_error else "it has no condition"
    if status == "skipped":
        return False, f"{edge['from']} was skipped"
    return False, f"{edge['from']} failed" if status == "failed" else None
