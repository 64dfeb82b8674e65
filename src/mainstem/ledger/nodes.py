"""Nodes: what a workflow is made of, how each went, how they hang together, and what a start needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from mainstem.ledger.call import Call, Row
from mainstem.ledger.windows import BEGAN, STEPS, Window, windowed
from mainstem.ledger.workflows import no_workflow
from mainstem.model import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStatistics:
    """Of a node's steps, in the runs of the window. Durations are of completed and failed ones."""

    steps: int
    completed: int
    failed: int
    skipped: int
    retries: int
    success_rate: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    last_step_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node of the graph, or a function of a code workflow: that one has no node_id."""

    node_id: UUID | None
    key: str
    label: str
    type: str | None
    description: str | None
    metadata: Mapping[str, Json]
    statistics: NodeStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A place of the graph."""

    key: str
    label: str
    type: str | None


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """A way between two nodes, by their keys."""

    origin: str
    target: str
    label: str | None
    condition: str | None


@dataclass(frozen=True, slots=True)
class Graph:
    """source: where it stands. `none` for a workflow of code: its graph is each run's own."""

    source: Literal["nodes", "graph_config", "none"]
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    graph_config: Json


_NODES = f"""
with defined as (
  select n.node_id, n.label, n.description, n.metadata, n.created_at
    from mainstem.user_workflow_node n where n.workflow_id = %(workflow_id)s
), seen as (
  select coalesce(s.node_id, k.node_id) as node_id, case when coalesce(s.node_id, k.node_id) is null then s.node_key end as node_key,
         count(*) as steps,
         count(*) filter (where s.status = 'completed') as completed, count(*) filter (where s.status = 'failed') as failed,
         count(*) filter (where s.status = 'skipped') as skipped, coalesce(sum(s.retry_count), 0)::bigint as retries,
         round(count(*) filter (where s.status = 'completed')::numeric
               / nullif(count(*) filter (where s.status in ('completed', 'failed')), 0), 4)::float8 as success_rate,
         percentile_cont(array[0.5, 0.95, 0.99]) within group (order by s.duration_ms)
           filter (where s.status in ('completed', 'failed')) as percentiles,
         max(s.started_at) as last_step_at
    from mainstem.user_workflow_run r join mainstem.user_workflow_run_step s on s.run_id = r.run_id
    left join defined k on s.node_id is null and k.metadata ->> 'key' = s.node_key
   where {BEGAN} and {STEPS} and r.workflow_id = %(workflow_id)s
   group by 1, 2
)
select coalesce(d.node_id, s.node_id) as node_id, coalesce(d.metadata ->> 'key', d.node_id::text, s.node_key, s.node_id::text) as key,
       coalesce(d.label, s.node_key, s.node_id::text) as label, d.metadata ->> 'type' as type, d.description,
       coalesce(d.metadata, '{{}}') as metadata, coalesce(s.steps, 0) as steps, coalesce(s.completed, 0) as completed,
       coalesce(s.failed, 0) as failed, coalesce(s.skipped, 0) as skipped, coalesce(s.retries, 0) as retries,
       s.success_rate, s.percentiles, s.last_step_at
  from mainstem.user_workflow w
  left join (defined d full join seen s on s.node_id = d.node_id) on true
 where w.workflow_id = %(workflow_id)s and (s.steps is not null or not coalesce(d.metadata ? 'removed_in_version', false))
 order by d.metadata -> 'place', d.created_at, label
"""


def list_nodes(workflow_id: UUID, window: Window) -> Call[list[Node]]:
    """Nodes with their statistics: those defined, and those that the window's steps were of. Raises NotFound."""

    def read(rows: list[Row]) -> list[Node]:
        if not rows:
            raise no_workflow(workflow_id)
        return [_node(row) for row in rows if row["key"] is not None]

    return windowed(_NODES, {"workflow_id": workflow_id} | window.parameters, read)


def read_graph(workflow_id: UUID) -> Call[Graph]:
    """From nodes and transitions where there are some, else from graph_config. Raises NotFound."""
    return _defined(workflow_id, _graph)


def read_start_schema(workflow_id: UUID) -> Call[dict[str, Json]]:
    """The JSON Schema of a run's input, as far as the definition says; {} when nothing is known. Raises NotFound."""
    return _defined(workflow_id, _schema)


def _defined(workflow_id: UUID, read: Any) -> Call[Any]:
    def one(rows: list[Row]) -> Any:
        if not rows:
            raise no_workflow(workflow_id)
        return read(rows[0])

    return Call(
        "select w.graph_config, w.input_schema,"
        " (select coalesce(json_agg(json_build_object('key', coalesce(n.metadata ->> 'key', n.node_id::text), 'label', n.label,"
        " 'metadata', n.metadata) order by n.metadata -> 'place', n.created_at, n.label), '[]')"
        " from mainstem.user_workflow_node n where n.workflow_id = w.workflow_id and not n.metadata ? 'removed_in_version') as nodes,"
        " (select coalesce(json_agg(json_build_object('origin', coalesce(o.metadata ->> 'key', t.from_node::text),"
        " 'target', coalesce(d.metadata ->> 'key', t.to_node::text), 'label', t.action_label,"
        " 'condition', t.condition) order by t.from_node, t.to_node, t.action_label), '[]')"
        " from mainstem.user_workflow_transition t"
        " join mainstem.user_workflow_node o on o.org_id = t.org_id and o.node_id = t.from_node"
        " join mainstem.user_workflow_node d on d.org_id = t.org_id and d.node_id = t.to_node"
        " where t.workflow_id = w.workflow_id) as edges"
        " from mainstem.user_workflow w where w.workflow_id = %s",
        [workflow_id],
        one,
    )


