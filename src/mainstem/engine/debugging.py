"""Debugging: the breakpoints before which runs pause, and what test runs are given in place of their steps.

Breakpoints are in the worker's memory, and looked for anew when one changes and now and then: a step asks nobody.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from mainstem.engine.branches import Left
from mainstem.engine.execute import Done
from mainstem.engine.waking import first_of
from mainstem.errors import BadArgument
from mainstem.flow.comparison import Comparison
from mainstem.flow.given import Given, given_for
from mainstem.flow.values import loaded
from mainstem.ledger.breakpoints import SEEN, Breakpoint, enabled_breakpoints, hit_breakpoint
from mainstem.ledger.call import Call
from mainstem.ledger.recorder import CLOSINGS, STEPS, Recorder
from mainstem.ledger.records import StepRecord
from mainstem.model import ClaimedRun, RecordedStep

log = logging.getLogger(__name__)

Ask = Callable[[Call[Any]], Awaitable[Any]]
Place = tuple[UUID, str] | UUID
"""A tenant's workflow, or a run."""


@dataclass(slots=True)
class Breakpoints:
    """Those of all tenants that are switched on."""

    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _ask: Ask | None = None
    _at: dict[Place, list[Breakpoint]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._at)

    async def look(self, ask: Ask) -> None:
        """Learn which there are."""
        self._ask = ask
        self.changed.clear()
        found: dict[Place, list[Breakpoint]] = {}
        for one in await ask(enabled_breakpoints()):
            place = one.run_id or (one.org_id, one.workflow or "")
            found.setdefault(place, []).append(one)
        self._at = found

    async def look_for_ever(self, ask: Ask, every: float) -> None:
        """Look when told that there is a change, and after so many seconds."""
        while True:
            await first_of(self.changed, every)
            await self.look(ask)

    def meets(self, run: ClaimedRun, record: StepRecord) -> bool:
        """Whether there is one that the step meets."""
        places = (run.run_id, (run.org_id, run.workflow))
        return any(_meets(one, run, record) for place in places for one in self._at.get(place, ()))

    async def hit(self, run: ClaimedRun, record: StepRecord) -> Breakpoint | None:
        """The one that this step meets; it is counted, and a one-shot one is off from now on."""
        for place in (run.run_id, (run.org_id, run.workflow)):
            for one in self._at.get(place, ()):
                if _meets(one, run, record) and self._ask and await self._ask(hit_breakpoint(one, run)):
                    return one
        return None


def _as_it_is(output: Any) -> Any:
    return output


@dataclass(slots=True)
class Debugging:
    """Of one run. pause: called with why, before the code is left."""

    run: ClaimedRun
    recorder: Recorder
    pause: Callable[[str, Mapping[str, Any]], None]
    breakpoints: Breakpoints
    _steps_over: bool = field(init=False)

    def __post_init__(self) -> None:
        stops = [step.metadata["breakpoint"] for step in self.run.steps if "breakpoint" in step.metadata]
        self._steps_over = bool(stops) and bool(stops[-1].get("step_over"))

    @property
    def is_on(self) -> bool:
        """Whether a step has anything to ask; for almost all runs not."""
        return self._steps_over or self.run.test is not None or bool(self.breakpoints)

    async def before(
        self, record: StepRecord, recorded: RecordedStep | None, read: Callable[[Any], Any] = _as_it_is
    ) -> Done | None:
        """What is given in place of the step, or the wait; None: it begins. Raises Left when the run pauses before it."""
        stopped = {} if recorded is None else recorded.metadata.get("breakpoint", {})
        if "passed_at" not in stopped:
            await self._stop(record, stopped, is_recorded=recorded is not None)
        given = given_for(self.run.test or {}, record.node_key.decode(), record.iteration)
        if given is None:
            return None
        await self._give(record, given, is_recorded=recorded is not None)
        return Done(given.output, read(loaded(given.output)))

    def gives(self, name: str, iteration: int) -> bool:
        """Whether a test run is given this call."""
        return given_for(self.run.test or {}, name, iteration) is not None

    def may_stop(self, record: StepRecord) -> bool:
        """Whether a new step might be stopped before; what only the ledger knows is not asked."""
        return self._steps_over or self.breakpoints.meets(self.run, record)

    async def ahead(self, record: StepRecord, recorded: RecordedStep | None) -> None:
        """Stop before what the step waits for, as `before` does before the step. Raises Left when the run pauses."""
        stopped = {} if recorded is None else recorded.metadata.get("breakpoint", {})
        await self._stop(record, stopped, is_recorded=recorded is not None, ahead=True)

    async def _stop(
        self, record: StepRecord, stopped: Mapping[str, Any], *, is_recorded: bool, ahead: bool = False
    ) -> None:
        why = dict(stopped) or await self._reason(record)
        if not why:
            return
        why |= {"ahead": True} if ahead else {}
        kept = {**json.loads(record.metadata or b"{}"), "breakpoint": why}
        stands = replace(record, status=b"pending", metadata=json.dumps(kept).encode())
        await self.recorder.put(CLOSINGS if is_recorded else STEPS, stands)
        name = record.node_key.decode()
        self.pause(f"stopped before step {record.step_number}, {name}", {"type": "Breakpoint", **why})
        raise Left

    async def _reason(self, record: StepRecord) -> dict[str, Any]:
        if self._steps_over and not self._is_again(record):
            return {"step_over": False, "by": "step over"}
        found = await self.breakpoints.hit(self.run, record) if self.breakpoints else None
        return {} if found is None else {"breakpoint_id": str(found.breakpoint_id)}

    def _is_again(self, record: StepRecord) -> bool:
        """Whether the step began before the run was stopped: an attempt, or a wait, goes on."""
        return any(step.step_number == record.step_number for step in self.run.steps)

    async def _give(self, record: StepRecord, given: Given, *, is_recorded: bool) -> None:
        kept = {**json.loads(record.metadata or b"{}"), "given": given.how}
        ended = replace(
            record,
            status=b"completed",
            output_data=given.output,
            ended_ns=time.monotonic_ns(),
            metadata=json.dumps(kept).encode(),
        )
        await self.recorder.put(CLOSINGS if is_recorded else STEPS, ended)


def _meets(one: Breakpoint, run: ClaimedRun, record: StepRecord) -> bool:
    if one.node_key not in (None, record.node_key.decode()):
        return False
    if one.workflow not in (None, run.workflow) or one.org_id != run.org_id:
        return False
    if one.condition is None:
        return True
    try:
        comparison = Comparison.parsed(one.condition, SEEN)
    except BadArgument as unreadable:  # written by SQL
        log.warning("breakpoint %s is passed over: %s", one.breakpoint_id, unreadable)
        return False
    documents = {"input": json.loads(record.input_data or b"null"), "run": run.input_data}
    return comparison.holds({**documents, "call": record.iteration})
