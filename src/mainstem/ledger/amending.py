"""What people do with a run that failed, or that they stopped: retry, fork, patch, skip, and many at once. Each gives a Call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from mainstem.errors import BadArgument
from mainstem.ids import step_id
from mainstem.ledger.call import Call, scalar

Action = Literal["retry", "cancel", "resume"]
ACTIONS: tuple[Action, ...] = ("retry", "cancel", "resume")

MOST_AT_ONCE = 200
"""Runs that are asked of in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """From where a new run goes on, and what is other there. JSON texts; None: as it was."""

    from_step: int | None = None
    input: bytes | None = None
    context: bytes | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What a person says of a step: its output as JSON text, or None to skip it."""

    output: bytes | None
    reason: str | None = None
    by: str | None = None
    go_on: bool = True
    """Take the run back too."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one of many. code, message: of what was `refused`."""

    run_id: UUID
    answer: str
    code: str | None
    message: str | None


def fork_run(run_id: UUID, fork: Fork) -> Call[UUID]:
    """The new run's id. Raises NotFound, StateRefused, DrivenElsewhere, BadArgument."""
    return Call(
        "select mainstem.fork_workflow_run(%s, %s, %s::jsonb, %s::jsonb, %s)",
        [run_id, fork.from_step, _text(fork.input), _text(fork.context), fork.version],
        scalar,
    )


def amend_step(run_id: UUID, step_number: int, amendment: Amendment) -> Call[str]:
    """Patch or skip; the run's status then. Raises NotFound, RunIsOver, StateRefused, BadArgument."""
    if not 1 <= step_number < 2**24:
        raise BadArgument(f"a step's number is 1 to 16777215, not {step_number}", hint="mainstem runs show")
    step = step_id(run_id, step_number)
    rest = [amendment.reason, amendment.by, amendment.go_on]
    if amendment.output is None:
        return Call("select mainstem.skip_workflow_step(%s, %s, %s, %s)", [step, *rest], scalar)
    return Call(
        "select mainstem.patch_workflow_step(%s, %s::jsonb, %s, %s, %s)",
        [step, _text(amendment.output), *rest],
        scalar,
    )


def ask_of_runs(action: Action, run_ids: Sequence[UUID], reason: str | None = None) -> Call[list[Asked]]:
    """The same of each, all in one transaction; one that is refused is no reason to leave out the others."""
    return Call(
        "select run_id, answer, code, message from mainstem.ask_of_workflow_runs(%s, %s, %s)",
        [action, list(run_ids), reason],
        lambda rows: [Asked(**row) for row in rows],
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
