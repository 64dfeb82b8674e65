"""Waits of one run: branches rest in memory while another goes on; when none can, the run is suspended in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from mainstem.engine.branches import Left
from mainstem.errors import LeaseLost, MainstemError
from mainstem.ledger.recorder import WAITS, Answer, Recorder
from mainstem.ledger.records import WaitRecord

LOOKED_AT_EVERY = 5.0
"""Seconds between two looks at waits with a time-out while another branch goes on; shorter ones are looked at in time."""


@dataclass(slots=True)
class Wait:
    """A branch that waits."""

    record: WaitRecord
    settled: asyncio.Future[Answer]


class Waits:
    """What a run waits for.

    on_cancel: called with the reason when the ledger says, instead of suspending, that the run is to be cancelled.
    on_left: called when the run is suspended, or another worker's, before any branch is told.
    """

    def __init__(
        self, recorder: Recorder, *, on_cancel: Callable[[str | None], None], on_left: Callable[[], None]
    ) -> None:
        self.going_on = 1
        """Branches that do not wait."""
        self._recorder = recorder
        self._on_cancel = on_cancel
        self._on_left = on_left
        self._waits: dict[int, Wait] = {}
        self._settling: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._has_changed = False
        self._is_closed = False

    async def until_settled(self, record: WaitRecord) -> Answer:
        """Wait; raises Left when the run is suspended."""
        if self._is_closed:
            raise Left
        settled: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waits[record.step_number] = Wait(record, settled)
        self.going_on -= 1
        self.look_again()
        try:
            return await settled
        finally:
            if self._waits.pop(record.step_number, None) is not None:
                self.going_on += 1

    def look_again(self) -> None:
        """Something may have come, or another branch waits or has ended."""
        self._has_changed = True
        if self._waits and (self._settling is None or self._settling.done()):
            self._settling = asyncio.create_task(self._settle())

    def close(self) -> None:
        """The run stops here: nothing more is asked of the ledger, and whoever waits leaves."""
        self._is_closed = True
        self._tell_all(Left())

    async def _settle(self) -> None:
        """Ask the ledger what has come, under its lock; it suspends the run when nothing has and no branch goes on."""
        while self._waits and self._has_changed and not self._is_closed:
            self._has_changed = False
            suspend = self.going_on == 0
            records = [replace(wait.record, suspend=suspend) for wait in self._waits.values()]
            try:
                answers = await self._recorder.put(WAITS, *records)
            except LeaseLost:
                self._leave()
                return
            except MainstemError as refusal:
                self._tell_all(refusal)
                return
            self._follow(answers)
        self._look_when_due()

    def _follow(self, answers: list[Answer]) -> None:
        """Give each wait its answer, or all of them the run's."""
        for answer in answers:
            if answer.kind == "suspended":
                self._leave()
            elif answer.kind == "cancel":
                self._on_cancel(answer.payload)
            elif answer.kind != "open" and (wait := self._waits.pop(answer.step_number or 0, None)):
                self.going_on += 1
                if not wait.settled.done():  # else its branch was cancelled meanwhile
                    wait.settled.set_result(answer)

    def _leave(self) -> None:
        self._on_left()
        self._tell_all(Left())

    def _tell_all(self, reason: BaseException) -> None:
        for wait in self._waits.values():
            if not wait.settled.done():
                wait.settled.set_exception(reason)

    def _look_when_due(self) -> None:
        """While another branch goes on the time-outs are kept here; the ledger decides whether they have come."""
        if self._timer is not None:
            self._timer.cancel()
        times = [
            wait.record.timeout_us / 1e6
            for wait in self._waits.values()
            if wait.record.timeout_us is not None and not wait.settled.done()
        ]
        if times:
            rest = min(LOOKED_AT_EVERY, max(0.05, min(times)))
            self._timer = asyncio.get_running_loop().call_later(rest, self.look_again)
