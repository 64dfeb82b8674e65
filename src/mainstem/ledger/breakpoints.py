"""Breakpoints: where runs pause before a step begins. Each function gives a Call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from mainstem.errors import BadArgument, NotFound
from mainstem.ledger.call import Call, Row
from mainstem.model import ClaimedRun

_SHOWN: LiteralString = "org_id, breakpoint_id, workflow, run_id, node_key, condition, one_shot, is_enabled, hits, last_hit_at, created_at, created_by"
_TOLD: LiteralString = f"select {_SHOWN}, pg_notify('mainstem_breakpoint', '')::text as told from made"

SEEN = ("input", "run", "call")
"""What a condition may ask for: the step's input, the run's, and the how-manieth call of the step it is."""


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Where runs pause; the fields are the table's."""

    org_id: UUID
    breakpoint_id: UUID
    workflow: str | None
    run_id: UUID | None
    node_key: str | None
    condition: str | None
    one_shot: bool
    is_enabled: bool
    hits: int
    last_hit_at: datetime | None
    created_at: datetime
    created_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBreakpoint:
    """What a breakpoint is made of. condition: as flow.comparison reads it; whoever gives it has read it before."""

    workflow: str | None = None
    run_id: UUID | None = None
    node_key: str | None = None
    condition: str | None = None
    one_shot: bool = False
    created_by: str | None = None


def create_breakpoint(new: NewBreakpoint) -> Call[Breakpoint]:
    """Made and switched on. Raises BadArgument when it names neither a workflow nor a run."""
    if new.workflow is None and new.run_id is None:
        raise BadArgument("a breakpoint says where: in a workflow, or in one run", hint="name either")
    return Call(
        "with made as (insert into mainstem.user_workflow_breakpoint"
        " (org_id, workflow, run_id, node_key, condition, one_shot, created_by)"
        f" values (mainstem.current_org(), %s, %s, %s, %s, %s, %s) returning *) {_TOLD}",
        [new.workflow, new.run_id, new.node_key, new.condition, new.one_shot, new.created_by],
        lambda rows: _read(rows[0]),
    )


def list_breakpoints(*, limit: int = 200, after: UUID | None = None) -> Call[list[Breakpoint]]:
    """This tenant's, by id, those too that are switched off."""
    return Call(
        f"select {_SHOWN} from mainstem.user_workflow_breakpoint where org_id = mainstem.current_org()"
        " and (%s::uuid is null or breakpoint_id > %s::uuid) order by breakpoint_id limit %s",
        [after, after, limit],
        lambda rows: [_read(row) for row in rows],
    )


def switch_breakpoint(breakpoint_id: UUID, *, is_enabled: bool) -> Call[Breakpoint]:
    """On or off. Raises NotFound."""
    return Call(
        "with made as (update mainstem.user_workflow_breakpoint set is_enabled = %s"
        f" where org_id = mainstem.current_org() and breakpoint_id = %s returning *) {_TOLD}",
        [is_enabled, breakpoint_id],
        lambda rows: _found(rows, breakpoint_id),
    )


def delete_breakpoint(breakpoint_id: UUID) -> Call[Breakpoint]:
    """It is gone; what it was. Raises NotFound."""
    return Call(
        "with made as (delete from mainstem.user_workflow_breakpoint"
        f" where org_id = mainstem.current_org() and breakpoint_id = %s returning *) {_TOLD}",
        [breakpoint_id],
        lambda rows: _found(rows, breakpoint_id),
    )


def enabled_breakpoints() -> Call[list[Breakpoint]]:
    """Those of all tenants, for a worker."""
    return Call(
        f"select {_SHOWN} from mainstem.user_workflow_breakpoint where is_enabled",
        [],
        lambda rows: [_read(row) for row in rows],
    )


def hit_breakpoint(one: Breakpoint, run: ClaimedRun) -> Call[bool]:
    """A worker stops before it; False when it was switched off meanwhile, by another hit perhaps, or the run is another's."""
    return Call(
        "with made as (update mainstem.user_workflow_breakpoint"
        " set hits = hits + 1, last_hit_at = mainstem.clock(), is_enabled = not one_shot"
        " where org_id = %s and breakpoint_id = %s and is_enabled and exists (select from mainstem.user_workflow_run_queue q"
        " where q.run_id = %s and q.epoch = %s and q.worker_id is not null) returning one_shot)"
        " select case when one_shot then pg_notify('mainstem_breakpoint', '')::text else '' end from made",
        [one.org_id, one.breakpoint_id, run.run_id, run.epoch],
        bool,
    )


def _found(rows: list[Row], breakpoint_id: UUID) -> Breakpoint:
    if not rows:
        raise NotFound(
            f"no breakpoint {breakpoint_id} in this tenant's ledger", hint="mainstem breakpoints list"
        )
    return _read(rows[0])


def _read(row: Row) -> Breakpoint:
    shown: dict[str, Any] = {name: value for name, value in row.items() if name != "told"}
    return Breakpoint(**shown)
