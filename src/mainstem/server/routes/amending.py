"""Runs that failed, or that somebody stopped: fork, patch or skip a step; and many at once by a filter."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Path

from mainstem.errors import DrivenElsewhere, NotFound, RunIsOver, StateRefused
from mainstem.flow.values import dumped
from mainstem.graph.inputs import refuse_input
from mainstem.ids import step_id
from mainstem.ledger import amending, bulk
from mainstem.ledger.amending import Amendment
from mainstem.ledger.amending import Asked as Answer
from mainstem.ledger.audit import Audit
from mainstem.ledger.call import Call
from mainstem.ledger.definitions import read_input_of_run
from mainstem.ledger.search import parsed
from mainstem.server.access import Operator
from mainstem.server.answers import described
from mainstem.server.caller import Caller
from mainstem.server.database import Database
from mainstem.server.routes.asking import Asked, Seconds
from mainstem.server.shapes.amending import Bulk, BulkAnswer, Fork, Forked, Patch, Refused, Skip
from mainstem.server.shapes.runs import Answered

router = APIRouter(prefix="/runs", tags=["runs"])

StepNumber = Annotated[int, Path(ge=1, lt=2**24)]
_AMENDED = described(NotFound, RunIsOver, StateRefused)


@router.post(
    "/bulk",
    operation_id="ask_of_runs",
    summary="Retry, cancel or resume all that a filter finds",
    responses=described(),
)
async def ask_of_runs(given: Bulk, caller: Operator, database: Asked, seconds: Seconds) -> BulkAnswer:
    """First with `dry_run`: how many, and which first. Then batch after batch, each in a transaction of its own."""
    query = parsed(given.q)

    async def ask(call: Call[Any]) -> Any:
        return await database.perform(call, org_id=caller.org_id)

    if given.dry_run:
        plan = await bulk.plan(ask, query, budget=seconds / 2)
        return BulkAnswer(matched=plan.matched, first=plan.first)
    run_ids, following = await bulk.page_of(
        ask, query, most=given.most, after=given.page_token, budget=seconds
    )
    answers = await database.perform(
        amending.ask_of_runs(given.action, run_ids, given.reason),
        org_id=caller.org_id,
        audit=lambda answers: _entries(caller, given, answers),
    )
    refused = [
        Refused(run_id=one.run_id, code=one.code, message=one.message or one.answer)
        for one in answers
        if one.code
    ]
    return BulkAnswer(asked=len(answers), refused=refused, next=following)


def _entries(caller: Caller, given: Bulk, answers: list[Answer]) -> list[Audit]:
    return [
        caller.did(f"runs.{given.action}", one.run_id, reason=given.reason, filter=given.q, answer=one.answer)
        for one in answers
        if one.code is None
    ]


@router.post(
    "/{run_id}/fork",
    operation_id="fork_run",
    summary="Begin a new run that goes on from a step of this one",
    status_code=201,
    responses=described(NotFound, StateRefused, DrivenElsewhere),
)
async def fork(
    run_id: UUID,
    caller: Operator,
    database: Asked,
    given: Annotated[Fork | None, Body(examples=[{"from_step": 3, "context": {"limit": 500}}])] = None,
) -> Forked:
    """The steps before are copied as recorded; this run stays as it is."""
    asked = given or Fork()
    if asked.input is not None:
        taken = await database.perform(read_input_of_run(run_id, asked.version), org_id=caller.org_id)
        if taken is not None:
            refuse_input(taken, asked.input)
    call = amending.fork_run(
        run_id,
        amending.Fork(
            from_step=asked.from_step,
            input=None if asked.input is None else dumped(asked.input, "the fork's input"),
            context=None if asked.context is None else dumped(asked.context, "the fork's context"),
            version=asked.version,
        ),
    )
    patched = [name for name in ("input", "context", "version") if getattr(asked, name) is not None]
    new_id = await database.perform(
        call,
        org_id=caller.org_id,
        audit=lambda made: caller.did(
            "runs.fork", run_id, into=made, from_step=asked.from_step, patched=patched
        ),
    )
    return Forked(
        run_id=new_id, forked_from=run_id if asked.from_step is None else step_id(run_id, asked.from_step)
    )


@router.post(
    "/{run_id}/steps/{step_number}/patch",
    operation_id="patch_step",
    summary="Say what a step gave that failed",
    responses=_AMENDED,
)
async def patch(
    run_id: UUID, step_number: StepNumber, given: Patch, caller: Operator, database: Asked
) -> Answered:
    """Kept in `metadata.amended`; the failure stays in the step's events. Answers with the run's status then."""
    output = dumped(given.output, f"the output of step {step_number}")
    amendment = Amendment(output=output, reason=given.reason, by=caller.name, go_on=given.go_on)
    return await _amend(database, caller, run_id, step_number, amendment)


@router.post(
    "/{run_id}/steps/{step_number}/skip",
    operation_id="skip_step",
    summary="Pass over a step that failed",
    responses=_AMENDED,
)
async def skip(
    run_id: UUID, step_number: StepNumber, caller: Operator, database: Asked, given: Annotated[Skip | None, Body(examples=[{"reason": "not needed"}])] = None
) -> Answered:  # fmt: skip
    """It gives nothing (null) to its run. Answers with the run's status then."""
    asked = given or Skip()
    amendment = Amendment(output=None, reason=asked.reason, by=caller.name, go_on=asked.go_on)
    return await _amend(database, caller, run_id, step_number, amendment)


async def _amend(
    database: Database, caller: Caller, run_id: UUID, step_number: int, amendment: Amendment
) -> Answered:
    action = "runs.skip_step" if amendment.output is None else "runs.patch_step"
    answer = await database.perform(
        amending.amend_step(run_id, step_number, amendment),
        org_id=caller.org_id,
        audit=caller.did(action, run_id, step=step_number, reason=amendment.reason, go_on=amendment.go_on),
    )
    return Answered(run_id=run_id, answer=answer)
