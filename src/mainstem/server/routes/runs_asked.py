"""What is asked of runs: cancel, resume, retry, signal."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Path

from mainstem.errors import DrivenElsewhere, NotFound, RunIsOver, StateRefused
from mainstem.flow.values import dumped
from mainstem.ledger import runs
from mainstem.server.access import Operator
from mainstem.server.answers import described
from mainstem.server.routes.asking import Asked
from mainstem.server.shapes.amending import Resume, Retry
from mainstem.server.shapes.runs import Answered, Reason, SentSignal

router = APIRouter(prefix="/runs/{run_id}", tags=["runs"])


@router.post(
    "/cancel", operation_id="cancel_run", summary="End a run", responses=described(NotFound, RunIsOver)
)
async def cancel(
    run_id: UUID,
    caller: Operator,
    database: Asked,
    given: Annotated[Reason | None, Body(examples=[{"reason": "sent twice"}])] = None,
) -> Answered:
    """`cancelled` at once, or `requested` of the worker that has it, which follows soon."""
    reason = None if given is None else given.reason
    answer = await database.perform(
        runs.cancel_run(run_id, reason),
        org_id=caller.org_id,
        audit=caller.did("runs.cancel", run_id, reason=reason),
    )
    return Answered(run_id=run_id, answer=answer)


@router.post(
    "/resume",
    operation_id="resume_run",
    summary="Let a paused run go on",
    responses=described(NotFound, RunIsOver, StateRefused),
)
async def resume(
    run_id: UUID,
    caller: Operator,
    database: Asked,
    given: Annotated[Resume | None, Body(examples=[{"step_over": True}])] = None,
) -> Answered:
    """The next worker takes it, and passes the breakpoint that it stands before."""
    step_over = given is not None and given.step_over
    await database.perform(
        runs.resume_run(run_id, step_over=step_over),
        org_id=caller.org_id,
        audit=caller.did("runs.resume", run_id, step_over=step_over),
    )
    return Answered(run_id=run_id, answer="resumed")


@router.post(
    "/retry",
    operation_id="retry_run",
    summary="Take back a run that failed",
    responses=described(NotFound, RunIsOver, StateRefused, DrivenElsewhere),
)
async def retry(
    run_id: UUID,
    caller: Operator,
    database: Asked,
    given: Annotated[Retry | None, Body(examples=[{"from_step": 3}])] = None,
) -> Answered:
    """`pending`: a worker replays what was completed, and does again what failed. `running`: its callers do so."""
    from_step = None if given is None else given.from_step
    answer = await database.perform(
        runs.retry_run(run_id, from_step=from_step),
        org_id=caller.org_id,
        audit=caller.did("runs.retry", run_id, from_step=from_step),
    )
    return Answered(run_id=run_id, answer=answer)


@router.post(
    "/signals/{name}",
    operation_id="send_signal",
    summary="Tell a run something",
    status_code=201,
    responses=described(NotFound, RunIsOver, DrivenElsewhere),
)
async def signal(
    run_id: UUID, name: Annotated[str, Path(min_length=1, max_length=255)], caller: Operator, database: Asked,
    payload: Annotated[Any, Body(examples=[{"approved": True}])] = None,
) -> SentSignal:  # fmt: skip
    """It is not lost when the run does not wait for it yet. Sent again, it is another."""
    call = runs.send_signal(run_id, name, dumped(payload, f"the payload of signal {name}"))
    signal_id = await database.perform(
        call, org_id=caller.org_id, audit=caller.did("runs.signal", run_id, name=name)
    )
    return SentSignal(run_id=run_id, signal_id=signal_id)
