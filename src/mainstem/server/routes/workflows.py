"""Workflows: what exists, how its runs went, what it is made of."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from mainstem.errors import NotFound
from mainstem.ledger import configs, nodes, workflows
from mainstem.ledger.configs import ConfigFilter, Configs
from mainstem.ledger.nodes import Graph, Node
from mainstem.ledger.workflows import Versions, Workflow, Workflows
from mainstem.model import Json
from mainstem.server.access import Viewer
from mainstem.server.answers import described, linked, tagged
from mainstem.server.routes.parameters import Asked, InWindow, PageSize, PageToken
from mainstem.server.shapes import workflows as examples
from mainstem.server.shapes.configs import CONFIGS

router = APIRouter(prefix="/workflows", tags=["workflows"])
Status = Literal["draft", "active", "paused", "archived"]


@router.get(
    "",
    operation_id="list_workflows",
    summary="List workflows, with the statistics of their runs",
    responses=described(example=examples.WORKFLOWS),
)
async def list_workflows(
    request: Request,
    response: Response,
    caller: Viewer,
    database: Asked,
    window: InWindow,
    *,
    status: Annotated[Status | None, Query(description="Of the definition.")] = None,
    page_size: PageSize = 50,
    page_token: PageToken = None,
) -> Workflows:
    """By name. Statistics are of the runs that began in the window; the sparkline is of 14 days, in UTC."""
    call = workflows.list_workflows(window, status=status, limit=page_size, after=page_token)
    page = await database.perform(call, org_id=caller.org_id)
    linked(request, response, page.next)
    return page


@router.get(
    "/{workflow_id}",
    operation_id="read_workflow",
    summary="Read a workflow",
    response_model=Workflow,
    responses=described(NotFound, example=examples.WORKFLOW),
)
async def read_workflow(
    request: Request, workflow_id: UUID, caller: Viewer, database: Asked, window: InWindow
) -> Response:
    """With its statistics. It has an ETag."""
    found = await database.perform(workflows.read_workflow(workflow_id, window), org_id=caller.org_id)
    return tagged(request, found)


@router.get(
    "/{workflow_id}/nodes",
    operation_id="list_workflow_nodes",
    summary="List its nodes, with the statistics of their steps",
    responses=described(NotFound, example=[examples.NODE]),
)
async def list_nodes(workflow_id: UUID, caller: Viewer, database: Asked, window: InWindow) -> list[Node]:
    """Nodes of the graph, or of a workflow of code the functions that the window's steps were of."""
    return await database.perform(nodes.list_nodes(workflow_id, window), org_id=caller.org_id)


@router.get(
    "/{workflow_id}/graph",
    operation_id="read_workflow_graph",
    summary="Read its graph",
    response_model=Graph,
    responses=described(NotFound, example=examples.GRAPH),
)
async def read_graph(request: Request, workflow_id: UUID, caller: Viewer, database: Asked) -> Response:
    """From its nodes and transitions, else from its graph_config; `source` says which."""
    found = await database.perform(nodes.read_graph(workflow_id), org_id=caller.org_id)
    return tagged(request, found)


@router.get(
    "/{workflow_id}/schema",
    operation_id="read_workflow_schema",
    summary="Read the JSON Schema of a run's input",
    responses=described(NotFound, example=examples.SCHEMA),
)
async def read_schema(workflow_id: UUID, caller: Viewer, database: Asked) -> dict[str, Json]:
    """For a form that starts a run. `{}`: nothing is known, any JSON may do."""
    return await database.perform(nodes.read_start_schema(workflow_id), org_id=caller.org_id)


@router.get(
    "/{workflow_id}/versions",
    operation_id="list_workflow_versions",
    summary="List its published versions",
    responses=described(NotFound, example=examples.VERSIONS),
)
async def list_versions(
    request: Request,
    response: Response,
    workflow_id: UUID,
    caller: Viewer,
    database: Asked,
    *,
    page_size: PageSize = 50,
    page_token: PageToken = None,
) -> Versions:
    """Latest first. A run keeps the one it began with."""
    call = workflows.list_versions(workflow_id, limit=page_size, after=page_token)
    page = await database.perform(call, org_id=caller.org_id)
    linked(request, response, page.next)
    return page


@router.get(
    "/{workflow_id}/configs",
    operation_id="list_workflow_configs",
    summary="List the configs that name it",
    responses=described(NotFound, example=CONFIGS),
)
async def list_configs(
    request: Request,
    response: Response,
    workflow_id: UUID,
    caller: Viewer,
    database: Asked,
    *,
    page_size: PageSize = 50,
    page_token: PageToken = None,
) -> Configs:
    """Of the workflow, and of it in a channel; what changed last first."""
    await database.perform(workflows.is_there(workflow_id), org_id=caller.org_id)
    call = configs.list_configs(ConfigFilter(workflow_id=workflow_id), limit=page_size, after=page_token)
    page = await database.perform(call, org_id=caller.org_id)
    linked(request, response, page.next)
    return page
