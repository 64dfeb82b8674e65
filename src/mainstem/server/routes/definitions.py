"""Definitions: graphs that are edited, checked, published, activated and rolled back, and templates."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from mainstem.errors import (
    BadArgument,
    DraftConflict,
    GraphRefused,
    NotFound,
    PreconditionRequired,
    StateRefused,
    WorkflowCycle,
)
from mainstem.graph.check import faults_of_graph
from mainstem.graph.model import dependencies
from mainstem.graph.read import words_of_a_stranger
from mainstem.graph.written import checked_graph, written_graph
from mainstem.ledger import definitions
from mainstem.ledger.definitions import Draft, Template, Templates
from mainstem.ledger.runs import register_workflow
from mainstem.ledger.workflows import Version
from mainstem.model import Json
from mainstem.server.access import Operator, Viewer
from mainstem.server.answers import demanded, described, tagged
from mainstem.server.patches import graph_patch
from mainstem.server.routes.parameters import Asked, IfMatch
from mainstem.server.shapes import definitions as examples
from mainstem.server.shapes.definitions import (
    ActivatedVersion,
    AskedGraph,
    CheckedGraph,
    CreatedWorkflow,
    DrawnGraph,
    KeptTemplate,
    PublishedGraph,
    VersionMade,
    WorkflowMade,
)
from mainstem.server.shapes.runs import PatchOperation

router = APIRouter(tags=["definitions"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="Of a published version.")]
Name = Annotated[str, Path(min_length=1, max_length=255)]


@router.post(
    "/workflows",
    status_code=201,
    operation_id="create_workflow",
    summary="Create a workflow, to draw it",
    responses=described(
        example={"workflow_id": examples.DRAFT["workflow_id"], "name": "claim-intake"}, status=201
    ),
)
async def create_workflow(body: CreatedWorkflow, caller: Operator, database: Asked) -> WorkflowMade:
    """The same name is the same workflow: a code workflow's too, which a graph then replaces where workers run graphs."""
    workflow_id = await database.perform(
        register_workflow(body.name, body.description),
        org_id=caller.org_id,
        audit=lambda made: caller.did("workflows.create", made, name=body.name),
    )
    return WorkflowMade(workflow_id=workflow_id, name=body.name)


@router.post(
    "/workflows/check",
    operation_id="check_graph",
    summary="Check a graph",
    responses=described(GraphRefused, example=examples.CHECKED),
)
async def check_graph(body: AskedGraph, _: Viewer) -> CheckedGraph:
    """Every fault with its path. Nothing is written."""
    if (body.graph_config is None) == (body.text is None):
        raise BadArgument("a check takes one graph", hint="give either graph_config, or text")
    return await asyncio.to_thread(_checked, body)


def _checked(body: AskedGraph) -> CheckedGraph:
    try:
        graph = written_graph(body.graph_config if body.text is None else words_of_a_stranger(body.text))
    except GraphRefused as refused:
        return CheckedGraph(faults=list(refused.faults) or [str(refused)], calls=[])
    faults = list(faults_of_graph(graph))
    calls = [] if faults else dependencies(graph.nodes)
    return CheckedGraph(faults=faults, calls=calls, graph_config=graph.as_written)


@router.get(
    "/workflows/{workflow_id}/draft",
    operation_id="read_workflow_draft",
    summary="Read the graph that is being edited",
    response_model=Draft,
    responses=described(NotFound, example=examples.DRAFT),
)
async def read_draft(request: Request, workflow_id: UUID, caller: Viewer, database: Asked) -> Response:
    """Where there is no draft, the active graph. Its ETag is the revision that a change of it sends as If-Match."""
    found = await database.perform(definitions.read_draft(workflow_id), org_id=caller.org_id)
    return tagged(request, found, _tag(found))


@router.put(
    "/workflows/{workflow_id}/draft",
    operation_id="save_workflow_draft",
    summary="Save the graph that is being edited",
    response_model=Draft,
    responses=described(NotFound, GraphRefused, DraftConflict, PreconditionRequired, example=examples.DRAFT),
)
async def save_draft(
    request: Request,
    workflow_id: UUID,
    body: DrawnGraph,
    caller: Operator,
    database: Asked,
    *,
    if_match: IfMatch = None,
) -> Response:
    """A draft may have faults. Who read an older revision gets 409, with `yours` and `theirs` in the problem."""
    graph = written_graph(body.graph_config).as_written
    expected = _revision(if_match)
    if expected is None:
        expected = (
            await database.perform(definitions.read_draft(workflow_id), org_id=caller.org_id)
        ).revision
    call = definitions.save_draft(workflow_id, graph, expected=expected)
    await database.perform(call, org_id=caller.org_id, audit=caller.did("workflows.draft", workflow_id))
    saved = await database.perform(definitions.read_draft(workflow_id), org_id=caller.org_id)
    return tagged(request, saved, _tag(saved))


