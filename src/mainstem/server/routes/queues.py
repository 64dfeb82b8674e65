"""Queues and their limits, which are the installation's; and the pause of a workflow, which is its tenant's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from mainstem.errors import NotFound, StateRefused
from mainstem.ledger import queues
from mainstem.ledger.queues import LimitedQueue, Limits
from mainstem.server.access import Operator, Viewer
from mainstem.server.answers import described
from mainstem.server.installation import Installer
from mainstem.server.routes.parameters import Asked
from mainstem.server.shapes import queues as examples
from mainstem.server.shapes.queues import AskedLimits, QueueAnswered, WorkflowHeld

router = APIRouter()
Named = Annotated[str, Path(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]


@router.get(
    "/queues",
    tags=["operations"],
    operation_id="list_queues",
    summary="List queues that have limits, or are paused",
    responses=described(example=[examples.QUEUE]),
)
async def list_queues(caller: Viewer, database: Asked) -> list[LimitedQueue]:
    """Every other queue is claimed from as fast as workers can. GET /queue tells what lies in them."""
    return await database.perform(queues.list_queues(), org_id=caller.org_id)


@router.put(
    "/queues/{queue}",
    tags=["operations"],
    operation_id="limit_queue",
    summary="Limit a queue",
    responses=described(NotFound, example=examples.QUEUE),
)
async def limit_queue(queue: Named, body: AskedLimits, caller: Installer, database: Asked) -> LimitedQueue:
    """These limits and no others, from now on; what is in work goes on. For the installation's admins, as it holds for every tenant."""
    return await database.perform(
        queues.put_limits(queue, Limits(**dict(body))),
        org_id=caller.org_id,
        audit=caller.did("queues.limit", queue, **body.model_dump(mode="json")),
    )


@router.delete(
    "/queues/{queue}",
    tags=["operations"],
    operation_id="lift_limits",
    summary="Lift a queue's limits, and its pause",
    responses=described(NotFound, example=examples.ANSWERED | {"answer": "lifted"}),
)
async def lift_limits(queue: Named, caller: Installer, database: Asked) -> QueueAnswered:
    """From now on it has none."""
    await database.perform(
        queues.lift_limits(queue), org_id=caller.org_id, audit=caller.did("queues.lift", queue)
    )
    return QueueAnswered(queue=queue, answer="lifted")


@router.post(
    "/queues/{queue}/pause",
    tags=["operations"],
    operation_id="pause_queue",
    summary="Pause a queue",
    responses=described(NotFound, example=examples.ANSWERED),
)
async def pause_queue(queue: Named, caller: Installer, database: Asked) -> QueueAnswered:
    """Nothing is claimed from it until it is resumed; what is in work goes on."""
    await database.perform(
        queues.pause_queue(queue), org_id=caller.org_id, audit=caller.did("queues.pause", queue)
    )
    return QueueAnswered(queue=queue, answer="paused")


@router.post(
    "/queues/{queue}/resume",
    tags=["operations"],
    operation_id="resume_queue",
    summary="Resume a queue",
    responses=described(NotFound, example=examples.ANSWERED | {"answer": "resumed"}),
)
async def resume_queue(queue: Named, caller: Installer, database: Asked) -> QueueAnswered:
    """Within its limits."""
    await database.perform(
        queues.resume_queue(queue), org_id=caller.org_id, audit=caller.did("queues.resume", queue)
    )
    return QueueAnswered(queue=queue, answer="resumed")


@router.post(
    "/workflows/{workflow_id}/pause",
    tags=["workflows"],
    operation_id="pause_workflow",
    summary="Pause a workflow",
    responses=described(NotFound, StateRefused),
)
async def pause_workflow(workflow_id: UUID, caller: Operator, database: Asked) -> WorkflowHeld:
    """No run of it is claimed until it is resumed; one that a worker has goes on until it waits or ends."""
    await database.perform(
        queues.pause_workflow(workflow_id),
        org_id=caller.org_id,
        audit=caller.did("workflows.pause", workflow_id),
    )
    return WorkflowHeld(workflow_id=str(workflow_id), answer="paused")


@router.post(
    "/workflows/{workflow_id}/resume",
    tags=["workflows"],
    operation_id="resume_workflow",
    summary="Resume a workflow",
    responses=described(NotFound, StateRefused),
)
async def resume_workflow(workflow_id: UUID, caller: Operator, database: Asked) -> WorkflowHeld:
    """Its runs that were held are ready again."""
    freed = await database.perform(
        queues.resume_workflow(workflow_id),
        org_id=caller.org_id,
        audit=caller.did("workflows.resume", workflow_id),
    )
    return WorkflowHeld(workflow_id=str(workflow_id), answer="resumed", runs=freed)