def _node(row: Row) -> Node:
    statistics = {name: row.pop(name) for name in NodeStatistics.__dataclass_fields__ if name in row}
    p50, p95, p99 = row.pop("percentiles") or (None, None, None)
    return Node(**row, statistics=NodeStatistics(**statistics, p50_ms=p50, p95_ms=p95, p99_ms=p99))


def _graph(row: Row) -> Graph:
    config = row["graph_config"]
    if row["nodes"]:
        nodes = [
            GraphNode(key=one["key"], label=one["label"], type=_word(one["metadata"], "type"))
            for one in row["nodes"]
        ]
        return Graph("nodes", nodes, [GraphEdge(**edge) for edge in row["edges"]], config)
    if config is None:
        return Graph("none", [], [], None)
    nodes = [_drawn(one) for one in _objects(config, "nodes") if _key(one) is not None]
    return Graph("graph_config", nodes, list(_edges(config)), config)


def _drawn(node: Mapping[str, Json]) -> GraphNode:
    data = node.get("data") if isinstance(node.get("data"), Mapping) else {}
    label = _word(node, "label", "name") or _word(data, "label", "name") or str(_key(node))
    return GraphNode(key=str(_key(node)), label=label, type=_word(node, "type") or _word(data, "type"))


def _edges(config: Json) -> Iterable[GraphEdge]:
    for edge in _objects(config, "edges", "transitions"):
        origin, target = _word(edge, "from", "source", "from_node"), _word(edge, "to", "target", "to_node")
        if origin is not None and target is not None:
            yield GraphEdge(origin, target, _word(edge, "label", "action_label"), _word(edge, "condition"))


def _objects(config: Json, *names: str) -> list[Mapping[str, Json]]:
    """Graphs come from editors of all kinds: what is no list of objects is passed over, and stands in graph_config."""
    if not isinstance(config, Mapping):
        return []
    found: Json = next((config[name] for name in names if name in config), [])
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _key(node: Mapping[str, Json]) -> str | None:
    return _word(node, "key", "id", "node_id")


def _word(found: Json, *names: str) -> str | None:
    if not isinstance(found, Mapping):
        return None
    return next((str(found[name]) for name in names if isinstance(found.get(name), str | int)), None)


def _schema(row: Row) -> dict[str, Json]:
    """The workflow's own schema; else the requirements of its entry nodes; of code, its parameters."""
    config = row["graph_config"] if isinstance(row["graph_config"], Mapping) else {}
    for place in (config, config.get("metadata")):
        if isinstance(place, Mapping) and isinstance(place.get("input_schema"), Mapping):
            return dict(place["input_schema"])
    drawn = [one.get("metadata") or one.get("data") or one for one in _objects(config, "nodes")]
    entries = [
        node for node in [*(one["metadata"] for one in row["nodes"]), *drawn]
        if isinstance(node, Mapping) and node.get("type") == "entry"
    ]  # fmt: skip
    whole = next(
        (one["input_schema"] for one in entries if isinstance(one.get("input_schema"), Mapping)), None
    )
    if whole is None and not row["graph_config"] and row["input_schema"]:
        return dict(row["input_schema"])
    return dict(whole) if whole is not None else _of_requirements(entries)


def _of_requirements(entries: list[Mapping[str, Json]]) -> dict[str, Json]:
    asked = [one for entry in entries for one in _required(entry)]
    if not asked:
        return {}
    return {
        "type": "object",
        "properties": {_word(one, "name", "key"): _property(one) for one in asked},
        "required": list(
            dict.fromkeys(
                _word(one, "name", "key")
                for one in asked
                if one.get("required", True) is not False and "default" not in one
            )
        ),
    }


def _required(entry: Mapping[str, Json]) -> Iterable[Mapping[str, Json]]:
    """A list of {name, type, required, description, default}, or an object of these by name."""
    said = entry.get("input_requirements", entry.get("requirements"))
    if isinstance(said, Mapping):
        said = said.get("inputs", said.get("input", [
            {"name": name, **(one if isinstance(one, Mapping) else {"type": one})} for name, one in said.items()
        ]))  # fmt: skip
    for one in said if isinstance(said, list) else []:
        if isinstance(one, str):
            yield {"name": one}
        elif _word(one, "name", "key") is not None:
            yield one


_TYPES = {
    "text": "string", "str": "string", "string": "string", "uuid": "string", "date": "string", "file": "string",
    "int": "integer", "integer": "integer", "number": "number", "float": "number", "decimal": "number",
    "bool": "boolean", "boolean": "boolean", "list": "array", "array": "array",
    "dict": "object", "json": "object", "object": "object",
}  # fmt: skip


def _property(one: Mapping[str, Json]) -> dict[str, Json]:
    kind = _TYPES.get(str(one.get("type", one.get("data_type"))).lower())
    told = {name: one[name] for name in ("description", "default", "enum", "title") if name in one}
    return ({"type": kind} if kind else {}) | told
