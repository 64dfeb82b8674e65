"""One run on a worker: its code runs, recorded steps give back what they gave, new ones are recorded before it goes on.

A run waits without a worker: when no branch can go on, its code is left, and begun anew, replaying, when what it waits
for has come.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from mainstem.engine.branches import Branch, Left, Unvisited, here, place_of
from mainstem.engine.cached import Execution
from mainstem.engine.children import Children
from mainstem.engine.debugging import Breakpoints, Debugging
from mainstem.engine.execute import CancelledByItself, Done, Failed, Outcome
from mainstem.engine.notes import begun, noted
from mainstem.engine.transactions import Transactions
from mainstem.engine.waits import Waits
from mainstem.engine.words import Words, waiting
from mainstem.errors import LeaseLost, NonDeterministicWorkflow, StepFailed, ValueRefused
from mainstem.flow.program import Step, StepInfo, Workflow, conducting
from mainstem.flow.retry import ONCE
from mainstem.flow.values import dumped, storable_text
from mainstem.ledger.cancellation import times_cancelled
from mainstem.ledger.open_steps import OpenStep, OpenSteps, watched
from mainstem.ledger.recorder import ENDINGS, STEPS, Answer, Recorder
from mainstem.ledger.records import EndingRecord, StepRecord, WaitRecord, passed_over
from mainstem.model import ClaimedRun, RecordedStep, StepStatus

Context = Callable[[ClaimedRun, str, bytes | None], Awaitable[Any]]
"""Sets a key of a run's context, or with None reads it."""


T = TypeVar("T")


