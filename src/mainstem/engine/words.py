"""What a run's code may ask for beside its steps: branches, children, approvals, and answers that stay the same.

Part of Conduct, which has the record and the way to the ledger.
"""

from __future__ import annotations

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from mainstem.engine.branches import PATCHED, Branch, stands_ahead
from mainstem.engine.children import Children, awaits, failure
from mainstem.engine.debugging import Debugging
from mainstem.engine.execute import Done
from mainstem.engine.lanes import Code, Lanes
from mainstem.engine.waits import Waits
from mainstem.errors import ApprovalTimedOut, SignalTimedOut
from mainstem.flow.approvals import Question
from mainstem.flow.children import Child
from mainstem.flow.traces import current_traceparent
from mainstem.flow.values import dumped
from mainstem.ledger.recorder import CLOSINGS, STEPS, Answer, Recorder
from mainstem.ledger.records import StepRecord, WaitRecord
from mainstem.model import ClaimedRun, RecordedStep, StepStatus

T = TypeVar("T")


class Words(ABC):
    """One run's."""

    debugging: Debugging

    def __init__(self, run: ClaimedRun, waits: Waits, recorder: Recorder, children: Children) -> None:
        self.run = run
        self.waits = waits
        self._recorder = recorder
        self._children = children
        self._has_children = any(awaits(step) for step in run.steps)
        self._noted: list[asyncio.Future[list[Answer]]] = []
        """Answers that are on their way into the ledger."""
        self._claimed_ns = time.monotonic_ns()

    async def gather(self, branches: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
        return await self._side_by_side(branches.__getitem__, len(branches), len(branches))

    async def map(
        self, function: Callable[[Any], Coroutine[Any, Any, Any]], items: Sequence[Any], limit: int
    ) -> list[Any]:
        return await self._side_by_side(lambda n: function(items[n]), len(items), limit)

    async def wait_for_signal(self, name: str, seconds: float | None) -> Any:
        node = f"wait_for_signal:{name}"
        branch, iteration, recorded = self._next(node)
        if recorded is not None and recorded.status == "completed":
            return _signal(name, recorded.output_data, timed_out="timed_out" in recorded.metadata)
        record = self._record(branch, node, iteration, recorded)
        told = {"signal": name} | ({} if seconds is None else {"seconds": seconds})
        if met := await self._before_wait(record, recorded, told):
            return met.value
        answer = await self._until_settled(replace(waiting(record, "signal", seconds), signal=name))
        return _signal(name, answer.payload, timed_out=answer.kind == "timeout")

    async def sleep(self, seconds: float) -> None:
        branch, iteration, recorded = self._next("sleep")
        if recorded is not None and recorded.status == "completed":
            return
        record = self._record(branch, "sleep", iteration, recorded)
        if await self._before_wait(record, recorded, {"seconds": seconds}) is None:
            await self._until_settled(waiting(record, "sleep", seconds))

    async def child(self, asked: Child, *, awaited: bool) -> Any:
        node = f"child:{asked.name}" if awaited else f"start_child:{asked.name}"
        branch, iteration, recorded = self._next(node)
        if recorded is not None and recorded.status == "completed":
            return recorded.output_data
        if recorded is not None and recorded.status == "failed":
            raise failure(recorded.error_message or "", recorded.error_details or {})
        record = self._record(branch, node, iteration, recorded)
        if met := await self._before_wait(record, recorded, asked.arguments):
            return met.value
        wait = waiting(record, "child" if awaited else "start")
        if recorded is None or not awaits(recorded):
            traceparent = current_traceparent() or self.run.traceparent
            start = {**asked.start(), "priority": self.run.priority, "traceparent": traceparent}
            given = dumped(asked.arguments, f"the input of workflow {asked.name}")
            start["refused"] = await self._children.refusal(self.run.org_id, asked, given)
            wait.given = dumped(start, f"the input of workflow {asked.name}")
            await self._children.enter(self.run.org_id, asked.workflow)
        self._has_children = True
        answer = await self._until_settled(wait)
        if answer.kind == "failed":
            raise failure(answer.payload["message"], answer.payload["details"] or {})
        return answer.payload

    async def approval(self, question: Question) -> Any:
        node = f"approval:{question.name}"
        branch, iteration, recorded = self._next(node)
        if recorded is not None and recorded.status == "completed":
            return _answered(question, recorded.output_data, timed_out="timed_out" in recorded.metadata)
        record = self._record(branch, node, iteration, recorded)
        if met := await self._before_wait(record, recorded, question.told()):
            return met.value
        wait = replace(
            waiting(record, "approval", question.seconds),
            signal=f"mainstem:approval:{record.step_number}",
            given=dumped(question.told(), f"approval {question.name}"),
        )
        answer = await self._until_settled(wait)
        return _answered(question, answer.payload, timed_out=answer.kind == "timeout")

    async def recorded(self, name: str, make: Callable[[datetime], Any]) -> Any:
        branch, iteration, recorded = self._next(name)
        if recorded is not None and recorded.status == "completed":
            return recorded.output_data
        value = make(self._now())
        self._note(self._record(branch, name, iteration, recorded), value, is_new=recorded is None)
        return value

    async def patched(self, name: str) -> bool:
        branch = self._here()
        node = f"{PATCHED}{name}"
        iteration, recorded = branch.find(node)
        if recorded is None and branch.goes_on_in_the_record():
            return False
        if recorded is None:
            self._note(self._record(branch, node, iteration, None), value=True, is_new=True)
        return True

    async def is_settled(self, name: str, inputs: Mapping[str, Any]) -> bool:
        branch = self._here()
        iteration, recorded = branch.ahead(name)
        if self.debugging.gives(name, iteration):
            return True
        if recorded is None:
            if not self.debugging.is_on or branch.goes_on_in_the_record():
                return False
        elif not stands_ahead(recorded):
            return False
        elif StepStatus(recorded.status).is_over:  # somebody said what it gives, while the run stood there
            return True
        given = dumped(dict(inputs), f"the input of {name}")
        if self._may_stop(name, iteration, recorded, given):
            record = replace(self._record(branch, name, iteration, recorded), input_data=given)
            await self._durable(self.debugging.ahead(record, recorded))
        return False

    def _may_stop(self, name: str, iteration: int, recorded: RecordedStep | None, given: bytes) -> bool:
        if recorded is not None:
            return "passed_at" not in recorded.metadata["breakpoint"]
        unnumbered = StepRecord(
            self.run.run_id, self.run.epoch, 0, iteration, name.encode(), 0, input_data=given
        )
        return self.debugging.may_stop(unnumbered)

    async def _before_wait(
        self, record: StepRecord, recorded: RecordedStep | None, given: Any
    ) -> Done | None:
        if not self.debugging.is_on or (recorded is not None and recorded.status != "pending"):
            return None
        record.input_data = dumped(given, f"the input of {record.node_key.decode()}")
        return await self._durable(self.debugging.before(record, recorded))

    async def _side_by_side(self, code: Code, count: int, limit: int) -> list[Any]:
        parent = self._here()
        if not count:
            return []
        lanes = Lanes(parent, self.waits, may_go_on=self._here, at_end=self._refuse_leftovers)
        return await lanes.run(code, count, limit)

    def _note(self, record: StepRecord, value: Any, *, is_new: bool) -> None:
        """A step that has taken no time: it goes with the next flush."""
        record.status, record.ended_ns = b"completed", record.began_ns
        record.output_data = json.dumps(value).encode()
        noted = self._recorder.put(STEPS if is_new else CLOSINGS, record)
        noted.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._noted.append(noted)

    async def _until_noted(self) -> None:
        """Nothing is done with an answer before it is durable: a replay might be given another."""
        for noted in tuple(self._noted):
            await self._durable(noted)
        self._noted = [noted for noted in self._noted if not noted.done()]

    def _now(self) -> datetime:
        passed = timedelta(microseconds=(time.monotonic_ns() - self._claimed_ns) // 1000)
        return self.run.claimed_at.astimezone(UTC) + passed

    # Conduct's.

    @abstractmethod
    def _here(self) -> Branch: ...
    @abstractmethod
    def _next(self, name: str) -> tuple[Branch, int, RecordedStep | None]: ...
    @abstractmethod
    def _record(
        self, branch: Branch, name: str, iteration: int, recorded: RecordedStep | None
    ) -> StepRecord: ...
    @abstractmethod
    def _refuse_leftovers(self, branch: Branch, found: str) -> None: ...
    @abstractmethod
    async def _until_settled(self, wait: WaitRecord) -> Answer: ...
    @abstractmethod
    async def _durable(self, ended: Awaitable[T]) -> T: ...


def waiting(record: StepRecord, kind: str, seconds: float | None = None) -> WaitRecord:
    """The wait of a step."""
    return WaitRecord(
        record.run_id,
        record.epoch,
        record.step_number,
        record.iteration,
        kind,
        record.node_key.decode(),
        timeout_us=None if seconds is None else round(seconds * 1e6),
        metadata=record.metadata,
    )


def _answered(question: Question, answer: Any, *, timed_out: bool) -> Any:
    if timed_out:
        raise ApprovalTimedOut(f"nobody answered approval {question.name!r} in time")
    return answer


def _signal(name: str, payload: Any, *, timed_out: bool) -> Any:
    if timed_out:
        raise SignalTimedOut(f"no signal {name!r} came in time")
    return payload
