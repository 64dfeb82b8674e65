"""Transactional steps of a worker: an attempt whose statements and record are committed together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from mainstem.engine.execute import Done, Failed, Outcome, execute
from mainstem.engine.executors import Executors
from mainstem.errors import LeaseLost, Unreachable
from mainstem.flow.program import Step, StepInfo
from mainstem.flow.values import dumped
from mainstem.ledger.link import Link
from mainstem.ledger.open_steps import OpenStep
from mainstem.ledger.records import StepRecord
from mainstem.ledger.transactions import NotCommitted, recorded_step, step_transaction
from mainstem.model import ClaimedRun

log = logging.getLogger(__name__)

CONNECTIONS = 8
"""Steps of one worker that are in a transaction at once; others wait for one of them."""

LOST_AT_MOST = 5
"""Connections that one attempt may lose: with the last of them it has failed, as it may be the step that ends them."""

PATIENCE = 600.0
"""Seconds that a step waits for its turn."""


class _Undone(Exception):
    """The transaction is to be rolled back."""


class Transactions:
    """Connections for transactional steps, opened when the first one comes. `aclose` closes them.

    patiently: asks until the database answers. Raises LeaseLost when this incarnation is over.
    """

    def __init__(
        self,
        url: str,
        worker_id: UUID,
        patiently: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]],
        executors: Executors,
    ) -> None:
        self._link = Link(
            url, role="mainstem_worker", name="mainstem step", size=CONNECTIONS, patience=PATIENCE
        )
        self._worker_id = worker_id
        self._executors = executors
        self._patiently = patiently
        self._opened = AsyncExitStack()
        self._opening: asyncio.Task[Link] | None = None

    async def aclose(self) -> None:
        """Close what was opened."""
        await self._opened.aclose()

    async def attempt(
        self, step: Step[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], opened: OpenStep, *,
        run: ClaimedRun, info: StepInfo, metadata: Callable[[OpenStep], bytes | None],
    ) -> Outcome:  # fmt: skip
        """Run the function in a transaction and record what it gives: a Done is durable. What failed has written nothing.

        What a lost connection has ended is run again, as the same attempt. Raises LeaseLost when the run is another's;
        nothing is written then either.
        """
        call = partial(execute, args=args, kwargs=kwargs, info=info, executors=self._executors)
        losses = 0
        while True:
            await self._patiently(self._ready)
            try:
                return await self._committed(step, call, opened, run=run, metadata=metadata)
            except Unreachable as lost:  # at the commit: it may have come through
                losses += 1
                if (done := await self._recorded(step, opened)) is not None:
                    return done
                if losses == LOST_AT_MOST:
                    return Failed(lost)
                log.warning("step %s runs again, its connection was lost: %s", step.name, lost)

    async def _committed(
        self, step: Step[..., Any], call: Callable[[Step[..., Any]], Awaitable[Outcome]], opened: OpenStep, *,
        run: ClaimedRun, metadata: Callable[[OpenStep], bytes | None],
    ) -> Outcome:  # fmt: skip
        """Raises Unreachable when the connection was lost, in the function or after it."""
        outcome: Outcome | None = None
        try:
            async with step_transaction(self._link, run.org_id) as transaction:
                outcome = await call(step.within(transaction.connection))
                if isinstance(outcome, Failed):
                    transaction.refuse_loss(outcome.error)
                done = _succeeded(outcome)
                now = time.monotonic_ns()
                record = _ended(opened, done, metadata(opened), now)
                _follow(await transaction.record(self._worker_id, record, now), run)
        except _Undone:
            if isinstance(outcome, Failed):
                return outcome
            ended = Failed(LeaseLost(f"step {step.name} was ended by another"))
            return await self._recorded(step, opened) or ended
        except NotCommitted as refused:
            return Failed(refused.refusal)
        return done

    async def _ready(self) -> None:
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.create_task(self._opened.enter_async_context(self._link))
        await asyncio.shield(self._opening)

    async def _recorded(self, step: Step[..., Any], opened: OpenStep) -> Done | None:
        """What the ledger has of a step that may have been recorded by a commit whose answer was lost."""
        call = recorded_step(opened.record.run_id, opened.record.step_number)
        found = await self._patiently(lambda: self._link(call))
        if found is None or found[0] != "completed":
            return None
        return Done(dumped(found[1], f"the output of step {step.name}"), step.read_result(found[1]))


def _ended(opened: OpenStep, done: Done, metadata: bytes | None, now_ns: int) -> StepRecord:
    screenshots = dumped(opened.screenshots, "screenshots") if opened.screenshots else None
    return replace(
        opened.record,
        status=b"completed",
        ended_ns=now_ns,
        output_data=done.output,
        metadata=metadata,
        screenshots=screenshots,
        events=opened.take_events(),
    )


def _succeeded(outcome: Outcome) -> Done:
    if isinstance(outcome, Failed):
        raise _Undone
    return outcome


def _follow(answer: str, run: ClaimedRun) -> None:
    if answer == "lost":
        raise LeaseLost(f"another worker holds run {run.run_id}", hint="its holder carries on")
    if answer == "over":
        raise _Undone
