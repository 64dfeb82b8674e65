"""Waits of one run: branches rest in memory while another goes on; when none can, the run is suspended in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from mainstem.engine.branches import Left
from mainstem.errors import LeaseLost, MainstemError
from mainstem.ledger.recorder import WAITS, Answer, Recorder
from mainstem.ledger.records import WaitRecord


@dataclass(slots=True)
class Wait:
    """A branch that waits."""

    record: WaitRecord
    settled: asyncio.Future[Answer]


class Waits:
    """What a run waits for. on_cancel: called when the ledger says, instead of suspending, that it is to be cancelled."""

    def __init__(self, recorder: Recorder, on_cancel: Callable[[], None]) -> None:
        self.going_on = 1
        """Branches that do not wait."""
        self._recorder = recorder
        self._on_cancel = on_cancel
        self._waits: dict[int, Wait] = {}
        self._settling: asyncio.Task[None] | None = None

    async def until_settled(self, record: WaitRecord) -> Answer:
        """Wait; raises Left when the run is suspended."""
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
        """Something may have come, or the last branch that went on has ended."""
        if self._waits and (self._settling is None or self._settling.done()):
            self._settling = asyncio.create_task(self._settle())

    async def _settle(self) -> None:
        """Ask the ledger what has come, under its lock; it suspends the run when nothing has and no branch goes on."""
        while self._waits:
            asked_to_suspend = self.going_on == 0
            records = [replace(wait.record, suspend=asked_to_suspend) for wait in self._waits.values()]
            try:
                answers = await self._recorder.put(WAITS, *records)
            except LeaseLost:
                self._leave(Left())
                return
            except MainstemError as refusal:
                self._leave(refusal)
                return
            if not self._follow(answers):
                return
            if asked_to_suspend == (self.going_on == 0):
                break
        self._look_when_due()

    def _follow(self, answers: list[Answer]) -> bool:
        """Give each wait its answer. Whether the run still waits here."""
        kinds = {answer.kind for answer in answers}
        if "suspended" in kinds:
            self._leave(Left())
        elif "cancel" in kinds:
            self._on_cancel()
        for answer in answers:
            wait = self._waits.get(answer.step_number or 0)
            if wait is not None and answer.kind != "open":
                del self._waits[wait.record.step_number]
                self.going_on += 1
                wait.settled.set_result(answer)
        return not kinds & {"suspended", "cancel"}

    def _leave(self, reason: BaseException) -> None:
        for wait in list(self._waits.values()):
            if not wait.settled.done():
                wait.settled.set_exception(reason)

    def _look_when_due(self) -> None:
        """While another branch goes on the time-outs are kept here; the ledger decides whether they have come."""
        times = [
            wait.record.timeout_us for wait in self._waits.values() if wait.record.timeout_us is not None
        ]
        if times:
            asyncio.get_running_loop().call_later(max(0.05, min(times) / 1e6), self.look_again)