@router.post(
    "/workflows/{workflow_id}/versions",
    status_code=201,
    operation_id="publish_workflow",
    summary="Publish a graph",
    responses=described(
        NotFound, GraphRefused, DraftConflict, WorkflowCycle, example=examples.PUBLISHED, status=201
    ),
)
async def publish(workflow_id: UUID, body: PublishedGraph, caller: Operator, database: Asked) -> VersionMade:
    """It is checked whole, and kept for good; the same graph is one version. New runs begin with it, unless said otherwise."""
    draft = await database.perform(definitions.read_draft(workflow_id), org_id=caller.org_id)
    graph = checked_graph(draft.graph_config if body.graph_config is None else body.graph_config)
    revision = body.revision or (draft.revision if body.graph_config is None else None)
    made = await database.perform(
        definitions.publish(workflow_id, graph.as_written, expected=revision, published_by=caller.user_id),
        org_id=caller.org_id,
        audit=lambda told: caller.did("workflows.publish", workflow_id, version=told.version),
    )
    active = draft.active_version
    if body.activate:
        active = (await _activate(workflow_id, made.version, caller, database)).version
    return VersionMade(version=made.version, is_new=made.is_new, active_version=active)


@router.get(
    "/workflows/{workflow_id}/versions/{version}",
    operation_id="read_workflow_version",
    summary="Read a published version",
    responses=described(NotFound, example=examples.VERSION),
)
async def read_version(workflow_id: UUID, version: Number, caller: Viewer, database: Asked) -> Version:
    """As it was published: it never changes."""
    return await database.perform(definitions.read_version(workflow_id, version), org_id=caller.org_id)


@router.get(
    "/workflows/{workflow_id}/versions/{version}/diff",
    operation_id="compare_workflow_versions",
    summary="Compare a version with another, or with the draft",
    responses=described(NotFound, example=examples.PATCH),
)
async def compare(
    workflow_id: UUID,
    version: Number,
    caller: Viewer,
    database: Asked,
    *,
    to: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="A version; the draft without.")] = None,
) -> list[PatchOperation]:
    """The patch (RFC 6902) that makes the other of this one, with nodes by key and edges by their ends and label."""
    one = await database.perform(definitions.read_version(workflow_id, version), org_id=caller.org_id)
    other: Json
    if to is None:
        other = (
            await database.perform(definitions.read_draft(workflow_id), org_id=caller.org_id)
        ).graph_config
    else:
        other = (
            await database.perform(definitions.read_version(workflow_id, to), org_id=caller.org_id)
        ).graph_config
    return graph_patch(one.graph_config, other)


@router.post(
    "/workflows/{workflow_id}/versions/{version}/activate",
    operation_id="activate_workflow_version",
    summary="Let new runs begin with a version",
    responses=described(NotFound, WorkflowCycle, example=examples.ACTIVATED),
)
async def activate(workflow_id: UUID, version: Number, caller: Operator, database: Asked) -> ActivatedVersion:
    """Runs that have begun keep theirs."""
    return await _activate(workflow_id, version, caller, database)


@router.post(
    "/workflows/{workflow_id}/rollback",
    operation_id="roll_back_workflow",
    summary="Go back to the version that the active one replaced",
    responses=described(NotFound, StateRefused, WorkflowCycle, example=examples.ACTIVATED),
)
async def roll_back(workflow_id: UUID, caller: Operator, database: Asked) -> ActivatedVersion:
    """Once more goes one further back."""
    before = await database.perform(definitions.read_draft(workflow_id), org_id=caller.org_id)
    version = await database.perform(
        definitions.roll_back(workflow_id),
        org_id=caller.org_id,
        audit=lambda told: caller.did("workflows.rollback", workflow_id, version=told),
    )
    return ActivatedVersion(version=version, replaced=before.active_version)


@router.get(
    "/templates",
    operation_id="list_templates",
    summary="List templates",
    responses=described(example={"templates": [examples.TEMPLATE]}),
)
async def list_templates(caller: Viewer, database: Asked) -> Templates:
    """Graphs that are kept to begin others from, by name."""
    return await database.perform(definitions.list_templates(), org_id=caller.org_id)


@router.get(
    "/templates/{name}",
    operation_id="read_template",
    summary="Read a template",
    responses=described(NotFound, example=examples.TEMPLATE),
)
async def read_template(name: Name, caller: Viewer, database: Asked) -> Template:
    """By its name."""
    return await database.perform(definitions.read_template(name), org_id=caller.org_id)


@router.put(
    "/templates/{name}",
    operation_id="save_template",
    summary="Keep a graph as a template",
    responses=described(GraphRefused, example=examples.TEMPLATE),
)
async def save_template(name: Name, body: KeptTemplate, caller: Operator, database: Asked) -> Template:
    """In place of the one that had the name."""
    graph = checked_graph(body.graph_config, place=name).as_written
    call = definitions.save_template(name, graph, description=body.description, created_by=caller.user_id)
    await database.perform(call, org_id=caller.org_id, audit=caller.did("templates.save", name))
    return await database.perform(definitions.read_template(name), org_id=caller.org_id)


async def _activate(workflow_id: UUID, version: int, caller: Operator, database: Asked) -> ActivatedVersion:
    replaced = await database.perform(
        definitions.activate(workflow_id, version, activated_by=caller.user_id),
        org_id=caller.org_id,
        audit=caller.did("workflows.activate", workflow_id, version=version),
    )
    return ActivatedVersion(version=version, replaced=replaced)


def _tag(draft: Draft) -> str:
    """The revision, and the version that is active, which the answer tells as well."""
    return f"{draft.revision}.{draft.active_version or 0}"


def _revision(if_match: str | None) -> int | None:
    """The revision that an If-Match names; None for `*`. Raises PreconditionRequired without one."""
    if (given := demanded(if_match)) == "*":
        return None
    tag = given.removeprefix("W/").strip('"').partition(".")[0]
    return int(tag) if tag.isascii() and tag.isdigit() and len(tag) < 10 else 0
