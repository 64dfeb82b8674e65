"""Open steps: what a process works on now. Short ones are written once, when they end; long ones show as running."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any, Self

from mainstem.ledger.recorder import CLOSINGS, EVENTS, STEPS, Answer, Recorder
from mainstem.ledger.records import EventRecord, StepRecord
from mainstem.model import LARGEST_LOG, LONGEST_LOG

SHOWN_AFTER = 0.4
"""Seconds after which an open step is inserted as running."""

LOOKED_AT_EVERY = 0.25
"""Seconds between two looks at the open steps."""


@dataclass(slots=True, eq=False)
class OpenStep:
    """A step between its start and its end."""

    record: StepRecord
    is_recorded: bool
    """Whether the ledger has a row of it."""
    is_shown: bool = False
    """Whether that row says that this attempt is running."""
    events: deque[EventRecord] = field(default_factory=deque)
    event_bytes: int = 0
    screenshots: list[Any] = field(default_factory=list)
    endpoints: list[Any] = field(default_factory=list)
    usage: list[dict[str, Any]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    """What else its metadata says when it ends."""

    def add_event(self, event_type: str, event_data: bytes) -> None:
        """Add an event of now; from any thread."""
        record = self.record
        self.events.append(
            EventRecord(
                record.run_id,
                record.epoch,
                record.step_number,
                time.monotonic_ns(),
                event_type.encode(),
                event_data,
            )
        )
        self.event_bytes += len(event_data)

    def take_events(self) -> list[EventRecord]:
        """The events that were not taken yet; one that a thread adds meanwhile is taken now or the next time."""
        if not self.events:
            return []
        self.event_bytes = 0
        return [self.events.popleft() for _ in range(len(self.events))]

    @property
    def has_long_log(self) -> bool:
        return len(self.events) > LONGEST_LOG or self.event_bytes > LARGEST_LOG


class OpenSteps:
    """The open steps of a process, written through its recorder. `async with OpenSteps(recorder) as steps`."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._open: set[OpenStep] = set()
        self._task: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._look_for_ever(), name="mainstem open steps")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def begin(self, record: StepRecord, *, is_recorded: bool) -> OpenStep:
        """A step begins. is_recorded: the ledger has its row from an earlier attempt."""
        step = OpenStep(record, is_recorded)
        self._open.add(step)
        return step

    def end(self, step: OpenStep, **ending: Any) -> asyncio.Future[list[Answer]]:
        """Its attempt ends as the fields of StepRecord say; the awaitable is done when that is durable."""
        self._open.discard(step)
        if step.has_long_log and not step.is_recorded:
            self._show(step)
        is_over = ending.get("status") != b"waiting"
        record = step.record if is_over else replace(step.record)  # the next attempt goes on with it
        for name, value in ending.items():
            setattr(record, name, value)
        record.ended_ns = time.monotonic_ns() if is_over else None
        record.screenshots = json.dumps(step.screenshots).encode() if step.screenshots else None
        if step.is_recorded:
            self._log(step)
            return self._recorder.put(CLOSINGS, record)
        if is_over:
            record.events = step.take_events()
        done = self._recorder.put(STEPS, record)
        self._log(step)
        return done

    def forget(self, step: OpenStep) -> None:
        """Write nothing more of a step: its run is another worker's, or over."""
        self._open.discard(step)

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOKED_AT_EVERY)
            shown = time.monotonic_ns() - int(SHOWN_AFTER * 1e9)
            for step in list(self._open):
                if not step.is_shown and (step.record.began_ns < shown or step.has_long_log):
                    self._show(step)
                if step.is_recorded:
                    self._log(step)

    def _show(self, step: OpenStep) -> None:
        column = CLOSINGS if step.is_recorded else STEPS
        step.is_recorded = step.is_shown = True
        watched(self._recorder.put(column, replace(step.record)))

    def _log(self, step: OpenStep) -> None:
        if events := step.take_events():
            watched(self._recorder.put(EVENTS, *events))


def watched(done: asyncio.Future[Any]) -> None:
    """A refusal of it is told to whoever ends the step: here it is only taken note of."""
    done.add_done_callback(lambda future: future.cancelled() or future.exception())
