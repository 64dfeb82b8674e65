"""Definitions: what a request brings, and examples."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from mainstem.model import Json
from mainstem.server.shapes.workflows import WORKFLOW

GRAPH: dict[str, Json] = {
    "name": "claim-intake",
    "nodes": [
        {"key": "received", "type": "entry", "input_requirements": {"amount": {"type": "number"}}},
        {"key": "size", "type": "decision"},
        {"key": "approve", "kind": "approval"},
        {"key": "done", "type": "outcome"},
    ],
    "edges": [
        {"from": "received", "to": "size"},
        {"from": "size", "to": "approve", "condition": "input.amount > `1000`", "label": "large"},
        {"from": "size", "to": "done", "label": "small"},
        {"from": "approve", "to": "done"},
    ],
}
DRAFT = {
    "workflow_id": WORKFLOW["workflow_id"],
    "workflow": "claim-intake",
    "revision": 4,
    "active_version": 3,
    "is_draft": True,
    "saved_at": "2026-03-01T10:12:00Z",
    "graph_config": GRAPH,
}
VERSION = {
    "version": 3,
    "checksum": "9b1f0c",
    "published_at": "2026-03-01T10:12:00Z",
    "published_by": None,
    "graph_config": GRAPH,
}
PUBLISHED = {"version": 3, "is_new": True, "active_version": 3}
ACTIVATED = {"version": 3, "replaced": 2}
CHECKED: dict[str, Json] = {
    "faults": ["nodes.approve: no way leads here from received"],
    "calls": [],
    "graph_config": GRAPH,
}
PATCH = [{"op": "replace", "path": "/nodes/approve/timeout", "value": "3d"}]
TEMPLATE = {
    "template_id": "0c9d9f6e-3333-4a1f-9c3a-2f0f5a8f1b11",
    "name": "intake",
    "description": None,
    "graph_config": GRAPH,
    "updated_at": "2026-03-01T10:12:00Z",
}


class Said(BaseModel):
    """A request's body: a word that is not known is an error."""

    model_config = ConfigDict(extra="forbid")


class DrawnGraph(Said):
    """A graph, as `mainstem workflows check` reads it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"graph_config": GRAPH}]})

    graph_config: dict[str, Json] = Field(examples=[GRAPH])


class AskedGraph(Said):
    """A graph to check: as JSON holds it, or the text of a file."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"graph_config": GRAPH}]})

    graph_config: dict[str, Json] | None = None
    text: str | None = Field(None, max_length=200_000, description="YAML or JSON, in place of graph_config.")


class CreatedWorkflow(Said):
    """A workflow to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "claim-intake"}]})

    name: str = Field(min_length=1, max_length=255, examples=["claim-intake"])
    description: str | None = None


class WorkflowMade(BaseModel):
    """The workflow of this name."""

    workflow_id: UUID
    name: str


class PublishedGraph(Said):
    """What is to be published: a graph, or without one the draft."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"revision": 4}]})

    graph_config: dict[str, Json] | None = Field(None, examples=[GRAPH])
    revision: int | None = Field(
        None,
        description="Of the draft that was read; another is a conflict.",
        examples=[None],
        ge=1,
        le=2**31 - 1,
    )
    activate: bool = Field(True, description="Let new runs begin with it at once.")


class VersionMade(BaseModel):
    """A version. `is_new`: false when the same graph was published before."""

    version: int
    is_new: bool
    active_version: int | None


class ActivatedVersion(BaseModel):
    """The version that new runs begin with, and the one that they began with before."""

    version: int
    replaced: int | None


class CheckedGraph(BaseModel):
    """Every fault with its path, none when it can run; and the workflows that it calls. graph_config: the graph as it
    is kept; null when it has words that no graph has.
    """

    faults: list[str]
    calls: list[str]
    graph_config: Json = None


class KeptTemplate(DrawnGraph):
    """A graph to keep under a name."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"graph_config": GRAPH, "description": None}]}
    )

    description: str | None = None


class DraftConflicts(BaseModel):
    """What a problem MS021 has beside the usual: the graph that was sent, and the one that is there."""

    revision: int
    yours: Any
    theirs: Any
