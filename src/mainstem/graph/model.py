"""The model of a graph: what each word of its file means. Its JSON Schema is derived from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from mainstem.model import Json

Key = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
"""A name that an expression can say without quotes."""

ValueType = Literal["string", "number", "boolean", "object", "array", "date", "file"]

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")


def _seconds(said: Any) -> Any:
    if isinstance(said, str):
        if found := _DURATION.fullmatch(said.strip()):
            return float(found[1]) * _UNITS[found[2]]
        raise ValueError(f"{said!r} is no duration: write 30, 30s, 5m, 2h or 3d")
    return said


Duration = Annotated[
    float,
    BeforeValidator(_seconds),
    Field(gt=0, allow_inf_nan=False),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0},
                {"type": "string", "pattern": "^[0-9.]+ *(ms|s|m|h|d)$"},
            ]
        }
    ),
]
"""Seconds, or a text with a unit: 30s, 5m, 2h, 3d."""


class Written(BaseModel):
    """A part of the file. A word that is not known is an error: a misspelt condition must not pass for none."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Requirement(Written):
    """What a value must be. `date` is an ISO 8601 date or time, `file` a URI or an object with a `uri`."""

    type: ValueType
    required: bool = True
    default: Json = None
    description: str | None = None
    enum: list[Json] | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    min_length: Annotated[int, Field(ge=0)] | None = None
    max_length: Annotated[int, Field(ge=0)] | None = None
    rule: str | None = None
    """A JMESPath expression over the value that must hold: "amount <= limit"."""

    @property
    def has_default(self) -> bool:
        return "default" in self.model_fields_set


class Binding(Written):
    """Where an input of a node comes from: exactly one of the five."""

    value: Json = None
    """A constant."""
    input: str | None = None
    """A name of the run's input."""
    context: str | None = None
    """A key of the run's context, as it is when the node begins."""
    node: Key | None = None
    """The output of a node that has run before."""
    expression: str | None = None
    """JMESPath over {input, nodes: {key: output}}."""
    path: str | None = None
    """JMESPath into what `input`, `context` or `node` gave."""

    @model_validator(mode="after")
    def _one_source(self) -> Binding:
        said = self.model_fields_set - {"path"}
        if len(said) != 1:
            raise ValueError("a binding has exactly one of value, input, context, node, expression")
        if self.path is not None and self.source in {"value", "expression"}:
            raise ValueError(f"path has no meaning beside {self.source}")
        return self

    @property
    def source(self) -> str:
        return next(iter(self.model_fields_set - {"path"}))


class RetryTerms(Written):
    """How often a node is tried, and how long it rests between: as `mainstem.Retry`."""

    attempts: Annotated[int, Field(ge=1, le=1000)] = 3
    first: Duration = 0.5
    factor: Annotated[float, Field(ge=1, le=100)] = 2.0
    longest: Duration = 60.0


class CacheTerms(Written):
    """The output is given again for the same key, kind, config and inputs, to whichever run, so long."""

    ttl: Duration


class Node(Written):
    """A place of the graph. Its `key` names it in edges, bindings, expressions and in the record of a run."""

    key: Key
    type: Literal["entry", "decision", "outcome", "general"] = "general"
    kind: str | None = None
    """What it does; without one it hands its inputs on."""
    label: str | None = None
    description: str | None = None
    config: dict[str, Json] = Field(default_factory=dict)
    """The kind's own."""
    input_requirements: dict[str, Requirement] = Field(default_factory=dict)
    """Of an entry: what a run must be given."""
    output_requirements: dict[str, Requirement] = Field(default_factory=dict)
    data_bindings: dict[str, Binding] = Field(default_factory=dict)
    retry: RetryTerms | None = None
    timeout: Duration | None = None
    cache: CacheTerms | None = None
    join: Literal["all", "any"] | None = None
    """How branches that run side by side come together here: when all have come that still can, or with the first."""
    max_visits: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """How often one run may come by: each loop needs a node that says so."""
    metadata: dict[str, Json] = Field(default_factory=dict)
    """For editors: where it is drawn, in which colour."""

    @property
    def name(self) -> str:
        """What people read."""
        return self.label or self.key


class Edge(Written):
    """A way from a node to another."""

    source: Key = Field(alias="from")
    target: Key = Field(alias="to")
    label: str | None = None
    condition: str | None = None
    """JMESPath over {input, nodes, inputs, output}; of an error edge over {input, nodes, error}. None: no condition."""
    on_error: bool = False
    """Taken when the node has failed for good, and then the first one only."""
    errors: list[str] = Field(default_factory=list)
    """Of an error edge: the classes of errors that it is for; any without."""

    @field_validator("label", mode="before")
    @classmethod
    def _as_said(cls, label: Any) -> Any:
        """YAML takes `label: yes` for true."""
        return {True: "yes", False: "no"}.get(label, label) if isinstance(label, bool) else label

    @property
    def name(self) -> str:
        """Its label, or what stands for one: with its ends it tells the edge from others."""
        return self.label or ("error" if self.on_error else "next")


class Graph(Written):
    """A workflow as a drawing: exactly one entry, at least one outcome, and the ways between."""

    name: str | None = None
    description: str | None = None
    nodes: Annotated[list[Node], Field(min_length=1, max_length=2000)]
    edges: Annotated[list[Edge], Field(max_length=10_000)] = Field(default_factory=list)
    timeout: Duration | None = None
    """Of a run, from its first start, its waits included; then it ends as `timeout`."""
    on_failure: Literal["fail", "pause"] = "fail"
    """What a failure does that no error edge is for: pause waits for a retry, a patch or a skip of the failed node."""
    metadata: dict[str, Json] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _nodes_by_key(cls, said: Any) -> Any:
        """`nodes: {check: {…}}` is short for a list whose nodes name their keys."""
        if isinstance(said, dict) and isinstance(said.get("nodes"), dict):
            named = [
                {"key": key, **node} if isinstance(node, dict) else {"key": key} if node is None else node
                for key, node in said["nodes"].items()
            ]
            return {**said, "nodes": named}
        return said

    @property
    def as_written(self) -> dict[str, Json]:
        """As JSON: what was said, and no defaults."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @property
    def entry(self) -> Node:
        return next(node for node in self.nodes if node.type == "entry")


def dependencies(nodes: Iterable[Node]) -> list[str]:
    """Workflows that these nodes call, by name."""
    called = (node.config.get("workflow") for node in nodes if node.kind in {"workflow", "map"})
    return sorted({name for name in called if isinstance(name, str)})


def json_schema() -> str:
    """The JSON Schema of a graph, for editors; published as docs/reference/graph.schema.json."""
    said = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Graph.model_json_schema()}
    return json.dumps(said, indent=2) + "\n"
