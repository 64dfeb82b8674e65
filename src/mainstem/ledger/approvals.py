"""Approvals: what runs wait to be told by a person. Each function gives a Call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from mainstem.errors import NotFound, StepIsOver
from mainstem.ledger.call import Call, Row, scalar
from mainstem.ledger.cursors import closed, opened
from mainstem.model import Json

_SHOWN: LiteralString = """
select s.step_id, s.run_id, w.name as workflow, r.external_id, s.input_data ->> 'name' as name, s.input_data ->> 'assignee' as assignee,
       s.input_data -> 'form' as form, s.started_at as asked_at, (s.metadata -> 'wait' ->> 'due')::timestamptz as due_at
  from mainstem.user_workflow_run_step s
  join mainstem.user_workflow_run r on r.run_id = s.run_id
  join mainstem.user_workflow w on w.org_id = r.org_id and w.workflow_id = r.workflow_id
 where s.org_id = mainstem.current_org() and s.status = 'waiting' and s.metadata -> 'wait' ->> 'kind' = 'approval'
   and coalesce((s.metadata -> 'wait' ->> 'due')::timestamptz, 'infinity') > mainstem.clock()
   and not exists (select from mainstem.user_workflow_signal g where g.run_id = s.run_id and g.name = 'mainstem:approval:' || s.step_number)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A question that is open. form: the JSON schema of its answer; None takes any."""

    step_id: UUID
    run_id: UUID
    workflow: str
    external_id: str | None
    name: str
    assignee: str | None
    form: Json
    asked_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Approvals:
    """A page, the oldest run's first."""

    approvals: list[Approval]
    next: str | None


def list_approvals(
    *, assignee: str | None = None, limit: int = 50, after: str | None = None
) -> Call[Approvals]:
    """A page of the tenant's open approvals. Raises BadArgument for a strange cursor."""
    of = ("approvals", assignee)
    [place] = opened(of, after, parts=1)

    def page(rows: list[Row]) -> Approvals:
        found = [Approval(**row) for row in rows[:limit]]
        return Approvals(found, closed(of, found[-1].step_id) if len(rows) > limit else None)

    return Call(
        f"{_SHOWN} and (%s::text is null or s.input_data ->> 'assignee' = %s)"
        " and (%s::uuid is null or (s.run_id, s.step_number) > (mainstem.run_of(%s), mainstem.step_number_of(%s)))"
        " order by s.run_id, s.step_number limit %s",
        [assignee, assignee, place, place, place, limit + 1],
        page,
    )


def read_approval(step_id: UUID) -> Call[Approval]:
    """An open approval. Raises NotFound, and StepIsOver for one that takes no answer any more."""

    def read(rows: list[Row]) -> Approval:
        [row] = rows
        if row["approval"] is not None:
            return Approval(**_read(row["approval"]))
        if row["was_asked"]:
            raise StepIsOver(
                f"approval {step_id} takes no answer: it was answered, or its time is over",
                hint="the first answer stands; read the run to see it: `mainstem runs show RUN_ID`",
            )
        raise NotFound(
            f"no approval {step_id} in this tenant's ledger",
            hint="look at the id: `mainstem approvals list`; then at the tenant",
        )

    one = "s.run_id = mainstem.run_of(%s) and s.step_number = mainstem.step_number_of(%s)"
    return Call(
        f"select (select to_jsonb(found) from ({_SHOWN} and {one}) found) as approval, exists (select from"
        f" mainstem.user_workflow_run_step s where {one} and s.node_key like 'approval:%%') as was_asked",
        [step_id, step_id, step_id, step_id],
        read,
    )


def answer_approval(step_id: UUID, answer: bytes, by: str | None) -> Call[UUID]:
    """Answer it, once; the answer is not held against the form here. Raises NotFound, StepIsOver."""
    return Call(
        "select mainstem.answer_workflow_approval(%s, %s::jsonb, %s)", [step_id, answer.decode(), by], scalar
    )


def _read(told: Row) -> Row:
    """The row as JSON had it."""
    ids = {name: UUID(told[name]) for name in ("step_id", "run_id")}
    times = {
        name: None if told[name] is None else datetime.fromisoformat(told[name])
        for name in ("asked_at", "due_at")
    }
    return {**told, **ids, **times}