class Conduct(Words):
    """A run of `workflow` that this worker owns. `await conduct.to_its_end()` once."""

    def __init__(
        self,
        run: ClaimedRun,
        workflow: Workflow[..., Any],
        *,
        recorder: Recorder,
        open_steps: OpenSteps,
        context: Context,
        execution: Execution,
        children: Children,
        transactions: Transactions,
        breakpoints: Breakpoints,
    ) -> None:
        super().__init__(run, Waits(recorder, on_cancel=self.cancel, on_left=self.leave), recorder, children)
        self.workflow = workflow
        self.debugging = Debugging(run, recorder, self._pause, breakpoints)
        self._open_steps = open_steps
        self._transactions = transactions
        self._context = context
        self._execution = execution
        self._named = str(run.run_id)
        self._endpoints: list[Any] = list(run.endpoints_used)
        self._numbers = max((step.step_number for step in run.steps), default=0)
        self._misfit: NonDeterministicWorkflow | None = None
        self._cancel_reason: str | None = None
        self._ends_as = "cancelled"
        self._pausing: EndingRecord | None = None
        self._is_left = False
        self._has_told_code_to_leave = False
        self._task: asyncio.Task[Any] | None = None

    async def to_its_end(self) -> EndingRecord | None:
        """Run the code; the ending that is recorded then, or None when the run was left."""
        self._task = asyncio.current_task()
        conducting.set(self)
        root = Branch("", Unvisited(self.run.steps), task=self._task)
        here.set(root)
        try:
            ending = await self._ending(root)
            if self._has_told_code_to_leave:  # and it went on: what it says then is nothing
                return await self._paused()
            self._task = None  # a request to cancel comes too late
            return await self._recorded(ending)
        except (Left, LeaseLost):
            self._is_left = True
            return await self._paused()

    async def end(self, status: str, message: str) -> EndingRecord | None:
        """End it without its code; None when it was another worker's already."""
        with suppress(LeaseLost):
            return await self._recorded(self._ended(status, error_message=message))
        return None

    async def _ending(self, root: Branch) -> EndingRecord:
        try:
            arguments = self.workflow.parameters.read(self.run.input_data)
            result = await self.workflow.function(**arguments)
            self._refuse_leftovers(root, "its end")
            output = dumped(result, f"the output of workflow {self.workflow.name}")
        except asyncio.CancelledError:
            if self._cancel_reason is not None:
                return self._ended(self._ends_as, error_message=self._cancel_reason)
            if times_cancelled():
                raise
            return self._failed(CancelledByItself())
        except Exception as error:  # noqa: BLE001  (whatever the author's code raises is the run's outcome, not ours)
            return self._failed(error)
        return self._failed(self._misfit) if self._misfit else self._ended("completed", output_data=output)

    async def _recorded(self, ending: EndingRecord) -> EndingRecord:
        """The ending that stands in the ledger: one that it refuses is a failure, and says why."""
        if ending.status == "cancelled" and self._has_children:
            await self._children.cancel(self.run, ending.error_message or "cancelled")
        try:
            await self._recorder.put(ENDINGS, ending)
        except ValueRefused as refusal:
            ending = self._failed(refusal)
            await self._recorder.put(ENDINGS, ending)
        return ending

    def _failed(self, error: Exception) -> EndingRecord:
        """A run whose code does not fit its record is no failure of the run: it pauses, whatever the code made of it."""
        failed = Failed(self._misfit or error)
        status = "paused" if self._misfit or self.workflow.on_failure == "pause" else "failed"
        return self._ended(status, error_message=failed.message, error_details=failed.details)

    def _ended(self, status: str, **fields: Any) -> EndingRecord:
        endpoints = json.dumps(self._endpoints).encode() if self._endpoints else None
        return EndingRecord(self.run.run_id, self.run.epoch, status, endpoints_used=endpoints, **fields)

    def cancel(self, reason: str | None, *, ends_as: str = "cancelled") -> None:
        """Follow a request to cancel: the code is interrupted, and no further step begins."""
        if self._cancel_reason is None and self._task is not None:
            self._ends_as = ends_as
            self._cancel_reason = reason or "cancelled"
            self._task.cancel()

    def leave(self) -> None:
        """Leave the code at its next step or wait, also one in a `finally`; what it is doing now may finish."""
        self._is_left = True

    def _pause(self, reason: str, details: Mapping[str, Any]) -> None:
        """Leave the code as `leave` does, the branches that wait too; then the run is paused."""
        self._has_told_code_to_leave = True
        told = json.dumps(dict(details)).encode()
        self._pausing = self._pausing or self._ended("paused", error_message=reason, error_details=told)
        self.leave()
        self.waits.close()

    async def _paused(self) -> EndingRecord | None:
        if self._pausing is not None:
            with suppress(LeaseLost):
                return await self._recorded(self._pausing)
        return None

    # What the code asks for (flow.program.Conductor).

    async def call(self, step: Step[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        branch, iteration, recorded = self._next(step.name)
        if recorded is not None and StepStatus(recorded.status).is_over:
            return self._replayed(step, recorded)
        record = self._record(branch, step.name, iteration, recorded)
        is_recorded = recorded is not None
        try:
            record.input_data = dumped(step.parameters.named(args, kwargs), f"the input of step {step.name}")
        except ValueRefused as refusal:
            raise await self._fail(
                self._open_steps.begin(record, is_recorded=is_recorded), Failed(refusal)
            ) from refusal
        if recorded is not None and recorded.status == "waiting" and not recorded.is_due:
            await self._until_settled(waiting(record, "retry"))
        if self.debugging.is_on and (
            given := await self._durable(self.debugging.before(record, recorded, step.read_result))
        ):
            return given.value
        return await self._attempts(step, args, kwargs, record, is_recorded=is_recorded)

    async def set_context(self, key: str, value: Any) -> None:
        text = dumped(value, f"context {key}")

        async def set_context() -> None:
            await self._context(self.run, key, text)

        await self.call(Step(set_context, name=f"set_context:{key}", retry=ONCE, timeout=None), (), {})

    async def get_context(self, key: str) -> Any:
        async def get_context() -> Any:
            return await self._context(self.run, key, None)

        return await self.call(Step(get_context, name=f"get_context:{key}", retry=ONCE, timeout=None), (), {})

    async def skip(self, reasons: Mapping[str, str]) -> None:
        skipped = []
        for name, reason in reasons.items():
            branch, iteration, recorded = self._next(name)
            if recorded is None:
                skipped.append(passed_over(self._record(branch, name, iteration, None), reason))
        if skipped:
            await self._durable(self._recorder.put(STEPS, *skipped))

    def recorded_outputs(self, name: str) -> list[Any]:
        return [
            step.output_data
            for step in self.run.steps
            if step.node_key == name and step.status == "completed"
        ]

    def place(self) -> str:
        return here.get().path

    # Steps.

    async def _attempts(
        self, step: Step[..., Any], args: Any, kwargs: Any, record: StepRecord, *, is_recorded: bool
    ) -> Any:
        if self._noted:
            await self._until_noted()
        while True:
            opened = (OpenStep if step.connection else self._open_steps.begin)(
                record, is_recorded=is_recorded
            )
            try:
                outcome = await self._executed(step, args, kwargs, opened)
            except BaseException:  # whatever the code raised is an outcome: this ends the run's work
                self._interrupted(opened)
                raise
            if isinstance(outcome, Done) and step.connection:
                return outcome.value
            if isinstance(outcome, Done):
                record.metadata = self._with_notes(opened)
                await self._durable(
                    self._open_steps.end(opened, status=b"completed", output_data=outcome.output)
                )
                return outcome.value
            rest = outcome.rest(step, record.retry_count + 1)
            if rest is None:
                raise await self._fail(opened, outcome) from outcome.error
            await self._rest(opened, outcome, rest)
            record = replace(record, retry_count=record.retry_count + 1, began_ns=time.monotonic_ns())
            is_recorded = True

    async def _executed(self, step: Step[..., Any], args: Any, kwargs: Any, opened: OpenStep) -> Outcome:
        info = self._info(opened)
        if not step.connection:
            return await self._execution.outcome(step, args, kwargs, run=self.run, opened=opened, info=info)
        attempt = self._transactions.attempt(
            step, args, kwargs, opened, run=self.run, info=info, metadata=self._with_notes
        )
        return await self._durable(attempt)

    def _info(self, opened: OpenStep) -> StepInfo:
        return StepInfo(
            run_id=self.run.run_id,
            step_number=opened.record.step_number,
            attempt=opened.record.retry_count + 1,
            idempotency_key=place_of(self._named, opened.record, here.get()),
            record_event=opened.add_event,
            record_screenshot=opened.screenshots.append,
            record_endpoint=opened.endpoints.append,
            record_usage=opened.usage.append,
            traceparent=self.run.traceparent,
        )

    async def _fail(self, opened: OpenStep, failed: Failed) -> StepFailed:
        """Record the failure; what the code is told of it, now and in every replay."""
        message = failed.message.encode()
        opened.record.metadata = self._with_notes(opened)
        ended = self._open_steps.end(
            opened, status=b"failed", error_message=message, error_details=failed.details
        )
        await self._durable(ended)
        return StepFailed(failed.message, error_type=failed.error_type)

    async def _rest(self, opened: OpenStep, failed: Failed, seconds: float) -> None:
        """A failed attempt stays in the step's events, and the next is due after a rest: both in one flush."""
        attempt = opened.record.retry_count + 1
        told = {"attempt": attempt, "error": failed.message, "rest_seconds": round(seconds, 3)}
        opened.add_event("attempt_failed", json.dumps(told).encode())
        message = failed.message.encode()
        opened.record.metadata = noted(opened.record.metadata, usage=opened.usage)
        watched(
            self._open_steps.end(
                opened,
                status=b"waiting",
                retry_count=attempt,
                error_message=message,
                error_details=failed.details,
            )
        )
        await self._until_settled(waiting(opened.record, "retry", seconds))

    def _interrupted(self, opened: OpenStep) -> None:
        """The worker stops, or the run is cancelled: only the latter ends the step."""
        if self._cancel_reason is None:
            self._open_steps.forget(opened)
        else:
            reason = "the run ended first" if self._ends_as == "timeout" else self._cancel_reason
            message = storable_text(reason).encode()
            opened.record.metadata = noted(opened.record.metadata, usage=opened.usage)
            watched(self._open_steps.end(opened, status=b"cancelled", error_message=message))

    def _replayed(self, step: Step[..., Any], recorded: RecordedStep) -> Any:
        self._note_endpoints(recorded.metadata.get("endpoints", ()))
        if recorded.status == "completed":
            return step.read_result(recorded.output_data)
        if recorded.status == "skipped":
            return None
        error_type = (recorded.error_details or {}).get("type", "")
        raise StepFailed(recorded.error_message or recorded.status, error_type=error_type)

    def _record(self, branch: Branch, name: str, iteration: int, recorded: RecordedStep | None) -> StepRecord:
        """The record of a step that begins, or goes on."""
        if recorded is None:
            self._numbers += 1
        return StepRecord(
            self.run.run_id,
            self.run.epoch,
            self._numbers if recorded is None else recorded.step_number,
            iteration,
            name.encode(),
            time.monotonic_ns(),
            retry_count=0 if recorded is None else recorded.retry_count,
            metadata=begun(branch.path, recorded),
        )

    def _with_notes(self, opened: OpenStep) -> bytes | None:
        if not (opened.endpoints or opened.usage or opened.notes):
            return opened.record.metadata
        self._note_endpoints(opened.endpoints)
        told = {"endpoints": opened.endpoints} if opened.endpoints else {}
        return noted(opened.record.metadata, usage=opened.usage, **told, **opened.notes)

    def _note_endpoints(self, endpoints: Sequence[Any]) -> None:
        self._endpoints += (endpoint for endpoint in endpoints if endpoint not in self._endpoints)

    # Branches.

    def _here(self) -> Branch:
        if self._is_left:
            self._has_told_code_to_leave = True
            raise Left
        if self._cancel_reason is not None:
            raise asyncio.CancelledError
        return here.get()

    async def _until_settled(self, wait: WaitRecord) -> Answer:
        try:
            return await self.waits.until_settled(wait)
        except Left:
            self._has_told_code_to_leave = True
            raise

    async def _durable(self, ended: Awaitable[T]) -> T:
        try:
            return await ended
        except LeaseLost:
            self._is_left = self._has_told_code_to_leave = True
            raise Left from None

    def _next(self, name: str) -> tuple[Branch, int, RecordedStep | None]:
        branch = self._here()
        try:
            return branch, *branch.next(name)
        except NonDeterministicWorkflow as misfit:
            self._misfit = self._misfit or misfit  # the first: what careless code does after it says less
            raise

    def _refuse_leftovers(self, branch: Branch, found: str) -> None:
        try:
            branch.refuse_leftovers(found)
        except NonDeterministicWorkflow as misfit:
            self._misfit = self._misfit or misfit
            raise
