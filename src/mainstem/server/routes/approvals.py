"""Approvals: what runs wait to be told by a person."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from mainstem.errors import AnswerRefused, NotFound, StepIsOver
from mainstem.flow.values import dumped
from mainstem.graph.answers import refuse_answer
from mainstem.ledger import approvals
from mainstem.server.access import Operator, Viewer
from mainstem.server.answers import described, linked
from mainstem.server.routes.parameters import Asked, PageSize, PageToken
from mainstem.server.shapes.approvals import AnsweredApproval, ApprovalShown, ApprovalsShown, GivenAnswer

router = APIRouter(prefix="/approvals", tags=["runs"])

Assignee = Annotated[
    str | None, Query(max_length=200, pattern=r"^[^\x00]*$", description="Those for this assignee only.")
]


@router.get("", operation_id="list_approvals", summary="Open approvals", responses=described())
async def list_approvals(
    *, caller: Viewer, database: Asked, request: Request, response: Response,
    assignee: Assignee = None, page_size: PageSize = 50, page_token: PageToken = None,
) -> ApprovalsShown:  # fmt: skip
    """With the form that an answer must fit, and the deadline. What was answered or is too late is not among them."""
    page = await database.perform(
        approvals.list_approvals(assignee=assignee, limit=page_size, after=page_token), org_id=caller.org_id
    )
    linked(request, response, page.next)
    return ApprovalsShown(
        approvals=[ApprovalShown.model_validate(one) for one in page.approvals], next=page.next
    )


@router.post(
    "/{step_id}",
    operation_id="answer_approval",
    summary="Answer an approval",
    status_code=201,
    responses=described(NotFound, StepIsOver, AnswerRefused),
)
async def answer(step_id: UUID, caller: Operator, database: Asked, given: GivenAnswer) -> AnsweredApproval:
    """Once: the first answer stands, another is a conflict. One that does not fit the form is refused, each fault with its place."""
    asked = await database.perform(approvals.read_approval(step_id), org_id=caller.org_id)
    refuse_answer(asked.form, given.answer)
    by = given.answered_by or caller.name
    note = {} if given.note is None else {"note": given.note}
    signal_id = await database.perform(
        approvals.answer_approval(step_id, dumped(given.answer, "the answer"), by),
        org_id=caller.org_id,
        audit=caller.did(
            "approvals.answer", step_id, run_id=str(asked.run_id), name=asked.name, answered_by=by, **note
        ),
    )
    return AnsweredApproval(step_id=step_id, signal_id=signal_id, answered_by=by)
