"""Schedules: what is started by itself, and when."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime

from mainstem.client.editing import Changes, edited, to_be_asked
from mainstem.client.recurring import first_time, next_times, past_times, recurrence_of
from mainstem.errors import BadArgument, NotFound, PreconditionFailed, StateRefused
from mainstem.flow.recurrence import Recurrence
from mainstem.flow.schedule import scheduled
from mainstem.flow.values import dumped
from mainstem.ledger import runs, schedules
from mainstem.ledger.schedules import Firings, NewSchedule, Schedule, Schedules
from mainstem.server.access import Operator, Viewer
from mainstem.server.answers import described, linked
from mainstem.server.database import Database
from mainstem.server.routes.parameters import Asked, PageSize, PageToken
from mainstem.server.shapes import schedules as examples
from mainstem.server.shapes.schedules import (
    Backfilled,
    Counted,
    CreatedSchedule,
    EditedSchedule,
    ScheduleAnswered,
    Times,
)

router = APIRouter(prefix="/schedules", tags=["schedules"])


@router.get(
    "",
    operation_id="list_schedules",
    summary="List schedules",
    responses=described(example=examples.SCHEDULES),
)
async def list_schedules(
    request: Request,
    response: Response,
    caller: Viewer,
    database: Asked,
    *,
    workflow: Annotated[str | None, Query(max_length=255, description="By its name.")] = None,
    page_size: PageSize = 50,
    page_token: PageToken = None,
) -> Schedules:
    """By name."""
    call = schedules.list_schedules(workflow=workflow, limit=page_size, after=page_token)
    page = await database.perform(call, org_id=caller.org_id)
    linked(request, response, page.next)
    return page


@router.post(
    "",
    status_code=201,
    operation_id="create_schedule",
    summary="Create a schedule",
    responses=described(NotFound, StateRefused, example=examples.SCHEDULE, status=201),
)
async def create_schedule(
    request: Request, response: Response, body: CreatedSchedule, caller: Operator, database: Asked
) -> Schedule:
    """Workers fire it from its next time on."""
    recurrence = Recurrence(cron=body.cron, every=body.every, at=body.at, zone=body.zone)
    new = NewSchedule(
        workflow_id=await _workflow_id(body, database, caller.org_id),
        at=recurrence.at,
        input=dumped(body.input, "input"),
        created_by=caller.user_id,
        **body.model_dump(exclude={"workflow", "workflow_id", "at", "input"}),
    )
    given = scheduled(body.input, body.time_argument)
    await database.refuse_misfit(caller.org_id, new.workflow_id, body.version, given)
    now = await database.perform(schedules.clock(), org_id=caller.org_id)
    schedule_id = await database.perform(
        schedules.put_schedule(new, first_time(recurrence, now)),
        org_id=caller.org_id,
        audit=lambda made: caller.did("schedules.create", made, name=new.name, times=str(recurrence)),
    )
    path = request.scope.get("root_path", "") + request.url.path
    response.headers["Location"] = f"{path}/{schedule_id}"
    return await _read(schedule_id, database, caller.org_id)


@router.get(
    "/{schedule_id}",
    operation_id="read_schedule",
    summary="Read a schedule",
    responses=described(NotFound, example=examples.SCHEDULE),
)
async def read_schedule(schedule_id: UUID, caller: Viewer, database: Asked) -> Schedule:
    """With its next time."""
    return await _read(schedule_id, database, caller.org_id)


@router.patch(
    "/{schedule_id}",
    operation_id="edit_schedule",
    summary="Change parts of a schedule",
    responses=described(NotFound, StateRefused, PreconditionFailed, example=examples.SCHEDULE),
)
async def edit_schedule(
    schedule_id: UUID, body: EditedSchedule, caller: Operator, database: Asked
) -> Schedule:
    """When its times change it comes round next at the first of the new ones that is to come, and
    stays paused when it is; a time that has begun a run begins no other. 412 when it was changed at the same moment.
    """
    found = await _read(schedule_id, database, caller.org_id)
    asked = to_be_asked(found, cast("Changes", body.changes()))
    await database.refuse_misfit(caller.org_id, found.workflow_id, *asked)
    told = caller.did("schedules.edit", schedule_id, **{"name": found.name, **body.changes("json")})
    await database.perform(edited(found, cast("Changes", body.changes())), org_id=caller.org_id, audit=told)
    return await _read(schedule_id, database, caller.org_id)


@router.delete(
    "/{schedule_id}",
    operation_id="delete_schedule",
    summary="Delete a schedule",
    responses=described(NotFound, example=examples.ANSWERED | {"answer": "deleted"}),
)
async def delete_schedule(schedule_id: UUID, caller: Operator, database: Asked) -> ScheduleAnswered:
    """With what became of its times; the runs that it began stay."""
    await database.perform(
        schedules.delete_schedule(schedule_id),
        org_id=caller.org_id,
        audit=lambda name: caller.did("schedules.delete", schedule_id, name=name),
    )
    return ScheduleAnswered(schedule_id=schedule_id, answer="deleted")


@router.post(
    "/{schedule_id}/pause",
    operation_id="pause_schedule",
    summary="Pause a schedule",
    responses=described(NotFound, example=examples.ANSWERED),
)
async def pause_schedule(schedule_id: UUID, caller: Operator, database: Asked) -> ScheduleAnswered:
    """It fires nothing until it is resumed. Paused again it stays so."""
    await database.perform(
        schedules.pause_schedule(schedule_id),
        org_id=caller.org_id,
        audit=caller.did("schedules.pause", schedule_id),
    )
    return ScheduleAnswered(schedule_id=schedule_id, answer="paused")


@router.post(
    "/{schedule_id}/resume",
    operation_id="resume_schedule",
    summary="Resume a schedule",
    responses=described(NotFound, example=examples.ANSWERED | {"answer": "resumed"}),
)
async def resume_schedule(schedule_id: UUID, caller: Operator, database: Asked) -> ScheduleAnswered:
    """From its next time on: what came round meanwhile is not made up for."""
    found = await _read(schedule_id, database, caller.org_id)
    await database.perform(
        schedules.resume_schedule(schedule_id, recurrence_of(found).following(found.now)),
        org_id=caller.org_id,
        audit=caller.did("schedules.resume", schedule_id),
    )
    return ScheduleAnswered(schedule_id=schedule_id, answer="resumed")


@router.get(
    "/{schedule_id}/next",
    operation_id="next_times_of_schedule",
    summary="When it comes round next",
    responses=described(NotFound, example=examples.TIMES),
)
async def next_of(
    schedule_id: UUID, caller: Viewer, database: Asked, count: Annotated[int, Query(ge=1, le=100)] = 10
) -> Times:
    """Whether it is paused or not."""
    return Times(times=next_times(await _read(schedule_id, database, caller.org_id), count))


@router.get(
    "/{schedule_id}/firings",
    operation_id="list_firings",
    summary="What became of its times",
    responses=described(NotFound, example=examples.FIRINGS),
)
async def list_firings(
    request: Request,
    response: Response,
    schedule_id: UUID,
    caller: Viewer,
    database: Asked,
    *,
    page_size: PageSize = 50,
    page_token: PageToken = None,
) -> Firings:
    """Latest first: the run that each began, or why there is none."""
    await _read(schedule_id, database, caller.org_id)
    call = schedules.list_firings(schedule_id, limit=page_size, after=page_token)
    page = await database.perform(call, org_id=caller.org_id)
    linked(request, response, page.next)
    return page


@router.get(
    "/{schedule_id}/backfill",
    operation_id="count_backfill",
    summary="Count the past times of a range that have no run",
    responses=described(NotFound, example=examples.COUNTED),
)
async def count_backfill(
    schedule_id: UUID, since: AwareDatetime, before: AwareDatetime, caller: Viewer, database: Asked
) -> Counted:
    """From `since` on, before `before`. Nothing begins."""
    found = await _read(schedule_id, database, caller.org_id)
    call = schedules.backfill(schedule_id, past_times(found, since, before))
    return Counted(count=await database.perform(call, org_id=caller.org_id))


@router.post(
    "/{schedule_id}/backfill",
    operation_id="backfill_schedule",
    summary="Begin the runs of past times of a range",
    responses=described(NotFound, PreconditionFailed, example=examples.COUNTED),
)
async def backfill(schedule_id: UUID, body: Backfilled, caller: Operator, database: Asked) -> Counted:
    """All that have none, if they are as many as were counted; else none, 412."""
    found = await _read(schedule_id, database, caller.org_id)
    call = schedules.backfill(schedule_id, past_times(found, body.since, body.before), body.count)
    count = await database.perform(
        call,
        org_id=caller.org_id,
        audit=caller.did("schedules.backfill", schedule_id, **body.model_dump(mode="json")),
    )
    return Counted(count=count)


async def _read(schedule_id: UUID, database: Database, org_id: UUID) -> Schedule:
    return await database.perform(schedules.read_schedule(schedule_id), org_id=org_id)


async def _workflow_id(body: CreatedSchedule, database: Database, org_id: UUID) -> UUID:
    if body.workflow_id is not None and body.workflow is None:
        return body.workflow_id
    if body.workflow is None or body.workflow_id is not None:
        raise BadArgument(
            "a schedule names its workflow once", hint="give either workflow, its name, or workflow_id"
        )
    found = await database.perform(runs.find_workflow(body.workflow), org_id=org_id)
    if found is None:
        raise NotFound(
            f"this tenant has no workflow {body.workflow!r}", hint="GET /workflows tells which there are"
        )
    return found
