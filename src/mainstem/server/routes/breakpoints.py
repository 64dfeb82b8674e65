"""Breakpoints: list, set, switch, delete. A run that one stopped is let go on with POST /runs/{run_id}/resume."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from mainstem.errors import NotFound
from mainstem.flow.comparison import Comparison
from mainstem.ledger import breakpoints
from mainstem.server.access import Operator, Viewer
from mainstem.server.answers import described
from mainstem.server.routes.asking import Asked
from mainstem.server.shapes.breakpoints import BreakpointShown, BreakpointsShown, NewBreakpoint, Switch

router = APIRouter(prefix="/breakpoints", tags=["debugging"])


@router.get("", operation_id="list_breakpoints", summary="List breakpoints", responses=described())
async def list_breakpoints(
    caller: Viewer,
    database: Asked,
    page_size: Annotated[int, Query(ge=1, le=200)] = 50,
    page_token: UUID | None = None,
) -> BreakpointsShown:
    """Those too that are switched off."""
    call = breakpoints.list_breakpoints(limit=page_size + 1, after=page_token)
    found = await database.perform(call, org_id=caller.org_id)
    shown = [BreakpointShown.model_validate(one) for one in found[:page_size]]
    return BreakpointsShown(
        breakpoints=shown, next=shown[-1].breakpoint_id if len(found) > page_size else None
    )


@router.post(
    "",
    operation_id="set_breakpoint",
    summary="Let runs pause before a step",
    status_code=201,
    responses=described(),
)
async def set_breakpoint(given: NewBreakpoint, caller: Operator, database: Asked) -> BreakpointShown:
    """Workers learn of it at once. Raises nothing for a workflow that has no run yet."""
    if given.condition is not None:
        Comparison.parsed(given.condition, breakpoints.SEEN)
    new = breakpoints.NewBreakpoint(
        workflow=given.workflow,
        run_id=given.run_id,
        node_key=given.step,
        condition=given.condition,
        one_shot=given.one_shot,
        created_by=caller.name,
    )
    made = await database.perform(
        breakpoints.create_breakpoint(new),
        org_id=caller.org_id,
        audit=lambda made: caller.did(
            "breakpoints.create", made.breakpoint_id, workflow=given.workflow, step=given.step
        ),
    )
    return BreakpointShown.model_validate(made)


@router.patch(
    "/{breakpoint_id}",
    operation_id="switch_breakpoint",
    summary="Switch a breakpoint on or off",
    responses=described(NotFound),
)
async def switch(breakpoint_id: UUID, given: Switch, caller: Operator, database: Asked) -> BreakpointShown:
    """Runs that it stopped stay paused."""
    changed = await database.perform(
        breakpoints.switch_breakpoint(breakpoint_id, is_enabled=given.is_enabled),
        org_id=caller.org_id,
        audit=caller.did("breakpoints.switch", breakpoint_id, is_enabled=given.is_enabled),
    )
    return BreakpointShown.model_validate(changed)


@router.delete(
    "/{breakpoint_id}",
    operation_id="delete_breakpoint",
    summary="Delete a breakpoint",
    responses=described(NotFound),
)
async def delete(breakpoint_id: UUID, caller: Operator, database: Asked) -> BreakpointShown:
    """What it was. Runs that it stopped stay paused."""
    gone = await database.perform(
        breakpoints.delete_breakpoint(breakpoint_id),
        org_id=caller.org_id,
        audit=caller.did("breakpoints.delete", breakpoint_id),
    )
    return BreakpointShown.model_validate(gone)
