"""What a run's children need of the ledger outside of its flushes: their workflows entered, and their end when it is cancelled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from mainstem.client.inputs import KnownInputs
from mainstem.client.registering import registration
from mainstem.errors import InputRefused, NotFound, RunCancelled, RunFailed, StepFailed
from mainstem.flow.children import Child
from mainstem.flow.parameters import refuse_arguments
from mainstem.flow.program import Workflow
from mainstem.ledger import runs
from mainstem.ledger.call import aperform, unbroken
from mainstem.ledger.link import Link
from mainstem.model import ClaimedRun, RecordedStep


class Children:
    """Of all runs of one worker. patiently: asks until the database answers."""

    def __init__(
        self, link: Link, patiently: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
    ) -> None:
        self._link = link
        self._patiently = patiently
        self._inputs = KnownInputs()
        self._entered: set[tuple[UUID, str]] = set()

    async def refusal(self, org_id: UUID, asked: Child, given: bytes) -> str | None:
        """What speaks against beginning it with this input; None when nothing does."""
        workflow = asked.workflow
        try:
            if isinstance(workflow, str):
                await self._patiently(
                    lambda: self._inputs.refuse(
                        self._link, (org_id, workflow, asked.version), asked.arguments
                    )
                )
            else:
                refuse_arguments(workflow.name, workflow.parameters, given)
        except (InputRefused, NotFound) as refusal:
            return refusal.message
        return None

    async def enter(self, org_id: UUID, workflow: Workflow[..., Any] | str) -> None:
        """See that the tenant has this workflow; one that is only named must be there already."""
        if isinstance(workflow, str) or (org_id, workflow.name) in self._entered:
            return

        async def enter() -> None:
            async with self._link.borrowed() as conn:
                with unbroken():
                    await aperform(conn, registration(workflow), org_id=org_id)

        await self._patiently(enter)
        self._entered.add((org_id, workflow.name))

    async def cancel(self, run: ClaimedRun, reason: str) -> None:
        """Cancel those that the run waits for, before its own end is recorded: whoever takes it after a death does so again."""
        await self._patiently(lambda: self._link(runs.cancel_children(run.run_id, reason)))


def awaits(step: RecordedStep) -> bool:
    """Whether the step waits for a run that it has begun."""
    return step.status == "waiting" and "child" in step.metadata


def failure(message: str, details: dict[str, Any]) -> Exception:
    """How a child's end that gives no result is told, now and in every replay."""
    match details.get("type"):
        case "RunCancelled":
            return RunCancelled(message)
        case "RunFailed":
            return RunFailed(message, status=details.get("status", "failed"))
        case refusal:
            return StepFailed(message, error_type=refusal or "")
